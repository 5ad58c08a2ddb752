"""Errors, grouped by what the one who reads them can do about it."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

#: Where our own modules lie, and Python's. What was installed beside Python's lies below them too.
_OURS = f"{os.path.dirname(os.path.dirname(__file__))}/"
_PYTHONS = f"{os.path.dirname(os.__file__)}/"
_INSTALLED = ("/site-packages/", "/dist-packages/")


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
    """The text of an error of ours; of any other one its kind, its text and its place."""
    if isinstance(error, ArkError) and not isinstance(error, PluginError):
        return str(error)
    text = str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
    place = place_of(error)
    return f"{text} ({place})" if place else text


def place_of(error: BaseException) -> str:
    """File and line where the code of a plugin raised this, or called what did; "" if none did."""
    found = ""
    step: TracebackType | None = error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        pythons = file.startswith(_PYTHONS) and not any(each in file for each in _INSTALLED)
        if not (pythons or file.startswith((_OURS, "<frozen "))):
            found = f"{file}, line {step.tb_lineno}"
        step = step.tb_next
    return found
