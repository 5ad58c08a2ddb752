"""What others may have laid where we read or write: no wait, no flood, no link followed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from ras_writing import read_lines

from arkcore.base.errors import ArkError, MachineError
from arkcore.base.trusted import open_regular
from arkcore.cli.console import write_file
from arkcore.ras.line import parse_line
from arkcore.ras.reader import Reader
from arkcore.ras.source import Source
from arkcore.survey.answers import read_answers

LINE = "[2026/11/01 12:00:00] : toy1 : LHOST1 : {message}\n"


@pytest.fixture(params=["fifo", "fifo with a writer", "device", "directory"])
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The path of something that is no regular file."""
    path = tmp_path / "odd"
    descriptor = -1
    if request.param == "device":
        path = Path("/dev/zero")
    elif request.param == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)
        descriptor = os.open(path, os.O_RDWR) if "writer" in request.param else -1
    yield str(path)
    if descriptor >= 0:
        os.close(descriptor)


def test_what_is_no_regular_file_is_not_opened_to_be_read(odd: str) -> None:
    with pytest.raises(OSError, match=r"regular file|directory"):
        open_regular(odd)


def test_what_is_no_regular_file_is_no_log(odd: str) -> None:
    reader = Reader([Source(odd)])
    assert reader.last_lines(10) == []
    assert len(reader.damage) == 1


def test_what_is_no_regular_file_is_no_history(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ras.log.1")
    (tmp_path / "ras.log").write_text(LINE.format(message="Restore start."))
    lines, told = read_lines(tmp_path / "ras.log")
    assert [line.message for line in lines] == ["Restore start."]
    assert told == [f"{tmp_path}/ras.log.1: cannot be read to its end: is no regular file"]


def test_what_is_no_regular_file_holds_no_peer_s_answers(odd: str) -> None:
    with pytest.raises(MachineError, match=r"cannot be read: .*ark preflight --export FILE"):
        read_answers(odd)


def test_a_peer_s_file_without_end_is_refused(tmp_path: Path) -> None:
    huge = tmp_path / "peer.json"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ArkError, match="more than 16777216 bytes; not the answers of a node"):
        read_answers(str(huge))


def test_a_log_line_without_end_is_read_in_pieces(tmp_path: Path) -> None:
    log = tmp_path / "ras.log"
    with log.open("wb") as file:
        file.truncate(1 << 24)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + LINE.format(message="Restore start.").encode())
    assert [line.message for line in Reader([Source(str(log))]).last_lines(10)] == [
        "Restore start."
    ]


# Files that a person names, to be written.


@pytest.mark.parametrize("new", [True, False])
def test_a_link_laid_where_a_file_is_to_be_written_is_not_followed(
    tmp_path: Path, new: bool
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "out").symlink_to(victim)
    with pytest.raises(MachineError):
        write_file(str(tmp_path / "out"), b"x", 0o600, new=new)
    assert victim.read_text() == "precious"


def test_a_fifo_laid_where_a_file_is_to_be_written_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out")
    with pytest.raises(MachineError, match="cannot be written"):
        write_file(str(tmp_path / "out"), b"x", 0o600)


def test_an_export_is_written_over_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("precious")
    with pytest.raises(MachineError, match="it is there already; remove it, or name another"):
        write_file(str(out), b"x", 0o600, new=True)
    assert out.read_text() == "precious"


def test_a_report_is_written_over_an_earlier_one(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("a longer one of last week")
    write_file(str(out), b"x", 0o600)
    assert out.read_text() == "x"


# What a product says is no black box.

BOX = "/var/log/ark/blackbox/toy1-20261101-120000-17-000001.txt"


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (f"sh had not ended after 5.0 s; black box {BOX}", BOX),
        (f"| black box {BOX}", ""),
        ("status says: black box /etc/shadow.txt", ""),
        ("status says: black box /home/u/blackbox/notes.txt", ""),
    ],
)
def test_a_black_box_is_one_of_ours(message: str, named: str) -> None:
    line = parse_line(LINE.format(message=message).rstrip("\n"))
    assert line is not None
    assert line.black_box == named
