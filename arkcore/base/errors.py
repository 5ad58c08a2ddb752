"""Errors, grouped by what the one who reads them can do about it."""

from __future__ import annotations


class ArkError(Exception):
    """The base of every error of ours. Its text is one line for a person."""


class ConfigurationError(ArkError):
    """The user's files or arguments: correct them and try again."""


class NodeError(ConfigurationError):
    """Right in itself, but not on this node: a neighbour, the node's own file, an older plugin."""


class PluginError(ArkError):
    """A plugin is missing, broken or breaks the contract: its author can mend it."""


class StepFailed(ArkError):
    """The product did not do what a step asked. Plugins raise it from their hooks."""


class MachineError(ArkError):
    """The machine would not: no process, no descriptor, no disk."""


def described(error: BaseException) -> str:
    """The text of an error of ours; of any other one its kind and its text."""
    return str(error) if isinstance(error, ArkError) else f"{type(error).__name__}: {error}"
