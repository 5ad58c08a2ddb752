"""The faults that no table of the guide has: each is found by its check, and by no other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from preflight.hosts import BOND, LIMITS, WANTS, WRONG, Pair
from preflight.test_faults import ACTIVE, BOTH, STANDBY, Plant, Wrong, fail, unknown, warn

#: As `nft -j list ruleset` prints what firewalld writes, where one machine alone may come in.
RULES = json.loads(Path(__file__).with_name("ruleset.json").read_text())


def fstab_mounts_the_disk(pair: Pair) -> None:
    for host in pair.hosts:
        host.write("/etc/fstab", f"/dev/mapper/jp1 {host.mount_point} ext4 defaults 0 0\n")


def fstab_mounts_it_elsewhere_by_its_uuid(pair: Pair) -> None:
    pair.active.write("/etc/fstab", "UUID=6f1c-d15c /mnt ext4 defaults 0 0\n")


def systemd_mounts_the_disk(pair: Pair) -> None:
    point = str(pair.active.mount_point)
    name = point.strip("/").replace("-", "\\x2d").replace("/", "-") + ".mount"
    pair.active.write(f"/etc/systemd/system/local-fs.target.wants/{name}", "[Mount]\n")


def network_files_set_the_virtual_address(pair: Pair) -> None:
    text = "DEVICE=eth0\nIPADDR=192.0.2.1\nIPADDR2=192.0.2.10\nPREFIX=24\n"
    pair.active.write("/etc/sysconfig/network-scripts/ifcfg-eth0", text)


def another_disk_in_its_place(pair: Pair) -> None:
    pair.active.mount_disk("/dev/sdz1", "8:17")


def local_directory_in_its_place(pair: Pair) -> None:
    line = f"77 1 0:44 /srv/local {pair.active.mount_point} rw - overlay overlay rw\n"
    pair.active.write("/proc/self/mountinfo", line + "31 23 0:28 / /cg rw - cgroup2 cgroup2 rw\n")


def files_beneath_the_mount_point(pair: Pair) -> None:
    pair.active.write(f"{pair.active.mount_point}/jp1base/conf", "")


def virtual_address_of_a_third_machine(pair: Pair) -> None:
    pair.active.namespace.ip("address del 192.0.2.10/24 dev eth0")
    pair.third_machine("192.0.2.10")


def virtual_address_in_service_and_of_a_third_machine(pair: Pair) -> None:
    pair.third_machine("192.0.2.10")


def own_address_of_a_third_machine(pair: Pair) -> None:
    pair.third_machine("192.0.2.1")


def netmasks_differ(pair: Pair) -> None:
    pair.standby.namespace.ip(
        "address del 192.0.2.2/24 dev eth0", "address add 192.0.2.2/28 dev eth0"
    )


def virtual_address_outside_of_the_network(pair: Pair) -> None:
    pair.standby.namespace.ip(
        "address del 192.0.2.2/24 dev eth0", "address add 192.0.2.2/30 dev eth0"
    )


def mtu_differs(pair: Pair) -> None:
    pair.standby.namespace.ip("link set eth0 mtu 1400")


def nftables_reject_the_cluster_software(pair: Pair) -> None:
    pair.active.prints("nft", json.dumps(RULES))


def nftables_limit_the_cluster_software(pair: Pair) -> None:
    text = json.dumps(RULES).replace('"right": 33}', '"right": 7365}')
    pair.active.prints("nft", text)


def iptables_drop_the_cluster_software(pair: Pair) -> None:
    pair.active.write("/proc/net/ip_tables_names", "filter\n")
    rules = (
        "*filter",
        ":INPUT DROP [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
        "COMMIT",
    )
    pair.active.prints("iptables-save", "\n".join(rules))


def bond_watches_no_link(pair: Pair) -> None:
    text = BOND.replace("Polling Interval (ms): 100", "Polling Interval (ms): 0")
    pair.active.write("/proc/net/bonding/bond0", text)


def time_zones_differ(pair: Pair) -> None:
    pair.standby.write("/etc/localtime", "TZif2\nJST-9\n")


def time_zone_that_is_not_there(pair: Pair) -> None:
    (pair.active.root / "etc/localtime").symlink_to("../usr/share/zoneinfo/Asia/Tokio")


def logical_host_in_small_letters(pair: Pair) -> None:
    pair.active.change("/etc/hosts", "LVMRH5LKB", "lvmrh5lkb")


def host_name_in_capitals(pair: Pair) -> None:
    pair.active.host_name = "RH5LKA"


def name_service_before_the_files(pair: Pair) -> None:
    pair.active.write("/etc/nsswitch.conf", "hosts: dns [!UNAVAIL=return] files\n")


def files_are_not_looked_at(pair: Pair) -> None:
    pair.active.write("/etc/nsswitch.conf", "hosts: dns\n")


def order_is_not_known(pair: Pair) -> None:
    (pair.active.root / "etc/nsswitch.conf").unlink()


def name_server_is_silent(pair: Pair) -> None:
    pair.active.write("/etc/resolv.conf", "search example.com\nnameserver 192.0.2.53\n")


def nothing_is_monitored(pair: Pair) -> None:
    pair.active.lifekeeper("OSU", "LKCHECKINTERVAL=0\n")


def intervals_differ(pair: Pair) -> None:
    pair.active.lifekeeper("OSU")
    pair.standby.lifekeeper("OSU", "LKCHECKINTERVAL=60\n")


def anybody_writes_our_directory(pair: Pair) -> None:
    library = pair.active.prefix / "var/lib/ark"
    library.mkdir(parents=True)
    library.chmod(0o777)


def _mount(pair: Pair, path: str, options: str) -> None:
    place = pair.active.prefix / path
    place.mkdir(parents=True, exist_ok=True)
    pair.active.mounts.append(f"mount -t tmpfs -o mode=755,{options} none {place}")


def log_directory_is_full(pair: Pair) -> None:
    _mount(pair, "var/log/ark", "size=64k")


def log_directory_has_no_file_left(pair: Pair) -> None:
    _mount(pair, "var/log/ark", "size=1g,nr_inodes=8")


def log_directory_is_nearly_full(pair: Pair) -> None:
    _mount(pair, "var/log/ark", "size=32m")


def run_directory_is_read_only(pair: Pair) -> None:
    _mount(pair, "run/ark", "ro")


def lifekeeper_lies_on_noexec(pair: Pair) -> None:
    pair.active.lifekeeper("OSU")
    root = pair.active.prefix / "LifeKeeper"
    # What lies there cannot be run any more, so that its state is not known either.
    pair.active.mounts.append(f"mount --bind {root} {root}")
    pair.active.mounts.append(f"mount -o remount,bind,noexec {root}")


def libraries_differ(pair: Pair) -> None:
    info = pair.standby.packages / "msgspec-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: msgspec\nVersion: 0.1\n")


def _set(pair: Pair, name: str, plugin: str, more: str = "", options: str = "") -> None:
    for host in pair.hosts:
        host.resource(name, plugin, more, options=options)


def languages_differ(pair: Pair) -> None:
    requires = 'requires = ["lkjp1_base"]\n'
    _set(pair, "lkjp1_ajs3", "jp1-ajs3-manager", requires, 'lang = "ja_JP.UTF-8"\n')
    for host in pair.hosts:
        host.prints("locale", "C\nja_JP.utf8")


def language_that_the_system_lacks(pair: Pair) -> None:
    requires = 'requires = ["lkjp1_base"]\n'
    _set(pair, "lkjp1_ajs3", "jp1-ajs3-manager", requires, 'lang = "ja_JP.eucJP"\n')
    _set(pair, "lkjp1_base", "jp1-base", options='lang = "ja_JP.eucJP"\n')
    pair.active.prints("locale", "C\nja_JP.utf8")
    pair.standby.prints("locale", "C\nja_JP.eucjp")


def locales_cannot_be_listed(pair: Pair) -> None:
    language_that_the_system_lacks(pair)
    (pair.active.bin / "locale").unlink()


def order_is_not_in_the_resource_file(pair: Pair) -> None:
    _set(pair, "lkjp1_ajs3", "jp1-ajs3-manager")


def order_is_against_the_site_file(pair: Pair) -> None:
    _set(pair, "lkjp1_ajs3", "jp1-ajs3-manager")
    _set(pair, "lkjp1_base", "jp1-base", 'requires = ["lkjp1_ajs3"]\n')


def resources_require_each_other(pair: Pair) -> None:
    _set(pair, "lkjp1_base", "jp1-base", 'requires = ["lkjp1_ajs3"]\n')


def another_mount_point(pair: Pair) -> None:
    for host in pair.hosts:
        path = host.prefix / "etc/ark/resources/lkjp1_base.toml"
        path.write_text(path.read_text().replace(str(host.mount_point), "/shared/jp2"))


def no_mount_point(pair: Pair) -> None:
    for host in pair.hosts:
        path = host.prefix / "etc/ark/resources/lkjp1_base.toml"
        text = path.read_text()
        path.write_text(text.replace(f'mount_points = ["{host.mount_point}"]\n', ""))


def name_too_long_before_there_is_a_resource(pair: Pair) -> None:
    name = "L" * 33
    for host in pair.hosts:
        shutil.rmtree(host.prefix / "etc/ark/resources")
        host.site('name = "LVMRH5LKB"', f'name = "{name}"')
        host.change("/etc/hosts", "LVMRH5LKB", name)


def one_server_does_not_begin_the_cluster_at_boot(pair: Pair) -> None:
    for host in pair.hosts:
        host.lifekeeper("OSU")
    (pair.standby.root / WANTS.lstrip("/") / "lifekeeper.service").unlink()
    # And some more that only the whole shows to be asked.
    pair.active.write("/proc/self/uid_map", "0 1000 1\n")
    pair.active.write("/proc/4711/limits", LIMITS.replace("65536", "256"))
    pair.active.write("/etc/systemd/logind.conf", "KillUserProcesses=yes\nKillExcludeUsers=\n")


def routed_address_in_a_network_of_the_servers(pair: Pair) -> None:
    for host in pair.hosts:
        host.site("multipath = true", "multipath = true\nrouted = true")


def each(number: str, judged: object) -> set[Wrong]:
    """The same on both nodes."""
    assert callable(judged)
    return {judged(ACTIVE, number), judged(STANDBY, number)}


FAULTS: list[tuple[Plant, set[Wrong]]] = [
    (fstab_mounts_the_disk, each("boot", fail)),
    (fstab_mounts_it_elsewhere_by_its_uuid, {fail(ACTIVE, "boot")}),
    (systemd_mounts_the_disk, {fail(ACTIVE, "boot")}),
    (network_files_set_the_virtual_address, {fail(ACTIVE, "boot")}),
    (another_disk_in_its_place, {fail(ACTIVE, "T4-1 #5")}),
    (local_directory_in_its_place, {fail(ACTIVE, "T4-1 #5")}),
    (files_beneath_the_mount_point, {warn(ACTIVE, "T4-1 #5")}),
    # One server alone cannot tell whose it is.
    (virtual_address_of_a_third_machine, each("T4-4 #1", unknown) | {fail(BOTH, "T4-4 #1")}),
    (
        virtual_address_in_service_and_of_a_third_machine,
        {fail(ACTIVE, "T4-4 #1"), unknown(STANDBY, "T4-4 #1"), fail(BOTH, "T4-4 #1")},
    ),
    (own_address_of_a_third_machine, {fail(ACTIVE, "T4-2 #2")}),
    (netmasks_differ, {fail(BOTH, "pair 7")}),
    (
        virtual_address_outside_of_the_network,
        {fail(BOTH, "pair 7"), fail(STANDBY, "T4-4 #1"), warn(STANDBY, "T4-4 #1")},
    ),
    (mtu_differs, {warn(BOTH, "pair 7")}),
    (nftables_reject_the_cluster_software, {fail(ACTIVE, "firewall")}),
    (nftables_limit_the_cluster_software, {unknown(ACTIVE, "firewall")}),
    (iptables_drop_the_cluster_software, {fail(ACTIVE, "firewall")}),
    (bond_watches_no_link, {fail(ACTIVE, "T4-2 #4")}),
    (time_zones_differ, {fail(BOTH, "pair 6")}),
    (time_zone_that_is_not_there, {fail(ACTIVE, "time zone")}),
    (logical_host_in_small_letters, {warn(ACTIVE, "T4-1 #2")}),
    (host_name_in_capitals, {warn(ACTIVE, "T4-1 #1")}),
    (name_service_before_the_files, {fail(ACTIVE, "resolver")}),
    (files_are_not_looked_at, {fail(ACTIVE, "resolver")}),
    (order_is_not_known, {unknown(ACTIVE, "resolver")}),
    (name_server_is_silent, {warn(ACTIVE, "resolver")}),
    (nothing_is_monitored, {fail(ACTIVE, "monitoring")}),
    (intervals_differ, {warn(BOTH, "monitoring")}),
    (anybody_writes_our_directory, {fail(ACTIVE, "directories")}),
    (log_directory_is_full, {fail(ACTIVE, "directories")}),
    (log_directory_has_no_file_left, {fail(ACTIVE, "directories")}),
    (log_directory_is_nearly_full, {warn(ACTIVE, "directories")}),
    (run_directory_is_read_only, {fail(ACTIVE, "directories")}),
    (lifekeeper_lies_on_noexec, {fail(ACTIVE, "directories")}),
    (libraries_differ, {warn(BOTH, "pair 8")}),
    (languages_differ, each("agreement", fail)),
    (language_that_the_system_lacks, {warn(ACTIVE, "agreement")}),
    (locales_cannot_be_listed, {unknown(ACTIVE, "agreement")}),
    (order_is_not_in_the_resource_file, each("agreement", warn)),
    (order_is_against_the_site_file, each("agreement", fail) | each("agreement", warn)),
    (resources_require_each_other, each("resource", fail)),
    (another_mount_point, each("agreement", fail)),
    (no_mount_point, each("agreement", warn)),
    (
        one_server_does_not_begin_the_cluster_at_boot,
        {
            *(warn(STANDBY, "autostart"), warn(BOTH, "autostart")),
            *(fail(ACTIVE, "namespaces"), warn(ACTIVE, "limits"), warn(ACTIVE, "logins")),
        },
    ),
    (routed_address_in_a_network_of_the_servers, each("T4-4 #1", warn)),
    # The product is looked for where it is by default.
    (name_too_long_before_there_is_a_resource, each("names", fail) | each("T4-5 #1", fail)),
]


@pytest.mark.parametrize(("plant", "expected"), FAULTS, ids=[each[0].__name__ for each in FAULTS])
def test_a_fault_is_found_by_its_check_and_by_no_other(
    pair: Pair, plant: Plant, expected: set[Wrong]
) -> None:
    plant(pair)
    # What is of one server, that one tells alone.
    alone = {where for where, _, _ in expected} == {ACTIVE}
    found = pair.preflight_of_active() if alone else pair.preflight()
    assert found.wrong() == expected, found.told()
    assert found.code == (1 if any(level == "fail" for _, _, level in expected) else 0)
    assert all(each["advice"] for each in found.findings if each["level"] in WRONG)


@pytest.mark.parametrize("after_failover", [False, True])
def test_a_pair_in_service_has_no_fault(pair: Pair, after_failover: bool) -> None:
    """Its disk mounted, its resources under LifeKeeper, its directories written."""
    running, other = pair.hosts[::-1] if after_failover else pair.hosts
    running.lifekeeper("ISP")
    other.lifekeeper("OSU")
    running.mount_disk()
    if after_failover:
        pair.active.namespace.ip("address del 192.0.2.10/24 dev eth0")
        pair.standby.namespace.ip("address add 192.0.2.10/24 dev eth0")
    for host in pair.hosts:
        for path in ("var/log/ark", "var/lib/ark", "run/ark"):
            (host.prefix / path).mkdir(parents=True)
    found = pair.preflight()
    assert found.told() == ""
    assert found.code == 0


def test_an_address_that_the_cloud_routes_is_no_fault(pair: Pair) -> None:
    """It is in no network of the servers, and whoever runs the logical host has it alone."""
    address = "203.0.113.77"
    for host in pair.hosts:
        host.site('address = "192.0.2.10"', f'routed = true\naddress = "{address}"')
        host.change("/etc/hosts", "192.0.2.10 LVM", f"{address} LVM")
    # The route table of the cloud.
    pair.standby.namespace.ip(f"route add {address}/32 via 192.0.2.1")
    pair.active.namespace.ip(
        "address del 192.0.2.10/24 dev eth0", f"address add {address}/32 dev eth0"
    )
    found = pair.preflight()
    assert (found.told(), found.code) == ("", 0)


def test_a_real_file_system_in_the_place_of_the_disk_is_told(pair: Pair) -> None:
    shutil.rmtree(pair.active.root / "proc/self")
    (pair.active.root / "proc/self").symlink_to("/proc/self")
    done = pair.active.ark("preflight", json=True)
    [told] = [
        finding["seen"]
        for group in json.loads(done.stdout)["groups"]
        for finding in group["findings"]
        if (finding["number"], finding["level"]) == ("T4-1 #5", "fail")
    ]
    assert told.endswith(": disk (tmpfs), and not /dev/mapper/jp1")
