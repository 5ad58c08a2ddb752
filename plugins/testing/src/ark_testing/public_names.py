"""Which names of arkcore a plugin's source uses, and which of them are not public."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import arkcore


def private_imports(module: str) -> list[str]:
    """Each import of what arkcore does not make public, in the sources of the plugin's package.

    `module`: where the plugin's class is. A package is read as a whole; nothing is imported.
    """
    found = []
    for path in sources(module):
        tree = ast.parse(path.read_text("utf-8"), str(path))
        for node in ast.walk(tree):
            found += [f"{path}:{node.lineno}: {name}" for name in _private(node)]  # type: ignore[attr-defined]
    return found


def sources(module: str) -> list[Path]:
    """The source files of the top-level package, or the one module, that `module` is in."""
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        return []
    origin = Path(spec.origin)
    return sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]


def _private(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
        return [f"import {name}" for name in names if _is_private(name)]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if node.module == "arkcore":
            wrong = [alias.name for alias in node.names if alias.name not in arkcore.__all__]
            return [f"from arkcore import {name}" for name in wrong]
        if _is_private(node.module):
            names = [alias.name for alias in node.names]
            return [f"from {node.module} import {', '.join(names)}"]
    return []


def _is_private(module: str) -> bool:
    package, _, rest = module.partition(".")
    return package == "arkcore" and bool(rest) and rest.partition(".")[0] not in arkcore.__all__
