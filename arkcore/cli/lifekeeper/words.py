"""What the commands of `ark lifekeeper` share: arguments, and LifeKeeper's states in words."""

from __future__ import annotations

import click

from arkcore.cli.language import say

resources_argument = click.argument(
    "resources",
    nargs=-1,
    metavar="[RESOURCE]...",
    help="With what they require; by default, all of this node.",
)
ips_option = click.option(
    "--ip",
    multiple=True,
    metavar="TAG",
    help="LifeKeeper's IP resource that the lowest needs.",
)
filesystems_option = click.option(
    "--filesystem",
    multiple=True,
    metavar="TAG",
    help="LifeKeeper's file system resource that it needs.",
)


def state_text(state: str) -> str:
    """A state in LifeKeeper's word and in ours."""
    words = {
        "ISP": say("in service", "起動中"),
        "ISU": say("in service, unprotected", "起動中 (保護なし)"),
        "OSU": say("out of service", "停止中"),
        "OSF": say("failed", "障害"),
        "ILLSTATE": say("illegal state", "不正な状態"),
    }
    return f"{state} ({words[state]})" if state in words else state
