"""Which resource requires which, as the resource files of this node say."""

from __future__ import annotations

from arkcore.base.errors import ConfigurationError
from arkcore.base.toml_file import read_toml
from arkcore.resources import record
from arkcore.resources.names import resource_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.paths import Paths


def check_requires(paths: Paths, name: str, requires: tuple[str, ...], where: str) -> None:
    known = resource_names(paths)
    for required in requires:
        if required == name:
            raise ConfigurationError(
                f"{where}: requires = {required!r}: a resource cannot require itself"
            )
        if required not in known:
            names = ", ".join(each for each in known if each != name) or "none"
            raise ConfigurationError(
                f"{where}: requires = {required!r}: no such resource here; there are: {names}"
            )
    seen: list[str] = []
    ahead = list(requires)
    while ahead:
        other = ahead.pop()
        if other == name:
            raise ConfigurationError(
                f"{where}: requires = {list(requires)!r}: {name} is required in turn, in a circle"
            )
        if other not in seen:
            seen.append(other)
            ahead += required_by_file(paths, other)


def required_by_file(paths: Paths, name: str) -> list[str]:
    """What the file of resource `name` requires; [] where it cannot be read."""
    try:
        requires: object = read_toml(paths.resource_file(name), paths.prefix).get("requires")
    except ConfigurationError:
        known = record.last_known_good(paths, name)
        return list(known.requires) if known else []
    if not isinstance(requires, list):
        return []
    return [each for each in requires if isinstance(each, str)]


def dependents(paths: Paths, name: str) -> list[str]:
    """The resources that require `name`, directly or in turn; those farthest from it first."""
    required = {each: required_by_file(paths, each) for each in resource_names(paths)}
    found: list[str] = []
    ahead = [name]
    while ahead:
        nearest = ahead.pop(0)
        for each, needs in required.items():
            if nearest in needs and each != name:
                if each in found:
                    found.remove(each)  # it is farther than it seemed
                found.append(each)
                ahead.append(each)
        if len(found) > len(required) or len(ahead) > 10 * len(required):
            break  # a circle, which validation refuses
    return found[::-1]


def hierarchy(paths: Paths, name: str) -> list[str]:
    """What is switched over together with resource `name`, and itself: lowest first.

    All that it needs or that needs it, in turn. Each stands behind what it requires.
    """
    together = [name]
    for each in together:
        near = (*required_by_file(paths, each), *dependents(paths, each))
        together += [other for other in dict.fromkeys(near) if other not in together]
    found: list[str] = []

    def add(each: str, above: tuple[str, ...]) -> None:
        for required in sorted(required_by_file(paths, each)):
            if required not in above:  # a circle, which validation refuses
                add(required, (*above, required))
        if each not in found:
            found.append(each)

    for each in sorted(together):
        add(each, (each,))
    return found
