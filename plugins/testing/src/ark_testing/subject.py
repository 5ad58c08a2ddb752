"""What a check is done to: a plugin, its application, and a node made for them alone."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ark_testing.finding import Unreached
from ark_testing.host import Host, await_that, shown
from ark_testing.installation import Capability, Installation, LogicalHost
from ark_testing.lifekeeper import Node
from ark_testing.parent import Parent
from arkcore.base.paths import Paths
from arkcore.base.status import Status
from arkcore.resources.timers import Timers

T = TypeVar("T")

#: The name of a resource of the kit's own, for the first and the second logical host.
_RESOURCES = ("conformance1", "conformance2")
#: That of a second resource on the first logical host.
_LODGER = "conformance-lodger"


class Subject:
    """A plugin with its installation, on a node directory of its own beneath `directory`.

    The node is an ARK_PREFIX: its resources, logs and memory are nobody else's. `spares`: whether
    machine-wide processes are left alive at the end, as on a machine that others use too.
    `declaration`: what the plugin declares, where that is known.
    """

    def __init__(
        self,
        plugin: str,
        installation: Installation,
        directory: Path,
        *,
        capabilities: Collection[Capability] = (),
        spares: bool = False,
        declaration: dict[str, Any] | None = None,
    ) -> None:
        self.plugin = plugin
        self.installation = installation
        self.capabilities = frozenset(capabilities)
        self.prefix = str(directory / "node")
        self._directory = directory
        self._spares = spares
        self._resources = Path(self.prefix) / "etc/ark/resources"
        self._resources.mkdir(parents=True, exist_ok=True)
        self._node = Node("conformance", directory / "lifekeeper", self.prefix)
        self._halted = False
        self._parents: list[Parent] = []
        self._asker = self._parent("parent0")
        self.hosts: list[Host] = []
        self._declaration = declaration
        self._seen: dict[str, object] = {}
        #: Why no further check is begun, "" while they are.
        self.given_up = ""
        #: Whether a check of it was told as failed.
        self.failed = False
        #: What hooks raised that they may not, with its place, as a check has told it.
        self.exceptions: set[str] = set()
        #: What the check at work found that is no failure.
        self.warnings: list[str] = []
        try:
            self._set_up()
        except BaseException:
            self.close()
            raise

    def _set_up(self) -> None:
        for name, text in self.installation.files.items():
            self._write(name, text)
        machine_wide = tuple(self.declaration().get("machine_wide", ()))
        for number, given in enumerate(self.installation.hosts):
            parent = self._parent(f"parent{number + 1}")
            resource = _RESOURCES[number]
            self._node.create(resource)
            self.hosts.append(Host(given, resource, self._node, parent, machine_wide))
            self.configure(self.hosts[-1])

    def _parent(self, name: str) -> Parent:
        parent = Parent(self._directory / name)
        self._parents.append(parent)
        if self._halted:
            parent.refuse()
        return parent

    def beside(self, number: int) -> Subject:
        """The same plugin with another installation, on another node: the `number`-th one beside.

        `ValueError` where the author gives none.
        """
        another = self.installation.another
        if another is None:
            raise ValueError("Installation.another is not given")
        return Subject(
            self.plugin,
            another(),
            self._directory / f"beside{number}",
            capabilities=self.capabilities,
            spares=self._spares,
            declaration=self.declaration(),
        )

    @property
    def host(self) -> Host:
        """The first logical host."""
        return self.hosts[0]

    @property
    def second(self) -> Host:
        """The second logical host; there is one where `TWO_HOSTS` is declared."""
        return self.hosts[1]

    def declaration(self) -> dict[str, Any]:
        """What the plugin declares, or {"refused": why}; asked once."""
        if self._declaration is None:
            self._declaration = self.declaration_anew()
        return self._declaration

    def declaration_anew(self, bare: Path | None = None) -> dict[str, Any]:
        """What the plugin declares in a new process, or {"refused": why}.

        `bare`: an empty directory to ask in, without a PATH or any other variable.
        """
        question = {"what": "declaration", "plugin": self.plugin}
        if bare is not None:
            question["bare"] = str(bare)
        found = self._asker.ask(question, 20.0)
        if "died" in found:
            return {"refused": f"it cannot even be loaded: {found['died']}"}
        return found

    def once(self, observe: Callable[[Subject], T]) -> T:
        """What `observe` saw, or raised: it acts once, and several checks judge what it saw."""
        key = f"{observe.__module__}.{observe.__qualname__}"
        if key not in self._seen:
            try:
                self._seen[key] = observe(self)
            except Exception as error:
                self._seen[key] = error
        seen = self._seen[key]
        if isinstance(seen, Exception):
            raise seen
        return seen  # type: ignore[return-value]

    def on_wait(self, called: Callable[[], None]) -> None:
        """Have `called` every now and then while an answer is awaited."""
        for parent in self._parents:
            parent.on_wait = called

    def warn(self, text: str) -> None:
        """Have something told that is no failure."""
        self.warnings.append(text)

    def give_up(self, why: str) -> None:
        """Have no further check begun: each would only tell `why` once more."""
        self.given_up = self.given_up or why

    def configure(self, host: Host, timers: Mapping[str, float] | None = None) -> None:
        """Write a host's resource file; `timers` come before the installation's."""
        given = host.given
        values = {**self.installation.timers(), **given.timers, **(timers or {})}
        self._write(host.resource, resource_text(self.plugin, given, values, given.options))

    def timer(self, host: Host, key: str) -> float:
        """What a timer of a host's resource is set to."""
        own = {**self.installation.timers(), **host.given.timers}
        return own.get(key, Timers({})[key])

    def refusal(self, host: Host, options: Mapping[str, object]) -> str:
        """What `ark validate` says of a host's resource file with these options; "" for nothing.

        The resource itself stays as it is.
        """
        text = resource_text(self.plugin, host.given, {}, options)
        with self.without_file(host):
            path = self._write("conformance-wrong", text)
            question = {"what": "validate", "prefix": self.prefix, "resource": path.stem}
            try:
                found = self._asker.ask(question, 20.0)
            finally:
                path.unlink()
        for key in ("raised", "died"):
            if key in found:
                return f"{key}: {found[key]}"
        return str(found.get("refused", ""))

    @contextmanager
    def without_file(self, host: Host) -> Iterator[None]:
        """Have a host's resource file away until the end of the `with`.

        Another resource can have its logical host meanwhile.
        """
        path = self._resources / f"{host.resource}.toml"
        hidden = path.with_name(f".{host.resource}")
        path.rename(hidden)
        try:
            yield
        finally:
            hidden.rename(path)

    @contextmanager
    def lodging(self) -> Iterator[Host]:
        """Have a second resource on the first logical host, with the options of the second one.

        The second one's own resource file is away meanwhile: what only one resource may have, the
        two could not have beside one another.
        """
        given = copy.copy(self.second.given)
        given.name = self.host.name
        parent = self._parent("lodger")
        self._node.create(_LODGER)
        lodger = Host(given, _LODGER, self._node, parent, self.host.machine_wide)
        with self.without_file(self.second):
            self.configure(lodger)
            try:
                yield lodger
            finally:
                self.clear(lodger)
                (self._resources / f"{_LODGER}.toml").unlink()

    def _write(self, name: str, text: str) -> Path:
        path = self._resources / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
        return path

    # The states that checks begin with.

    def running(self, host: Host | None = None) -> None:
        """Have it run, as after a restore.

        It is started by the engine's own step, without the program around it: that ends well only
        once the plugin has said RUNNING. `Unreached` where it does not: another check tells why.
        """
        host = host or self.host
        if host.living():
            if host.look().status is Status.RUNNING:
                return
            self.stopped(host)
        done = host.step("start", self.installation.starts_within + 2)
        host.wanted_up()
        if done["outcome"] != "well":
            self.give_up(f"it does not start: {done['reason']}")
            raise Unreached(f"it does not start: {done['reason']}")
        if not host.living():
            raise Unreached("its start ended well, and nothing lives")

    def stopped(self, host: Host | None = None) -> None:
        """Have nothing of it run, as a remove leaves it, by force where need be."""
        host = host or self.host
        if host.living():
            host.step("stop", 2 * self.installation.stops_within)
            # Whether a stop is over when it says so is a check of its own.
            if not await_that(lambda: not host.living(), min(self.installation.stops_within, 1.0)):
                self.clear(host)

    @contextmanager
    def hurried(self, host: Host, timers: Mapping[str, float]) -> Iterator[None]:
        """Have other timers act until the end of the `with`."""
        self.configure(host, timers)
        try:
            yield
        finally:
            self.configure(host)

    def clear(self, host: Host) -> None:
        """End all that lives of a host and forget what its node remembers: as after a reboot."""
        left = host.parent.kill(self._spare)
        if left:
            raise Unreached(f"cannot be ended: {shown(left)}")
        if host.given.pids is not None:
            host.kill(host.living())
        self.forget(host.resource)
        self.configure(host)

    def forget(self, resource: str) -> None:
        """Have the node know nothing of what a resource did since the boot."""
        shutil.rmtree(Paths(self.prefix).state(resource), ignore_errors=True)

    def clear_all(self) -> None:
        for host in self.hosts:
            self.clear(host)

    @property
    def _spare(self) -> tuple[str, ...]:
        machine_wide = self.hosts[0].machine_wide if self.hosts else ()
        return machine_wide if self._spares else ()

    def halt(self) -> None:
        """End all that a check does at this moment, from another thread; it can do nothing more.

        The check ends, and puts back what it has exchanged.
        """
        self._halted = True
        for parent in list(self._parents):
            parent.refuse()
        for parent in list(self._parents):
            parent.kill(self._spare)

    def close(self) -> None:
        """End everything of it, and the node's parents."""
        for parent in self._parents:
            parent.close(self._spare)


def last_of(host: Host) -> str:
    """The last words of the RAS log about a host."""
    messages = host.messages()
    return messages[-1] if messages else "nothing stands in the RAS log"


def resource_text(
    plugin: str,
    given: LogicalHost,
    timers: Mapping[str, float],
    options: Mapping[str, object],
) -> str:
    """A resource file."""
    lines = [f"plugin = {json.dumps(plugin)}", f"logical_host = {json.dumps(given.name)}"]
    lines.append(f"mount_points = {json.dumps(list(given.mount_points))}")
    lines.append(f"requires = {json.dumps(list(given.requires))}")
    lines += ["[timers]", *(f"{key} = {value:g}" for key, value in timers.items())]
    lines += ["[options]", *(f"{key} = {toml(value)}" for key, value in options.items())]
    return "\n".join(lines) + "\n"


def toml(value: object) -> str:
    """An option's value as TOML has it. `TypeError` where it has no such value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | os.PathLike):
        return json.dumps(os.fspath(value), ensure_ascii=False)
    if isinstance(value, Mapping):
        entries = (f"{json.dumps(str(key))} = {toml(each)}" for key, each in value.items())
        return "{" + ", ".join(entries) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    raise TypeError(f"{value!r} has no place in a resource file")
