"""What a resource may be called, and which resources of this node have a file."""

from __future__ import annotations

import os
import re

from arkcore.base.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


def check_resource_name(name: str) -> str:
    """`name`, where it can be a resource's. `ConfigurationError` says what is allowed."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"resource name {name!r}: allowed are 1 to 200 letters, digits and _ . -, "
            f"not beginning with . or -"
        )
    return name


def is_resource_name(name: str) -> bool:
    """Whether `name` can be a resource's."""
    return _NAME.fullmatch(name) is not None


def resource_names(paths: Paths) -> list[str]:
    """The resources of this node that have a file, sorted."""
    try:
        names = os.listdir(paths.resources)
    except OSError:
        return []
    found = [name.removesuffix(".toml") for name in names if name.endswith(".toml")]
    return sorted(name for name in found if _NAME.fullmatch(name))
