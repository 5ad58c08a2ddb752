"""`ark validate`: says what is wrong with a file before the cluster does."""

from __future__ import annotations

import os

import click
from click.exceptions import Exit

from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, ConfigurationError
from arkcore.base.finding import Level
from arkcore.cli.command import Command
from arkcore.cli.configuration import begin_asking, findings_of
from arkcore.cli.console import complain, paths_here, print_json, refuse_unless_readable
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.resources import names_of_pacemaker, parameters_of, where_of
from arkcore.plugin.application import users_among
from arkcore.plugin.calls import DirectHooks
from arkcore.plugin.discovery import find
from arkcore.plugin.marker import is_marked
from arkcore.ras.sinks import refuse_log
from arkcore.resources.beside import Beside
from arkcore.resources.names import check_resource_name, resource_names
from arkcore.resources.node_file import read_node_file
from arkcore.resources.recording import validate_and_record
from arkcore.resources.resource import from_mapping, to_mapping
from arkcore.resources.validation import cannot_tell
from arkcore.resources.validation import validate as validate_only
from arkcore.worker.aside import LOADING, Question, end_what_is_left
from arkcore.worker.configuration import HOOK, told
from arkcore.worker.several import Turn, in_turn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from arkcore.base.finding import Finding
    from arkcore.base.paths import Paths
    from arkcore.resources.resource import LogSettings, Resource


@click.command("validate", cls=Command)
@click.argument(
    "resources", nargs=-1, metavar="[RESOURCE]...", help="The resources to check; all by default."
)
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def validate(resources: tuple[str, ...], json: bool) -> None:
    """Check the resource files and ark.toml, and what Pacemaker's resources last had.

    One line each: ok, or which key and value are wrong and what is allowed.
    What is ok is recorded, which makes a healthy check cheap. A plugin may
    check the product's own configuration as well.

    Exit code: 1 where a file is wrong.

    Examples:
      ark validate
      ark validate lkjp1_base lkjp1_ajs3
    """
    paths = paths_here()
    found = _judged(paths, resources)
    if json:
        print_json([judged.facts() for judged in found])
    else:
        for judged in found:
            judged.tell()
        if not any(judged.resource for judged in found):
            complain(f"{paths.resources}: there is no resource file yet")
    if any(judged.error for judged in found):
        raise Exit(1)


class Judged:
    """One file, and what is wrong with it ("": nothing)."""

    def __init__(self, file: str, resource: str, error: str) -> None:
        self.file = file
        self.resource = resource
        self.error = error

    def tell(self) -> None:
        if not self.error:
            put(f"{self.file}: {say('ok', 'OK')}")
        elif self.error.startswith(self.file):
            complain(self.error)
        else:
            complain(f"{self.file}: {self.error}")

    def facts(self) -> dict[str, object]:
        return {
            "file": self.file,
            "resource": self.resource or None,
            "ok": not self.error,
            "error": self.error or None,
        }


def _judged(paths: Paths, asked: Sequence[str]) -> list[Judged]:
    refuse_unless_readable(paths.resources)
    # Before anything is imported for it: a record tells what its resource was made with.
    beside = Beside(paths, cannot_tell)
    node = [_node_file(paths)] if os.path.exists(paths.node_file) else []
    resources = _Resources(paths, beside, node_is_wrong=any(each.error for each in node))
    return [*node, *resources.judged(asked or _every_name(paths))]


def _node_file(paths: Paths) -> Judged:
    try:
        refuse_unless_readable(paths.node_file)
        node = read_node_file(paths)
        _refuse_logs(paths, node.log)
        for observer in node.observers:
            try:
                find(observer)
            except ConfigurationError as error:
                raise ConfigurationError(f"observers = {observer!r}: {error}") from error
    except ArkError as error:
        return Judged(paths.node_file, "", str(error))
    return Judged(paths.node_file, "", "")


def _refuse_logs(paths: Paths, log: LogSettings) -> None:
    """`ConfigurationError` where others decide what lies at the path of a log; nothing writes it.

    Only here: an action goes on without such a log.
    """
    for key, path in (("json", log.json), ("trace", log.trace)):
        if path and os.path.dirname(path) != os.path.dirname(paths.ras_log):
            try:
                refuse_log(path)
            except ConfigurationError as error:
                raise ConfigurationError(
                    f"{paths.node_file}: log.{key} = {path!r}: {error}"
                ) from None


def _every_name(paths: Paths) -> list[str]:
    """The resources of this node, and the files whose name can be none's."""
    try:
        files = os.listdir(paths.resources)
    except OSError:
        return []
    named = {file.removesuffix(".toml") for file in files if file.endswith(".toml")}
    return sorted({*named, *resource_names(paths), *names_of_pacemaker(paths)})


