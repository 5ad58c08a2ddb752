"""The checks by themselves: what each program tells, and what is said where it tells nothing."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from arkcore.base.finding import Finding, Level
from arkcore.machine.whole_output import LARGEST
from arkcore.survey.arrangement import check_support
from arkcore.survey.bonding import check_bonding
from arkcore.survey.disk import Disk, check_disks, disk_of
from arkcore.survey.file_system import FileSystem, is_share
from arkcore.survey.kernel import check_kernel
from arkcore.survey.machine import Machine
from arkcore.survey.names import addresses_by_name
from arkcore.survey.network import Interfaces, check_interfaces, check_reach, interfaces_of, ping
from arkcore.survey.site import MUTUAL_STANDBY, STANDBY, LogicalHost, Node, Site
from arkcore.survey.system import check_packages
from arkcore.survey.time_source import check_time_source, clock_of

A = Node("a", "192.0.2.1", ("198.51.100.1",))
B = Node("b", "192.0.2.2", ("198.51.100.2",))
HOST = LogicalHost("L", "192.0.2.10", "a", "/shared", "/dev/sdb1", resources={"r1": "p"})


def site(**parts: Any) -> Site:
    return Site(**{"topology": STANDBY, "manager": "lifekeeper", "nodes": (A, B),
                   "logical_hosts": (HOST,), **parts})  # fmt: skip


class Programs:
    """A machine with the programs and files that a test gives it, and no other."""

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.root = directory / "root"
        self.machine = Machine(str(self.root), [str(self.bin), "/usr/bin", "/bin"])

    def add(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.bin / name).chmod(0o755)

    def prints(self, name: str, text: str) -> None:
        self.add(name, f"cat <<'END'\n{text}\nEND")


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    return Programs(tmp_path)


@pytest.fixture
def bare(tmp_path: Path) -> Machine:
    """A machine with no program at all."""
    return Machine(str(tmp_path), [str(tmp_path)])


def only(findings: Iterator[Finding]) -> Finding:
    [finding] = findings
    return finding


# The machine.


def test_a_late_program_is_ended_with_its_children(programs: Programs, started: Any) -> None:
    programs.add("hangs", f"sleep {started.word} & sleep {started.word}")
    began = time.monotonic()
    answer = programs.machine.run("hangs", within=0.3)
    assert answer.problem == "hangs had no answer within 0.3 s"
    assert time.monotonic() - began < 10
    assert started.pids() == []


def test_a_program_that_refuses_tells_its_last_words(programs: Programs) -> None:
    programs.add("refuses", "echo; echo 'no \033[1mdisk' >&2; exit 3")
    answer = programs.machine.run("refuses")
    assert (answer.returncode, answer.ok) == (3, False)
    assert answer.problem == "refuses returned 3: no \\x1b[1mdisk"


def test_more_than_an_answer_may_have_is_no_answer(programs: Programs) -> None:
    programs.add("floods", f"echo words >&2; head -c {LARGEST + 1} /dev/zero")
    answer = programs.machine.run("floods")
    assert (answer.ok, answer.text) == (False, "")
    assert answer.problem == f"floods answered more than {LARGEST} bytes"


def test_a_program_that_never_stops_writing_fills_no_memory(programs: Programs) -> None:
    programs.add("floods", "exec yes")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = programs.machine.run("floods", within=0.5)
    assert answer.problem == "floods had no answer within 0.5 s"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_a_program_is_asked_in_english_and_reads_nothing(programs: Programs) -> None:
    programs.add("asked", "echo $LANG $LC_ALL; cat")
    assert programs.machine.run("asked").text == "C C\n"


# What is missing cannot be told, and is a warning that says what to do.


def without(bare: Machine, name: str) -> list[Finding]:
    interfaces = interfaces_of(bare)
    return {
        "ip": lambda: list(check_interfaces(interfaces, A)),
        "ping": lambda: list(check_reach(bare, interfaces, site(), A)),
        "chronyc": lambda: list(check_time_source(clock_of(bare))),
        "lsblk": lambda: list(check_disks(bare, site(), {"L": disk_of(bare, "/dev/sdb1")})),
        "rpm": lambda: list(check_packages(bare, site(packages=("patch",)))),
        "multipath": lambda: list(
            check_disks(bare, site(), {"L": Disk("/dev/sdb1", 1, "wwn 1", "ext4", ("mp",))})
        ),
        "packages": lambda: list(check_packages(bare, site())),
    }[name]()


@pytest.mark.parametrize("name", ["ip", "ping", "chronyc", "lsblk", "rpm", "multipath", "packages"])
def test_without_its_program_a_check_cannot_tell(bare: Machine, name: str) -> None:
    found = without(bare, name)
    assert found
    for each in found:
        assert each.level is Level.UNKNOWN
        assert "cannot tell: " in each.seen
        assert name in each.seen
        assert each.advice


@pytest.mark.parametrize("garbage", ["", "{", "[1]", '{"blockdevices": 7}', "\x00\xff", "[null]"])
def test_an_answer_that_is_not_understood_is_no_verdict(programs: Programs, garbage: str) -> None:
    for name in ("ip", "lsblk", "chronyc", "ntpq"):
        programs.prints(name, garbage)
    interfaces = interfaces_of(programs.machine)
    disk = disk_of(programs.machine, "/dev/sdb1")
    assert interfaces.problem or not interfaces.found
    assert disk.problem
    assert not clock_of(programs.machine).source
    found = [*check_interfaces(interfaces, A), *check_disks(programs.machine, site(), {"L": disk})]
    assert not [each for each in found if each.level is Level.OK]


# Names.


def test_a_hosts_file_is_read_as_the_resolver_reads_it() -> None:
    text = "::1 localhost\n 192.0.2.1\tA.example A # B\n#192.0.2.9 a\nnonsense a\n192.0.2.2 a\n\n"
    assert addresses_by_name(text) == {
        "localhost": ["::1"],
        "a.example": ["192.0.2.1"],
        "a": ["192.0.2.1", "192.0.2.2"],
    }


# Packages.


def test_packages_are_asked_of_dpkg_where_it_is_the_machines(tmp_path: Path) -> None:
    machine = Machine(str(tmp_path))
    found = only(check_packages(machine, site(packages=("dpkg", "no-such-package"))))
    assert (found.level, found.seen) == (Level.FAIL, "not installed: no-such-package")
    assert only(check_packages(machine, site(packages=("dpkg",)))).level is Level.OK


# Time.

NTP = """\
     remote           refid      st t when poll reach   delay   offset  jitter
