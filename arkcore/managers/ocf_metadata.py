"""What an agent says of itself: OCF 1.1 meta-data, in English and Japanese."""

from __future__ import annotations

from xml.etree import ElementTree

from arkcore.managers.operation_times import INTERVAL, usual_timeout
from arkcore.plugin.application import declared_options
from arkcore.resources.declaration import declaration_of
from arkcore.resources.parameters import (
    HOST,
    MOUNT_POINTS,
    RAS_PARAMETERS,
    START_PARAMETERS,
    TIMER_PARAMETERS,
)
from arkcore.resources.resource import RasSettings
from arkcore.resources.timers import Timers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from arkcore.plugin.application import Application, Option

# The DTD that ships with resource-agents is that of OCF 1.0. What 1.1 has beside it is declared
# here, where the first declaration of an attribute counts.
_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd" [
<!ATTLIST action name (start|stop|monitor|meta-data|validate-all|reload-agent) #REQUIRED>
<!ATTLIST parameter reloadable (1|0) #IMPLIED>
<!ATTLIST parameter unique-group CDATA #IMPLIED>
]>
"""


class Text:
    """A text in both languages."""

    __slots__ = ("en", "ja")

    def __init__(self, en: str, ja: str) -> None:
        self.en = en
        self.ja = ja


_HOST = Text(
    "The logical host, as it was set up in the product.",
    "製品に設定した論理ホスト名。",
)
_MOUNTS = Text(
    "Mount points, separated by blanks, that must be mounted before a start. A start where one is "
    "not fails before anything is done.",
    "開始前にマウントされているべきマウントポイント（空白区切り）。"
    "マウントされていなければ、何も行わずに開始は失敗する。",
)
_RAS = {
    "ras_detail": Text(
        "How much the RAS log tells: guide or full",
        "RAS ログの詳しさ。guide または full",
    ),
    "ras_quickcheck": Text(
        "Which monitors the RAS log tells of: every one, or only changes of the verdict",
        "RAS ログに記録する監視。every はすべて、changes は結果が変わったときだけ",
    ),
}

_START = {
    "start_nice": Text(
        "How urgent the started application is: -20 (most) to 19",
        "起動したアプリケーションの優先度（nice 値）。-20（最優先）から 19",
    ),
    "start_limits": Text(
        "Limits of the started application: NAME=LIMIT or NAME=SOFT:HARD, separated by blanks, for "
        "instance nofile=65536 core=0:unlimited",
        "起動したアプリケーションの資源の上限。NAME=上限 または NAME=ソフト:ハード を空白で区切る。"
        "例: nofile=65536 core=0:unlimited",
    ),
    "start_slice": Text(
        "The systemd slice in which the started application lives, for instance jp1.slice",
        "起動したアプリケーションが属する systemd のスライス。例: jp1.slice",
    ),
}


#: How a value is written that is more than one word.
_WRITTEN = {
    list: Text(
        "Written as words, separated by blanks and quoted as for a shell.",
        "空白で区切った語で書く（引用符はシェルと同じ）。",
    ),
    dict: Text(
        "Written as words KEY=VALUE, separated by blanks and quoted as for a shell.",
        "空白で区切った KEY=VALUE の語で書く（引用符はシェルと同じ）。",
    ),
}


def metadata(plugin: str) -> str:
    """The meta-data of `ocf:ark:<plugin>`. `ArkError` where the plugin cannot tell."""
    source, application, hints = declaration_of(plugin)
    root = ElementTree.Element("resource-agent", name=plugin, version=source.version)
    ElementTree.SubElement(root, "version").text = "1.1"
    # The DTD has room for one description of the agent: it holds both languages.
    about = _about(application)
    ElementTree.SubElement(root, "longdesc", lang="en").text = f"\n{about.en}\n\n{about.ja}\n"
    title = f"Protects {application.title} on one logical host"
    ElementTree.SubElement(root, "shortdesc", lang="en").text = title
    _add_parameters(ElementTree.SubElement(root, "parameters"), application, hints)
    _add_actions(ElementTree.SubElement(root, "actions"), Timers(application.timers))
    ElementTree.indent(root, "  ")
    return f"{_HEAD}{ElementTree.tostring(root, encoding='unicode')}\n"


def _about(application: Application) -> Text:
    return Text(
        f"Starts, stops and monitors {application.title} on one logical host. It must be started "
        f"after the virtual IP address and the shared disk, and the cluster needs fencing.",
        f"論理ホスト上の {application.title} を開始・停止・監視する。仮想 IP アドレスと"
        f"共有ディスクの後に開始すること。クラスターにはフェンシングが必要。",
    )


def _add_parameters(
    parent: ElementTree.Element, application: Application, hints: Mapping[str, Any]
) -> None:
    host = _add(parent, HOST, _HOST, "string", required=True)
    if application.logical_host.exclusive:
        # `unique` is what 1.1 has given up for the other; tools older than that know it alone.
        host.set("unique", "1")
        host.set("unique-group", HOST)
    for name, option in declared_options(application.options).items():
        text = _described(option, hints.get(name))
        kind, default = type_of(hints.get(name)), None if option.required else option.default
        added = _add(parent, name, text, kind, text_of(default), required=option.required)
        if option.unique:
            added.set("unique", "1")
            added.set("unique-group", option.unique)
    _add(parent, MOUNT_POINTS, _MOUNTS, "string", "")
    timers = Timers(application.timers).as_mapping()
    for name, timer in TIMER_PARAMETERS.items():
        text = Text(
            f"{_by_parameters(timer.text)}; {timer.allowed}",
            f"{_by_parameters(timer.text_ja)}。{timer.minimum:g} から {timer.maximum:g} 秒",
        )
        _add(parent, name, text, "string", text_of(timers[timer.key]), reloadable=True)
    defaults = RasSettings()
    for name, key in RAS_PARAMETERS.items():
        _add(parent, name, _RAS[name], "string", getattr(defaults, key), reloadable=True)
    for name in START_PARAMETERS:
        kind, default = ("integer", "0") if name == "start_nice" else ("string", "")
        _add(parent, name, _START[name], kind, default)


def _described(option: Option, kind: Any) -> Text:
    """An option's text, with what it may be and how that is written as a parameter."""
    from typing import get_origin

    choices = f" ({' | '.join(option.choices)})" if option.choices else ""
    en, ja = option.text + choices, (option.text_ja or option.text) + choices
    written = _WRITTEN.get(get_origin(kind) or kind)
    if written is None or not en:
        return written or Text(en, ja)
    return Text(f"{en.rstrip('.')}. {written.en}", f"{ja.rstrip('。')}。{written.ja}")


