"""`ark guide`: the steps of an installation, how far this pair has come, and what is next."""

from __future__ import annotations

import os
import sys

import click
from click.exceptions import Exit
from rich.padding import Padding
from rich.table import Table

from arkcore.cli.command import Command
from arkcore.cli.console import complain, console, paths_here, print_json, show
from arkcore.cli.examine import examined
from arkcore.cli.language import say
from arkcore.cli.peer import PeerError, answers_from
from arkcore.cli.status import may_ask
from arkcore.cli.styled import Text
from arkcore.survey.guide import Guide
from arkcore.survey.machine import Machine
from arkcore.survey.pair import refuse_unless_peer
from arkcore.survey.proof import ProofFile, proofs_in
from arkcore.survey.site_file import read_site
from arkcore.survey.step import State, next_step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.base.paths import Paths
    from arkcore.cli.styled import SafeConsole
    from arkcore.survey.step import Part, Step

_STYLES = {State.DONE: "green", State.MISSING: "red", State.CANNOT_TELL: "yellow"}


@click.command("guide", cls=Command)
@click.option(
    "--peer", metavar="HOST|FILE", help="The other node by ssh, or its answers (- for stdin)."
)
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def guide(peer: str | None, json: bool) -> None:
    """Show the eight steps of an installation, and what is next.

    The steps of the cluster guide (table 4-5) for the pair that
    /etc/ark/site.toml describes; of each, whether it is done or missing on
    this pair, as far as a machine can tell, and by what. Then the next step
    and its commands. Nothing is changed; a local recovery, failover or
    failback that the RAS logs show is noted in /var/lib/ark/guide.json, and
    stays done when the logs are gone.

    Without the other node's answers only what is missing on this node is a
    next step. --peer NODE2 asks it by your own ssh. A file of its answers
    comes from: ark preflight --export FILE, there.

    Exit code: 1 where the other node does not answer.

    Examples:
      ark guide
      ark guide --peer rh5lkb
      ark guide --peer /root/node2.json
    """
    problem = guide_on(paths_here(), Machine(), peer=peer, json=json)
    if problem:
        complain(problem)
        raise Exit(1)


def guide_on(paths: Paths, machine: Machine, *, peer: str | None, json: bool) -> str:
    """The command on `machine`. Return why the other node does not answer; "" where it does."""
    site = read_site(paths)
    there, problem = None, ""
    try:
        there = answers_from(peer) if peer is not None else None
    except PeerError as error:
        problem = str(error)  # this node's half is shown all the same
    here = examined(paths, site, machine, there)
    answers = {here.node: here}
    if there is not None:
        refuse_unless_peer(site, here, there)
        answers[there.node] = there
    proofs, file = proofs_in(site, answers), ProofFile(paths, machine.clock())
    steps = Guide(site, answers, sys.prefix, {**file.read(), **proofs}).steps()
    if may_ask(paths, os.geteuid()):
        file.add(proofs)
    following = next_step(steps, whole=there is not None)
    if json:
        print_json({
            "node": here.node,
            "next": None if following is None else following.number,
            "steps": [_facts(step) for step in steps],
        })  # fmt: skip
        return problem
    out = console()
    _show_steps(out, steps)
    _show_next(out, steps, following)
    if there is None and not problem:
        other = next(node.name for node in site.nodes if node.name != here.node)
        out.print(Text(say(f"For what {other} has: ark guide --peer {other}",
                           f"{other} の状態も確認: ark guide --peer {other}"), "dim"),
                  soft_wrap=True)  # fmt: skip
    return problem


def _facts(step: Step) -> dict[str, object]:
    return {
        "number": step.number,
        "title": step.title,
        "node": step.where,
        "state": step.state.value,
        "parts": [
            {"title": part.title, "state": part.state.value, "seen": part.seen or None}
            for part in step.parts
        ],
        "commands": list(step.commands),
        "advice": list(step.advice),
    }


def _word(state: State) -> str:
    japanese = {State.DONE: "済", State.MISSING: "未", State.CANNOT_TELL: "判定不可"}
    return say(state.value, japanese[state])


def _show_steps(out: SafeConsole, steps: Sequence[Step]) -> None:
    for step in steps:
        style = _STYLES[step.state]
        out.print(Text(f"{step.number}  {step.title}", "bold").append(
            f"  [{_word(step.state)}]", style))  # fmt: skip
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for part in step.parts:
            table.add_row(Text(_word(part.state), _STYLES[part.state]), _told(part))
        show(out, Padding(table, (0, 0, 0, 3)))


def _told(part: Part) -> str:
    return f"{part.title}: {part.seen}" if part.seen else part.title


def _show_next(out: SafeConsole, steps: Sequence[Step], step: Step | None) -> None:
    out.print()
    if step is None:
        if all(each.state is State.DONE for each in steps):
            told = say("All steps are done.", "すべての手順が済んでいます。")
            out.print(Text(told, "green"))
        else:
            told = say("Nothing is missing, as far as this node alone can tell.",
                       "このノードだけで分かる範囲では、未の手順はありません。")  # fmt: skip
            out.print(Text(told, "bold"))
        return
    told = f"{step.number}  {step.title}"
    if step.state is State.CANNOT_TELL:
        out.print(Text(say(f"To look at: {told}", f"要確認: {told}"), "bold"))
        for part in step.parts:
            if part.state is State.CANNOT_TELL:
                out.print(f"   {_told(part)}", soft_wrap=True)
        out.print(say("   If it is not done:", "   済んでいない場合:"))
    else:
        out.print(Text(say(f"Next: {told}", f"次の手順: {told}"), "bold"))
    for line in step.advice:
        out.print(f"   {line}", soft_wrap=True)
    for command in step.commands:
        out.print(Text(f"   $ {command}", "cyan"), soft_wrap=True)