==============================================================================
{tally}203.0.113.5     .GPS.            1 u   33   64  377    0.271   -2.500   0.010
"""


def test_ntpd_is_asked_where_chrony_is_not(programs: Programs) -> None:
    programs.prints("ntpq", NTP.format(tally="*"))
    clock = clock_of(programs.machine)
    assert (clock.program, clock.source, clock.offset) == ("ntpq", "203.0.113.5", -0.0025)


@pytest.mark.parametrize("line", [NTP.format(tally="+"), NTP.format(tally=" "),
                                  "*127.127.1.0  .LOCL.  10 l 1 64 377 0.0 0.0 0.0"])  # fmt: skip
def test_a_source_not_followed_and_the_own_clock_are_no_source(
    programs: Programs, line: str
) -> None:
    programs.prints("ntpq", line)
    finding = only(check_time_source(clock_of(programs.machine)))
    assert (finding.number, finding.level) == ("T4-2 #1", Level.FAIL)


def test_a_stopped_chrony_beside_a_running_ntpd_is_no_fault(programs: Programs) -> None:
    programs.add("chronyc", "echo '506 Cannot talk to daemon'; exit 1")
    programs.prints("ntpq", NTP.format(tally="*"))
    assert only(check_time_source(clock_of(programs.machine))).level is Level.OK


# Network.


def interface(name: str, address: str, flags: str = "UP LOWER_UP", **more: str) -> dict[str, Any]:
    told = [{"family": "inet", "local": address, "prefixlen": 24}]
    return {"ifname": name, "flags": flags.split(), "addr_info": told, **more}


def seen_by_ip(programs: Programs, *interfaces: dict[str, Any]) -> Interfaces:
    programs.prints("ip", json.dumps(interfaces))
    return interfaces_of(programs.machine)


def test_two_lans_on_one_interface_are_told(programs: Programs) -> None:
    both = interface("eth0", "192.0.2.1")
    both["addr_info"].append({"family": "inet", "local": "198.51.100.1", "prefixlen": 24})
    found = list(check_interfaces(seen_by_ip(programs, both), A))
    assert [each.level for each in found] == [Level.OK, Level.OK, Level.WARN]
    assert "both on eth0" in found[-1].seen


def test_two_lans_of_one_network_are_told(programs: Programs) -> None:
    one = Node("a", "192.0.2.1", ("192.0.2.65",))
    interfaces = seen_by_ip(
        programs, interface("eth0", "192.0.2.1"), interface("eth1", "192.0.2.65")
    )
    found = list(check_interfaces(interfaces, one))
    assert [each.level for each in found] == [Level.OK, Level.OK, Level.WARN]
    assert "one network: 192.0.2.0/24" in found[-1].seen


def test_addresses_that_others_reach_are_neither_loopback_nor_link_local(
    programs: Programs,
) -> None:
    interfaces = seen_by_ip(
        programs, interface("lo", "127.0.0.1"), interface("eth0", "192.0.2.1"),
        interface("eth1", "fe80::1"), interface("eth2", "169.254.1.1"),
    )  # fmt: skip
    assert interfaces.addresses() == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("echo '2 packets transmitted, 2 received'", None),
        ("echo '2 packets transmitted, 0 received'; exit 1", ""),
        ("echo 'ping: connect: Network is unreachable' >&2; exit 2", ""),
        ("echo 'ping: socket: Operation not permitted' >&2; exit 2",
         "ping returned 2: ping: socket: Operation not permitted"),
    ],
)  # fmt: skip
def test_no_answer_is_not_the_same_as_no_question(
    programs: Programs, script: str, answer: str | None
) -> None:
    programs.add("ping", script)
    assert ping(programs.machine, "192.0.2.2", "eth0") == answer


def test_a_vlan_on_a_bond_has_the_bond_looked_at(programs: Programs) -> None:
    directory = programs.root / "proc/net/bonding"
    directory.mkdir(parents=True)
    for name in ("bond0", "bond1"):
        (directory / name).write_text("Bonding Mode: active-backup\n")
    interfaces = seen_by_ip(programs, interface("bond0.7", "192.0.2.1", link="bond0"))
    finding = only(check_bonding(programs.machine, interfaces, A))
    assert (finding.level, finding.seen) == (Level.FAIL, "bond0 has no interface")


def test_while_the_interfaces_are_not_known_every_bond_is_looked_at(bare: Machine) -> None:
    directory = Path(bare.root) / "proc/net/bonding"
    directory.mkdir(parents=True)
    (directory / "bond0").write_text("")
    finding = only(check_bonding(bare, interfaces_of(bare), A))
    assert finding.level is Level.FAIL


# Disks.


@pytest.mark.parametrize("size", [1048576, "1048576"])
def test_sizes_are_numbers_or_as_old_lsblk_writes_them(programs: Programs, size: object) -> None:
    shown = {"name": "sdb1", "type": "part", "size": size, "fstype": None, "wwn": "0x5"}
    programs.prints("lsblk", json.dumps({"blockdevices": [shown]}))
    disk = disk_of(programs.machine, "/dev/sdb1")
    assert (disk.size, disk.identity, disk.problem) == (1048576, "wwn 0x5", "")


def test_a_shared_disk_that_nothing_identifies_cannot_be_told(bare: Machine) -> None:
    finding = only(check_disks(bare, site(), {"L": Disk("/dev/sdb1", 1)}))
    assert finding.level is Level.WARN
    assert "whether the other server sees the same disk" in finding.seen


@pytest.mark.parametrize(
    ("kind", "source", "network"),
    [
        ("nfs4", "filer:/vol", True),
        ("nfs", "10.0.0.1:/vol", True),
        # By its kind alone, and by its source alone.
        ("nfs4", "vol", True),
        ("lofs", "filer:/vol", True),
        ("cifs", "//filer/share", True),
        ("fuse.glusterfs", "gluster1:/vol", True),
        ("ext4", "/dev/mapper/jp1", False),
        ("xfs", "/dev/disk/by-path/ip-10.0.0.1:3260-iscsi:x", False),
        ("tmpfs", "tmpfs", False),
    ],
)
def test_what_comes_from_a_file_server(kind: str, source: str, network: bool) -> None:
    assert FileSystem(kind, source).is_network is network


def test_a_device_is_no_share() -> None:
    assert not is_share("/dev/sdb1")
    assert is_share("filer:/vol/jp1")


# Support classes.


MUTUAL = site(
    topology=MUTUAL_STANDBY,
    logical_hosts=(
        LogicalHost("L1", "192.0.2.10", "a", resources={"r1": "p", "q1": "q"}),
        LogicalHost("L2", "192.0.2.11", "b", resources={"r2": "p"}),
    ),
)
BOTH = (STANDBY, MUTUAL_STANDBY)


@pytest.mark.parametrize(
    ("where", "resource", "support", "topologies", "level"),
    [
        (site(), "r1", "a", BOTH, Level.OK),
        (site(), "r1", "b", BOTH, Level.OK),
        (site(), "r1", "c", BOTH, Level.FAIL),
        (site(), "r1", "-", BOTH, Level.FAIL),
        (MUTUAL, "r1", "a", BOTH, Level.OK),
        (MUTUAL, "r1", "b", BOTH, Level.FAIL),
        (MUTUAL, "r2", "a", (STANDBY,), Level.FAIL),
        # It is active on one server only.
        (MUTUAL, "q1", "b", BOTH, Level.OK),
    ],
)
def test_support_classes(
    where: Site, resource: str, support: str, topologies: tuple[str, ...], level: Level
) -> None:
    finding = check_support(where, resource, "title", support, topologies)
    assert finding.level is level
    assert bool(finding.advice) is (level is Level.FAIL)


def test_a_kernel_without_pidfd_is_told_with_what_is_weaker(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    mounts = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
    (tmp_path / "proc/self/mountinfo").write_text(mounts)
    found = list(check_kernel(Machine(str(tmp_path)), pidfd=lambda: False))
    assert [each.level for each in found] == [Level.OK, Level.WARN]
    assert "no pidfd" in found[1].seen
