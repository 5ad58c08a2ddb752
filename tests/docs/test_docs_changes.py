"""The page of changes: its commands are run, on a node under the stand-in of LifeKeeper."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from ark_testing import Node
from support import PROGRAMS, ToyNode


@pytest.fixture
def server(node: ToyNode) -> Node:
    """LifeKeeper with both resources of the page out of service."""
    (node.resources / "toy1.toml").unlink()
    node.configure("lkjp1_base", "LVMRH5LKB")
    program, pid = node.prefix / "home2/daemon2", node.prefix / "home2/pid"
    program.parent.mkdir()
    shutil.copy(node.home / "daemon", program)
    begin, end = program.parent / "start", program.parent / "stop"
    begin.write_text(f"#!/bin/sh\n{program} 1000 &\necho $! > {pid}\n")
    end.write_text(f"#!/bin/sh\nkill $(cat {pid})\n")
    for each in (begin, end):
        each.chmod(0o755)
    (node.resources / "lkjp1_ajs3.toml").write_text(
        f'plugin = "command"\nlogical_host = "LVMRH5LKB"\nrequires = ["lkjp1_base"]\n'
        f'[options]\nstart = ["{begin}"]\nstop = ["{end}"]\npid_file = "{pid}"\n'
        f'process_name = "daemon2"\n'
    )
    made = Node(os.uname().nodename, node.prefix / "LifeKeeper", str(node.prefix))
    made.create_other("ip-192.0.2.10", "comm", "ip")
    made.create_other("/shared/jp1", "gen", "filesys")
    for tag in ("lkjp1_base", "lkjp1_ajs3"):
        made.create(tag)
    made.database.keep([("lkjp1_ajs3", "lkjp1_base")])
    return made


def perform(node: ToyNode, english, section: str) -> None:
    """Run the blocks of one section, each as a script that ends at its first error."""
    page = english.pages["changes.md"]
    begin = page.index(f"## {section}\n")
    text = page[begin : page.find("\n## ", begin + 3)]
    for code in english.code_of("changes.md"):
        if code.text not in text:
            continue
        script = code.text
        for place in ("/etc/ark", "/run/ark", "/var/lib/ark"):
            script = script.replace(f" {place}", f" {node.prefix}{place}")
        done = subprocess.run(
            ["sh", "-e", "-c", script],
            capture_output=True,
            text=True,
            timeout=100,
            env={"ARK_PREFIX": str(node.prefix), "PATH": f"{PROGRAMS}:/usr/bin:/bin"},
        )
        allowed = (0, 1) if "ark lifekeeper status" in script else (0,)
        assert done.returncode in allowed, f"{script}{done.stdout}{done.stderr}"


def test_a_resource_gets_another_name(node: ToyNode, server: Node, english) -> None:
    assert server.database.restore("lkjp1_ajs3")
    perform(node, english, "Another name")
    assert sorted(server.database.tags()) == [
        "/shared/jp1", "ip-192.0.2.10", "lkjp1_ajs3", "lkjp1_base2"
    ]  # fmt: skip
    assert [server.state(tag) for tag in ("lkjp1_base2", "lkjp1_ajs3")] == ["ISP", "ISP"]
    assert not list(node.prefix.glob("**/lkjp1_base.json"))


def test_a_resource_is_removed(node: ToyNode, server: Node, english) -> None:
    perform(node, english, "Removing a resource")
    assert "lkjp1_ajs3" not in server.database.tags()
    assert not list(node.prefix.glob("etc/ark/**/lkjp1_ajs3*"))
    assert not list(node.prefix.glob("*/**/lkjp1_ajs3.json"))
