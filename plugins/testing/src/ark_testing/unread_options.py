"""Which options of a plugin no source of its reads."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from ark_testing.public_names import sources

#: What reads all options at once: nothing tells then which.
_READS_ALL = ("vars", "__dict__", "asdict")


def unread_options(modules: Iterable[str], options: Iterable[str]) -> list[str]:
    """The options that are neither an attribute nor a text anywhere in the sources of `modules`.

    Each module's top-level package is read as a whole, and so are the packages `ark_…` that it
    imports. Nothing is imported.
    """
    wanted, seen = set(options), set[Path]()
    left = [module.partition(".")[0] for module in modules]
    while left and wanted:
        for path in sources(left.pop()):
            if path in seen:
                continue
            seen.add(path)
            for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
                wanted -= _named(node, wanted)
                left += _packages(node)
    return sorted(wanted)


def _named(node: ast.AST, wanted: set[str]) -> set[str]:
    if isinstance(node, ast.Attribute):
        return {*wanted} if node.attr in _READS_ALL else {node.attr}
    if isinstance(node, ast.Name) and node.id in _READS_ALL:
        return {*wanted}
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    return set()


def _packages(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [node.module]
    else:
        return []
    return [name.partition(".")[0] for name in names if name.startswith("ark_")]
