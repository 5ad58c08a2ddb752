"""A wrong plugin whose module takes its time to be imported."""

from __future__ import annotations

import time

from ark_wrong.right import Right

time.sleep(1.7)


class LoadsSlowly(Right):
    """Whoever imports it waits."""

    name = "wrong-loads-slowly"
