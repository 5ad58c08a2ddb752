"""Options that cannot work are refused with one line that says what is allowed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import ark_postgresql
import pytest
from ark_postgresql import Postgresql
from database import options_of

import arkcore
from arkcore import ConfigurationError
from arkcore.plugin.application import check_declaration
from arkcore.plugin.contract import check_hooks


def test_it_keeps_the_contract():
    check_hooks(Postgresql(), "postgresql")
    application = check_declaration(Postgresql().ark_application(), "postgresql")
    assert application.runs_as_processes


def test_a_healthy_check_imports_nothing_heavy():
    paths = [str(Path(module.__file__ or "").parents[1]) for module in (arkcore, ark_postgresql)]
    heavy = ("re", "dataclasses", "typing", "inspect", "subprocess", "socket", "shlex")
    program = (
        f"import sys; sys.path[:0] = {paths!r}; import ark_postgresql\n"
        f"ark_postgresql.Postgresql().ark_application()\n"
        f"wrong = [name for name in {heavy!r} if name in sys.modules]\n"
        f"print(wrong, 'ark_postgresql._start' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[] False"


def test_the_data_directory_alone_is_enough():
    options = options_of({"data_directory": "/shared/pg/data"})
    assert (options.user, options.database, options.port) == ("postgres", "postgres", 0)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("data_directory", "shared/pg", "must be an absolute path"),
        ("data_directory", "", "must be an absolute path"),
        ("data_directory", "/shared/pg/", "must have no superfluous / or ."),
        ("data_directory", "/shared/./pg", "must have no superfluous / or ."),
        ("data_directory", "/", "must be a directory of its own"),
        ("data_directory", "/shared/$(reboot)", "which pg_ctl cannot quote"),
        ("data_directory", '/shared/"x', "which pg_ctl cannot quote"),
        ("bin_directory", "bin", "must be an absolute path"),
        ("log_file", "/var/log/`id`", "which pg_ctl cannot quote"),
        ("config_file", "postgresql.conf", "must be an absolute path"),
        ("socket_directory", "/run/" + "x" * 100, "at most 92 bytes"),
        ("user", "root", "must be a user other than root"),
        ("user", "", "must be a user other than root"),
        ("database", "", "must be a database's name"),
        ("database", "host=elsewhere", "must be a database's name"),
        ("database", "postgresql://elsewhere/x", "must be a database's name"),
        ("database_user", "a\0b", "must not hold a NUL character"),
        ("start_options", ["-D", "/other"], "the data directory is given by"),
        ("start_options", ["--data-directory=/other"], "the data directory is given by"),
        ("start_options", ["-c", "data_directory=/other"], "the data directory is given by"),
        ("start_options", ["a\nb"], "neither a NUL character nor a line end"),
        ("env", {"A=B": "c"}, "must be names without ="),
        ("encoding", "klingon", "must be an encoding that Python knows"),
    ],
)
def test_what_cannot_work_is_refused(key, value, told):
    with pytest.raises(ConfigurationError) as refused:
        options_of({"data_directory": "/shared/pg/data", key: value})
    assert str(refused.value).startswith(f"options.{key} = ")
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_programs_that_others_could_exchange_are_refused(tmp_path: Path):
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pg_ctl").touch(0o755)
    values = {"data_directory": "/shared/pg/data", "bin_directory": str(programs)}
    options_of(values).check()
    programs.chmod(0o777)
    with pytest.raises(ConfigurationError) as caught:
        options_of(values).check()
    assert str(caught.value) == (
        f"options.bin_directory = {str(programs)!r}: it runs as postgres, and {programs} can be "
        f"written by others (chmod go-w {programs})"
    )
