"""Protects any service of systemd without any Python. A plugin for one product inherits it."""

from ark_systemd._options import Options
from ark_systemd._plugin import Systemd

__all__ = ["Options", "Systemd"]
