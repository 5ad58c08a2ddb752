"""Attacks on the terminal of a person who looks: whoever has it types as that person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attacks.people import Person
from attacks.terminals import Terminal, told
from attacks.victim import Victim


class Trap:
    """A node whose commands look for a terminal, as the application's user."""

    def __init__(self, victim: Victim, program: Path, app: Person) -> None:
        self.victim = victim
        self.typed = victim.top / "typed-as-root"
        self.logs = victim.home / "data"
        for name in ("start", "stop", "status"):
            words = f"{program} {self.logs / name} 'touch {self.typed}'"
            plain = (victim.home / name).read_text()
            first, _, rest = plain.partition("\n")
            victim.command(name, f"{first}\n{words}\n{rest}")
        victim.configure(user=app.name)

    def is_held(self, command: str) -> None:
        assert told(self.logs / command) == []
        assert not self.typed.exists()


@pytest.fixture
def trap(app_victim: Victim, app: Person, tool: Callable[..., Path]) -> Trap:
    return Trap(app_victim, tool("on_terminal", app_victim), app)


@pytest.fixture
def terminal(trap: Trap) -> Iterator[Terminal]:
    made = Terminal(trap.victim)
    yield made
    made.close()


def test_status_of_one_resource_lends_no_terminal(trap: Trap, terminal: Terminal) -> None:
    """The status command opens /dev/tty under `ark status RESOURCE` and types (TIOCSTI)."""
    terminal.typed("ark status web")
    trap.is_held("status")


def test_status_of_all_resources_lends_no_terminal(trap: Trap, terminal: Terminal) -> None:
    """The status command opens /dev/tty under `ark status` and types."""
    terminal.typed("ark status")
    trap.is_held("status")


def test_run_quickcheck_lends_no_terminal(trap: Trap, terminal: Terminal) -> None:
    """The status command opens /dev/tty under `ark run quickcheck` and types."""
    terminal.typed("ark run quickcheck web")
    trap.is_held("status")


def test_run_restore_lends_no_terminal(trap: Trap, terminal: Terminal) -> None:
    """The start command opens /dev/tty under `ark run restore --force` and types."""
    terminal.typed("ark run restore web --force")
    trap.is_held("start")


def test_run_remove_lends_no_terminal(trap: Trap, terminal: Terminal) -> None:
    """The stop command opens /dev/tty under `ark run remove --force` and types."""
    trap.victim.restore()
    terminal.typed("ark run remove web --force")
    trap.is_held("stop")


def test_the_four_programs_lend_no_terminal(trap: Trap, terminal: Terminal) -> None:
    """The status command opens /dev/tty under a program that a person calls by hand."""
    terminal.typed("ark-restore -t web; ark-quickcheck -t web")
    trap.is_held("status")
    trap.is_held("start")


def test_verify_lends_no_terminal(trap: Trap, terminal: Terminal) -> None:
    """The product's commands open /dev/tty under `ark verify` and type."""
    terminal.typed("ark verify web --check crash_is_recovered_from --yes")
    trap.is_held("start")


def test_an_interrupt_at_the_terminal_ends_no_product(trap: Trap, terminal: Terminal) -> None:
    """^C at the terminal on which a person has started the product reaches none of it."""
    terminal.typed("ark run restore web --force")
    daemon = trap.victim.daemon()
    assert daemon
    terminal.press(b"\x03")
    assert trap.victim.daemon() == daemon
