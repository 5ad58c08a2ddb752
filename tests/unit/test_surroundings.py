"""What surrounds a node, as its files tell: mounts, mandatory access control, name service."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from arkcore.base.finding import Level
from arkcore.survey.apparmor import check_apparmor
from arkcore.survey.machine import Machine
from arkcore.survey.mount_table import entries_of, mounted_at
from arkcore.survey.resolver import Asked, check_resolver


def machine(directory: Path, path: str, text: str) -> Machine:
    file = directory / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return Machine(str(directory), [str(directory)])


@pytest.mark.parametrize(
    ("profiles", "level"),
    [
        ("", Level.NOT_APPLICABLE),
        ("/usr/sbin/cupsd (enforce)\n/opt/jp1base/bin/jevservice (complain)\n", Level.OK),
        ("/opt/jp1base/bin/jevservice (enforce)\n", Level.WARN),
        (f"{Path(sys.executable).resolve()} (enforce)\n", Level.WARN),
    ],
)
def test_apparmor(tmp_path: Path, profiles: str, level: Level) -> None:
    here = machine(tmp_path, "sys/kernel/security/apparmor/profiles", profiles)
    assert check_apparmor(here).level is level


@pytest.mark.parametrize(
    ("hosts", "level"),
    [
        ("files dns", Level.OK),
        ("files mdns4_minimal [NOTFOUND=return] dns", Level.OK),
        ("mymachines resolve [!UNAVAIL=return] files myhostname dns", Level.OK),
        ("myhostname files dns", Level.WARN),
        ("resolve dns", Level.WARN),
        ("dns files", Level.FAIL),
        ("sss dns", Level.FAIL),
    ],
)
def test_the_order_of_name_services(tmp_path: Path, hosts: str, level: Level) -> None:
    here = machine(tmp_path, "etc/nsswitch.conf", f"# x\nhosts: {hosts}  # y\nnetworks: dns\n")
    [found] = check_resolver(here, Asked(here))
    assert found.level is level


def test_the_last_mount_at_a_place_is_what_is_seen() -> None:
    table = (
        "77 1 253:2 / /shared/my\\040disk rw,noatime shared:1 - ext4 /dev/mapper/jp1 rw\n"
        "78 1 0:44 /srv /shared/my\\040disk rw - overlay overlay rw\n"
        "79 1 0:45 / /shared rw - tmpfs none rw\n"
    )
    found = mounted_at(table, "/shared/my disk/")
    assert found is not None
    assert (found.number, found.root, found.kind) == ("0:44", "/srv", "overlay")
    assert mounted_at(table, "/shared/my") is None


def test_what_fstab_mounts_by_itself() -> None:
    text = (
        "# /dev/sda1 /no ext4\n"
        "/dev/sdb1 /shared/my\\040disk/ ext4 defaults 0 2\n"
        "/dev/sdc1 /by/hand ext4 noauto,nofail 0 0\n"
        "/dev/sdd1 /by/looking ext4 noauto,x-systemd.automount 0 0\n"
    )
    found = {entry.point: entry.acts_at_boot for entry in entries_of(text)}
    assert found == {"/shared/my disk": True, "/by/hand": False, "/by/looking": True}
