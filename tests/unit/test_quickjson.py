"""Our JSON and the interpreter's: the same answers, without its import."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arkcore.base import quickjson

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_what_is_written_is_what_the_interpreter_would_write(value: object) -> None:
    assert quickjson.dumps(value) == json.dumps(value)


@given(VALUES)
def test_what_is_written_is_read(value: object) -> None:
    assert json.dumps(quickjson.loads(quickjson.dumps(value).encode())) == json.dumps(value)


def read(loads: object, data: bytes) -> object:
    try:
        return json.dumps(loads(data))  # type: ignore[operator]
    except ValueError:
        return ValueError


@given(
    st.binary(max_size=30)
    | st.text('[]{}:,"0123456789.eE+-nulltrueNaN \\\t\n', max_size=12).map(str.encode)
)
@example(b"")
@example(b"{}{}")
@example(b"[1,]")
@example(b'"\n"')
@example(b"-")
def test_any_bytes_are_read_as_utf_8_or_refused_as_the_interpreter_would(data: bytes) -> None:
    def by_the_interpreter(data: bytes) -> object:
        return json.loads(data.decode("utf-8").strip())

    assert read(quickjson.loads, data) == read(by_the_interpreter, data)


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", {"a": object()}, {None: 1}])
def test_what_is_no_json_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        quickjson.dumps(value)


def test_an_interpreter_without_the_accelerator_gives_the_same_answers() -> None:
    program = """
import sys
sys.modules["_json"] = None
from arkcore.base import quickjson
print(quickjson.dumps(quickjson.loads(b'{"a": [1, null, "x"]}')))
"""
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert child.stdout == '{"a": [1, null, "x"]}\n'
