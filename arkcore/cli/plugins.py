"""`ark plugins`: which plugins are found, which of them cannot be loaded or are broken, and why."""

from __future__ import annotations

from functools import partial

import click
from click.exceptions import Exit
from rich.padding import Padding
from rich.table import Table

from arkcore.base.deadline import Deadline
from arkcore.base.errors import ArkError, ConfigurationError, PluginError, described
from arkcore.cli.command import Command, Seconds
from arkcore.cli.console import complain, console, print_json, show
from arkcore.cli.language import say
from arkcore.cli.output import put
from arkcore.cli.styled import Text
from arkcore.cli.unloadable import why_unloadable
from arkcore.plugin.application import check_declaration
from arkcore.plugin.contract import check_hooks
from arkcore.plugin.discovery import installed, refuse_rivals, unreadable
from arkcore.plugin.hookspecs import ApplicationSpecs, ObserverSpecs
from arkcore.plugin.marker import REQUIRED_HOOKS, is_marked
from arkcore.plugin.near_misses import refuse_near_misses
from arkcore.plugin.source import PluginSource
from arkcore.resources.declared_options import check_declared
from arkcore.worker.aside import LOADING, Question

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.cli.styled import SafeConsole

#: Columns from which on there is room for the optional hooks.
_WIDE = 110
#: The states of a plugin: its entry point is there, and nobody has imported it; it cannot be
#: imported and made; it was, and breaks the contract; it was, and keeps it.
_FOUND, _UNLOADABLE, _BROKEN, _OK = "found", "cannot be loaded", "broken", "ok"


@click.command("plugins", cls=Command)
@click.argument("names", nargs=-1, metavar="[NAME]...", help="The plugins to import and look at.")
@click.option("--check", is_flag=True, help="Import and look at every installed plugin.")
@click.option(
    "--within", type=Seconds(min=0.1, max=3600), default=LOADING, help="Seconds for importing them."
)
@click.option("--json", is_flag=True, help="Print the facts as JSON.")
def plugins(names: tuple[str, ...], check: bool, within: float, json: bool) -> None:
    """List the plugins that are found, and what is broken of them and why.

    The list alone is read from what pip has installed, and imports none of
    them: "found" says that a plugin's entry point and module are there, no
    more. The plugins that are named, or all with --check, are imported,
    each in a process of its own, so that a broken one breaks nothing.

    Exit code: 1 where one that is named, or any with --check, cannot be
    loaded, is broken or is not installed. The list alone is 0.

    Examples:
      ark plugins
      ark plugins jp1-base
      ark plugins --check --within 5
    """
    sources = _chosen(names)
    if names or check:
        # All at once: one that hangs at its import takes no time from the others.
        asked = [Question(partial(_declared, source)) for source in sources]
        end = Deadline.after(within)
        looks = [
            Look(source, sources, each, end) for source, each in zip(sources, asked, strict=True)
        ]
    else:
        looks = [Look(source, sources) for source in sources]
    broken = [] if names else unreadable()
    if json:
        print_json([look.facts() for look in looks])
    elif not looks:
        put(say("No plugin is installed.", "プラグインはインストールされていません。"))
    else:
        _show(looks, in_full=bool(names))
    for problem in broken:
        complain(problem)
    if (names or check) and (broken or any(look.error for look in looks)):
        raise Exit(1)


def _chosen(names: Sequence[str]) -> list[PluginSource]:
    known = installed()
    for name in names:
        if name not in [source.name for source in known]:
            there = ", ".join(sorted({source.name for source in known})) or "none is installed"
            raise ConfigurationError(f"unknown plugin {name!r}; installed: {there}")
    return [source for source in known if not names or source.name in names]


