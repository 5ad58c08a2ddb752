"""Whether a plugin's distribution requires what its sources import."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ark_testing.public_names import sources


def undeclared_imports(module: str, distribution: str) -> list[str]:
    """Each import of another distribution's that `distribution` does not require.

    `module`: where the plugin's class is. What is imported for a type checker alone, or may be
    missing (`except ImportError`), is left out. Nothing is imported.
    """
    required = {_plain(each) for each in _requirements(distribution)} | {_plain(distribution)}
    owners = importlib.metadata.packages_distributions()
    home = _home(module.partition(".")[0])
    found = []
    for path in sources(module):
        tree = ast.parse(path.read_text("utf-8"), str(path))
        for line, name in _imports(tree):
            if name in sys.stdlib_module_names or name == "__future__":
                continue
            given = {_plain(each) for each in owners.get(name, ())}
            if given:
                known = bool(given & required)
            else:  # installed for editing, where nothing tells whose it is
                known = _plain(name) in required or _home(name) == home
            if not known:
                found.append(f"{path}:{line}: {name}")
    return found


def _requirements(distribution: str) -> Iterator[str]:
    """The names of what a distribution requires whenever it is installed."""
    for text in importlib.metadata.requires(distribution) or ():
        requirement, _, marker = text.partition(";")
        if "extra" not in marker:
            yield re.split(r"[\s\[<>=!~(@]", requirement.strip(), maxsplit=1)[0]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _home(top: str) -> Path | None:
    """The directory that a module or package is found in."""
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent.parent if spec.submodule_search_locations else origin.parent


def _imports(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and top-level name of each import that is needed when the plugin is at work."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield child.lineno, alias.name.partition(".")[0]
        elif isinstance(child, ast.ImportFrom):
            if child.module and not child.level:
                yield child.lineno, child.module.partition(".")[0]
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for other in child.orelse:
                yield from _imports(other)
        elif not (isinstance(child, ast.Try) and _may_be_missing(child)):
            yield from _imports(child)


def _may_be_missing(tried: ast.Try) -> bool:
    caught = " ".join(ast.dump(each.type) for each in tried.handlers if each.type is not None)
    return "ImportError" in caught or "ModuleNotFoundError" in caught
