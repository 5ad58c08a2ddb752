"""The language of the `ark` command: :mod:`arkcore.language`, which checks and plugins use too."""

from __future__ import annotations

from arkcore.language import is_japanese, say

__all__ = ["is_japanese", "say"]
