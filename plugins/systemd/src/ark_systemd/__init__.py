"""Protects any service of systemd. No Python."""

from ark_systemd._options import Options
from ark_systemd._plugin import Systemd

__all__ = ["Options", "Systemd"]
