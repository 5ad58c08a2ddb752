"""The client of the cluster's test: what it notes is what it was promised, and a loss is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from database import Database
from database_cluster import Result, Written
from support import wait_for

WRITER = Path(__file__).parents[3] / "tests/database_writer.py"


def test_a_row_that_was_acknowledged_and_is_gone_is_lost():
    record = "1.0\ttried\t1\n1.1\tacknowledged\t1\n1.2\ttried\t2\n1.3\tacknowledged\t2\n"
    record += "1.4\ttried\t3\n1.5\ttried\t4\n1.6\tackno"
    result = Result(Written(record), {1, 4, 9})
    assert (result.tried, result.acknowledged) == (4, 2)
    assert (result.lost, result.unheard, result.invented) == ([2], [4, 9], [9])


def test_the_client_notes_what_was_acknowledged_through_a_crash(database: Database, tmp_path):
    database.start()
    database.sql("create table written (number bigint primary key)")
    record = tmp_path / "record"
    command = [sys.executable, "-I", WRITER, record, "0.01", "2", *map(str, database.client())]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        child.stdin.write(b"start\n")
        child.stdin.flush()
        wait_for(lambda: acknowledged(record) > 20)
        database.kill()
        before = acknowledged(record)
        for path in (database.pid_file, *database.directory.glob(".s.PGSQL.*")):
            path.unlink(missing_ok=True)
        database.start()
        wait_for(lambda: acknowledged(record) > before + 20)
    finally:
        child.communicate(timeout=20)
    rows = {int(line) for line in database.sql("select number from written").split()}
    result = Result(Written(record.read_text()), rows)
    assert (result.lost, result.invented) == ([], [])


def acknowledged(record: Path) -> int:
    return len(Written(record.read_text()).acknowledged) if record.exists() else 0
