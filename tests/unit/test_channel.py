"""What a worker tells its guard: it arrives whole and in order, and noise is no event."""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arkcore.base.status import Outcome, Status, Verdict
from arkcore.machine.channel import Event, Receiver, Sender, verdict_of


@pytest.fixture
def ends() -> Iterator[tuple[int, Receiver]]:
    reading, writing = os.pipe()
    receiver = Receiver(reading)
    yield writing, receiver
    receiver.close()


def heard(content: bytes) -> list[Event]:
    """What a receiver makes of `content`."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    receiver = Receiver(reading)
    try:
        return list(receiver.events())
    finally:
        receiver.close()


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=50), max_size=4))
def test_texts_arrive_as_they_were_sent(texts: list[str]) -> None:
    reading, writing = os.pipe()
    receiver = Receiver(reading)
    Sender(writing).send("remark", *texts, at=12.5)
    [event] = receiver.events()
    assert (event.kind, event.texts, event.at) == ("remark", tuple(texts), 12.5)
    receiver.close()
    os.close(writing)


@pytest.mark.parametrize("status", [None, *Status])
@pytest.mark.parametrize("outcome", Outcome)
def test_a_report_arrives_as_it_was_sent(
    ends: tuple[int, Receiver], outcome: Outcome, status: Status | None
) -> None:
    writing, receiver = ends
    Sender(writing).report(Verdict(outcome, "why", status))
    [event] = receiver.events()
    report = verdict_of(event.texts)
    assert report is not None
    assert (report.outcome, report.reason, report.status) == (outcome, "why", status)
    os.close(writing)


def test_nothing_said_is_no_wait(ends: tuple[int, Receiver]) -> None:
    writing, receiver = ends
    began = time.monotonic()
    assert list(receiver.events()) == []
    assert time.monotonic() - began < 0.5
    assert not receiver.at_end
    os.close(writing)
    assert list(receiver.events()) == []
    assert receiver.at_end


def test_a_line_that_comes_in_pieces_is_one_event(ends: tuple[int, Receiver]) -> None:
    writing, receiver = ends
    line = json.dumps(["now", 1.0, "text"]).encode() + b"\n"
    os.write(writing, line[:7])
    assert list(receiver.events()) == []
    os.write(writing, line[7:])
    assert [event.texts for event in receiver.events()] == [("text",)]
    os.close(writing)


def test_a_text_of_megabytes_is_cut(ends: tuple[int, Receiver]) -> None:
    writing, receiver = ends
    Sender(writing).send("remark", "warning", "b" + "x" * 10**7 + "e")
    [event] = receiver.events()
    assert (event.texts[1][:2], event.texts[1][-2:]) == ("bx", "xe")
    assert len(event.texts[1]) < 10_000
    os.close(writing)


def test_a_text_of_megabytes_is_handed_over_whole() -> None:
    reading, writing = os.pipe()
    receiver = Receiver(reading)
    text = "".join(chr(33 + number % 20_000) for number in range(2_000_000))
    teller = threading.Thread(target=lambda: Sender(writing).hand_over("answer", text))
    teller.start()
    pieces: list[str] = []
    while sum(map(len, pieces)) < len(text):
        select.select([reading], [], [], 20)
        pieces += [piece for event in receiver.events() for piece in event.texts]
    teller.join()
    os.close(writing)
    receiver.close()
    assert "".join(pieces) == text


JSON = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=3) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)


@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode() + b"\n"))
@example(b"[" * 50_000 + b"\n")
@example(b'["now", NaN, "x"]\n')
@example(b'["now", 1e300, "x"]\n')
@example(b'["now", -1, "x"]\n')
def test_noise_raises_nothing_and_every_event_has_a_date(content: bytes) -> None:
    for event in heard(content):
        time.localtime(event.at)
        verdict_of(event.texts)


def test_an_event_after_noise_is_heard() -> None:
    events = heard(b'a plugin printed this\n["now", 1, "x"]\n')
    assert [event.kind for event in events] == ["now"]


def test_a_flood_without_a_newline_is_not_kept(ends: tuple[int, Receiver]) -> None:
    writing, receiver = ends
    for _ in range(100):
        os.write(writing, b"x" * 60_000)
        list(receiver.events())
    assert len(receiver._rest) < 1_000_000
    os.close(writing)
