"""What a node lacks: each fault is planted in a tree of files, and found by its check alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from preflight.hosts import LIMITS, MOUNTS, WANTS, make_node

from arkcore.base.finding import Finding
from arkcore.survey.autostart import check_autostart
from arkcore.survey.limits import check_limits
from arkcore.survey.logins import check_logins
from arkcore.survey.machine import Machine
from arkcore.survey.namespaces import check_namespaces
from arkcore.survey.network import Interface, Interfaces
from arkcore.survey.site import LogicalHost, Node, Site
from arkcore.survey.units import Units

UNITS = "/etc/systemd/system"
LIFEKEEPER = "/usr/lib/systemd/system/lifekeeper.service"
HOST = LogicalHost("LV", "192.0.2.10", "a", multipath=True)
NODES = (Node("a", "192.0.2.1", ("198.51.100.1",)), Node("b", "192.0.2.2", ("198.51.100.2",)))
UP = ("UP", "LOWER_UP")
INTERFACES = Interfaces(
    [
        Interface(name, UP, (ipaddress.ip_interface(f"{address}/24"),))
        for name, address in (("eth0", "192.0.2.1"), ("eth1", "198.51.100.1"))
    ]
)


@dataclass
class Place:
    """A node of files beneath `root`, and what the site file says."""

    root: Path
    site: Site = Site("standby", "lifekeeper", NODES, (HOST,))  # noqa: RUF009 (it is frozen)
    users: Collection[str] = ()

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(text)

    def remove(self, path: str) -> None:
        (self.root / path.lstrip("/")).unlink()

    def link(self, path: str, target: str) -> None:
        link = self.root / path.lstrip("/")
        link.unlink(missing_ok=True)
        link.symlink_to(target)

    def needs(self, **limits: int) -> None:
        self.site = replace(self.site, limits=limits)

    def found(self) -> list[Finding]:
        machine = Machine(str(self.root), ())
        units = Units(machine)
        return [
            *check_namespaces(machine),
            *check_limits(machine, units, self.site, self.users, installed=True),
            *check_logins(machine, self.users),
            *check_autostart(machine, units, INTERFACES, self.site, NODES[0], installed=True),
        ]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    make_node(tmp_path)
    return Place(tmp_path)


def test_a_right_node_has_no_fault(place: Place) -> None:
    assert {(each.number, each.level.value) for each in place.found()} == {
        (number, "ok") for number in ("namespaces", "limits", "logins", "autostart")
    }


# Limits.


def few_open_files_of_the_daemons(place: Place) -> None:
    place.write("/proc/4711/limits", LIMITS.replace("65536", "256"))


def fewer_open_files_than_the_product_needs(place: Place) -> None:
    place.needs(nofile=131072)


def too_little_locked_memory(place: Place) -> None:
    place.needs(memlock=1048576)


def few_processes_of_the_daemons(place: Place) -> None:
    place.write("/proc/4711/limits", LIMITS.replace("63000", "512"))


def few_open_files_after_the_next_start(place: Place) -> None:
    place.write(f"{UNITS}/lifekeeper.service.d/limits.conf", "[Service]\nLimitNOFILE=512:524288\n")


def few_open_files_for_every_service(place: Place) -> None:
    place.write("/etc/systemd/system.conf", "[Manager]\n#DefaultLimitNOFILE=1024:524288\n")
    place.write("/etc/systemd/system.conf.d/10.conf", "[Manager]\nDefaultLimitNOFILE=256\n")


def few_tasks_for_all_that_the_service_starts(place: Place) -> None:
    place.write(LIFEKEEPER, "[Service]\nTasksMax=512\n")


def few_open_files_of_root_s_login(place: Place) -> None:
    place.write("/etc/security/limits.d/50-site.conf", "* - nofile 65536\nroot soft nofile 64\n")


def few_processes_of_the_product_s_user(place: Place) -> None:
    place.users = ("postgres",)
    place.write("/etc/security/limits.conf", "# all\n*   hard    nproc   100\n")


def limits_of_a_daemon_cannot_be_read(place: Place) -> None:
    place.remove("/proc/4711/limits")


def locked_memory_of_a_service_that_does_not_run(place: Place) -> None:
    place.needs(memlock=1024)
    place.remove("/proc/4711/cgroup")


# Namespaces.


def user_namespace(place: Place) -> None:
    place.write("/proc/self/uid_map", "         0     100000      65536\n")


def pid_namespace(place: Place) -> None:
    place.link("/proc/self/ns/pid", "pid:[4026532198]")


def root_may_not_kill(place: Place) -> None:
    status = "Uid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffdf\n"
    place.write("/proc/self/status", status)


def proc_shows_processes_only(place: Place) -> None:
    line = "24 1 0:22 / /proc rw,nosuid - proc proc rw,hidepid=invisible,subset=pid\n"
    place.write("/proc/self/mountinfo", line + MOUNTS)


def namespace_cannot_be_told(place: Place) -> None:
    place.remove("/proc/self/ns/pid")


# What begins at boot.


def cluster_software_is_masked(place: Place) -> None:
    place.link(f"{UNITS}/lifekeeper.service", "/dev/null")


def cluster_software_does_not_begin(place: Place) -> None:
    place.remove(f"{WANTS}/lifekeeper.service")


def nobody_knows_how_the_cluster_software_begins(place: Place) -> None:
    cluster_software_does_not_begin(place)
    place.remove(LIFEKEEPER)


def no_time_service_begins(place: Place) -> None:
    place.remove(f"{WANTS}/chronyd.service")


def multipath_does_not_begin(place: Place) -> None:
    place.remove(f"{WANTS}/multipathd.service")


def heartbeat_lan_stays_down_by_ifcfg(place: Place) -> None:
    place.write("/etc/sysconfig/network-scripts/ifcfg-eth1", 'DEVICE=eth1\nONBOOT="no"\n')


def service_lan_stays_down_by_its_connection(place: Place) -> None:
    text = "[connection]\nid=lan\ninterface-name=eth0\nautoconnect=false\n"
    place.write("/etc/NetworkManager/system-connections/lan.nmconnection", text)


def fencing_by_disk_does_not_begin(place: Place) -> None:
    place.site = replace(place.site, manager="pacemaker")
    place.write("/usr/lib/systemd/system/pacemaker.service", "[Service]\n")
    place.link(f"{WANTS}/pacemaker.service", "/usr/lib/systemd/system/pacemaker.service")
    place.write("/etc/sysconfig/sbd", 'SBD_DEVICE="/dev/disk/by-id/sbd"\n')


# Logins.


def a_logout_kills_what_root_has_started(place: Place) -> None:
    place.write(
        "/etc/systemd/logind.conf.d/kill.conf", "KillUserProcesses=yes\nKillExcludeUsers=\n"
    )


def a_logout_removes_the_product_s_memory(place: Place) -> None:
    place.users = ("db",)
    place.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\ndb:x:1001:1001::/home/db:/bin/sh\n")
    place.write("/etc/systemd/logind.conf", "[Login]\nRemoveIPC=yes\n")


FAULTS: list[tuple[Callable[[Place], None], str, str, str]] = [
    (few_open_files_of_the_daemons, "limits", "warn", "nofile 256"),
    (fewer_open_files_than_the_product_needs, "limits", "fail", "at least 131072"),
    (too_little_locked_memory, "limits", "fail", "memlock 8192"),
    (few_processes_of_the_daemons, "limits", "warn", "nproc 512"),
    (few_open_files_after_the_next_start, "limits", "warn", "after its next start: nofile 512"),
    (few_open_files_for_every_service, "limits", "warn", "after its next start: nofile 256"),
    (few_tasks_for_all_that_the_service_starts, "limits", "warn", "TasksMax=512"),
    (few_open_files_of_root_s_login, "limits", "warn", "a login of root has nofile 64"),
    (few_processes_of_the_product_s_user, "limits", "warn", "a login of postgres has nproc 100"),
    (limits_of_a_daemon_cannot_be_read, "limits", "unknown", "pid 4711"),
    (locked_memory_of_a_service_that_does_not_run, "limits", "unknown", "LimitMEMLOCK"),
    (user_namespace, "namespaces", "fail", "uid_map 0 100000 65536"),
    (pid_namespace, "namespaces", "warn", "container"),
    (root_may_not_kill, "namespaces", "fail", "root lacks CAP_KILL"),
    (proc_shows_processes_only, "namespaces", "fail", "subset=pid"),
    (namespace_cannot_be_told, "namespaces", "unknown", "/proc/self/ns/pid"),
    (cluster_software_is_masked, "autostart", "fail", "lifekeeper.service is masked"),
    (cluster_software_does_not_begin, "autostart", "warn", "does not begin at boot"),
    (nobody_knows_how_the_cluster_software_begins, "autostart", "unknown", "there is no"),
    (no_time_service_begins, "autostart", "warn", "chronyd.service"),
    (multipath_does_not_begin, "autostart", "fail", "multipathd.service"),
    (heartbeat_lan_stays_down_by_ifcfg, "autostart", "fail", "eth1 does not come up"),
    (service_lan_stays_down_by_its_connection, "autostart", "fail", "eth0 does not come up"),
    (fencing_by_disk_does_not_begin, "autostart", "fail", "cannot be fenced"),
    (a_logout_kills_what_root_has_started, "logins", "warn", "KillUserProcesses=yes"),
    (a_logout_removes_the_product_s_memory, "logins", "warn", "runs as db"),
]


@pytest.mark.parametrize(
    ("plant", "number", "level", "seen"), FAULTS, ids=[each[0].__name__ for each in FAULTS]
)
def test_a_fault_is_found_by_its_check_and_by_no_other(
    place: Place, plant: Callable[[Place], None], number: str, level: str, seen: str
) -> None:
    plant(place)
    wrong = [each for each in place.found() if each.level.value not in ("ok", "not applicable")]
    [told] = wrong
    assert (told.number, told.level.value) == (number, level)
    assert seen in told.seen
    assert told.advice


def test_a_product_s_own_choice_of_limits_is_none_of_the_daemon_s(place: Place) -> None:
    for pid, began in (("4711", 900), ("12", 5000)):
        place.write(f"/proc/{pid}/stat", f"{pid} (x y) S {'0 ' * 18}{began} 0 0\n")
    place.write("/proc/12/cgroup", "0::/system.slice/lifekeeper.service\n")
    place.write("/proc/12/limits", LIMITS.replace("65536", "64"))
    assert not [each for each in place.found() if each.level.value != "ok"]


def test_what_the_site_file_does_not_demand_is_not_asked_for(place: Place) -> None:
    place.write("/proc/4711/limits", LIMITS.replace("8388608", "0"))
    assert not [each for each in place.found() if each.level.value != "ok"]


def test_an_ordinary_user_s_capabilities_say_nothing_of_root_s(place: Place) -> None:
    place.write("/proc/self/status", "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n")
    assert not [each for each in place.found() if each.level.value != "ok"]
