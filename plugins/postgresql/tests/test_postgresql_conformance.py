"""What every plugin promises, held by the conformance kit, on two servers side by side."""

from __future__ import annotations

from pathlib import Path

import pytest
from ark_testing import Capability, Command, Conformance, Installation, LogicalHost
from database import BIN, Database, home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class TestPostgresql(Conformance):
    plugin = "postgresql"
    capabilities = frozenset(
        {
            Capability.TWO_HOSTS,
            Capability.SEVERAL_PROCESSES,
            Capability.READINESS,
            Capability.HOSTILE_COMMANDS,
            Capability.SHARED_DISK,
        }
    )

    @pytest.fixture(scope="class")
    @classmethod
    def installation(cls, template: Path) -> Iterator[Installation]:
        with home() as directory:
            databases = [Database(directory / name, template) for name in ("1", "2")]
            hosts = [host_of(each, f"LVPG{n}") for n, each in enumerate(databases, 1)]
            yield Installation(*hosts, starts_within=10, stops_within=10, notices_within=10)
            for database in databases:
                database.kill()


def host_of(database: Database, name: str) -> LogicalHost:
    programs = own_programs(database)
    return LogicalHost(
        name,
        options={**database.options, "bin_directory": str(programs), "status_timeout": 3},
        serves=database.answers,
        commands={
            "start": Command(programs / "pg_ctl", "start"),
            "status": Command(programs / "psql"),
        },
        shared=[database.data],
    )


def own_programs(database: Database) -> Path:
    """A directory with the programs, where one can be replaced without harm to others."""
    made = database.directory / "bin"
    made.mkdir()
    for program in BIN.iterdir():
        (made / program.name).symlink_to(program)
    return made
