"""How a plugin marks its hooks. The specifications lie apart: a healthy check does without."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

IMPLEMENTATION_MARK = "__arkcore_hookimpl__"
REQUIRED_HOOKS = ("ark_application", "ark_status", "ark_processes", "ark_start", "ark_stop")


def hookimpl(function: F) -> F:
    """Mark a plugin's method as the implementation of the hook of its name."""
    setattr(function, IMPLEMENTATION_MARK, True)
    return function
