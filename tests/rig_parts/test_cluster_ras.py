"""The RAS log of a node: what a power cut or Pacemaker has ended is excused, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rigs.jp1_cluster.ras import RasProof


class Machine:
    """As much of a node as the proof of its log looks at."""

    def __init__(self, directory: Path) -> None:
        self._log = directory / "ras.log"
        self.after_death: list[Callable[[], None]] = []
        self.monitors_cut_short: list[str] = []

    def file(self, path: str) -> Path:
        assert path == "/var/log/ark/ras.log"
        return self._log

    def write(self, *messages: str, resource: str = "app") -> None:
        with self._log.open("a") as log:
            for message in messages:
                log.write(f"[2026/01/02 03:04:05] : {resource} : LHOST : {message}\n")

    def cut_power(self) -> None:
        for hear in self.after_death:
            hear()


@pytest.fixture
def node(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def proof(node: Any) -> Iterator[RasProof]:
    made = RasProof(node, lambda: node.monitors_cut_short, patience=0.0)
    yield made
    made.close()
    assert node.after_death == []


def problems(proof: RasProof) -> list[str]:
    return proof.problems(at_work=False)


def test_pairs_are_well(node: Machine, proof: RasProof) -> None:
    node.write("Restore start.", "Starting.", "Start completed.", "Restore completed.")
    node.write("QuickCheck start.", "QuickCheck failed. Expected RUNNING, seen STOPPED")
    assert problems(proof) == []


def test_what_was_open_when_the_power_was_cut_may_be_told_much_later(
    node: Machine, proof: RasProof
) -> None:
    node.write("Restore start.")
    node.cut_power()
    assert problems(proof) == []
    node.write("QuickCheck start.", "QuickCheck completed.", resource="other")
    assert problems(proof) == []
    node.write("Restore aborted. It began earlier.", "Remove start.", "Remove completed.")
    assert problems(proof) == []


def test_what_was_open_when_the_power_was_cut_may_never_be_told(
    node: Machine, proof: RasProof
) -> None:
    node.write("QuickCheck start.")
    node.cut_power()
    node.write("QuickCheck start.", "QuickCheck completed.")
    assert problems(proof) == []


def test_one_killed_between_its_end_and_its_exit_is_told_as_aborted_too(
    node: Machine, proof: RasProof
) -> None:
    node.write("QuickCheck start.", "QuickCheck completed.")
    node.cut_power()
    node.write("QuickCheck start.", "QuickCheck completed. Skipped: restore is at work.")
    node.write("QuickCheck aborted. It began earlier.", "Restore start.", "Restore completed.")
    assert problems(proof) == []


def test_a_start_without_its_end_is_told_after_a_death_as_before(
    node: Machine, proof: RasProof
) -> None:
    node.write("Restore start.")
    assert problems(proof) == ["no end: restore of app"]
    node.cut_power()
    assert problems(proof) == []
    node.write("Restore start.")
    assert problems(proof) == ["no end: restore of app"]


def test_what_nobody_killed_must_not_be_aborted(node: Machine, proof: RasProof) -> None:
    node.write("Remove start.", "Remove aborted. It began earlier.")
    assert problems(proof) == ["nothing was killed: app: Remove aborted. It began earlier."]


@pytest.mark.parametrize(
    "first",
    [
        # It has told already.
        ("Restore aborted. It began earlier.",),
        # An action has come to its end and told nothing: there was nothing to tell.
        ("QuickCheck start.", "QuickCheck completed."),
    ],
)
def test_a_power_cut_excuses_one_script_of_a_resource_once(
    node: Machine, proof: RasProof, first: tuple[str, ...]
) -> None:
    node.write("Restore start.")
    node.cut_power()
    node.write(*first, "Remove start.", "Remove aborted. It began earlier.")
    assert problems(proof) == ["nothing was killed: app: Remove aborted. It began earlier."]


def test_each_power_cut_excuses_anew(node: Machine, proof: RasProof) -> None:
    for _ in range(2):
        node.write("Restore start.")
        node.cut_power()
        node.write("Restore aborted. It began earlier.", "Restore start.", "Restore completed.")
        assert problems(proof) == []


def test_an_end_without_a_start_is_told_after_a_death(node: Machine, proof: RasProof) -> None:
    node.write("Restore start.")
    node.cut_power()
    node.write("Restore completed.")
    assert problems(proof) == ["an end without a start: Restore completed."]


def test_what_is_wrong_before_a_death_is_told_after_it(node: Machine, proof: RasProof) -> None:
    node.write("Restore completed.")
    node.cut_power()
    assert problems(proof) == ["an end without a start: Restore completed."]


def test_a_monitor_that_pacemaker_has_killed_is_excused_as_often(
    node: Machine, proof: RasProof
) -> None:
    aborted = ("QuickCheck start.", "QuickCheck aborted. It began earlier.")
    node.monitors_cut_short = ["other", "app"]
    node.write(*aborted)
    assert problems(proof) == []
    node.write(*aborted)
    assert problems(proof) == ["nothing was killed: app: QuickCheck aborted. It began earlier."]


def test_where_a_service_is_monitored_the_log_must_grow(node: Machine, proof: RasProof) -> None:
    silent = ["nothing is told of a service that is monitored"]
    assert proof.problems(at_work=True) == silent
    node.write("QuickCheck start.", "QuickCheck completed.")
    assert proof.problems(at_work=True) == []
    assert proof.problems(at_work=True) == silent
    assert proof.problems(at_work=False) == []


def test_two_monitors_that_pacemaker_has_killed_are_excused_both(
    node: Machine, proof: RasProof
) -> None:
    node.monitors_cut_short = ["app", "app"]
    for _ in range(3):
        node.write("QuickCheck start.", "QuickCheck aborted. It began earlier.")
    assert problems(proof) == ["nothing was killed: app: QuickCheck aborted. It began earlier."]
