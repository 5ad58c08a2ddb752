"""Fuzzing: what others can write is read as nothing, or refused in one line; nothing else happens.

Each target takes bytes. It is given every file of its directory in `corpus`, then what hypothesis
makes of them and of nothing. An input that broke something is kept there as a file of its own.
The same targets serve atheris, where it is installed: `python tests/attacks/fuzz.py TARGET`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks.fuzz import CORPUS, TARGETS, corpus_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

_SETTINGS = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
#: Pieces that readers of text and numbers have stumbled over.
_PIECES = [b"1e999", b"NaN", b"9" * 500, b"\x1b[2J", b"\n", b"\0", b"\xff", b'"', b"[" * 300, b"{"]


def mutations(seeds: list[bytes]) -> st.SearchStrategy[bytes]:
    """One of the corpus, of which a piece is replaced."""

    @st.composite
    def mutated(draw: st.DrawFn) -> bytes:
        data = draw(st.sampled_from(seeds))
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(data)))
            cut = draw(st.integers(0, 12))
            piece = draw(st.sampled_from(_PIECES) | st.binary(max_size=12))
            data = data[:at] + piece + data[at + cut :]
        return data

    return mutated()


def test_every_target_has_a_corpus() -> None:
    assert sorted(path.name for path in CORPUS.iterdir()) == sorted(TARGETS)
    assert all(corpus_of(name) for name in TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_breaks_nothing(name: str, tmp_path: Path) -> None:
    for data in corpus_of(name):
        TARGETS[name](data, tmp_path)


@pytest.mark.parametrize("name", TARGETS)
def test_what_hypothesis_makes_breaks_nothing(name: str, tmp_path: Path) -> None:
    @_SETTINGS
    @given(mutations(corpus_of(name)) | st.binary(max_size=200))
    def breaks_nothing(data: bytes) -> None:
        TARGETS[name](data, tmp_path)

    breaks_nothing()
