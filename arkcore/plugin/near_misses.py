"""Names that an author of a daemon has misspelt: Python would take them, and nobody call them."""

from __future__ import annotations

import difflib

from arkcore.base.errors import PluginError
from arkcore.plugin.daemon import OVERRIDABLE, Daemon

#: From how much likeness on, of 1, a name is taken for another one.
_ALIKE = 0.85


def refuse_near_misses(plugin: object, name: str) -> None:
    """Refuse a daemon that has a name which is nearly that of a method or an attribute of `Daemon`.

    `PluginError` names both. A name that begins with `_` is its author's own.
    """
    if not isinstance(plugin, Daemon):
        return
    meant = {_plain(each): each for each in OVERRIDABLE}
    for own in sorted({*dir(type(plugin))} - {*dir(Daemon), *OVERRIDABLE}):
        if own.startswith(("_", "ark_")):
            continue
        near = difflib.get_close_matches(_plain(own), meant, n=1, cutoff=_ALIKE)
        if near:
            raise PluginError(
                f"plugin {name}: {type(plugin).__name__}.{own}: nothing calls it; is it "
                f"{meant[near[0]]}? A helper's name begins with _"
            )


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
