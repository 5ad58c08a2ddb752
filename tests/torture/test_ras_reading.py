"""The model's own eyes: what is wrong with a log is seen, and what is right is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ark_testing.ras_reading import RasReading

STAMP = "[2026/01/02 03:04:05] : app : LHOST : "


def read(log: Path) -> tuple[RasReading, list[str]]:
    problems: list[str] = []
    reading = RasReading(log)
    reading.count(reading.news(problems), killed=False, problems=problems)
    return reading, problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{STAMP}Restore start.{STAMP}Restore completed.\n", "merged"),
        (f"{STAMP}Restore start.\n\n", "malformed"),
        ("Restore start.\n", "malformed"),
        (f"{STAMP}a\tb\n", "malformed"),
        (f"{STAMP}{'x' * 1000}\n", "bytes"),
        (f"{STAMP}Restore completed.\n", "an end without a start"),
        (f"{STAMP}Remove aborted. It began earlier.\n", "nothing was killed"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, problem: str) -> None:
    log = tmp_path / "ras.log"
    log.write_text(text)
    _, problems = read(log)
    assert len(problems) == 1
    assert problem in problems[0]


def test_what_the_product_wrote_is_no_line_of_ours(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    log.write_text(f"{STAMP}| {STAMP}Restore completed.\n")
    assert read(log)[1] == []


def test_a_start_without_an_end_is_unpaired_until_it_is_told_as_aborted(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    log.write_text(f"{STAMP}Restore start.\n")
    reading, problems = read(log)
    assert reading.unpaired() == ["restore of app"]
    with log.open("a") as file:
        file.write(f"{STAMP}Restore aborted. It began earlier.\n")
    reading.count(reading.news(problems), killed=True, problems=problems)
    assert reading.unpaired() == []
    assert problems == []


def test_a_log_that_is_moved_is_read_to_its_end_and_the_new_one_too(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    log.write_text(f"{STAMP}Restore start.\n")
    reading, problems = read(log)
    with log.open("a") as file:
        file.write(f"{STAMP}Restore completed.\n")
    log.rename(tmp_path / "ras.log.1")
    log.write_text(f"{STAMP}Remove start.\n")
    told = [entry.message for entry in reading.news(problems)]
    assert told == ["Restore completed.", "Remove start."]
