"""A product that hides from every look is ended all the same: what a start makes is in one cgroup.

A remove that says it has stopped is right, also about a product that goes on by way of its
children, changes its pid namespace, or keeps nothing of what it was started with.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hostile.world import MOMENT
from support import PROGRAMS, WITHOUT_CGROUPS, Program, ToyNode, wait_for

from arkcore.machine import cgroup

WITHIN = 12
#: Seconds: on a busy machine the many dead of a relay make each look at the process table long.
CLEANUP = 15
RESOURCE = """
plugin = "command"
logical_host = "LHOST2"
[options]
start = {start}
stop = ["/bin/true"]
status = ["/bin/sh", "-c", "test -n \\"$(find {beat} -newermt '-1 seconds')\\""]
[timers]
restore.process = 20
remove.process = {within}
remove.force_reserve = 6
remove.cleanup = {cleanup}
quickcheck.confirm = 0.2
"""
#: Runs a program of ours as on a kernel whose cgroups lack something.
OLD_KERNEL = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
from arkcore.machine import cgroup
exec(sys.argv[2])
sys.path.pop(0)
import site
site.main()
sys.argv = sys.argv[3:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def escapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("escapes") / "escapes"
    source = Path(__file__).with_name("escapes.c")
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-o", program, source], check=True)
    return program


class Hidden:
    """A node whose resource `hidden` hides in one way, and whether it still lives."""

    def __init__(self, node: ToyNode, program: Path, resource: str = "hidden") -> None:
        self.node = node
        self.resource = resource
        self.beat = node.prefix / f"{resource}.beat"
        self.go = node.prefix / f"{resource}.go"
        self._program = program

    def hides(self, *way: str | Path, **timers: object) -> None:
        self.runs([str(self._program), str(self.beat), *map(str, way)], **timers)

    def runs(self, start: Sequence[str], **timers: object) -> None:
        values = {"within": WITHIN, "cleanup": CLEANUP, **timers}
        start = str(list(start)).replace("'", '"')
        text = RESOURCE.format(start=start, beat=self.beat, **values)
        (self.node.resources / f"{self.resource}.toml").write_text(text)

    def run(self, action: str, through: Sequence[str] = ()) -> Program:
        program = Program(
            subprocess.Popen(
                [*through, PROGRAMS / f"ark-{action}", "-t", self.resource, "-i", "id"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                env={"ARK_PREFIX": str(self.node.prefix), "PATH": os.environ["PATH"]},
            ),
            time.monotonic(),
        )
        program.end()
        return program

    @property
    def code(self) -> int:
        return self.run("remove").process.returncode

    @property
    def group(self) -> Path:
        return Path(str(self.node.state("group", self.resource)["path"]))

    def lives(self) -> bool:
        """Whether it goes on writing: in 0.2 s it would forty times."""
        before = self.beat.stat().st_size
        time.sleep(0.2)
        return self.beat.stat().st_size != before


@pytest.fixture
def hidden(node: ToyNode, escapes: Path) -> Iterator[Hidden]:
    made = Hidden(node, escapes)
    yield made
    end(made)


def end(hidden: Hidden) -> None:
    path = hidden.node.state("group", hidden.resource).get("path")
    if path:
        cgroup.Group(str(path)).kill()


def restored(hidden: Hidden) -> Hidden:
    program = hidden.run("restore")
    assert program.process.returncode == 0, "\n".join(hidden.node.ras)
    return hidden


@pytest.mark.parametrize("milliseconds", [5, 20])
def test_a_product_that_goes_on_by_way_of_its_children_is_ended(hidden, milliseconds):
    hidden.hides("relay", str(milliseconds))
    group = restored(hidden).group
    assert hidden.lives()
    program = hidden.run("remove")
    told = "\n".join(hidden.node.ras)
    assert (program.process.returncode, hidden.lives(), group.exists()) == (0, False, False), told
    assert program.seconds < WITHIN + CLEANUP + MOMENT  # the cleanup is its own


def test_a_product_that_enters_a_pid_namespace_after_its_start_is_ended(hidden):
    hidden.hides("namespace", hidden.go)
    group = restored(hidden).group
    [before] = group.joinpath("cgroup.procs").read_text().split()
    hidden.go.touch()
    inside = lambda: _namespaces(group) == {False}  # noqa: E731
    wait_for(inside)
    assert before not in group.joinpath("cgroup.procs").read_text().split()
    assert (hidden.code, hidden.lives(), group.exists()) == (0, False, False)


def _namespaces(group: Path) -> set[bool]:
    """Whether the processes of a group share our pid namespace."""
    found = set()
    for pid in group.joinpath("cgroup.procs").read_text().split():
        try:
            own = os.readlink("/proc/self/ns/pid")
            found.add(os.readlink(f"/proc/{pid}/ns/pid") == own)
        except OSError:
            continue
    return found


def test_a_product_without_environment_parent_or_session_is_ended(hidden):
    hidden.hides("bare")
    group = restored(hidden).group
    assert (hidden.code, hidden.lives(), group.exists()) == (0, False, False)


def test_what_a_remove_ends_of_the_start_is_named_at_every_detail(hidden):
    hidden.hides("bare")
    [pid] = restored(hidden).group.joinpath("cgroup.procs").read_text().split()
    for record in ("processes", "sessions"):
        (hidden.node.prefix / f"run/ark/resources/hidden/{record}.json").unlink(missing_ok=True)
    assert hidden.code == 0
    told = [line for line in hidden.node.ras if f"pid {pid} exe" in line]
    assert told, "\n".join(hidden.node.ras)


def test_where_no_cgroup_is_mounted_all_goes_on_as_without(node, escapes):
    toy = Hidden(node, escapes, "toy1")
    for action in ("restore", "quickcheck"):
        program = toy.run(action, WITHOUT_CGROUPS)
        assert program.process.returncode == 0, program.stderr
    assert node.state("group") == {}
    assert len(node.daemons()) == 1
    assert toy.run("remove", WITHOUT_CGROUPS).process.returncode == 0
    assert node.daemons() == []
    assert not [line for line in node.ras if "cgroup of" in line or "of its own" in line]


@pytest.mark.parametrize(
    "lacking",
    [
        "cgroup.Group.kill = lambda self: False",
        "cgroup.Group.kill = cgroup.Group.freeze = lambda self, *_: False",
    ],
    ids=["kill", "kill and freeze"],
)
def test_on_a_kernel_that_lacks_cgroup_files_the_product_is_ended_one_by_one(hidden, lacking):
    hidden.hides("relay", "20")
    group = restored(hidden).group
    before = [sys.executable, "-ISc", OLD_KERNEL, str(Path(cgroup.__file__).parents[2]), lacking]
    program = hidden.run("remove", before)
    told = "\n".join(hidden.node.ras)
    assert (program.process.returncode, hidden.lives(), group.exists()) == (0, False, False), told
