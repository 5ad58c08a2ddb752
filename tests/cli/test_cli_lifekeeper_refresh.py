"""`ark lifekeeper refresh`, and launchers that outlive the Python that they were made with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ark_testing import Node
from support import ToyNode

import arkcore
from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launcher
from arkcore.memory.lock import ResourceLock

Ark = Callable[..., subprocess.CompletedProcess[str]]
OLD = "#!/opt/gone/bin/python3.9 -IS\nimport sys; from arkcore.launch import lifekeeper\n"


@pytest.fixture
def server(node: ToyNode) -> Node:
    """LifeKeeper with toy1, whose copies are of an installation that has gone."""
    made = Node("one", node.prefix / "LifeKeeper", str(node.prefix))
    made.create("toy1")
    for action in Action:
        made.program(action, "toy1").write_text(f"{OLD}lifekeeper({action.word!r}, '')\n")
    return made


def copies(server: Node) -> dict[Action, str]:
    return {action: server.program(action, "toy1").read_text() for action in Action}


def test_old_copies_are_replaced_and_kept(node: ToyNode, server: Node, ark_here: Ark) -> None:
    old = copies(server)
    done = ark_here("lifekeeper", "refresh")
    assert (done.returncode, done.stderr) == (0, "")
    for action in Action:
        assert str(server.program(action, "toy1")) in done.stdout
        assert server.program(action, "toy1").stat().st_mode & 0o7777 == 0o755
    assert copies(server) == {action: launcher(action, str(node.prefix)) for action in Action}
    [kept] = (node.prefix / "var/lib/ark/lifekeeper").iterdir()
    assert {each.read_text() for each in kept.iterdir()} == set(old.values())
    assert str(kept) in done.stdout
    beside = [path for path in server.root.rglob("*") if path.name.startswith("toy1")]
    assert len(beside) == len(Action) + 1  # the instance
    assert "Every copy is current." in ark_here("lifekeeper", "refresh").stdout
    assert server.call(Action.QUICK_CHECK, "toy1").code == 0


def test_a_dry_run_writes_nothing(node: ToyNode, server: Node, ark_here: Ark) -> None:
    old = copies(server)
    done = ark_here("lifekeeper", "refresh", "--dry-run")
    assert (done.returncode, done.stdout.count("would replace ")) == (0, 4)
    assert copies(server) == old
    assert not (node.prefix / "var/lib/ark/lifekeeper").exists()


def test_while_an_action_is_at_work_it_is_refused(
    node: ToyNode, server: Node, ark_here: Ark
) -> None:
    old = copies(server)
    lock = ResourceLock(f"{node.prefix}/run/ark/resources/toy1")
    assert lock.try_take("remove", 0.0)
    try:
        done = ark_here("lifekeeper", "refresh")
    finally:
        lock.release()
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "refused: remove of toy1 is at work" in done.stderr
    assert copies(server) == old


def test_what_is_no_launcher_is_left_alone(server: Node, ark_here: Ark) -> None:
    server.program(Action.RECOVER, "toy1").write_text("#!/bin/sh\nprecious\n")
    old = copies(server)
    done = ark_here("lifekeeper", "refresh")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "!recover/toy1: it is no launcher of ours" in done.stderr
    assert copies(server) == old


def test_a_program_that_lifekeeper_has_not_is_not_made(server: Node, ark_here: Ark) -> None:
    server.program(Action.RECOVER, "toy1").unlink()
    done = ark_here("lifekeeper", "refresh")
    assert done.returncode == 0
    assert "LifeKeeper keeps no recover of toy1" in done.stdout
    assert not server.program(Action.RECOVER, "toy1").exists()


def _other_python() -> str:
    """A Python of another version on this machine; "" for none."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}."
    for place in sorted(Path(sys.base_prefix).parent.glob("3.1[1-9].*")):
        if not place.name.startswith(here) and (place / "bin/python").exists():
            return str(place / "bin/python")
    return ""


@pytest.mark.skipif(not _other_python(), reason="there is one Python only")
def test_a_launcher_outlives_a_new_python_of_its_environment(tmp_path: Path) -> None:
    environment = tmp_path / "venv"

    def make(python: str) -> None:
        words = [python, "-m", "venv", "--clear", "--without-pip", str(environment)]
        subprocess.run(words, check=True, timeout=60)
        [packages] = environment.glob("lib/python*/site-packages")
        (packages / "arkcore").symlink_to(os.path.dirname(arkcore.__file__))

    make(sys.executable)
    [named] = environment.glob("bin/python3.*")
    program = tmp_path / "toy1"
    program.write_text(launcher(Action.QUICK_CHECK, str(tmp_path), str(named)))
    program.chmod(0o755)
    for python in ("", _other_python()):
        if python:
            make(python)
        done = subprocess.run([program], capture_output=True, text=True, timeout=60, env={})
        assert done.returncode == 0
        assert done.stderr.startswith("ark: ")  # it is ours that answers: no such resource