class _Resources:
    """Validates resources, several at once, each in a process of its own."""

    def __init__(self, paths: Paths, beside: Beside, *, node_is_wrong: bool) -> None:
        self._paths = paths
        self._beside = beside
        self._node_is_wrong = node_is_wrong
        #: The errors of those that are wrong.
        self._errors: dict[str, str] = {}
        self._questions: dict[str, Question] = {}
        #: Those whose plugin can check the product's own configuration.
        self._to_check: dict[str, Resource] = {}
        self._findings: dict[str, list[Finding]] = {}

    def judged(self, names: Sequence[str]) -> list[Judged]:
        """Each of them, in their order."""
        right = [name for name in dict.fromkeys(names) if self._is_readable(name)]
        if right:
            self._beside.look_now()
            in_turn(right, self._begin, self._over)
        if self._to_check:
            self._check_configurations()
        return [self._told(name) for name in names]

    def _is_readable(self, name: str) -> bool:
        try:
            check_resource_name(name)
            refuse_unless_readable(self._paths.resource_file(name))
        except ArkError as error:
            self._errors[name] = str(error)
        return name not in self._errors

    def _begin(self, name: str) -> Turn:
        question = Question(lambda: _validate(self._paths, name, self._beside))
        self._questions[name] = question
        return Turn(name, question.aside, Deadline.after(LOADING))

    def _over(self, turn: Turn) -> None:
        try:
            values = self._questions.pop(turn.name).answer(turn.end)
            if values is not None:
                self._to_check[turn.name] = from_mapping(values)
        except ArkError as error:
            self._errors[turn.name] = str(error)

    def _check_configurations(self) -> None:
        # Before any of them is at work: the cluster may take its time, and nobody is heard then.
        for name, resource in [*self._to_check.items()]:
            try:
                resource.given = parameters_of(self._paths, name)
            except ArkError as error:
                self._errors[name] = str(error)
                del self._to_check[name]

        def begin(name: str) -> Turn:
            return begin_asking(self._paths, self._to_check[name])

        def over(turn: Turn) -> None:
            try:
                self._findings[turn.name] = findings_of(turn, self._to_check[turn.name])
            except ArkError as error:
                self._errors[turn.name] = str(error)

        try:
            in_turn(sorted(self._to_check), begin, over)
        finally:
            end_what_is_left()

    def _told(self, name: str) -> Judged:
        """The verdict on one. What its plugin warns of is told now."""
        where = self._paths.resource_file(name)
        error = self._errors.get(name, "")
        try:
            check_resource_name(name)
            where = where_of(self._paths, name)
            if not error:
                _refuse_wrong_configuration(self._findings.get(name, ()), where)
        except ArkError as wrong:
            error = error or str(wrong)
        if self._node_is_wrong and error.startswith(self._paths.node_file):
            error = "cannot be used before ark.toml is right"
        return Judged(where, name, error)


def _refuse_wrong_configuration(found: Iterable[Finding], where: str) -> None:
    """`ConfigurationError` where the plugin finds the product's own configuration wrong."""
    wrong = []
    for each in found:
        if each.level in (Level.WARN, Level.UNKNOWN):
            complain(f"{where}: {told(each)}")
        elif each.level is Level.FAIL:
            wrong.append(told(each))
    if wrong:
        raise ConfigurationError(f"{where}: {'; '.join(wrong)}")


def _validate(paths: Paths, name: str, beside: Beside) -> dict[str, Any] | None:
    """Validate the resource. Its values, where its plugin can check the product's configuration."""
    recorded = os.path.dirname(paths.record(name))
    nearest = recorded
    while not os.path.exists(nearest):
        nearest = os.path.dirname(nearest)
    # Whoever may not record may ask all the same.
    act = validate_and_record if os.access(nearest, os.W_OK) else validate_only
    resource = act(paths, name, parameters_of(paths, name), beside=beside)
    plugin = resource.plugin.load()
    options = DirectHooks(plugin).application().options
    _refuse_unknown_users(resource, options, paths.resource_file(name))
    return to_mapping(resource) if is_marked(plugin, HOOK) else None


def _refuse_unknown_users(resource: Resource, options: type, where: str) -> None:
    """`ConfigurationError` where this node lacks an account that the options name.

    Only here: an action has to do what it can without it.
    """
    import pwd

    for key in users_among(options):
        name = resource.options.get(key, "")
        if not name or not isinstance(name, str):
            continue
        try:
            pwd.getpwnam(name)
        except KeyError:
            why = f"this node has no such user (useradd {name})"
            raise ConfigurationError(f"{where}: options.{key} = {name!r}: {why}") from None
