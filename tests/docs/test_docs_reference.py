"""The reference is complete: every timer, option, message and unconfirmed fact is in it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from ark_jp1_base import facts
from ark_postgresql import _facts as postgresql_facts
from ark_systemd import _facts as systemd_facts

from arkcore.base.call import Action
from arkcore.base.status import Outcome, Status
from arkcore.cli.console import duration
from arkcore.cli.worst_times import worst_times
from arkcore.machine.channel import Step
from arkcore.managers import ocf
from arkcore.managers.operation_times import OPERATIONS, least_timeout
from arkcore.plugin.application import Option, declared_options
from arkcore.plugin.discovery import find
from arkcore.resources.node_file import NODE_KEYS
from arkcore.resources.parameters import COMMON
from arkcore.resources.resource import LogSettings, RasSettings
from arkcore.resources.timers import TIMERS, Timers
from arkcore.resources.validation import KEYS

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ("jp1-base", "jp1-ajs3-manager", "jp1-ajs3-agent", "command", "postgresql", "systemd")


def rows(text: str, key: str) -> list[list[str]]:
    """The rows of tables that begin with `key`, as cells."""
    found = []
    for line in text.splitlines():
        if line.startswith(f"| `{key}` |"):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            found.append([cell.strip().replace("\\|", "|") for cell in cells])
    return found


# Timers and options.


@pytest.mark.parametrize("page", ["resource-file.md", "timers.md"])
def test_every_timer_stands_with_its_default(documents, page):
    for timer in TIMERS:
        default = "none" if timer.default is None else f"{timer.default:g}"
        text = timer.text if documents.language == "en" else timer.text_ja
        [row] = [row for row in rows(documents.pages[page], timer.key) if len(row) == 4]
        assert row[1] == default, timer.key
        assert f"{timer.minimum:g}" in row[2]
        assert f"{int(timer.maximum)}" in row[2]
        assert row[3] == text


def test_every_timer_is_told_what_becomes_of_it_when_wrong(documents):
    for timer in TIMERS:
        assert [row for row in rows(documents.pages["timers.md"], timer.key) if len(row) == 3]


def test_the_worst_times_are_those_that_follow(documents, monkeypatch):
    monkeypatch.setenv("LC_ALL", {"en": "C", "ja": "ja_JP.UTF-8"}[documents.language])
    for worst in worst_times(Timers({}), 120):
        assert worst.stopped is not None
        assert worst.no_answer is not None
        row = f"| {worst.text} | {duration(worst.stopped)} | {duration(worst.no_answer)} |"
        assert row in documents.pages["timers.md"]


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        pairs = ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return json.dumps(value)


def _default(option: Option, language: str) -> str:
    if option.required:
        return {"en": "required", "ja": "必須"}[language]
    return f"`{_toml(option.default)}`"


def _section(text: str, title: str) -> str:
    """What stands below the heading that names `title`."""
    [section] = re.findall(rf"^## [^\n]*\b{title}\b[^\n]*\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    return section


@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_option_stands_with_its_default(documents, plugin):
    section = _section(documents.pages["resource-file.md"], plugin)
    model = find(plugin).load().ark_application().options
    declared = declared_options(model)
    for key, option in declared.items():
        [row] = rows(section, key)
        assert row[2] == _default(option, documents.language), key
        assert len(row[4]) > 4, key
    named = re.findall(r"^\| `(\w+)` \|", section, re.M)
    assert named == list(declared)


def test_no_shipped_plugin_is_left_out():
    """A plugin with an application whose options nobody described."""
    shipped = set()
    for project in (ROOT / "plugins").glob("*/pyproject.toml"):
        text = project.read_text(encoding="utf-8")
        if '[project.entry-points."arkcore.plugins"]' in text:
            shipped.add(project.parent.name)
    assert shipped == set(PLUGINS)


def test_every_key_of_both_files_is_named(documents):
    text = documents.pages["resource-file.md"]
    nested = {"ras": ("ras.detail", "ras.quickcheck")}
    nested["log"] = tuple(f"log.{key}" for key in LogSettings.__slots__)
    for key in (*KEYS, *NODE_KEYS):
        for name in nested.get(key, (key,)):
            assert f"`{name}`" in text, name
    for choice in (*RasSettings.DETAIL, *RasSettings.QUICKCHECK, *LogSettings.LEVELS):
        assert f'`"{choice}"`' in text, choice


# Messages.


def _sources(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


#: Where messages come from, by the page that has to tell of them.
_WINGS = ("base", "machine", "memory", "plugin", "resources", "context", "worker", "guard")
SOURCES = {
    "ras-log.md": _sources(
        "arkcore/*.py",
        *(f"arkcore/{wing}/*.py" for wing in _WINGS),
        "arkcore/actions/[!p]*.py",  # probe.py writes no line
        "arkcore/ras/*.py",
        "plugins/jp1-base/src/ark_jp1_base/*.py",
        "plugins/jp1-ajs3-*/src/*/*.py",
    ),
    "pacemaker.md": _sources(
        "arkcore/managers/ocf.py",
        "arkcore/managers/operation_times.py",
        "arkcore/managers/pacemaker.py",
        "arkcore/actions/probe.py",
    ),
    "ark-command.md": _sources(
        "plugins/command/src/ark_command/*.py",
        "arkcore/context/pid_file.py",
        "arkcore/machine/disk.py",
        "arkcore/machine/pid_reading.py",
    ),
    "postgresql.md": _sources("plugins/postgresql/src/ark_postgresql/*.py"),
    "systemd.md": _sources("plugins/systemd/src/ark_systemd/*.py"),
}

for _source in SOURCES["ark-command.md"]:
    if _source in SOURCES["ras-log.md"]:
        SOURCES["ras-log.md"].remove(_source)

#: Modules whose texts are errors of a file or of a plugin (`<file>: <key>: …`), declarations, or
#: what a black box holds.
NOT_MESSAGES = {
    "choice.py",
    "__init__.py",
    "application.py",
    "blackbox.py",
    "facts.py",
    "clock.py",
    "line.py",
    "pairing.py",
    "records.py",
    "scripts.py",
    "timing.py",
    "finding.py",
    "hookspecs.py",
    "reader.py",
    "hooks.py",
    "neighbours.py",
    "options.py",
    "parameters.py",
    "paths.py",
    "plugins.py",
    "quickjson.py",
    "record.py",
    "resource.py",
    "names.py",
    "node_file.py",
    "option_kinds.py",
    "option_values.py",
    "recording.py",
    "requirements.py",
    "validation.py",
    "contract.py",
    "daemon.py",
    "near_misses.py",
    "declaration.py",
    "declared_options.py",
    "discovery.py",
    "source.py",
    "start_settings.py",
    "secrets.py",
    "timers.py",
    "toml_file.py",
    "trusted.py",
    # Findings before an installation, as before-installation.md tells them.
    "preflight.py",
    "_boot.py",
    "_facts.py",
    "trace.py",
    "_options.py",
    "_way.py",
    "way.py",
    "_preflight.py",
}

#: Texts that are no message: formats, a black box's headline, a title.
NO_MESSAGE = {
    "HTTP/1.0\r\nHost:",
    "User-Agent: ark\r\nAccept: */*",
    "ark: {extra[resource]} : {extra[logical_host]} : {message}",
    "): late:",
    "Own commands",
    "Service of systemd",
    "select 'ark:in recovery:' || pg_is_in_recovery()",
    "ark:in recovery:false",
    "ark:in recovery:true",
    "it is a primary",
}

#: Calls whose texts are described elsewhere: options, and findings before an installation.
DESCRIBED_ELSEWHERE = ("option", "Finding", "_look_at_user")


def _texts(path: Path) -> Iterator[str]:
    """The texts in a module that a person could read, without docstrings and annotations."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(node.value)
        for field in ("annotation", "returns"):
            annotation = getattr(node, field, None)
            if annotation is not None:
                passed.update(ast.walk(annotation))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in DESCRIBED_ELSEWHERE:
                passed.update(ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in passed:
            text = node.value.strip()
            if " " in text and re.search("[A-Za-z]{2}", text) and "%H:%M" not in text:
                yield text


@pytest.mark.parametrize("page", SOURCES)
def test_every_message_in_the_sources_is_explained(documents, page):
    explained = documents.text(page)
    missing = [
        f"{path.relative_to(ROOT)}: {text!r}"
        for path in SOURCES[page]
        if path.name not in NOT_MESSAGES
        for text in _texts(path)
        if text not in NO_MESSAGE and text not in explained
    ]
    assert not missing, "\n".join(missing)


def test_every_line_of_a_script_and_a_step_is_explained(documents):
    text = documents.pages["ras-log.md"]
    for action in Action:
        for end in ("start.", "completed."):
            assert f"`{action.script} {end}`" in text
    for step in Step:
        assert f"`{step.began}`" in text
        assert f"`{step.completed}" in text
        assert f"`{step.failed} <reason>`" in text


#: Messages of one word or of words put together, which no scan finds.
MESSAGES = (
    "<Script> completed. Skipped: <reason>.",
    "<Script> completed. Undecided: <reason>",
    "<Script> failed. <reason>",
    "<Script> failed. Internal error: <reason>",
    "<Script> aborted. It began <date and time>.",
    "QuickCheck failed. BLIND: <reason>",
    "Status check completed. <STATUS> (<what was seen>)",
    "maintenance until 18:00",
    "restore is at work",
    "remove is at work",
    "quickcheck is at work",
    "recover is at work",
    "| <text>",
)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_explained(documents, message):
    assert f"`{message}`" in documents.text("ras-log.md")


# Other facts of the code that the documents tell.


def test_every_outcome_and_status_is_told(documents):
    for outcome in Outcome:
        assert outcome.value in documents.pages["exit-codes.md"]
    for status in Status:
        assert status.value in documents.pages["exit-codes.md"]


def _facts() -> Iterator[tuple[str, str]]:
    """The values no manual states, and the page's word for why: name or code, by product."""
    unsure = [mark for mark in facts.Mark if mark is not facts.Mark.MANUAL]
    for product in (facts.BASE, facts.AJS3):
        for name in ("directory", "start", "stop", "force", "status", "manager"):
            fact = getattr(product, name)
            if fact.mark in unsure:
                yield fact.value, ""
        for fact in product.commands:
            if fact.mark in unsure:
                yield fact.value, ""
    for fact in (facts.EVENT_STATUS, facts.QUEUELESS_STATUS, *facts.LANGUAGES, *facts.MACHINE_WIDE):
        if fact.mark in unsure:
            yield fact.value, ""
    for name, codes in (
        ("jbs_spmd_status", facts.BASE_CODES),
        ("jevstat", facts.EVENT_CODES),
        ("jajs_spmd_status", facts.AJS3_CODES),
    ):
        for row in codes:
            if row.mark in unsure:
                yield f"{name}` {row.code}", row.answer.value


def test_every_unconfirmed_fact_is_listed(documents):
    text = documents.pages["unconfirmed.md"]
    for value, answer in _facts():
        if answer:
            [line] = [line for line in text.splitlines() if line.startswith(f"| `{value} |")]
            assert answer in line, value
        else:
            assert f"`{value}`" in text, value


def test_every_fact_of_postgresql_that_no_manual_states_is_listed(documents):
    section = _section(documents.pages["unconfirmed.md"], "PostgreSQL")
    kinds = (postgresql_facts.Fact, postgresql_facts.ReturnCode)
    known = [fact for fact in vars(postgresql_facts).values() if isinstance(fact, kinds)]
    unsure = [fact for fact in known if fact.mark is not postgresql_facts.Mark.MANUAL]
    assert len(unsure) > 5
    in_words = (postgresql_facts.WORKING_DIRECTORY, postgresql_facts.SOCKET_LOCK)
    for fact in unsure:
        if fact not in in_words:
            assert f"`{fact.value}" in section or f"{fact.value}`" in section, fact.value
    for parent, name, _, _, _ in postgresql_facts.BY_VERSION:
        assert f"`{(parent + name).rstrip('/')}" in section


def test_every_state_of_systemd_that_no_manual_states_is_listed(documents):
    section = _section(documents.pages["unconfirmed.md"], "systemd")
    unsure = [each for each in systemd_facts.STATES if each.mark is systemd_facts.Mark.SOURCE]
    assert len(unsure) > 3
    for state in unsure:
        assert f"`{state.sub}`" in section
    assert f"`{systemd_facts.ESCAPE}`" in section


def test_every_state_file_is_listed(documents):
    modules = (ROOT / "arkcore/memory").glob("*.py")
    source = "".join(module.read_text(encoding="utf-8") for module in modules)
    found = re.findall(r'self\._file\(\s*"(\w+)"|StateFile\(f".*/(\w+)\.json"', source)
    names = {own or other for own, other in found}
    assert {"wanted", "undecided", "maintenance_over"} <= names
    for name in names:
        assert f"<resource>/{name}.json`" in documents.pages["operation.md"], name


def test_every_dependency_has_its_reason(documents):
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    for requirement in wanted:
        name = re.split(r"[<>=!~\[; ]", requirement)[0]
        assert rows(documents.pages["dependencies.md"], name) or (
            f"| {name} |" in documents.pages["dependencies.md"]
        ), name


def test_every_parameter_of_pacemaker_is_told(documents):
    text = documents.pages["pacemaker.md"]
    for name in COMMON:
        assert f"`{name}`" in text, name


def test_the_timeouts_of_operations_are_those_that_follow(documents):
    second = {"en": "s", "ja": "秒"}[documents.language]
    for operation in OPERATIONS:
        told = f" | {least_timeout(operation, Timers({}))} {second} |"
        lines = documents.pages["pacemaker.md"].splitlines()
        assert [each for each in lines if each.startswith(f"| {operation} |") and told in each]


def test_every_exit_code_of_ocf_is_told(documents):
    codes = [ocf.SUCCESS, ocf.GENERIC, ocf.ARGS, ocf.UNIMPLEMENTED, ocf.PERM, ocf.INSTALLED]
    for code in (*codes, ocf.CONFIGURED, ocf.NOT_RUNNING, ocf.DEGRADED):
        assert f"\n| {code} | OCF" in documents.pages["pacemaker.md"]


#: Wings whose rooms have a page of their own, or are one a command, check or manager.
_OPEN_WINGS = ("cli", "survey", "managers", "ras")


def test_every_wing_and_room_is_in_the_house(documents):
    rows = {
        line.split("|")[1].strip(" `"): line
        for line in documents.pages["architecture.md"].splitlines()
        if line.startswith("| `")
    }
    engine = ROOT / "arkcore"
    wings = [path.parent.name for path in engine.glob("*/__init__.py")]
    for name in [*wings, *(path.stem for path in engine.glob("[a-z]*.py"))]:
        assert name in rows, name
    for wing in wings:
        rooms = [path.stem for path in (engine / wing).glob("[a-z]*.py")]
        told = rows[wing]
        assert [room for room in rooms if f"`{room}`" not in told and wing not in _OPEN_WINGS] == []
