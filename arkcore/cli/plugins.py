"""`ark plugins`: which plugins are installed, and which of them are broken, and why."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from arkcore.application import check_declaration
from arkcore.cli.aside import answer_of
from arkcore.cli.console import console, print_json, show
from arkcore.cli.language import say
from arkcore.errors import ArkError, ConfigurationError, PluginError
from arkcore.hookspecs import ApplicationSpecs, ObserverSpecs
from arkcore.marker import IMPLEMENTATION_MARK, REQUIRED_HOOKS
from arkcore.plugins import PluginSource, check_hooks, installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console

#: Columns from which on there is room for the optional hooks.
_WIDE = 110


def plugins(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="The plugins to look at; all by default."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")] = False,
) -> None:
    """List the installed plugins, and what is broken of them and why.

    Only the plugins that are named are imported, each in a process of its
    own, so that a broken one breaks nothing.

    Exit code: 1 where one that is named is broken or not installed.

    Examples:
      ark plugins
      ark plugins jp1-base
    """
    sources = _chosen(names or [])
    looks = [Look(source) for source in sources]
    if json:
        print_json([look.facts() for look in looks])
    elif not looks:
        print(say("No plugin is installed.", "プラグインはインストールされていません。"))
    else:
        _show(looks, in_full=bool(names))
    if names and any(look.error for look in looks):
        raise typer.Exit(1)


def _chosen(names: list[str]) -> list[PluginSource]:
    known = installed()
    for name in names:
        if name not in [source.name for source in known]:
            there = ", ".join(sorted({source.name for source in known})) or "none is installed"
            raise ConfigurationError(f"unknown plugin {name!r}; installed: {there}")
    return [source for source in known if not names or source.name in names]


class Look:
    """One plugin, loaded in a process of its own."""

    def __init__(self, source: PluginSource) -> None:
        self.source = source
        self.error = ""
        declared: dict[str, str | list[str]] = {}
        try:
            declared = answer_of(lambda: _declared(source))
        except ArkError as error:
            self.error = str(error)
        self.kind = str(declared.get("kind", ""))
        self.title = str(declared.get("title", ""))
        self.hooks = list(declared.get("hooks", []))

    def facts(self) -> dict[str, object]:
        return {
            "name": self.source.name,
            "distribution": self.source.distribution,
            "version": self.source.version,
            "object": f"{self.source.module}:{self.source.attribute}",
            "kind": self.kind or None,
            "title": self.title or None,
            "hooks": self.hooks,
            "ok": not self.error,
            "error": self.error or None,
        }


def _declared(source: PluginSource) -> dict[str, str | list[str]]:
    plugin = source.load()
    hooks = {
        kind: [hook for hook in vars(specs) if hook.startswith("ark_") and _marked(plugin, hook)]
        for kind, specs in (("application", ApplicationSpecs), ("observer", ObserverSpecs))
    }
    if hooks["observer"] and not hooks["application"]:
        return {"kind": "observer", "title": "", "hooks": hooks["observer"]}
    check_hooks(plugin, source.name)
    try:
        made = plugin.ark_application()  # type: ignore[attr-defined]
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"plugin {source.name}: ark_application raised {type(error).__name__}: {error}"
        ) from error
    title = check_declaration(made, source.name).title
    return {"kind": "application", "title": title, "hooks": hooks["application"]}


def _marked(plugin: object, hook: str) -> bool:
    return getattr(getattr(plugin, hook, None), IMPLEMENTATION_MARK, False) is True


def _show(looks: list[Look], *, in_full: bool) -> None:
    out = console()
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(say("PLUGIN", "プラグイン"), no_wrap=True)
    table.add_column(say("FROM", "提供元"), overflow="fold")
    table.add_column(say("STATE", "状態"), no_wrap=True)
    table.add_column(say("PROTECTS", "対象"))
    wide = out.width >= _WIDE
    if wide:
        table.add_column(say("OPTIONAL HOOKS", "任意フック"))
    for look in looks:
        state = (
            Text(say("broken", "異常"), "red") if look.error else Text(say("ok", "正常"), "green")
        )
        hooks = [hook.removeprefix("ark_") for hook in look.hooks if hook not in REQUIRED_HOOKS]
        table.add_row(
            Text(look.source.name, "bold"),
            f"{look.source.distribution} {look.source.version}",
            state,
            look.title or (say("(observer)", "(監視者)") if look.kind == "observer" else ""),
            *((Text(" ".join(hooks), "dim"),) if wide else ()),
        )
    show(out, table)
    for look in looks:
        if look.error:
            _show_below(out, look.source.name, Text(look.error, "red"))
        elif in_full:
            _show_below(out, look.source.name, Text(" ".join(look.hooks), "dim"))


def _show_below(out: Console, name: str, text: Text) -> None:
    out.print()
    out.print(Text(name, "bold"))
    show(out, Padding(text, (0, 0, 0, 2)))
