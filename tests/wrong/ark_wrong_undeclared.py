"""A wrong plugin in a module of its own: it imports what its distribution does not require."""

from __future__ import annotations

from typing import Any

import pluggy
from ark_wrong.right import Right

from arkcore import Process


class ImportsTheUndeclared(Right):
    name = "wrong-imports-the-undeclared"

    def processes(self, ctx: Any) -> list[Process]:
        return super().processes(ctx) if pluggy else []
