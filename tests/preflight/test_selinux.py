"""How SELinux is switched off depends on the release of Enterprise Linux."""

from __future__ import annotations

from typing import cast

import pytest

from arkcore.base.finding import Finding, Level
from arkcore.survey.machine import Machine
from arkcore.survey.system import check_selinux

FILE = "/etc/selinux/config"


class Host:
    """A machine of which only these files are known."""

    def __init__(self, **files: str) -> None:
        self._files = {
            "/etc/os-release": files.get("release", ""),
            "/proc/cmdline": files.get("cmdline", "ro quiet\n"),
            "/sys/fs/selinux/enforce": files.get("enforce"),
            FILE: files.get("config"),
        }

    def read(self, path: str) -> str | None:
        return self._files.get(path)


def release(name: str, number: str, like: str = "") -> str:
    return f'NAME="Linux"\nID="{name}"\nID_LIKE="{like}"\nVERSION_ID="{number}"\n'


def found(**files: str) -> Finding:
    [finding] = check_selinux(cast(Machine, Host(**files)))
    return finding


@pytest.mark.parametrize(
    "text",
    [
        release("rhel", "9.4", "fedora"),
        release("rocky", "9.4", "rhel centos fedora"),
        release("ol", "9.4", "fedora"),
        release("rhel", "10.0", "fedora"),
    ],
)
def test_from_release_9_on_the_boot_parameter_is_advised(text: str) -> None:
    finding = found(release=text, enforce="1", config="SELINUX=enforcing\n")
    assert finding.level is Level.FAIL
    assert 'grubby --update-kernel ALL --args "selinux=0"' in finding.advice


@pytest.mark.parametrize("text", [release("rhel", "8.10", "fedora"), release("debian", "12"), ""])
def test_before_that_and_elsewhere_the_file_is_advised(text: str) -> None:
    finding = found(release=text, enforce="1", config="SELINUX=enforcing\n")
    assert "write SELINUX=disabled in /etc/selinux/config" in finding.advice


def test_from_release_9_on_the_file_alone_is_a_warning() -> None:
    finding = found(release=release("rhel", "9.4"), config="SELINUX=disabled\n")
    assert finding.level is Level.WARN
    assert "grubby" in finding.advice


def test_with_the_boot_parameter_it_is_off() -> None:
    values = {"release": release("rhel", "9.4"), "config": "SELINUX=enforcing\n"}
    assert found(**values, cmdline="ro selinux=0\n").level is Level.OK


def test_before_release_9_the_file_alone_is_enough() -> None:
    values = {"release": release("rhel", "8.10"), "config": "SELINUX=disabled\n"}
    assert found(**values).level is Level.OK
