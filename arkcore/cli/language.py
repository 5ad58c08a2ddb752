"""The language of the `ark` command: as checks and plugins use it, :mod:`arkcore.base.language`."""

from __future__ import annotations

from arkcore.base.language import is_japanese, say

__all__ = ["is_japanese", "say"]
