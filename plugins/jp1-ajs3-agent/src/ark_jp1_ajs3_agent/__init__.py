"""The plugin `jp1-ajs3-agent`: JP1/AJS3 - Agent of one logical host."""

from __future__ import annotations

from ark_jp1_base.ajs3 import Ajs3Options, Ajs3Plugin

__all__ = ["Ajs3Agent"]


class Ajs3Agent(Ajs3Plugin):
    """JP1/AJS3 - Agent: jajs_spmd with jpqmon and jpoagent."""

    name = "jp1-ajs3-agent"
    title = "JP1/AJS3 - Agent"
    options = Ajs3Options
