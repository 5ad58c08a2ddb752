"""Which processes a plugin finds by their executables, where these lie among others' programs."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ToyNode, wait_for


@pytest.fixture
def found(node: ToyNode) -> Path:
    """Where the toy writes what it finds by naming its daemon's file; it is RUNNING by that."""
    told = node.home / "found"
    node.hooks(
        "import json\n"
        "def ark_processes(ctx, default):\n"
        "    found = ctx.find_processes([ctx.options.home + '/daemon'], variables=['TOY_HOST'])\n"
        f"    json.dump([each.pid for each in found], open({str(told)!r}, 'w'))\n"
        "    return found\n"
    )
    return told


@pytest.fixture
def stranger(node: ToyNode) -> Iterator[subprocess.Popen[bytes]]:
    """Another program in the same directory, which names the very same logical host."""
    other = node.home / "daemon2"
    shutil.copy("/bin/sleep", other)
    environment = {"TOY_HOST": "LHOST1"}
    process = subprocess.Popen([other, "1000"], env=environment)
    yield process
    process.kill()
    process.wait()


def test_an_executable_can_be_named_instead_of_a_directory(node, found, stranger):
    assert node.run("restore") == 0
    assert json.loads(found.read_text()) == node.daemons()
    assert len(node.daemons()) == 1
    assert node.run("remove") == 0
    assert json.loads(found.read_text()) == []
    assert stranger.poll() is None


def test_another_logical_host_s_process_of_that_executable_is_not_found(node, found):
    environment = {"TOY_HOST": "OTHER"}
    other = subprocess.Popen([node.home / "daemon", "1000"], env=environment)
    try:
        wait_for(lambda: other.pid in node.daemons())
        assert node.run("restore") == 0
        assert other.pid not in json.loads(found.read_text())
        assert node.run("remove") == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_who_asks_is_not_found_where_the_product_is_run_by_our_own_interpreter(node):
    """The guard's arguments name the resource, which may well be called like its logical host."""
    told = node.home / "found"
    node.configure("LHOST1", "LHOST1")
    (node.resources / "toy1.toml").unlink()
    node.hooks(
        "import json, os\n"
        "def ark_status(ctx, default):\n"
        "    own = os.readlink('/proc/self/exe')\n"
        "    found = [each.pid for each in ctx.find_processes([own])]\n"
        "    asked_by = [os.getpid(), os.getppid()]\n"
        f"    json.dump([found, asked_by], open({str(told)!r}, 'w'))\n"
        "    return default(ctx)\n"
    )
    assert node.run("restore", "LHOST1") == 0
    pids, asked_by = json.loads(told.read_text())
    assert not set(pids) & set(asked_by)


def test_a_pid_file_that_shows_no_process_is_named_where_none_is_listed(node: ToyNode) -> None:
    node.configure(timers={"restore.process": 1, "restore.cleanup": 1})
    node.hooks(
        "from arkcore import Status, StatusReport\n"
        "def ark_status(ctx, default):\n"
        "    return StatusReport(Status.RUNNING)\n"
        "def ark_processes(ctx, default):\n"
        "    return ctx.pid_file('/run/nosuch.pid').processes\n"
        "def ark_start(ctx, default):\n"
        "    pass\n"
    )
    assert node.run("restore") == 1
    reason = "it says RUNNING, but none of its processes lives: there is no /run/nosuch.pid"
    assert [line for line in node.ras if reason in line]
