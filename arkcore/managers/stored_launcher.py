"""Tells whether a launcher that a manager has stored still starts, without running it."""

from __future__ import annotations

import ast
import os
import re

from arkcore.worker.question import ask_command

#: Seconds in which an interpreter imports what a launcher imports.
_WITHIN = 5.0
#: As `launcher_of` writes the directories of the packages.
_PLACES = re.compile(r"; sys\.path \+= (\[[^\n]*\]); from (arkcore\.launch) import ")
#: What stands for the interpreter's own version in one of them.
_VERSION = "sys.version_info[:2]"


def why_it_does_not_start(text: str, found: dict[str, str]) -> str:
    """Why the launcher with this text does not start, in one line; "" where it does.

    Its interpreter is asked to import what it imports. `found`: what was found of other launchers
    in this look, as each interpreter is asked only once. A text that is no launcher of ours is not
    judged.
    """
    places = _PLACES.search(text)
    first = text.partition("\n")[0]
    if places is None or not first.startswith("#!"):
        return ""
    interpreter = first[2:].split(" ")[0]
    asked = f"{interpreter} {places[1]}"
    if asked not in found:
        found[asked] = _why(interpreter, places[1], places[2])
    return found[asked]


def _why(interpreter: str, places: str, module: str) -> str:
    if not os.access(interpreter, os.X_OK):
        return f"{interpreter} is not there"
    if not _are_places(places):
        return ""
    program = f"import sys; sys.path += {places}; import {module}"
    answer = ask_command([interpreter, "-IS", "-c", program], _WITHIN)
    if answer.ok:
        return ""
    last = answer.errors.strip().splitlines()[-1:]
    return f"{interpreter}: {last[0] if last else answer.why}"


def _are_places(places: str) -> bool:
    """Whether it is a list of directories as a launcher has it, and nothing that does anything."""
    try:
        tree = ast.parse(places, mode="eval").body
    except (ValueError, SyntaxError):
        return False
    return isinstance(tree, ast.List) and all(map(_is_place, tree.elts))


def _is_place(node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _is_place(node.left) and ast.unparse(node.right) == _VERSION
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