class Look:
    """One plugin: what its metadata says and, where it was imported, what it declares."""

    def __init__(
        self,
        source: PluginSource,
        known: list[PluginSource],
        question: Question | None = None,
        end: Deadline | None = None,
    ) -> None:
        self.source = source
        self.checked = question is not None
        self.state = _OK if self.checked else _FOUND
        self.error = ""
        declared: dict[str, str | list[str]] = {}
        if question is not None and end is not None:
            try:
                declared = question.answer(end)
                self._is(_BROKEN, str(declared.get("broken", "")))
            except ArkError as error:
                self._is(_UNLOADABLE, str(error))
        self._is(_BROKEN, _rivalry(source, known))
        # What an import of it would tell last: it says best what to mend.
        self._is(_UNLOADABLE, why_unloadable(source))
        self.kind = str(declared.get("kind", ""))
        self.title = str(declared.get("title", ""))
        self.hooks = list(declared.get("hooks", []))

    def _is(self, state: str, error: str) -> None:
        if error:
            self.state, self.error = state, error

    def facts(self) -> dict[str, object]:
        return {
            "name": self.source.name,
            "distribution": self.source.distribution,
            "version": self.source.version,
            "object": f"{self.source.module}:{self.source.attribute}",
            "checked": self.checked,
            "state": self.state,
            "kind": self.kind or None,
            "title": self.title or None,
            "hooks": self.hooks if self.checked else None,
            "ok": False if self.error else True if self.checked else None,
            "error": self.error or None,
        }


def _rivalry(source: PluginSource, known: list[PluginSource]) -> str:
    """Which distributions provide a plugin of this name; "" where one alone does."""
    try:
        refuse_rivals([each for each in known if each.name == source.name])
    except ConfigurationError as error:
        return str(error)
    return ""


def _declared(source: PluginSource) -> dict[str, str | list[str]]:
    """What a plugin declares, or how it breaks the contract. `PluginError`: it cannot be loaded."""
    plugin = source.load()
    try:
        return _contents(plugin, source)
    except PluginError as error:
        return {"broken": str(error)}


def _contents(plugin: object, source: PluginSource) -> dict[str, str | list[str]]:
    hooks = {
        kind: [hook for hook in vars(specs) if hook.startswith("ark_") and is_marked(plugin, hook)]
        for kind, specs in (("application", ApplicationSpecs), ("observer", ObserverSpecs))
    }
    if hooks["observer"] and not hooks["application"]:
        return {"kind": "observer", "title": "", "hooks": hooks["observer"]}
    check_hooks(plugin, source.name)
    refuse_near_misses(plugin, source.name)
    try:
        made = plugin.ark_application()  # type: ignore[attr-defined]
    except PluginError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"plugin {source.name}: ark_application raised {described(error)}"
        ) from error
    application = check_declaration(made, source.name)
    check_declared(application)
    title = application.title
    return {"kind": "application", "title": title, "hooks": hooks["application"]}


def _show(looks: list[Look], *, in_full: bool) -> None:
    out = console()
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(say("PLUGIN", "プラグイン"), no_wrap=True)
    table.add_column(say("FROM", "提供元"), overflow="fold")
    table.add_column(say("STATE", "状態"), no_wrap=True)
    checked = any(look.checked for look in looks)
    table.add_column(say("PROTECTS", "対象") if checked else say("CLASS", "クラス"))
    wide = checked and out.width >= _WIDE
    if wide:
        table.add_column(say("OPTIONAL HOOKS", "任意フック"))
    for look in looks:
        hooks = [hook.removeprefix("ark_") for hook in look.hooks if hook not in REQUIRED_HOOKS]
        table.add_row(
            Text(look.source.name, "bold"),
            f"{look.source.distribution} {look.source.version}",
            _state(look),
            _protects(look) if checked else f"{look.source.module}:{look.source.attribute}",
            *((Text(" ".join(hooks), "dim"),) if wide else ()),
        )
    show(out, table)
    for look in looks:
        if look.error:
            _show_below(out, look.source.name, Text(look.error, "red"))
        elif in_full:
            _show_below(out, look.source.name, Text(" ".join(look.hooks), "dim"))


def _state(look: Look) -> Text:
    words = {
        _FOUND: Text(say("found", "検出")),
        _UNLOADABLE: Text(say("cannot be loaded", "読み込み不可"), "red"),
        _BROKEN: Text(say("broken", "異常"), "red"),
        _OK: Text(say("ok", "正常"), "green"),
    }
    return words[look.state]


def _protects(look: Look) -> str:
    return look.title or (say("(observer)", "(オブザーバー)") if look.kind == "observer" else "")


def _show_below(out: SafeConsole, name: str, text: Text) -> None:
    out.print()
    out.print(Text(name, "bold"))
    show(out, Padding(text, (0, 0, 0, 2)))
