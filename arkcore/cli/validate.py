"""`ark validate`: says what is wrong with a file before the cluster does."""

from __future__ import annotations

import os

import click
from click.exceptions import Exit

from arkcore.base.errors import ArkError, ConfigurationError
from arkcore.base.finding import Level
from arkcore.cli.command import Command
from arkcore.cli.configuration import findings_about
from arkcore.cli.console import complain, paths_here, print_json, refuse_unless_readable
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.resources import names_of_pacemaker, parameters_of, where_of
from arkcore.plugin.application import users_among
from arkcore.plugin.discovery import find
from arkcore.plugin.marker import is_marked
from arkcore.ras.sinks import refuse_log
from arkcore.resources.declaration import declared
from arkcore.resources.names import check_resource_name, resource_names
from arkcore.resources.node_file import read_node_file
from arkcore.resources.recording import validate_and_record
from arkcore.resources.validation import validate as validate_only
from arkcore.worker.aside import answer_of
from arkcore.worker.configuration import HOOK, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

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
    found = []
    if os.path.exists(paths.node_file):
        found.append(_node_file(paths))
    for name in asked or _every_name(paths):
        found.append(_resource(paths, name, node_is_wrong=any(each.error for each in found[:1])))
    return found


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


def _resource(paths: Paths, name: str, *, node_is_wrong: bool) -> Judged:
    where = paths.resource_file(name)
    try:
        check_resource_name(name)
        where = where_of(paths, name)
        refuse_unless_readable(paths.resource_file(name))
        if answer_of(lambda: _validate(paths, name)):
            _refuse_wrong_configuration(paths, name, where)
    except ArkError as error:
        text = str(error)
        if node_is_wrong and text.startswith(paths.node_file):
            text = "cannot be used before ark.toml is right"
        return Judged(where, name, text)
    return Judged(where, name, "")


def _refuse_wrong_configuration(paths: Paths, name: str, where: str) -> None:
    """`ConfigurationError` where the plugin finds the product's own configuration wrong."""
    found = findings_about(paths, name)
    for each in found:
        if each.level in (Level.WARN, Level.UNKNOWN):
            complain(f"{where}: {told(each)}")
    wrong = [told(each) for each in found if each.level is Level.FAIL]
    if wrong:
        raise ConfigurationError(f"{where}: {'; '.join(wrong)}")


def _validate(paths: Paths, name: str) -> bool:
    """Validate the resource; whether its plugin can check the product's configuration."""
    recorded = os.path.dirname(paths.record(name))
    nearest = recorded
    while not os.path.exists(nearest):
        nearest = os.path.dirname(nearest)
    # Whoever may not record may ask all the same.
    act = validate_and_record if os.access(nearest, os.W_OK) else validate_only
    resource = act(paths, name, parameters_of(paths, name))
    _refuse_unknown_users(resource, paths.resource_file(name))
    return is_marked(resource.plugin.load(), HOOK)


def _refuse_unknown_users(resource: Resource, where: str) -> None:
    """`ConfigurationError` where this node lacks an account that the options name.

    Only here: an action has to do what it can without it.
    """
    import pwd

    _, _, model = declared(resource.plugin.name, where)
    for key in users_among(model):
        name = resource.options.get(key, "")
        if not name or not isinstance(name, str):
            continue
        try:
            pwd.getpwnam(name)
        except KeyError:
            why = f"this node has no such user (useradd {name})"
            raise ConfigurationError(f"{where}: options.{key} = {name!r}: {why}") from None
