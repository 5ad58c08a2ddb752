"""The stand-in of LifeKeeper's commands does what the vendor documents of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ark_testing import Node
from ark_testing.lifekeeper_programs import COMMANDS, PLACES

#: Exit codes of the LCDI commands.
DONE, USAGE, EXISTS, MISSING, NEEDED = 0, 2, 4, 7, 8


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node("node1", tmp_path / "LifeKeeper", str(tmp_path / "ark"))


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """Four programs that write their name and arguments down, and end as a file says."""
    found = {}
    for name in PLACES:
        program = tmp_path / f"{name}.sh"
        code = tmp_path / f"{name}.code"
        program.write_text(
            f'#!/bin/sh\necho "{name} $(basename $0) $*" >>{tmp_path}/called\n'
            f"exit $(cat {code} 2>/dev/null || echo 0)\n"
        )
        program.chmod(0o755)
        found[name] = str(program)
    return found


def call(node: Node, command: str, *words: str) -> subprocess.CompletedProcess[str]:
    program = node.root / COMMANDS[command] / command
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=30)


def create(node: Node, programs: dict[str, str], tag: str, in_service: str = "Yes") -> int:
    words = [programs["restore"], programs["remove"], tag, "an info", "intelligent"]
    words += [programs["quickCheck"], programs["recover"], in_service]
    return call(node, "creapphier", node.name, *words).returncode


def called(tmp_path: Path) -> list[str]:
    path = tmp_path / "called"
    return path.read_text().splitlines() if path.exists() else []


def test_each_command_says_that_it_is_a_stand_in(node: Node) -> None:
    for command, place in COMMANDS.items():
        assert "stand-in" in (node.root / place / command).read_text()


def test_creation_stores_a_copy_of_each_program_under_the_tag(
    node: Node, programs: dict[str, str], tmp_path: Path
) -> None:
    assert create(node, programs, "app1") == DONE
    for name, place in PLACES.items():
        copy = node.root / place / "app1"
        assert copy.read_text() == Path(programs[name]).read_text()
        assert os.access(copy, os.X_OK)
    Path(programs["restore"]).write_text("changed afterwards")
    assert "changed" not in (node.root / PLACES["restore"] / "app1").read_text()


def test_creation_brings_in_service_where_it_is_told_to(
    node: Node, programs: dict[str, str], tmp_path: Path
) -> None:
    assert create(node, programs, "app1", "No") == DONE
    assert (node.state("app1"), called(tmp_path)) == ("OSU", [])
    assert create(node, programs, "app2", "Yes") == DONE
    assert node.state("app2") == "ISP"
    assert called(tmp_path) == ["restore app2 -t app2 -i id-app2"]


def test_a_tag_is_created_once(node: Node, programs: dict[str, str]) -> None:
    assert create(node, programs, "app1", "No") == DONE
    assert create(node, programs, "app1", "No") == EXISTS


def test_creation_refuses_other_words_than_its_own(node: Node) -> None:
    assert call(node, "creapphier", "node1", "app1").returncode == USAGE


def test_a_failed_restore_leaves_the_resource_failed(
    node: Node, programs: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "restore.code").write_text("1")
    assert create(node, programs, "app1", "Yes") != DONE
    assert node.state("app1") == "OSF"


def test_ins_list_shows_the_documented_fields(node: Node, programs: dict[str, str]) -> None:
    create(node, programs, "app1", "No")
    fields = call(node, "ins_list", "-t", "app1").stdout.rstrip("\n").split("\x01")
    assert [fields[number] for number in (1, 2, 3, 4, 5, 6)] == [
        "gen",
        "app",
        "app1",
        "id-app1",
        "an info",
        "OSU",
    ]
    assert call(node, "ins_list", "-t", "app2").returncode == MISSING


def test_ins_list_lists_all_with_the_separator_asked_for(
    node: Node, programs: dict[str, str]
) -> None:
    create(node, programs, "app1", "No")
    node.create_other("/shared/jp1", "gen", "filesys")
    lines = call(node, "ins_list", "-f:").stdout.splitlines()
    assert sorted(line.split(":")[3] for line in lines) == ["/shared/jp1", "app1"]


def test_a_dependency_is_made_once_between_what_exists(node: Node) -> None:
    node.create_other("up", "gen", "app")
    node.create_other("down", "comm", "ip")
    assert call(node, "dep_create", "-p", "up", "-c", "down").returncode == DONE
    assert node.database.dependencies() == [("up", "down")]
    assert call(node, "dep_create", "-p", "up", "-c", "down").returncode == EXISTS
    assert call(node, "dep_create", "-p", "up", "-c", "nosuch").returncode == MISSING
    assert call(node, "dep_create", "-p", "up").returncode == USAGE
    assert call(node, "dep_remove", "-p", "up", "-c", "down").returncode == DONE
    assert call(node, "dep_remove", "-p", "up", "-c", "down").returncode == MISSING


def test_what_is_needed_cannot_be_deleted(node: Node, programs: dict[str, str]) -> None:
    create(node, programs, "up", "No")
    create(node, programs, "down", "No")
    call(node, "dep_create", "-p", "up", "-c", "down")
    assert call(node, "ins_remove", "-t", "down").returncode == NEEDED
    assert call(node, "ins_remove", "-t", "up").returncode == DONE
    assert call(node, "ins_remove", "-t", "down").returncode == DONE
    assert node.database.tags() == []
    assert not list(node.root.glob("subsys/gen/resources/app/*/*/*"))


def test_a_restore_begins_below_and_leaves_what_is_in_service(
    node: Node, programs: dict[str, str], tmp_path: Path
) -> None:
    create(node, programs, "up", "No")
    create(node, programs, "down", "No")
    call(node, "dep_create", "-p", "up", "-c", "down")
    assert call(node, "perform_action", "-t", "up", "-a", "restore").returncode == DONE
    assert [line.split()[1] for line in called(tmp_path)] == ["down", "up"]
    assert call(node, "perform_action", "-t", "up", "-a", "restore").returncode == DONE
    assert len(called(tmp_path)) == 2


def test_a_remove_begins_above_and_a_failed_one_changes_no_state(
    node: Node, programs: dict[str, str], tmp_path: Path
) -> None:
    create(node, programs, "up", "Yes")
    create(node, programs, "down", "Yes")
    call(node, "dep_create", "-p", "up", "-c", "down")
    (tmp_path / "remove.code").write_text("1")
    assert call(node, "perform_action", "-t", "down", "-a", "remove").returncode == 1
    assert (node.state("up"), node.state("down")) == ("ISP", "ISP")
    (tmp_path / "remove.code").write_text("0")
    assert call(node, "perform_action", "-t", "down", "-a", "remove").returncode == DONE
    assert (node.state("up"), node.state("down")) == ("OSU", "OSU")


def test_a_switch_removes_on_the_other_node_first(tmp_path: Path, programs: dict[str, str]) -> None:
    one = Node("node1", tmp_path / "LK1", str(tmp_path / "ark1"))
    two = Node("node2", tmp_path / "LK2", str(tmp_path / "ark2"))
    one.database.pair_with("node2", two.root)
    two.database.pair_with("node1", one.root)
    create(one, programs, "app1", "Yes")
    create(two, programs, "app1", "No")
    assert call(two, "perform_action", "-t", "app1", "-a", "restore").returncode == DONE
    assert (one.state("app1"), two.state("app1")) == ("OSU", "ISP")
    actions = [line.split()[0] for line in called(tmp_path)]
    assert actions == ["restore", "remove", "restore"]
    fields = call(one, "eqv_list", "-t", "app1").stdout.split("\x01")
    assert fields[2:4] == ["node2", "app1"]
