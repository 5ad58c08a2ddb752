"""Protects any application with the user's own commands, given in the resource file. No Python."""

from ark_command._options import Options
from ark_command._plugin import Command

__all__ = ["Command", "Options"]
