"""Control groups as files: which are mounted, what their names are, who is in one."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import wait_for

from arkcore.context.start_group import Unavailable, available
from arkcore.machine import cgroup
from arkcore.machine.cgroup import Group, Mount

HYBRID = """\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
41 31 0:38 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate
"""


def table(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mountinfo"
    path.write_text(text)
    return str(path)


class TestMounts:
    def test_version_2_is_found_beside_version_1(self, tmp_path: Path) -> None:
        [found] = cgroup.mounts(table(tmp_path, HYBRID))
        assert (found.point, found.root) == ("/sys/fs/cgroup/unified", "")

    @pytest.mark.parametrize(
        "line",
        [
            "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu",
            "41 31 0:38 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw",
            "41 31 0:38 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 ro",
            "garbage",
            "",
        ],
    )
    def test_version_1_and_what_is_read_only_are_none(self, tmp_path: Path, line: str) -> None:
        assert cgroup.mounts(table(tmp_path, f"{line}\n")) == []

    def test_a_mount_point_with_a_space_is_read_as_it_is(self, tmp_path: Path) -> None:
        line = "41 31 0:38 / /mnt/my\\040groups rw - cgroup2 cgroup2 rw\n"
        assert cgroup.mounts(table(tmp_path, line))[0].point == "/mnt/my groups"

    @pytest.mark.parametrize(
        ("root", "path", "directory"),
        [
            ("/", "/", "/cg"),
            ("/", "/system.slice/x.service", "/cg/system.slice/x.service"),
            ("/pod", "/pod", "/cg"),
            ("/pod", "/pod/inner", "/cg/inner"),
            ("/pod", "/podium", ""),
            ("/pod", "/", ""),
            ("/", "/../elsewhere", ""),
        ],
    )
    def test_the_directory_of_a_group(self, root: str, path: str, directory: str) -> None:
        assert Mount("/cg", root).directory(path) == directory

    def test_without_a_mount_the_reason_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable, match=r"^no cgroup version 2 is mounted here"):
            available(table(tmp_path, "22 27 0:21 / /proc rw - proc proc rw\n"))

    def test_a_table_that_cannot_be_read_is_a_reason_too(self, tmp_path: Path) -> None:
        with pytest.raises(Unavailable, match="cannot be read"):
            available(str(tmp_path / "nosuch"))

    def test_a_mount_that_does_not_hold_us_is_a_reason_too(self, tmp_path: Path) -> None:
        line = "41 31 0:38 /elsewhere /nosuch rw - cgroup2 cgroup2 rw\n"
        with pytest.raises(Unavailable, match="our own cgroup"):
            available(table(tmp_path, line))


class TestNames:
    @pytest.mark.parametrize("resource", ["cgroup.procs", "..", "a/b", "ü", "x" * 300, "-"])
    def test_a_name_is_one_plain_part_of_a_path(self, resource: str) -> None:
        name = cgroup.name_of(resource)
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
        assert len(name) < 120
        assert cgroup.is_of_a_resource(f"/ark/{name}/below")

    def test_no_two_names_are_the_same(self) -> None:
        assert len({cgroup.name_of("a-b") for _ in range(100)}) == 100

    @pytest.mark.parametrize(
        "path",
        ["/", "/ark.slice/ark-web.slice", "/ark-0123", f"/{cgroup.PARENT}/{cgroup.MACHINE}"],
    )
    def test_other_groups_are_of_no_resource(self, path: str) -> None:
        assert not cgroup.is_of_a_resource(path)

    @pytest.mark.parametrize(
        ("name", "path"),
        [("a.slice", "a.slice"), ("a-b-c.slice", "a.slice/a-b.slice/a-b-c.slice")],
    )
    def test_a_slice_lies_where_systemd_keeps_it(self, name: str, path: str) -> None:
        assert cgroup.slice_path(name) == path


@pytest.fixture
def parent() -> Iterator[str]:
    """A group of the test's own."""
    path = f"{available()[0].point}/{cgroup.name_of('unit')}"
    Group(path).make()
    yield path
    Group(path).kill()
    wait_for(lambda: Group(path).remove())


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["/bin/sleep", "60"])
    yield child
    child.kill()
    child.wait()


class TestGroup:
    def test_one_that_is_not_there_is_empty(self, parent: str) -> None:
        group = Group(f"{parent}/nosuch")
        assert (group.populated, group.pids(), group.remove()) == (False, set(), True)

    def test_what_lives_in_a_group_below_counts(
        self, parent: str, sleeper: subprocess.Popen[bytes]
    ) -> None:
        below = Group(f"{parent}/of/the-product")
        below.make()
        below.take(sleeper.pid)
        group = Group(parent)
        assert (group.populated, group.pids(), group.remove()) == (True, {sleeper.pid}, False)
        sleeper.kill()
        sleeper.wait()
        wait_for(lambda: not group.populated)
        assert group.remove()
        group.make()

    def test_it_is_killed_as_a_whole(self, parent: str, sleeper: subprocess.Popen[bytes]) -> None:
        group = Group(parent)
        group.take(sleeper.pid)
        assert group.kill()
        assert sleeper.wait(10) == -9

    def test_what_stands_still_can_be_let_go_on(
        self, parent: str, sleeper: subprocess.Popen[bytes]
    ) -> None:
        group = Group(parent)
        group.take(sleeper.pid)
        assert group.freeze(True)
        wait_for(lambda: group.frozen)
        assert group.freeze(False)
        wait_for(lambda: not group.frozen)

    def test_only_empty_groups_of_resources_are_cleared_away(
        self, parent: str, sleeper: subprocess.Popen[bytes]
    ) -> None:
        used, idle, machine = (
            Group(f"{parent}/{name}")
            for name in (cgroup.name_of("used"), cgroup.name_of("idle"), cgroup.MACHINE)
        )
        for group in (used, idle, machine):
            group.make()
        used.take(sleeper.pid)
        cgroup.remove_empty(parent)
        there = [os.path.isdir(group.path) for group in (used, idle, machine)]
        assert there == [True, False, True]


def test_a_file_of_the_kernel_s_is_read_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cgroup.events").write_text("populated 1\n" + "x" * 200_000)
    assert cgroup.Group(str(tmp_path)).populated
    monkeypatch.setattr(cgroup, "_LARGEST", 100_000)
    with pytest.raises(OSError, match="File too large"):
        _ = cgroup.Group(str(tmp_path)).populated
