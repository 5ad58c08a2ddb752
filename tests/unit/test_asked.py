"""A question to a disk, asked in a child: its answer arrives as it was, or not at all."""

from __future__ import annotations

import errno
import os

import pytest

from arkcore.machine import asked

ANSWERS = [
    None,
    True,
    -1.5,
    2**63,
    "text \udcff \u3042",
    b"\x00\xff",
    (),
    ("", (b"a", (0, 995), (2**40, 7), True, 1, ())),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=repr)
def test_an_answer_arrives_as_it_was(answer: object) -> None:
    told = asked.ask_disk(lambda: answer, None, 5.0)
    assert told == answer
    assert type(told) is type(answer)


def test_an_error_arrives_with_its_number() -> None:
    with pytest.raises(FileNotFoundError):
        asked.ask_disk(lambda: os.stat("/nosuch"), None, 5.0)


@pytest.mark.parametrize(
    "text", [b"", b"[", b"1", b"[0]", b"[0, {}]", b'[0, {"bytes": "\\u3042"}]', b"[" * 100_000]
)
def test_an_answer_of_another_form_is_none(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    monkeypatch.setattr(asked, "_read", lambda *_: text)
    with pytest.raises(OSError, match="no answer: the child that asked was ended") as refused:
        asked.ask_disk(lambda: 0, None, 5.0)
    assert refused.value.errno == errno.EIO


def test_an_answer_that_is_too_large_is_an_error_of_its_own_and_no_silent_disk() -> None:
    with pytest.raises(OSError, match="more than 262144 bytes") as refused:
        asked.ask_disk(lambda: "x" * (1 << 18), None, 5.0)
    assert refused.value.errno == errno.EMSGSIZE
    assert asked.ask_disk(lambda: 1, None, 5.0) == 1
