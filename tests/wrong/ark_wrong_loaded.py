"""A wrong plugin whose module changes the process that loads it."""

from __future__ import annotations

import socket

from ark_wrong.right import Right

socket.setdefaulttimeout(5.0)


class ChangesItsProcessWhenLoaded(Right):
    """Whoever imports it has another default timeout."""

    name = "wrong-changes-its-process-when-loaded"
