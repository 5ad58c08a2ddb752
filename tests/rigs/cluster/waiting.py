"""Waiting for what comes, by looking."""

from __future__ import annotations

import time
from collections.abc import Callable

from rigs.cluster.errors import ClusterError

_LOOK = 0.05


def wait_for(what: str, condition: Callable[[], object], within: float = 60.0) -> float:
    """Look until `condition` holds; the seconds that it took.

    :param what: what is waited for, for the error.
    :raises ClusterError: it did not come within that many seconds.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise ClusterError(f"not within {within:g} s: {what}")
        time.sleep(_LOOK)
    return time.monotonic() - began
