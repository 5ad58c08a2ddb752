"""Each fault is found by the check that is there for it, and by no other; a right pair has none."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from preflight.hosts import BOND, GIB, PATHS, WRONG, Pair

ACTIVE, STANDBY, BOTH = "rh5lka", "rh5lkb", "pair"

Wrong = tuple[str, str, str]
Plant = Callable[[Pair], object]


def fail(where: str, number: str) -> Wrong:
    return (where, number, "fail")


def warn(where: str, number: str) -> Wrong:
    return (where, number, "warn")


def unknown(where: str, number: str) -> Wrong:
    return (where, number, "unknown")


def test_a_right_pair_has_no_fault(pair: Pair) -> None:
    found = pair.preflight()
    assert found.told() == ""
    assert found.code == 0
    # All of the guide's checks were made, the pair's too.
    numbers = {each["number"] for each in found.findings if each["level"] == "ok"}
    assert numbers >= {
        *("T4-1 #1", "T4-1 #2", "T4-1 #3", "T4-1 #4", "T4-1 #5"),
        *("T4-2 #1", "T4-2 #2", "T4-2 #3", "T4-2 #4", "T4-3 #1", "T4-4 #1", "4.2.2"),
        *("2", "3", "resource", "pair 1", "pair 2", "pair 3", "pair 4", "pair 5"),
    }


def own_name_of_another_address(pair: Pair) -> None:
    pair.active.change("/etc/hosts", "192.0.2.1 rh5lka", "192.0.2.7 rh5lka")


def own_name_on_loopback(pair: Pair) -> None:
    pair.active.change("/etc/hosts", "127.0.0.1 localhost", "127.0.0.1 localhost rh5lka")


def own_name_missing(pair: Pair) -> None:
    pair.active.change("/etc/hosts", "192.0.2.1 rh5lka", "# 192.0.2.1 rh5lka")


def calls_itself_otherwise(pair: Pair) -> None:
    pair.active.host_name = "localhost"


def peer_missing_in_hosts(pair: Pair) -> None:
    pair.active.change("/etc/hosts", "192.0.2.2 rh5lkb.example.com rh5lkb", "192.0.2.2 other")


def logical_host_of_another_address(pair: Pair) -> None:
    pair.standby.change("/etc/hosts", "192.0.2.10 LVM", "192.0.2.11 LVM")


def package_missing(pair: Pair) -> None:
    pair.active.rpm("psmisc")


def selinux_enforcing(pair: Pair) -> None:
    pair.active.write("/sys/fs/selinux/enforce", "1")


def selinux_enforcing_after_boot(pair: Pair) -> None:
    pair.active.change("/etc/selinux/config", "SELINUX=disabled", "SELINUX=enforcing")


def selinux_permissive(pair: Pair) -> None:
    pair.active.write("/sys/fs/selinux/enforce", "0")


def partitions_of_unequal_size(pair: Pair) -> None:
    pair.standby.disk(size=10 * GIB - 512)


def different_disks(pair: Pair) -> None:
    pair.standby.disk(uuid="another")


def partition_not_seen(pair: Pair) -> None:
    pair.active.program("lsblk", "echo 'lsblk: /dev/mapper/jp1: not a block device' >&2; exit 32")


def path_failed(pair: Pair) -> None:
    text = PATHS.replace("sdc 8:32 active ready", "sdc 8:32 failed faulty")
    pair.active.prints("multipath", text)


def one_path_only(pair: Pair) -> None:
    kept = [line for line in PATHS.splitlines() if "sdc" not in line]
    pair.active.prints("multipath", "\n".join(kept))


def no_multipath(pair: Pair) -> None:
    pair.active.disk(kind="disk")


def no_server_followed(pair: Pair) -> None:
    pair.active.chrony("^?,203.0.113.5,0,6,0,-")


def no_time_source(pair: Pair) -> None:
    pair.active.chrony("")


def time_service_stopped(pair: Pair) -> None:
    pair.active.program("chronyc", "echo '506 Cannot talk to daemon'; exit 1")


def interface_down(pair: Pair) -> None:
    pair.active.namespace.ip("link set bond0 down")


def cable_out(pair: Pair) -> None:
    pair.lans.ip("link set heartbeat1 down")


def address_missing(pair: Pair) -> None:
    pair.active.namespace.ip("address del 198.51.100.1/24 dev bond0")


def heartbeat_lan_cut(pair: Pair) -> None:
    pair.lans.ip("link set heartbeat1 nomaster")


def heartbeat_over_the_service_lan(pair: Pair) -> None:
    """The heartbeat LAN is cut, but a route through the service LAN would lead there."""
    heartbeat_lan_cut(pair)
    pair.active.namespace.ip("route add 198.51.100.2/32 via 192.0.2.2 dev eth0")
    pair.standby.namespace.ip("route add 198.51.100.1/32 via 192.0.2.1 dev eth0")


def bond_without_interface(pair: Pair) -> None:
    pair.active.write("/proc/net/bonding/bond0", BOND.partition("Slave Interface:")[0])


def bond_with_one_interface(pair: Pair) -> None:
    text = BOND.partition("Slave Interface: ens2")[0]
    pair.active.write("/proc/net/bonding/bond0", text)


def bond_with_an_interface_down(pair: Pair) -> None:
    head, _, rest = BOND.partition("Slave Interface: ens2\nMII Status: up")
    text = f"{head}Slave Interface: ens2\nMII Status: down{rest}"
    pair.active.write("/proc/net/bonding/bond0", text)


def bond_not_defined(pair: Pair) -> None:
    for host in pair.hosts:
        host.site('heartbeat = ["198.51.100.1"]', 'heartbeat = ["198.51.100.1"]\nbonds = ["bond1"]')


def virtual_address_nowhere(pair: Pair) -> None:
    pair.active.namespace.ip("address del 192.0.2.10/24 dev eth0")


def duplicate_address(pair: Pair) -> None:
    pair.standby.namespace.ip("address add 192.0.2.10/24 dev eth0")


def disk_on_nfs(pair: Pair) -> None:
    mounted = {"filesystems": [{"fstype": "nfs4", "source": "filer:/vol/jp1"}]}
    pair.active.prints("findmnt", str(mounted).replace("'", '"'))


def disaster_recovery(pair: Pair) -> None:
    for host in pair.hosts:
        host.site('topology = "standby"', 'topology = "disaster-recovery"')


def unsupported_class(pair: Pair) -> None:
    for host in pair.hosts:
        host.site('lkjp1_base = "jp1-base"', 'lkjp1_base = "toy-unsupported"')


def resource_file_wrong(pair: Pair) -> None:
    for host in pair.hosts:
        host.resource("lkjp1_base", "jp1-base", "[timers]\nrestore.process = 0\n")


def resource_for_another_host(pair: Pair) -> None:
    for host in pair.hosts:
        path = host.prefix / "etc/ark/resources/lkjp1_base.toml"
        path.write_text(path.read_text().replace("LVMRH5LKB", "LVMRH5LKA"))


def product_missing(pair: Pair) -> None:
    (pair.active.products / "opt/jp1base/bin/jevstat").unlink()


def site_files_differ(pair: Pair) -> None:
    pair.standby.site('packages = ["patch", "psmisc"]', 'packages = ["patch"]')


def version_skew(pair: Pair) -> None:
    info = pair.standby.packages / "ark_other-2.0.dist-info"
    os.makedirs(info)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ark-other\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[arkcore.plugins]\nother = ark_other:Other\n")


def resource_files_differ(pair: Pair) -> None:
    for host, seconds in ((pair.active, 500), (pair.standby, 600)):
        host.resource("lkjp1_base", "jp1-base", f"[timers]\nrestore.process = {seconds}\n")


def resource_file_has_a_key_more(pair: Pair) -> None:
    pair.standby.resource("lkjp1_base", "jp1-base", "[timers]\nrestore.process = 600\n")


def resource_file_on_one_node_only(pair: Pair) -> None:
    (pair.standby.prefix / "etc/ark/resources/lkjp1_ajs3.toml").unlink()


def clock_ahead(pair: Pair) -> None:
    pair.standby.ahead = 90.0


def disk_mounted_on_both(pair: Pair) -> None:
    for host in (pair.active, pair.standby):
        line = f"77 1 253:0 / {host.mount_point} rw - ext4 /dev/mapper/jp1 rw"
        host.change("/proc/self/mountinfo", "31 23", f"{line}\n31 23")


def cgroup_2_is_not_there(pair: Pair) -> None:
    pair.active.change("/proc/self/mountinfo", "cgroup2 cgroup2", "cgroup cgroup")


def clock_off_its_source(pair: Pair) -> None:
    pair.standby.chrony(offset=-3.0)


FAULTS: list[tuple[Plant, set[Wrong]]] = [
    (own_name_of_another_address, {fail(ACTIVE, "T4-1 #1")}),
    (own_name_on_loopback, {fail(ACTIVE, "T4-1 #1")}),
    (own_name_missing, {fail(ACTIVE, "T4-1 #1")}),
    (calls_itself_otherwise, {fail(ACTIVE, "T4-1 #1")}),
    (peer_missing_in_hosts, {fail(ACTIVE, "T4-1 #2")}),
    (logical_host_of_another_address, {fail(STANDBY, "T4-1 #2")}),
    (package_missing, {fail(ACTIVE, "T4-1 #3")}),
    (selinux_enforcing, {fail(ACTIVE, "T4-1 #4")}),
    (selinux_enforcing_after_boot, {fail(ACTIVE, "T4-1 #4")}),
    (selinux_permissive, {warn(ACTIVE, "T4-1 #4")}),
    (partitions_of_unequal_size, {fail(BOTH, "T4-1 #5")}),
    (different_disks, {fail(BOTH, "T4-1 #5")}),
    (partition_not_seen, {fail(ACTIVE, "T4-1 #5")}),
    (path_failed, {fail(ACTIVE, "T4-1 #5")}),
    (one_path_only, {fail(ACTIVE, "T4-1 #5")}),
    (no_multipath, {fail(ACTIVE, "T4-1 #5")}),
    (no_server_followed, {fail(ACTIVE, "T4-2 #1"), unknown(BOTH, "pair 5")}),
    (no_time_source, {fail(ACTIVE, "T4-2 #1"), unknown(BOTH, "pair 5")}),
    (time_service_stopped, {fail(ACTIVE, "T4-2 #1"), unknown(BOTH, "pair 5")}),
    # The other server, of course, does not reach what is down.
    (interface_down, {fail(ACTIVE, "T4-2 #2"), fail(STANDBY, "T4-2 #3")}),
    (cable_out, {fail(ACTIVE, "T4-2 #2"), fail(STANDBY, "T4-2 #3")}),
    (address_missing, {fail(ACTIVE, "T4-2 #2"), fail(STANDBY, "T4-2 #3")}),
    (heartbeat_lan_cut, {fail(ACTIVE, "T4-2 #3"), fail(STANDBY, "T4-2 #3")}),
    (heartbeat_over_the_service_lan, {fail(ACTIVE, "T4-2 #3"), fail(STANDBY, "T4-2 #3")}),
    (bond_without_interface, {fail(ACTIVE, "T4-2 #4")}),
    (bond_with_one_interface, {fail(ACTIVE, "T4-2 #4")}),
    (bond_with_an_interface_down, {fail(ACTIVE, "T4-2 #4")}),
    (bond_not_defined, {fail(ACTIVE, "T4-2 #4")}),
    (virtual_address_nowhere, {warn(ACTIVE, "T4-4 #1"), warn(STANDBY, "T4-4 #1")}),
    (
        duplicate_address,
        {fail(BOTH, "pair 2"), fail(ACTIVE, "T4-4 #1"), fail(STANDBY, "T4-4 #1")},
    ),
    (disk_mounted_on_both, {fail(BOTH, "T4-1 #5")}),
    (disk_on_nfs, {fail(ACTIVE, "4.2.2")}),
    (disaster_recovery, {fail(ACTIVE, "3"), fail(STANDBY, "3")}),
    (unsupported_class, {fail(ACTIVE, "2"), fail(STANDBY, "2")}),
    (resource_file_wrong, {fail(ACTIVE, "resource"), fail(STANDBY, "resource")}),
    (resource_for_another_host, {fail(ACTIVE, "resource"), fail(STANDBY, "resource")}),
    (product_missing, {fail(ACTIVE, "T4-5 #1")}),
    (site_files_differ, {fail(BOTH, "pair 1")}),
    (version_skew, {fail(BOTH, "pair 3")}),
    (resource_files_differ, {fail(BOTH, "pair 4")}),
    (resource_file_has_a_key_more, {fail(BOTH, "pair 4")}),
    # Without its file the product is looked for where it is by default.
    (resource_file_on_one_node_only, {fail(BOTH, "pair 4"), fail(STANDBY, "T4-5 #1")}),
    (cgroup_2_is_not_there, {warn(ACTIVE, "kernel")}),
    (clock_ahead, {fail(BOTH, "pair 5")}),
    (clock_off_its_source, {fail(BOTH, "pair 5")}),
]


@pytest.mark.parametrize(("plant", "expected"), FAULTS, ids=[each[0].__name__ for each in FAULTS])
def test_a_fault_is_found_by_its_check_and_by_no_other(
    pair: Pair, plant: Plant, expected: set[Wrong]
) -> None:
    plant(pair)
    found = pair.preflight()
    assert found.wrong() == expected, found.told()
    assert found.code == (1 if any(level == "fail" for _, _, level in expected) else 0)
    # Whatever is wrong comes with what to do.
    assert all(each["advice"] for each in found.findings if each["level"] in WRONG)


def test_only_the_lan_that_is_cut_is_told(pair: Pair) -> None:
    heartbeat_lan_cut(pair)
    found = pair.preflight()
    told = {each["seen"].partition(":")[0]: each["level"] for each in found.findings
            if each["number"] == "T4-2 #3" and each["where"] == ACTIVE}  # fmt: skip
    assert told == {"service LAN": "ok", "heartbeat LAN": "fail"}
