"""What LifeKeeper's own commands tell: all of it, or an error that says why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from arkcore.base.errors import MachineError
from arkcore.machine.whole_output import LARGEST
from arkcore.managers.lifekeeper_commands import LifeKeeperCommands

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

#: A line of ins_list, in printf's words.
LINE = r"node1\001gen\001app\001tag%s\001id\001info\001ISP\001\n"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "bin/ins_list"
    path.parent.mkdir()
    return path


def instances(program: Path, script: str) -> set[str]:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return set(LifeKeeperCommands(str(program.parents[1])).instances())


def test_every_instance_of_a_long_list_is_known(program: Path) -> None:
    found = instances(program, f"seq 3000 | xargs printf '{LINE}'")
    assert found == {f"tag{number}" for number in range(1, 3001)}


def test_a_daemon_that_keeps_its_output_open_holds_up_no_answer(
    program: Path, started: Any
) -> None:
    assert instances(program, f"sleep {started.word} & printf '{LINE}' 1") == {"tag1"}


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("kill -9 $$", "ins_list was ended by SIGKILL"),
        (f"head -c {LARGEST} /dev/zero", f"ins_list answered more than the {LARGEST} bytes"),
        ("exit 3", "ins_list ended with exit code 3; is LifeKeeper running here?"),
    ],
    ids=["killed", "too large", "failed"],
)
def test_half_a_list_is_no_list(program: Path, script: str, told: str) -> None:
    with pytest.raises(MachineError, match=told):
        instances(program, f"printf '{LINE}' 1; {script}")
