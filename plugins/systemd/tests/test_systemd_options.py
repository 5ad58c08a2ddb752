"""Which units are refused, what unit files say of a boot, and where control groups are."""

from __future__ import annotations

from pathlib import Path

import pytest
from ark_systemd import Options
from ark_systemd._boot import UnitFiles
from ark_systemd._facts import status_of
from ark_systemd._group import hierarchies, living

from arkcore import ConfigurationError, MachineError, Status
from arkcore.base.errors import ArkError
from arkcore.base.paths import Paths
from arkcore.plugin.application import make_options
from arkcore.resources.validation import validate


def refusal(unit: str) -> str:
    options: Options = make_options(Options, {"unit": unit, "systemctl": "/bin/true"})
    try:
        options.check()
    except ConfigurationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("unit", "why"),
    [
        ("", "full name of a service"),
        ("nginx", "full name of a service"),
        (".service", "no name of a unit"),
        ("-r.service", "no name of a unit"),
        ("../x.service", "no name of a unit"),
        ("a b.service", "no name of a unit"),
        ("a*.service", "no name of a unit"),
        ("a\n.service", "no name of a unit"),
        (f"{'a' * 248}.service", "no name of a unit"),
        ("app@.service", "is a template"),
        ("multi-user.target", "a target cannot be protected"),
        ("app.socket", "a socket cannot be protected"),
        ("system.slice", "a slice cannot be protected"),
        ("systemd-journald.service", "the node itself"),
        ("pacemaker.service", "the node itself"),
        ("user@1000.service", "the node itself"),
    ],
)
def test_a_unit_that_cannot_be_protected_is_refused(unit: str, why: str) -> None:
    assert why in refusal(unit)
    assert "\n" not in refusal(unit)


def test_a_name_without_its_suffix_is_told_whole() -> None:
    assert "for instance arkx@1.service" in refusal("arkx@1")


@pytest.mark.parametrize("unit", ["arkx.service", "arkx@15-main.service", "ark\\x2dx.service"])
def test_a_service_and_an_instance_are_allowed(unit: str) -> None:
    assert refusal(unit) == ""


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ("arkx.service", "unit = 'arkx.service': resource first has the same"),
        ("arkx", "unit = 'arkx': must be the full name of a service, for instance arkx.service"),
        ("arkother.service", "unit = 'arkother.service': it is another name of arkx.service"),
        ("arky.service", ""),
    ],
)
def test_two_resources_on_one_unit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str, told: str
) -> None:
    units = tmp_path / "units"
    units.mkdir()
    (units / "arkother.service").symlink_to("arkx.service")
    monkeypatch.setattr("ark_systemd._boot._facts.UNIT_DIRECTORIES", (str(units),))
    paths = Paths(str(tmp_path / "prefix"))
    for name, unit in (("first", "arkx.service"), ("second", other)):
        file = Path(paths.resource_file(name))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f'plugin = "systemd"\nlogical_host = "{name}"\n'
            f'[options]\nunit = "{unit}"\nsystemctl = "/bin/true"\n'
        )
        file.chmod(0o644)
    try:
        validate(paths, "second")
        refused = ""
    except ArkError as error:
        refused = str(error)
    assert told in refused
    assert bool(told) == bool(refused)
    assert "\n" not in refused


class TestUnitFiles:
    def test_show_the_links_of_a_boot(self, tmp_path: Path) -> None:
        wants = tmp_path / "multi-user.target.wants"
        wants.mkdir()
        assert UnitFiles("a.service", [str(tmp_path)]).links_of_boot() == []
        (wants / "a.service").symlink_to("../a.service")
        assert UnitFiles("a.service", [str(tmp_path)]).links_of_boot() == [f"{wants}/a.service"]
        assert UnitFiles("b.service", [str(tmp_path)]).links_of_boot() == []

    def test_show_the_unit_behind_an_alias(self, tmp_path: Path) -> None:
        for name in ("real.service", "app@.service"):
            (tmp_path / name).touch()
        links = {"a.service": "real.service", "masked.service": "/dev/null"}
        links |= {"app@1.service": "app@.service", "linked.service": "/opt/linked.service"}
        links |= {"b.service": "a.service", "other@.service": "app@.service"}
        for name, target in links.items():
            (tmp_path / name).symlink_to(target)
        names = ("a.service", "b.service", "other@1.service", "masked.service", "app@1.service")
        names += ("app@2.service", "linked.service", "none.service")
        shown = {name: UnitFiles(name, [str(tmp_path)]).real_name() for name in names}
        aliases = {name: real for name, real in shown.items() if real}
        assert aliases == {
            "a.service": "real.service",
            "b.service": "real.service",
            "other@1.service": "app@1.service",
        }


def test_an_enabled_unit_does_not_validate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wants = tmp_path / "multi-user.target.wants"
    wants.mkdir()
    (wants / "a.service").symlink_to("/usr/lib/systemd/system/a.service")
    monkeypatch.setattr("ark_systemd._boot._facts.UNIT_DIRECTORIES", (str(tmp_path),))
    assert "the system starts it at boot" in refusal("a.service")
    assert "systemctl disable a.service" in refusal("a.service")
    assert refusal("b.service") == ""


@pytest.mark.parametrize(
    ("active", "sub", "status"),
    [
        ("active", "running", Status.RUNNING),
        ("active", "a new one", Status.RUNNING),
        ("reloading", "reload-notify", Status.RUNNING),
        ("activating", "auto-restart", Status.STARTING),
        ("deactivating", "stop-sigterm", Status.STOPPING),
        ("inactive", "dead", Status.STOPPED),
        ("failed", "failed", Status.STOPPED),
        ("a new one", "running", Status.UNKNOWN),
    ],
)
def test_a_state_has_its_status(active: str, sub: str, status: Status) -> None:
    assert status_of(active, sub) is status


class TestGroups:
    def test_are_found_below_slices_alone(self, tmp_path: Path) -> None:
        """With this very process in each of the groups, in files like the kernel's."""
        mountinfo = tmp_path / "mountinfo"
        mountinfo.write_text(f"1 1 0:1 / {tmp_path} rw - cgroup2 cgroup2 rw\n")
        self_ = str(Path("/proc/self").readlink())

        def group(path: str) -> None:
            (tmp_path / path).mkdir(parents=True)
            (tmp_path / path / "cgroup.procs").write_text(f"{self_}\n")

        group("docker/1/system.slice/a.service")
        group("user.slice/user-1.slice/user@1.service/app.slice/a.service")
        group("system.slice/a.service.d")
        assert living("a.service", str(mountinfo)) == []
        group("system.slice/system-a.slice/a.service/sub/group")
        assert [str(each.pid) for each in living("a.service", str(mountinfo))] == [self_]
        group("system.slice/_cpu.service")
        assert [str(each.pid) for each in living("cpu.service", str(mountinfo))] == [self_]

    def test_of_each_version_are_known(self, tmp_path: Path) -> None:
        mountinfo = tmp_path / "mountinfo"
        mountinfo.write_text(
            "1 1 0:1 / /c/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
            "1 1 0:1 / /c/cpu rw - cgroup cgroup rw,cpu\n"
            "1 1 0:1 / /c/unified rw - cgroup2 cgroup2 rw\n"
        )
        assert hierarchies(str(mountinfo)) == ["/c/systemd", "/c/unified"]

    def test_that_cannot_be_read_are_told(self, tmp_path: Path) -> None:
        mountinfo = tmp_path / "mountinfo"
        mountinfo.write_text("1 1 0:1 / / rw - ext4 /dev/vda rw\n")
        with pytest.raises(MachineError):
            living("a.service", str(mountinfo))
