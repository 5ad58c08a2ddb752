"""What is below this process: whether there is anything, and that nothing slips away from it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> bool:
    """prctl(2), which Python's own library does not have; False where it cannot be called."""
    try:
        # What `ctypes` is built on, without the two milliseconds of its types.
        from _ctypes import call_function, dlopen, dlsym

        own: Any = None  # this very process, which the stubs do not know of
        return bool(call_function(dlsym(dlopen(own, 0), "prctl"), (option, value, 0, 0, 0)) == 0)
    except (ImportError, TypeError):
        pass
    try:
        import ctypes

        return bool(ctypes.CDLL(None).prctl(option, value, 0, 0, 0) == 0)
    except (ImportError, OSError, AttributeError):
        return False


def become_subreaper() -> bool:
    """Have what loses its parent below this process become its child, not init's."""
    return prctl(_PR_SET_CHILD_SUBREAPER, 1)


def has_children() -> bool:
    """Whether this process has a child, also a dead one that nobody has awaited."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True
