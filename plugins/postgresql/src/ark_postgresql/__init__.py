"""Protects a PostgreSQL server whose data directory moves between the nodes."""

from ark_postgresql._options import Options
from ark_postgresql._plugin import Postgresql

__all__ = ["Options", "Postgresql"]
