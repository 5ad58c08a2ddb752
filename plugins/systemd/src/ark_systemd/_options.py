"""What a resource file may say under [options], and which units are refused."""

from __future__ import annotations

from arkcore import ConfigurationError, ask_disk, fault_of_command, option

#: systemd.unit(5): the characters of a unit's name, and its greatest length.
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\")
_LONGEST = 255

#: The other types of units, and why none of them can be protected.
_OTHER_TYPES = {
    "automount": "it has no process; mount_points of the resource file are for file systems",
    "device": "it has no process",
    "mount": "it has no process; mount_points of the resource file are for file systems",
    "path": "it has no process, and starts another unit whenever it pleases; name that service",
    "scope": "systemd cannot start it",
    "slice": "it holds other units, and its stop ends all of them; name the service",
    "socket": "it has no process, and starts another unit whenever it pleases; name that service",
    "swap": "it has no process",
    "target": "it stands for other units and has no process; give each service its resource",
    "timer": "it has no process, and starts another unit whenever it pleases; name that service",
}

#: Services without which the node or its cluster manager does not live; a `*` stands for anything.
_OF_THE_NODE = (
    "systemd-*",
    "user@*",
    "user-runtime-dir@*",
    "dbus.service",
    "dbus-broker.service",
    "getty@*",
    "corosync.service",
    "corosync-qdevice.service",
    "pacemaker.service",
    "pacemaker_remote.service",
    "pcsd.service",
    "sbd.service",
    "lifekeeper*",
    "steeleye*",
)
#: Seconds within which the disk of the program has to answer.
_PATIENCE = 2.0


class Options:
    """The options of the plugin `systemd`. A plugin for one product inherits them."""

    unit: str = option(
        "",
        "The service, with its full name: nginx.service, postgresql@15-main.service",
        "サービスのユニット名（完全な名前）。例: nginx.service、postgresql@15-main.service",
        required=True,
        unique="unit",
    )
    systemctl: str = option(
        "/usr/bin/systemctl",
        "The program systemctl, where it lies elsewhere",
        "systemctl の絶対パス。別の場所にある場合に指定",
    )

    def check(self) -> None:
        """Refuse units that cannot be protected. `ConfigurationError`, one line."""
        _check_name(self.unit)
        if not self.systemctl.startswith("/") or "\0" in self.systemctl:
            _refuse("systemctl", self.systemctl, "must be an absolute path")
        argv = [self.systemctl]
        try:
            fault = ask_disk(lambda: fault_of_command(argv, ""), None, _PATIENCE)
        except OSError as error:
            fault = f"who could exchange it cannot be told: {error.strerror}"
        if fault:
            _refuse("systemctl", self.systemctl, f"it runs as root, and {fault}")
        self._check_files()

    def _check_files(self) -> None:
        from ark_systemd._boot import UnitFiles

        files = UnitFiles(self.unit)
        real = files.real_name()
        if real:
            _refuse("unit", self.unit, f"it is another name of {real}: name that unit")
        links = files.links_of_boot()
        if links:
            _refuse(
                "unit",
                self.unit,
                f"the system starts it at boot, on both nodes: {', '.join(links)}; "
                f"only the cluster may: systemctl disable {self.unit}",
            )


def _check_name(unit: str) -> None:
    name, dot, kind = unit.rpartition(".")
    if kind in _OTHER_TYPES and dot:
        _refuse("unit", unit, f"a {kind} cannot be protected: {_OTHER_TYPES[kind]}")
    if not dot or kind != "service":
        begun = unit if unit and (_NAME | {"@"}).issuperset(unit) else "nginx"
        _refuse("unit", unit, f"must be the full name of a service, for instance {begun}.service")
    beginning, at, instance = name.partition("@")
    whole = beginning and _NAME.issuperset(beginning) and (_NAME | {"@"}).issuperset(instance)
    if not whole or len(unit) > _LONGEST or beginning.startswith(("-", ".")):
        allowed = f"letters, digits and : - _ . \\ @, at most {_LONGEST} bytes"
        _refuse("unit", unit, f"is no name of a unit: {allowed}")
    if at and not instance:
        example = f"{beginning}@main.service"
        _refuse("unit", unit, f"is a template: name an instance, for instance {example}")
    for known in _OF_THE_NODE:
        if unit == known or (known.endswith("*") and unit.startswith(known[:-1])):
            _refuse("unit", unit, "the node itself or its cluster manager needs it")


def _refuse(key: str, value: object, allowed: str) -> None:
    raise ConfigurationError(f"options.{key} = {value!r}: {allowed}")
