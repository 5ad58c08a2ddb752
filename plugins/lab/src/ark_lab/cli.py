"""The command ``ark-lab``: install a stand-in, break it, look at it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ark_lab.errors import LabError
from ark_lab.standin import StandIn, writers
from ark_lab.vocabulary import COMMAND_FAULTS, COMMANDS, DAEMON_FAULTS, SETTINGS, Product


def main(argv: Sequence[str] | None = None) -> int:
    """
    Exit code 0; 1 where the lab could not do it; 2 for wrong usage.
    """
    call = _parser().parse_args(argv)
    try:
        _COMMANDS[call.command](call)
    except (LabError, OSError) as error:
        print(f"ark-lab: {error}", file=sys.stderr)
        return 1
    return 0


def _install(call: argparse.Namespace) -> None:
    products = {Product.BASE, *(call.product or [Product.MANAGER])}
    standin = StandIn.install(
        call.root, products=products, allow_user=call.allow_user, scale=call.scale
    )
    for name, shared in call.logical_host:
        standin.logical_host(name, shared)
    print(f"[stand-in] installed in {standin.root}: {', '.join(standin.products)}")


def _fault(call: argparse.Namespace) -> None:
    StandIn(call.root).fault(call.name, host=call.host, **dict(call.settings))


def _faults(call: argparse.Namespace) -> None:
    for name, entries in StandIn(call.root).faults().items():
        print(name, *(f"{key}={value}" for key, value in entries.items()))


def _clear(call: argparse.Namespace) -> None:
    StandIn(call.root).clear_faults()


def _set(call: argparse.Namespace) -> None:
    StandIn(call.root).configure(**dict(call.settings))


def _ps(call: argparse.Namespace) -> None:
    standin = StandIn(call.root)
    for process in [*standin.processes(), *standin.commands()]:
        host = process.host or "-"
        print(
            f"{process.pid:>8} {process.ppid:>8} {process.state} {process.kind:<8} {host:<16} "
            + " ".join(process.args)
        )


def _kill(call: argparse.Namespace) -> None:
    StandIn(call.root).kill_everything()


def _writers(call: argparse.Namespace) -> None:
    for writer in writers(call.shared):
        print(
            f"{writer.time:.3f} {writer.event:<8} {writer.group:<6} {writer.host} "
            f"{writer.node} {writer.pid}"
        )


def _names(_call: argparse.Namespace) -> None:
    print("Commands:", *sorted(COMMANDS), sep="\n  ")
    print("Faults of a command (any setting, too):")
    for name, meaning in COMMAND_FAULTS.items():
        print(f"  {name:<20} {meaning}")
    print("Faults of a daemon:")
    for name, meaning in DAEMON_FAULTS.items():
        print(f"  {name:<20} {meaning}")
    print("Settings:")
    for name, setting in SETTINGS.items():
        print(f"  {name:<20} {setting.meaning} [{setting.default}]")


_COMMANDS = {
    "install": _install,
    "fault": _fault,
    "faults": _faults,
    "clear": _clear,
    "set": _set,
    "ps": _ps,
    "kill": _kill,
    "writers": _writers,
    "names": _names,
}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"not KEY=VALUE: {text!r}")
    return key, value


def _host_and_directory(text: str) -> tuple[str, Path]:
    name, shared = _pair(text)
    return name, Path(shared)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ark-lab",
        description="A stand-in for JP1/Base and JP1/AJS3, for tests and demonstrations. "
        "It is not the product.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        if name not in ("writers", "names"):
            sub.add_argument("root", type=Path, metavar="ROOT", help="the node's root directory")
        return sub

    install = add("install", "install the stand-in beneath ROOT")
    install.add_argument(
        "--product",
        action="append",
        type=Product,
        choices=list(Product),
        help="base, manager or agent; may be repeated; JP1/Base always comes with it",
    )
    install.add_argument(
        "--logical-host",
        action="append",
        default=[],
        type=_host_and_directory,
        metavar="NAME=SHARED",
        help="define a logical host with its shared directory; may be repeated",
    )
    install.add_argument("--allow-user", action="store_true", help="commands run as any user")
    install.add_argument(
        "--scale", type=float, default=0.05, help="factor for the product's own seconds [0.05]"
    )
    fault = add("fault", "let a command or daemon go wrong from now on")
    fault.add_argument("name", metavar="NAME", help="of the command or daemon")
    fault.add_argument("settings", nargs="+", type=_pair, metavar="KEY=VALUE")
    fault.add_argument("--host", help="for this logical host only")
    add("faults", "list the faults in force")
    add("clear", "take every fault away")
    change = add("set", "change settings of the node")
    change.add_argument("settings", nargs="+", type=_pair, metavar="KEY=VALUE")
    add("ps", "list the live processes: pid, parent, state, kind, logical host, arguments")
    add("kill", "end every process of the root")
    record = add("writers", "list the starts and stops recorded on a shared directory")
    record.add_argument("shared", type=Path, metavar="SHARED")
    add("names", "list commands, faults and settings")
    return parser


if __name__ == "__main__":
    sys.exit(main())
