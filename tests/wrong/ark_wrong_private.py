"""A wrong plugin in a module of its own: it uses what arkcore does not make public."""

from __future__ import annotations

from typing import Any

from ark_wrong.right import Right

from arkcore import Process
from arkcore.memory.files import boot_id


class ImportsPrivateNames(Right):
    name = "wrong-imports-private"

    def processes(self, ctx: Any) -> list[Process]:
        return super().processes(ctx) if boot_id() else []
