"""Installing, compiling, clearing away."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ark_lab import LabError, Product, StandIn
from ark_lab.binary import SOURCE, standin_binary
from ark_lab.testing import HOST, Lab


def test_the_source_compiles_without_warnings(tmp_path: Path) -> None:
    command = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1"]
    subprocess.run([*command, "-o", tmp_path / "binary", SOURCE], check=True)


def test_it_is_compiled_once(tmp_path: Path) -> None:
    binary = standin_binary(tmp_path)
    before = binary.stat()
    assert standin_binary(tmp_path, compiler="not-there") == binary
    assert binary.stat().st_mtime_ns == before.st_mtime_ns


def test_parallel_compilations_do_not_meet(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: standin_binary(tmp_path), range(4)))
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == [found.pop().name]


def test_a_missing_compiler_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"^the stand-in needs a C compiler: no 'nocc' in PATH$"):
        standin_binary(tmp_path, compiler="nocc")


def test_manager_and_agent_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="choose one"):
        StandIn.install(tmp_path, products=list(Product))


def test_base_is_a_prerequisite(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="prerequisite"):
        StandIn.install(tmp_path, products=[Product.AGENT])


def test_a_root_without_a_stand_in_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no stand-in"):
        StandIn(tmp_path)


@pytest.mark.parametrize("name", ["", "-h", ".x", "a/b", "a@b", "n" * 256])
def test_a_name_that_is_no_host_is_refused(node: StandIn, name: str) -> None:
    with pytest.raises(LabError, match="not a logical host name"):
        node.logical_host(name, node.root / "shared")


def test_scripts_are_shell_scripts_as_in_the_product(node: StandIn) -> None:
    text = node.path("jbs_start.cluster").read_text()
    assert text.startswith("#!/bin/sh\n# [stand-in]")


def test_a_root_may_have_any_name(lab: Lab) -> None:
    node = lab.node("a 'strange' $name")
    assert node.run("jbs_start.cluster", HOST).returncode == 0
    assert node.run("jevstat", HOST).returncode == 0


def test_commands_are_not_taken_for_processes_of_the_product(node: StandIn) -> None:
    for command in ("jbs_spmd_status", "jbs_start.cluster"):
        option = ["-h", HOST] if command == "jbs_spmd_status" else [HOST]
        node.fault(command, hang="before")
        with subprocess.Popen([node.path(command), *option]) as hung:
            assert node.wait_until(lambda: len(node.commands()) == 1)
            assert node.commands()[0].exe == node.root / "opt/lab/jp1-stand-in"
            hung.kill()


def test_status_commands_may_lie_in_the_product_as_in_reality(lab: Lab) -> None:
    node = lab.node()
    StandIn.install(node.root, allow_user=True, status_in_product=True)
    node.fault("jbs_spmd_status", hang="before")
    with subprocess.Popen([node.path("jbs_spmd_status"), "-h", HOST]) as hung:
        assert node.wait_until(lambda: len(node.commands()) == 1)
        assert node.commands()[0].exe == node.root / "opt/jp1base/bin/jbs_spmd_status"
        hung.kill()


def test_installing_again_disturbs_nothing_that_runs(base: StandIn) -> None:
    before = base.processes()
    StandIn.install(base.root, allow_user=True)
    assert base.processes() == before
    assert os.readlink(f"/proc/{before[0].pid}/exe") == str(before[0].exe)
    assert base.run("jbs_spmd_status", "-h", HOST).returncode == 0


def test_daemons_are_not_started_by_hand(node: StandIn) -> None:
    done = subprocess.run(
        [node.root / "opt/jp1base/bin/jbs_spmd", HOST], capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"[stand-in]" in done.stderr


def test_kill_everything_ends_also_machine_late_killers_and_hung_commands(ajs: StandIn) -> None:
    ajs.configure(kill_delay=600)
    ajs.run("jbs_killall.cluster", HOST)
    ajs.fault("jevstat", hang="before", ignore_term=True)
    with subprocess.Popen([ajs.path("jevstat"), HOST]):
        assert ajs.wait_until(lambda: len(ajs.commands()) == 2)
        ajs.kill_everything()
        assert ajs.processes() == []
        assert ajs.commands() == []
