"""JP1/Base's status: return codes, corrections, and commands that give none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ark_jp1_base.plugin import Jp1Base

from arkcore import Status

ALL = ["jbs_spmd", "jbsroute", "jevservice"]
WITHOUT_MANAGER = ["jbsroute", "jevservice"]

#: Return codes of jbs_spmd_status (rows) and of jevstat (columns), JP1/Base being there in full.
CODES = ("0", "1", "4", "8", "12", "99")
TABLE = """
RUNNING UNKNOWN PARTIAL PARTIAL UNKNOWN UNKNOWN
UNKNOWN UNKNOWN PARTIAL UNKNOWN UNKNOWN UNKNOWN
PARTIAL PARTIAL PARTIAL PARTIAL PARTIAL PARTIAL
PARTIAL UNKNOWN PARTIAL UNKNOWN UNKNOWN UNKNOWN
UNKNOWN UNKNOWN PARTIAL UNKNOWN UNKNOWN UNKNOWN
UNKNOWN UNKNOWN PARTIAL UNKNOWN UNKNOWN UNKNOWN
"""


def status_of(ctx: Any) -> Status:
    return Jp1Base().ark_status(ctx).status


@pytest.mark.parametrize(
    ("manager", "event", "expected"),
    [
        (manager, event, expected)
        for manager, row in zip(CODES, TABLE.split("\n")[1:-1], strict=True)
        for event, expected in zip(CODES, row.split(), strict=True)
    ],
)
def test_return_codes(fake: Any, manager: str, event: str, expected: str) -> None:
    ctx = fake()
    ctx.names = ALL
    ctx.ends["jbs_spmd_status"] = {"returncode": int(manager)}
    ctx.ends["jevstat"] = {"returncode": int(event)}
    assert status_of(ctx).value == expected


@pytest.mark.parametrize("code", [1, 8])
@pytest.mark.parametrize("event", [1, 8, 12])
def test_down_is_confirmed_by_the_process_table(fake: Any, code: int, event: int) -> None:
    ctx = fake()
    ctx.ends["jbs_spmd_status"] = {"returncode": code}
    ctx.ends["jevstat"] = {"returncode": event}
    assert status_of(ctx) is Status.STOPPED


@pytest.mark.parametrize("code", [1, 8])
@pytest.mark.parametrize("event", [0, 1, 4, 8, 12])
def test_a_manager_that_died_is_a_definite_failure(fake: Any, code: int, event: int) -> None:
    ctx = fake()
    ctx.names = WITHOUT_MANAGER
    ctx.ends["jbs_spmd_status"] = {"returncode": code}
    ctx.ends["jevstat"] = {"returncode": event}
    assert status_of(ctx) is Status.PARTIAL


def test_a_healthy_status_looks_at_no_process(fake: Any) -> None:
    ctx = fake()
    assert status_of(ctx) is Status.RUNNING
    assert ctx.searches == []


def test_corrected_codes_count_instead_of_ours(fake: Any) -> None:
    ctx = fake(status_codes={"4": "STARTING", "99": "RUNNING"}, event_codes={"12": "STOPPED"})
    ctx.names = ALL
    ctx.ends["jbs_spmd_status"] = {"returncode": 4}
    assert status_of(ctx) is Status.STARTING
    ctx.ends["jbs_spmd_status"] = {"returncode": 99}
    assert status_of(ctx) is Status.RUNNING
    ctx.ends["jevstat"] = {"returncode": 12}
    assert status_of(ctx) is Status.PARTIAL


def test_without_event_server_jevstat_is_not_asked(fake: Any) -> None:
    ctx = fake(event_server=False)
    ctx.ends["jevstat"] = {"returncode": 8}
    assert status_of(ctx) is Status.RUNNING
    assert [ran.argv[0] for ran in ctx.ran] == ["/opt/jp1base/bin/jbs_spmd_status"]


@pytest.mark.parametrize("command", ["jbs_spmd_status", "jevstat"])
@pytest.mark.parametrize(
    "end",
    [
        {"returncode": None, "late": True},
        {"returncode": -9},
        {"returncode": None, "error": "Resource temporarily unavailable"},
    ],
    ids=["late", "killed", "unrunnable"],
)
def test_a_command_without_return_code_leaves_it_unknown(
    fake: Any, tmp_path: Path, command: str, end: dict[str, Any]
) -> None:
    ctx = fake(root=str(tmp_path))
    for name in ("jbs_spmd_status", "jevstat"):
        (tmp_path / "opt/jp1base/bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / "opt/jp1base/bin" / name).touch()
    ctx.names = ALL
    ctx.ends[command] = end
    report = Jp1Base().ark_status(ctx)
    assert report.status is Status.UNKNOWN
    assert command in report.detail


def test_not_installed_and_nothing_alive_is_stopped(fake: Any, tmp_path: Path) -> None:
    ctx = fake(root=str(tmp_path))
    for name in ("jbs_spmd_status", "jevstat"):
        ctx.ends[name] = {"returncode": None, "error": "No such file or directory"}
    assert status_of(ctx) is Status.STOPPED
    ctx.names = ALL
    assert status_of(ctx) is Status.UNKNOWN


def test_a_lock_that_cannot_be_had_leaves_it_unknown_and_asks_nothing_of_it(fake: Any) -> None:
    ctx = fake()
    ctx.names = ALL
    ctx.lock_free = False
    assert status_of(ctx) is Status.UNKNOWN
    assert ctx.locks == ["jbs_spmd_status"]
    assert [Path(ran.argv[0]).name for ran in ctx.ran] == ["jevstat"]


def test_the_detail_tells_return_codes_processes_and_strays(fake: Any) -> None:
    ctx = fake()
    ctx.names = WITHOUT_MANAGER
    ctx.strays = ["jcocmd", "jbs_spmd", "jevservice"]
    ctx.ends["jbs_spmd_status"] = {"returncode": 8}
    assert Jp1Base().ark_status(ctx).detail == (
        "jbs_spmd_status returned 8 (STOPPED); jevstat returned 0 (RUNNING); "
        "2 processes of LHOST, no jbs_spmd among them; of no known logical host: 1000 jcocmd (S)"
    )
