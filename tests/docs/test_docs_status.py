"""What each status command shown answers when it could not ask: never that the product is down."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from ark_command._options import LSB_STATUS_CODES
from ark_command._plugin import _status_of

from arkcore import CommandResult, Status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Documents = Any

README = Path(__file__).resolve().parents[2] / "plugins/command/README.md"


def options_shown(documents: Documents) -> list[dict[str, object]]:
    """The options of each resource file shown that has a status command."""
    files = [tomllib.loads(code.text) for code in documents.code("toml")]
    found = [file["options"] for file in files if file.get("plugin") == "command"]
    return [options for options in found if "status" in options]


def table_in_readme() -> dict[str, str]:
    text = README.read_text(encoding="utf-8")
    table = text.partition("    [options.status_codes]\n")[2].partition("\n\n")[0]
    return tomllib.loads(table)


def said(code: int, codes: dict[str, str]) -> Status:
    return _status_of(CommandResult(["/bin/status"], returncode=code), codes)


def test_every_table_shown_leaves_open_what_could_not_be_asked(documents):
    tables = [options.get("status_codes", LSB_STATUS_CODES) for options in options_shown(documents)]
    assert len(tables) >= 3
    for table in [*tables, table_in_readme()]:
        assert {said(code, table) for code in (1, 2, 4, 126, 127, 255)} == {Status.UNKNOWN}


def test_systemctl_is_understood(documents):
    [table] = [
        options["status_codes"]
        for options in options_shown(documents)
        if "/usr/bin/systemctl" in options["status"]
    ]
    meant = {code: said(code, table).name for code in (0, 1, 3, 4)}
    assert meant == {0: "RUNNING", 1: "UNKNOWN", 3: "STOPPED", 4: "UNKNOWN"}


@pytest.fixture
def web_status(documents: Documents, tmp_path: Path) -> Callable[[], str]:
    """Runs the script for nginx with a pid file of the test's own; what its table says."""
    [text] = [code.text for code in documents.code_of("ark-command.md") if "exit 13" in code.text]
    [codes] = [
        options["status_codes"]
        for options in options_shown(documents)
        if options["status"] == ["/usr/local/sbin/lkweb-status"]
    ]
    script = tmp_path / "status"
    script.write_text(text.replace("/run/lkweb.pid", f"{tmp_path}/web.pid"))

    def ask() -> str:
        environment = {"PATH": str(tmp_path)}  # there is no curl
        done = subprocess.run(
            ["/bin/sh", script], env=environment, stderr=subprocess.DEVNULL, timeout=30
        )
        return said(done.returncode, codes).name

    return ask


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of that name."""
    program = tmp_path / "nginx"
    shutil.copy("/bin/sleep", program)
    process = subprocess.Popen([program, "300"])
    yield process
    process.kill()
    process.wait()


def test_the_status_script_shown_says_stopped_only_where_nothing_runs(web_status, tmp_path, nginx):
    pid_file = tmp_path / "web.pid"
    assert web_status() == "STOPPED"
    pid_file.mkdir()
    assert web_status() == "UNKNOWN"
    pid_file.rmdir()
    pid_file.write_text(f"{os.getpid()}\n")
    assert web_status() == "STOPPED"
    pid_file.write_text(f"{nginx.pid}\n")
    assert web_status() == "UNKNOWN"
    nginx.kill()
    nginx.wait()
    assert web_status() == "STOPPED"
