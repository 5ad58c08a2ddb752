"""Checks the options of a resource against the types that its plugin declares."""

from __future__ import annotations

from arkcore.base.errors import ArkError, ConfigurationError, PluginError
from arkcore.base.text import masked, shown
from arkcore.base.toml_file import refuse_unknown
from arkcore.plugin.application import declared_options, is_secret, make_options
from arkcore.resources.secrets import IN_FILE, WITH_MANAGER, resolved, texts_to_hide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from arkcore.base.paths import Paths
    from arkcore.resources.parameters import Parameters


def check_options(
    model: type, values: Mapping[str, Any], where: str, paths: Paths
) -> dict[str, Any]:
    declared = declared_options(model)
    refuse_unknown(values, tuple(declared), where, "options.")
    checked = {}
    hints = hints_of(model, where)
    for key, declaration in declared.items():
        if key not in values:
            if declaration.required:
                raise ConfigurationError(
                    f"{where}: options.{key}: missing; {declaration.text or 'it must be given'}"
                )
            continue
        if key not in hints:
            raise PluginError(f"{where}: options.{key}: its plugin declares no type for it")
        if is_secret(key, declaration):
            checked[key] = _check_secret(key, values[key], hints[key], declaration, where, paths)
        else:
            checked[key] = check_option(key, values[key], hints[key], declaration, where)
    hidden = texts_to_hide({
        key: value for key, value in checked.items() if is_secret(key, declared[key])
    })  # fmt: skip
    rule = getattr(make_options(model, checked), "check", None)
    if rule is not None:
        try:
            rule()
        except ArkError as error:
            raise ConfigurationError(f"{where}: {shown(masked(str(error), hidden))}") from error
        except Exception as error:
            raise PluginError(
                f"{where}: the plugin's own check of its options raised "
                f"{type(error).__name__}: {shown(masked(str(error), hidden))}"
            ) from error
    return checked


def check_option(key: str, value: Any, kind: Any, declaration: Any, where: str) -> Any:
    import msgspec

    try:
        value = msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        told = shown(str(error))
        raise ConfigurationError(f"{where}: options.{key} = {value!r}: {told}") from error
    low, high = declaration.minimum, declaration.maximum
    # NaN is neither: asked so that it is refused.
    if not ((low is None or value >= low) and (high is None or value <= high)):
        allowed = " ".join(
            text
            for text in (
                f"from {low:g}" if low is not None else "",
                f"up to {high:g}" if high is not None else "",
            )
            if text
        )
        raise ConfigurationError(f"{where}: options.{key} = {value!r}: allowed: {allowed}")
    if declaration.choices and value not in declaration.choices:
        allowed = ", ".join(map(repr, declaration.choices))
        raise ConfigurationError(f"{where}: options.{key} = {value!r}: allowed: {allowed}")
    from arkcore.resources.option_kinds import refusal

    wrong = refusal(declaration, value)
    if wrong:
        raise ConfigurationError(f"{where}: options.{key} = {value!r}: {wrong}")
    if not _can_be_recorded(value):
        raise PluginError(
            f"{where}: options.{key}: its plugin declares a type that cannot be recorded; "
            f"possible are str, int, float, bool, and lists and tables of them"
        )
    return value


def _can_be_recorded(value: Any) -> bool:
    """Whether a record gives back what was put in: JSON knows no dates, tuples or sets."""
    import json

    try:
        return bool(json.loads(json.dumps(value)) == value)
    except (TypeError, ValueError):
        return False


def _check_secret(
    key: str, value: Any, kind: Any, declaration: Any, where: str, paths: Paths
) -> Any:
    """The value of a secret option, read where it stands. No error shows it."""
    is_table = check_secret_kind(key, kind, where)
    value = resolved(value, f"{where}: options.{key}", paths, is_table=is_table)
    if declaration.choices and value not in declaration.choices:
        allowed = ", ".join(map(repr, declaration.choices))
        raise ConfigurationError(f"{where}: options.{key}: allowed: {allowed}")
    return value


def check_secret_kind(key: str, kind: Any, where: str) -> bool:
    """Whether a secret of this type is a table. `PluginError` where no secret can be of it."""
    from typing import get_args, get_origin

    is_table = (get_origin(kind) or kind) is dict
    if (is_table and get_args(kind) not in ((), (str, str))) or (not is_table and kind is not str):
        raise PluginError(
            f"{where}: options.{key}: its plugin declares a secret of another type than text or a "
            f"table of texts"
        )
    return is_table


def secrets_among(
    model: type, options: Mapping[str, Any], parameters: Parameters | None
) -> dict[str, list[Any]]:
    """The secret ones of these options: where the value of each stands, and if it is a table."""
    source = WITH_MANAGER if parameters is not None else IN_FILE
    return {
        name: [source, isinstance(options[name], dict)]
        for name, declared in declared_options(model).items()
        if name in options and is_secret(name, declared)
    }


def hints_of(model: type, where: str) -> dict[str, Any]:
    from typing import get_type_hints

    try:
        return get_type_hints(model)
    except Exception as error:  # whatever its annotations raise when they are evaluated
        raise PluginError(
            f"{where}: the types of the plugin's options cannot be read: "
            f"{type(error).__name__}: {shown(str(error))}"
        ) from error
