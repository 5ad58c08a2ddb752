"""The site file: what it gives, and the one line that tells what is wrong in it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from arkcore.base.errors import ConfigurationError
from arkcore.base.paths import Paths
from arkcore.survey.site import Site
from arkcore.survey.site_file import EXAMPLE, read_site

MUTUAL = """
[[logical_hosts]]
name = "LVMRH5LKC"
address = "192.0.2.11"
active = "rh5lkb"
[logical_hosts.resources]
lkjp1_base2 = "jp1-base"
"""


def read(paths: Paths, text: str) -> Site:
    file = Path(paths.site_file)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o644)
    return read_site(paths)


def test_the_example_is_a_whole_site(paths: Paths) -> None:
    site = read(paths, EXAMPLE)
    active, standby = site.nodes
    assert (active.name, standby.name) == ("rh5lka", "rh5lkb")
    assert active.lans() == (("service", "192.0.2.1"), ("heartbeat", "198.51.100.1"))
    [host] = site.logical_hosts
    assert (host.active, host.storage, host.multipath) == ("rh5lka", "shared", True)
    assert list(host.resources.items()) == [
        ("lkjp1_base", "jp1-base"),
        ("lkjp1_ajs3", "jp1-ajs3-manager"),
    ]


def test_two_logical_hosts_on_two_nodes_are_a_mutual_standby(paths: Paths) -> None:
    site = read(paths, EXAMPLE.replace('"standby"', '"mutual-standby"', 1) + MUTUAL)
    assert [host.active for host in site.logical_hosts] == ["rh5lka", "rh5lkb"]
    assert not site.logical_hosts[1].has_disk


WRONG = {
    "unknown key": ("packages =", "package =", "package: unknown key"),
    "topology": ('topology = "standby"', 'topology = "ring"', "topology = 'ring': allowed:"),
    "manager": ('"lifekeeper"', '"heartbeat"', "manager = 'heartbeat': allowed: 'lifekeeper'"),
    "packages": ('["patch", "psmisc"]', '"patch"', "packages = 'patch': must be a list of texts"),
    "confirmed": (
        'packages = ["patch", "psmisc"]',
        'confirmed = ["T4-1 #1"]',
        "confirmed = 'T4-1 #1': allowed is what only a person can tell: 'T4-3 #1'",
    ),
    "no address": ('service = "192.0.2.2"', 'service = "rh5lkb"', "nodes[2]: service = 'rh5lkb'"),
    "no heartbeat": ('heartbeat = ["198.51.100.2"]', "", "nodes[2]: heartbeat: missing"),
    "another number of LANs": (
        '["198.51.100.2"]',
        '["198.51.100.2", "203.0.113.2"]',
        "must have as many addresses as that of rh5lka",
    ),
    "a name that is none": ('name = "rh5lkb"', 'name = "rh5 lkb"', "nodes[2]: name = 'rh5 lkb'"),
    "an address twice": ('"192.0.2.10"', '"192.0.2.1"', "the address '192.0.2.1' is given twice"),
    "a name twice": ('"LVMRH5LKB"', '"RH5LKB"', "the name 'rh5lkb' is given twice"),
    "active elsewhere": ('active = "rh5lka"', 'active = "x"', "active = 'x': allowed: 'rh5lka'"),
    "a relative path": ('"/shared/jp1"', '"shared"', "mount_point = 'shared': must be an absolute"),
    "a device that is none": (
        '"/dev/mapper/jp1"',
        '"sdb1"',
        "device = 'sdb1': must be",
    ),
    "a device that is no text": ('"/dev/mapper/jp1"', "7", "device = 7: must be an absolute"),
    "no device": ('device = "/dev/mapper/jp1"', "", "device: missing"),
    "storage": ('storage = "shared"', 'storage = "tape"', "storage = 'tape': allowed: 'shared'"),
    "multipath": ("multipath = true", "multipath = 1", "multipath = 1: must be true or false"),
    "routed": ("routed = false", 'routed = "yes"', "routed = 'yes': must be true or false"),
    "a limit that is none": (
        'packages = ["patch", "psmisc"]',
        "limits = { nofile = 0 }",
        "limits.nofile = 0: allowed: whole numbers from 1 to 1000000000",
    ),
    "an unknown limit": (
        'packages = ["patch", "psmisc"]',
        "limits = { core = 1 }",
        "limits.core: unknown key; allowed: nofile, nproc, memlock",
    ),
    "a resource's name": ("lkjp1_base =", '"a b" =', "resources: resource name 'a b'"),
    "a plugin that is no text": ('"jp1-base"', "[]", "resources: lkjp1_base = []: must be text"),
    "mutual standby of one": ('"standby"  ', '"mutual-standby"', "all are active on rh5lka"),
    "not TOML": ("[[nodes]]", "[[nodes]", "not TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_one_line(paths: Paths, case: str) -> None:
    old, new, told = WRONG[case]
    assert old in EXAMPLE
    with pytest.raises(ConfigurationError) as error:
        read(paths, EXAMPLE.replace(old, new, 1))
    assert str(error.value).startswith(f"{paths.site_file}: ")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_third_node_is_refused(paths: Paths) -> None:
    third = '\n[[nodes]]\nname = "c"\nservice = "192.0.2.3"\nheartbeat = ["198.51.100.3"]\n'
    with pytest.raises(ConfigurationError, match="nodes: 3 given; allowed are two"):
        read(paths, EXAMPLE + third)


def test_active_on_both_is_no_standby_pair(paths: Paths) -> None:
    with pytest.raises(ConfigurationError, match="active on both nodes; that is 'mutual-standby'"):
        read(paths, EXAMPLE + MUTUAL)


def test_a_missing_file_tells_how_to_make_one(paths: Paths) -> None:
    with pytest.raises(ConfigurationError, match="`ark preflight --example`"):
        read_site(paths)


def test_a_file_that_others_can_write_is_refused(paths: Paths) -> None:
    read(paths, EXAMPLE)
    os.chmod(paths.site_file, 0o666)
    with pytest.raises(ConfigurationError, match="lets others write it"):
        read_site(paths)


def test_a_share_is_a_device_of_nas_alone(paths: Paths) -> None:
    text = EXAMPLE.replace('"/dev/mapper/jp1"', '"filer:/vol/jp1"')
    with pytest.raises(ConfigurationError, match="device = 'filer:/vol/jp1'"):
        read(paths, text)
    assert read(paths, text.replace('storage = "shared"', 'storage = "nas"'))


def test_the_example_names_every_key() -> None:
    from arkcore.survey.site_file import HOST_KEYS, NODE_KEYS, SITE_KEYS

    values = tomllib.loads(EXAMPLE)
    # What a product needs stands in its own manual.
    assert set(SITE_KEYS) - {"confirmed", "limits"} == set(values)
    assert set(NODE_KEYS) - {"bonds"} == set(values["nodes"][0])
    assert set(HOST_KEYS) == set(values["logical_hosts"][0])
