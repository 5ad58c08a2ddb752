"""What is mounted, as the kernel tells it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from arkcore.machine.system import is_mounted, systemctl

MOUNTINFO = r"""22 1 252:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 8:1 / /shared/jp1 rw,relatime shared:20 - xfs /dev/sdb1 rw
41 22 8:2 / /with\040space rw - xfs /dev/sdc1 rw
42 22 8:3 / /with\134backslash rw - xfs /dev/sdd1 rw
43 22 8:4 / /literal\134040 rw - xfs /dev/sde1 rw
44 22 8:5 / /with\011tab\012newline rw - xfs /dev/sdf1 rw
45 22 8:6 / /共有 rw - xfs /dev/sdg1 rw
cut short
"""


@pytest.fixture
def mountinfo(tmp_path: Path) -> str:
    path = tmp_path / "mountinfo"
    path.write_text(MOUNTINFO)
    return str(path)


@pytest.mark.parametrize(
    "point",
    [
        "/",
        "/shared/jp1",
        "/shared/jp1/",
        "//shared//jp1",
        "/shared/./jp1",
        "/with space",
        "/with\\backslash",
        "/literal\\040",
        "/with\ttab\nnewline",
        "/共有",
    ],
)
def test_a_mount_point_is_found_however_it_is_written(mountinfo: str, point: str) -> None:
    assert is_mounted(point, mountinfo)


@pytest.mark.parametrize(
    "point", ["/shared", "/shared/jp1/sub", "/shared/jp", "/shared/jp12", "/literal ", "/cut"]
)
def test_what_only_resembles_a_mount_point_is_none(mountinfo: str, point: str) -> None:
    assert not is_mounted(point, mountinfo)


def test_where_mounts_cannot_be_read_nothing_is_mounted(tmp_path: Path) -> None:
    assert not is_mounted("/", str(tmp_path / "missing"))


def test_this_machine_has_a_root_and_a_proc() -> None:
    assert is_mounted("/")
    assert is_mounted("/proc")
    assert not is_mounted("/proc/self")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_directory_is_a_mount_point_while_something_is_mounted_there(tmp_path: Path) -> None:
    point = tmp_path / "共有 disk"
    point.mkdir()
    inside = f'mount -t tmpfs none "{point}" && "$0" -c "$1" && umount "{point}" && ! "$0" -c "$1"'
    ask = f"import sys, arkcore.machine.system as m; sys.exit(not m.is_mounted({str(point)!r}))"
    child = subprocess.run(
        ["unshare", "--mount", "/bin/sh", "-c", inside, sys.executable, ask],
        capture_output=True,
        check=False,
    )
    if b"Operation not permitted" in child.stderr:
        pytest.skip("this machine allows no mount")
    assert child.returncode == 0, child.stderr


@pytest.mark.skipif(Path("/run/systemd/system").exists(), reason="systemd runs here")
def test_without_systemd_there_is_no_systemctl_to_ask() -> None:
    assert systemctl() == ""
