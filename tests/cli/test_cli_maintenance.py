from __future__ import annotations

import json
import time
from datetime import datetime

import pytest
from support import ToyNode

from arkcore.base.paths import Paths
from arkcore.memory.maintenance import Maintenance


def test_on_is_loud_and_off_ends_it(node: ToyNode, ark_here) -> None:
    result = ark_here("maintenance", "toy1", "on")
    assert (result.returncode, result.stdout.count("\n")) == (0, 1)
    assert "MAINTENANCE of toy1 until it is switched off" in result.stdout
    assert node.start("quickcheck").end() == 0
    assert node.ras == [
        "Maintenance begins, until it is switched off: failures are not acted upon.",
        "QuickCheck start.",
        "In maintenance: failures are not acted upon.",
        "Status checking.",
        "Status check completed. STOPPED",
        "QuickCheck completed. Skipped: maintenance.",
    ]
    assert "is over" in ark_here("maintenance", "toy1", "off").stdout
    assert "was not in maintenance" in ark_here("maintenance", "toy1", "off").stdout
    assert node.ras[6:] == ["Maintenance ends: failures are acted upon again."]
    assert node.run("quickcheck") == 1


def test_alone_it_lists(ark_here) -> None:
    assert ark_here("maintenance").stdout == "Nothing is in maintenance.\n"
    ark_here("maintenance", "toy1", "on", "--until", "2099-12-24 06:00")
    assert "toy1: in maintenance since" in ark_here("maintenance").stdout
    assert "until 2099/12/24 06:00" in ark_here("maintenance", "toy1").stdout
    (facts,) = json.loads(ark_here("maintenance", "--json").stdout)
    assert facts["resource"] == "toy1"
    assert facts["until"].startswith("2099-12-24T06:00:00")


def test_a_time_of_day_is_the_next_one(ark_here) -> None:
    for minutes in (-5, 5):
        text = time.strftime("%H:%M", time.localtime(time.time() + 60 * minutes))
        ark_here("maintenance", "toy1", "on", "--until", text)
        (facts,) = json.loads(ark_here("maintenance", "--json").stdout)
        assert facts["until"][11:16] == text
        assert (
            time.time() < datetime.fromisoformat(facts["until"]).timestamp() < time.time() + 86400
        )


@pytest.mark.parametrize("until", ["soon", "25:00", "2026-13-01 00:00", ""])
def test_a_time_that_is_none_is_wrong_usage(ark_here, until: str) -> None:
    result = ark_here("maintenance", "toy1", "on", "--until", until)
    assert result.returncode == 2
    assert "HH:MM" in result.stderr


def test_a_time_that_has_passed_is_refused(ark_here) -> None:
    result = ark_here("maintenance", "toy1", "on", "--until", "2020-01-01 00:00")
    assert result.returncode == 1
    assert ark_here("maintenance").stdout == "Nothing is in maintenance.\n"


def test_an_unknown_resource_is_refused(ark_here) -> None:
    result = ark_here("maintenance", "toy2", "on")
    assert result.returncode == 1
    assert "no such resource" in result.stderr


def test_every_script_tells_of_it_with_its_end(node: ToyNode, ark_here) -> None:
    ark_here("maintenance", "toy1", "on", "--until", "2099-12-24 06:00")
    for action in ("restore", "quickcheck", "remove"):
        assert node.run(action) == 0
    told = "In maintenance until 2099/12/24 06:00: failures are not acted upon."
    assert node.ras.count(told) == 3
    assert [line.split(" : ")[2] for line in node.ras_lines] == ["LHOST1"] * len(node.ras_lines)


def test_its_end_by_itself_is_told_once(node: ToyNode, ark_here) -> None:
    assert node.run("restore") == 0
    at = time.time() - 60
    Maintenance(Paths(str(node.prefix)), "toy1").begin(at)
    before = len(node.ras)
    assert node.run("quickcheck") == 0
    assert node.run("quickcheck") == 0
    clock = time.strftime("%H:%M", time.localtime(at))
    if time.localtime(at)[:3] == time.localtime()[:3]:
        told = f"Maintenance ended at {clock}: failures are acted upon again."
        assert node.ras[before] == told
    assert len([line for line in node.ras if line.startswith("Maintenance ended")]) == 1
    assert ark_here("maintenance").stdout == "Nothing is in maintenance.\n"


def test_a_quiet_log_tells_of_its_end_too(node: ToyNode) -> None:
    path = node.configure()
    path.write_text(path.read_text() + '[ras]\nquickcheck = "changes"\n')
    assert node.run("restore") == 0
    assert node.run("quickcheck") == 0
    Maintenance(Paths(str(node.prefix)), "toy1").begin(time.time() - 60)
    assert node.run("quickcheck") == 0
    assert node.ras[-1].startswith("Maintenance ended")
