"""The plugin `jp1-ajs3-manager`: JP1/AJS3 - Manager of one logical host."""

from __future__ import annotations

from ark_jp1_base import facts
from ark_jp1_base.ajs3 import Ajs3Options, Ajs3Plugin

from arkcore import option

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["Ajs3Manager", "Ajs3ManagerOptions"]


class Ajs3ManagerOptions(Ajs3Options):
    """The options of the plugin `jp1-ajs3-manager`."""

    status_options: list[str] = option(
        [],
        "further options of jajs_spmd_status that only the Manager takes: -s or -a",
        "Manager の jajs_spmd_status だけが受け付けるオプションの追加（-s または -a）",
    )
    _start_options = facts.MANAGER_START_OPTIONS


class Ajs3Manager(Ajs3Plugin):
    """JP1/AJS3 - Manager: jajs_spmd with database, host, scheduler and agent management."""

    name = "jp1-ajs3-manager"
    title = "JP1/AJS3 - Manager"
    options = Ajs3ManagerOptions

    def status_arguments(self, options: Any) -> Sequence[str]:
        return list(options.status_options)
