"""The shape of the engine: small rooms, classes of one idea, and no circle, not even of types."""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

import arkcore

ROOT = Path(arkcore.__file__).parent
#: The wings that act. Screens, checks before an installation, and the test kit do not.
ENGINE = [
    "base",
    "machine",
    "memory",
    "plugin",
    "resources",
    "context",
    "worker",
    "guard",
    "actions",
    "ras",
    "managers",
]
FILES = [path for wing in ENGINE for path in sorted((ROOT / wing).rglob("*.py"))]
_LINES = 400
_METHODS = 25


def called(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=called)
def test_a_room_is_small(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= _LINES, f"{lines} lines"


@pytest.mark.parametrize("path", FILES, ids=called)
def test_a_class_has_one_idea(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
            assert len(methods) <= _METHODS, f"{node.name}: {len(methods)} methods"


def test_no_room_needs_itself_in_a_circle_not_even_for_types() -> None:
    graph = grimp.build_graph("arkcore", exclude_type_checking_imports=False, cache_dir=None)
    rooms = graph.modules - {"arkcore"}
    needs = {room: graph.find_modules_directly_imported_by(room) & rooms for room in rooms}
    # What needs nothing that is left is taken away, until only circles are left.
    while free := [room for room, needed in needs.items() if not needed & needs.keys()]:
        for room in free:
            del needs[room]
    left = {room: needed & needs.keys() for room, needed in needs.items()}
    while idle := [room for room in left if not any(room in each for each in left.values())]:
        for room in idle:
            del left[room]
    assert not left, "\n".join(f"{room}: {', '.join(sorted(left[room]))}" for room in sorted(left))
