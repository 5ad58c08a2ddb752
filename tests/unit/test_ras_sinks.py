"""The other sinks: what is told where, when loguru is loaded, and that one's trouble is its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from arkcore.ras.sinks import Sinks
from arkcore.resources.resource import LogSettings
sinks = Sinks(LogSettings(stderr={stderr!r}, journal={journal!r}, json={json!r}))
for level in ("debug", "info", "warning", "error"):
    sinks.tell(level, "r", "h", f"a {{{{level}}}} {{level}}")
print("loguru" in sys.modules)
"""


def tell(stderr: str = "warning", journal: str = "none", json: str = "") -> tuple[bool, list[str]]:
    program = PROGRAM.format(stderr=stderr, journal=journal, json=json)
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return child.stdout.strip() == "True", child.stderr.splitlines()


def test_stderr_hears_what_is_as_grave_as_it_asks_for() -> None:
    _, heard = tell(stderr="warning")
    assert heard == ["ark: r : h : a {level} warning", "ark: r : h : a {level} error"]


def test_loguru_is_not_loaded_where_no_sink_wants_anything() -> None:
    loaded, heard = tell(stderr="none")
    assert (loaded, heard) == (False, [])


def test_json_lines_hold_everything(tmp_path: Path) -> None:
    path = tmp_path / "ark.jsonl"
    tell(stderr="none", json=str(path))
    records = [json.loads(line)["record"] for line in path.read_text().splitlines()]
    levels = [record["level"]["name"] for record in records]
    assert levels == ["DEBUG", "INFO", "WARNING", "ERROR"]
    assert records[0]["extra"] == {"resource": "r", "logical_host": "h"}


@pytest.mark.skipif(Path("/dev/log").exists(), reason="this machine has a syslog")
def test_a_journal_that_is_not_there_takes_nothing_from_stderr() -> None:
    _, heard = tell(stderr="error", journal="error")
    assert heard == ["ark: r : h : a {level} error"]


def test_a_message_of_many_lines_is_one_line() -> None:
    program = PROGRAM.format(stderr="error", journal="none", json="")
    program += 'sinks.tell("error", "r", "h", "one\\ntwo \\x1b[2J")'
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert child.stderr.splitlines()[-1] == r"ark: r : h : one\ntwo \x1b[2J"


def test_a_json_file_that_cannot_be_opened_takes_nothing_from_stderr() -> None:
    _, heard = tell(stderr="error", json="/proc/ark/ark.jsonl")
    assert "ark: r : h : a {level} error" in heard
    assert sum("cannot write the JSON log /proc/ark/ark.jsonl" in line for line in heard) == 1


def test_a_link_in_the_json_file_s_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious\n")
    (tmp_path / "ark.jsonl").symlink_to(victim)
    _, heard = tell(stderr="error", json=str(tmp_path / "ark.jsonl"))
    assert victim.read_text() == "precious\n"
    assert any("cannot write the JSON log" in line for line in heard)


@pytest.mark.parametrize("reader", ["with a reader", "without"])
def test_a_fifo_in_the_json_file_s_place_holds_nobody_up(tmp_path: Path, reader: str) -> None:
    path = tmp_path / "ark.jsonl"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDWR) if reader == "with a reader" else -1
    _, heard = tell(stderr="error", json=str(path))
    assert any("cannot write the JSON log" in line for line in heard)
    if descriptor >= 0:
        os.close(descriptor)


@pytest.mark.parametrize(("level", "loaded"), [("warning", True), ("none", False)])
def test_what_is_late_announces_a_warning_and_what_carries_it_is_loaded(
    level: str, loaded: bool, tmp_path: Path
) -> None:
    program = f"""
import sys
from arkcore.machine.channel import Event
from arkcore.ras.log import ScriptLog
from arkcore.ras.sink import RasSink
from arkcore.ras.sinks import Sinks
from arkcore.resources.resource import LogSettings
sinks = Sinks(LogSettings(stderr={level!r}, journal="none"))
log = ScriptLog(RasSink({str(tmp_path / "ras.log")!r}), sinks, "r", "h", full=False)
log.take(Event(Event.NOW, ("at work",), 1.0))
assert "loguru" not in sys.modules
log.take(Event(Event.LATE, ("late",), 1.0))
print(log.activity, "loguru" in sys.modules)
"""
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (child.stdout, child.stderr) == (f"late {loaded}\n", "")
    assert not (tmp_path / "ras.log").exists()