def _by_parameters(text: str) -> str:
    """`text` with the timers in it called by their parameters' names."""
    for name, timer in TIMER_PARAMETERS.items():
        text = text.replace(timer.key, name)
    return text


def type_of(kind: Any) -> str:
    """The content type that OCF knows for an option's type. Lists and tables are words."""
    return {bool: "boolean", int: "integer"}.get(kind, "string")


def text_of(value: object) -> str | None:
    """A value as the text that a parameter would be; None where there is none."""
    import shlex

    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, list | tuple):
        return shlex.join(map(str, value))
    if isinstance(value, dict):
        return shlex.join(f"{key}={each}" for key, each in value.items())
    return str(value)


def _add(
    parent: ElementTree.Element,
    name: str,
    text: Text,
    kind: str,
    default: str | None = None,
    *,
    required: bool = False,
    reloadable: bool = False,
) -> ElementTree.Element:
    flags = {"required": required, "unique": False, "reloadable": reloadable}
    marks = {"name": name, **{key: str(int(value)) for key, value in flags.items()}}
    parameter = ElementTree.SubElement(parent, "parameter", marks)
    for lang, told in (("en", text.en), ("ja", text.ja)):
        ElementTree.SubElement(parameter, "longdesc", lang=lang).text = told
    for lang, told in (("en", text.en), ("ja", text.ja)):
        ElementTree.SubElement(parameter, "shortdesc", lang=lang).text = short(told)
    content = {"type": kind} if default is None else {"type": kind, "default": default}
    ElementTree.SubElement(parameter, "content", content)
    return parameter


def short(text: str) -> str:
    """The first sentence or clause of a text; what stands in brackets is not cut."""
    depth = 0
    for place, sign in enumerate(text):
        if sign in "([（":
            depth += 1
        elif sign in ")]）":
            depth = max(0, depth - 1)
        elif not depth and text.startswith((". ", "。", "; ", ": "), place):
            return text[:place]
    return text.rstrip(".")


def _add_actions(parent: ElementTree.Element, timers: Timers) -> None:
    def add(name: str, **more: str) -> None:
        timeout = f"{usual_timeout(name, timers)}s"
        ElementTree.SubElement(parent, "action", {"name": name, "timeout": timeout, **more})

    add("start")
    add("stop")
    add("monitor", interval=f"{INTERVAL}s", depth="0")
    add("reload-agent")
    add("validate-all")
    ElementTree.SubElement(parent, "action", name="meta-data", timeout="5s")
