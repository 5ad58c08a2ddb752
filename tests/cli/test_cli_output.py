"""What a terminal is shown: characters of a foreign text are shown to it, and never obeyed."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Group
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from support import ToyNode

import arkcore.cli
from arkcore.base.finding import Level
from arkcore.base.paths import Paths
from arkcore.base.status import Status, StatusReport
from arkcore.base.text import markdown
from arkcore.cli.console import print_json, show
from arkcore.cli.output import put, safe
from arkcore.cli.overview import in_full, in_short
from arkcore.cli.preflight import _show
from arkcore.cli.styled import SafeConsole, Text
from arkcore.cli.view import View
from arkcore.managers.here import cluster_of
from arkcore.survey.answers import FORMAT, Answers, Found, decode, encode
from arkcore.survey.report import Result
from arkcore.survey.site import Node, Site

HOSTILE = "\x1b]0;pwned\x07 \x9b2J \x7f \u202e \u2028 \u2029 \r \x85 \ud800 end"

#: Every character but those that printing makes of its own: texts of all scripts and controls.
TEXTS = st.text(st.characters(), max_size=40) | st.text("\x1b[]0;m\x07\x9b\r\x85\u202e\u2066a\n")


def raw(text: str) -> set[str]:
    """The characters of `text` that a terminal could obey."""
    return {each for each in text if each not in "\n\u3000\u00a0" and not each.isprintable()}


def test_every_module_of_the_command_line_prints_through_one_place() -> None:
    """`put`, `show` and the console; the client of a drill writes into our own pipe."""
    root = Path(arkcore.cli.__file__).parent
    found = []
    for path in sorted(root.rglob("*.py")):
        if path.name in ("output.py", "styled.py", "client_program.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            direct = called in ("print", "Console", "rich.print", "click.echo", "click.secho")
            stream, _, does = called.rpartition(".")
            writes = stream in ("sys.stdout", "sys.stderr", "sys.stdout.buffer")
            if direct or (writes and does not in ("flush", "isatty", "fileno")):
                found.append(f"{path.relative_to(root)}:{node.lineno}: {called}")
        if "from rich.text import" in path.read_text():
            found.append(f"{path.relative_to(root)}: rich.text; use arkcore.cli.styled.Text")
    assert found == []


@settings(deadline=None)  # the machine may be busy
@given(TEXTS)
def test_a_line_holds_no_control_character(text: str) -> None:
    stream = io.StringIO()
    put(text, to=stream)
    assert raw(stream.getvalue()) == set()
    assert stream.getvalue().count("\n") == text.count("\n") + 1


@settings(deadline=None)  # the machine may be busy
@given(TEXTS, st.booleans())
def test_a_console_holds_no_control_character(text: str, terminal: bool) -> None:
    stream = io.StringIO()
    out = SafeConsole(
        file=stream, force_terminal=terminal, width=40, color_system=None, markup=False
    )
    table = Table(box=None)
    table.add_column("HEAD", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(text, "bold"), text)
    out.print(text, soft_wrap=True)
    show(out, Group(Padding(table, (0, 0, 0, 2)), Text(text)))
    with Live(console=out, auto_refresh=False) as live:
        live.update(Text(text))
    written = stream.getvalue()
    for own in ("\x1b[?25l", "\x1b[?25h", "\x1b[1A", "\x1b[2K", "\r"):  # of Live, on a terminal
        written = written.replace(own, "") if terminal else written
    assert raw(written) == set()


@settings(deadline=None)  # the machine may be busy
@given(st.lists(TEXTS, max_size=4) | st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_json_stays_json_and_holds_no_control_character(facts: object) -> None:
    stream = io.StringIO()
    with redirect_stdout(stream):
        print_json(facts)
    assert raw(stream.getvalue()) == set()
    assert json.loads(stream.getvalue()) == facts


@settings(deadline=None)  # the machine may be busy
@given(TEXTS)
def test_markdown_of_a_foreign_text_is_one_line_without_markup(text: str) -> None:
    told = markdown(text)
    assert raw(told) == set()
    assert "\n" not in told
    assert not {*"<>"} & {*told}
    for sign in "|[]":
        assert told.replace("\\\\", "").replace(f"\\{sign}", "").count(sign) == 0


def test_a_safe_text_is_left_as_it_is() -> None:
    text = "ノード1:\u3000稼働中\n  état\u00a0: bon"
    assert safe(text) == text


# The commands.


def _answers(node: str, text: str = "") -> Answers:
    return Answers(
        format=FORMAT,
        salt="",
        node=node,
        taken_at=0.0,
        site={},
        node_file={},
        versions={f"arkcore{text}": f"1{text}"},
        addresses=[],
        virtual={},
        disks={},
        mounted=[],
        time_source="",
        offset=None,
        manager_installed=True,
        resources={},
        findings=[Found(f"check{text}", Level.FAIL, text, text, f"T{text}")],
    )


@settings(deadline=None)  # the machine may be busy
@given(TEXTS)
def test_a_peer_s_file_is_shown_and_not_obeyed(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()  # as it may stand in a file
    nodes = (Node("one", "192.0.2.1", ()), Node("two", "192.0.2.2", ()))
    site = Site("standby", "lifekeeper", nodes, ())
    data = encode(_answers("two", text))
    assert raw(data.decode()) == set()
    result = Result(site, _answers("one"), decode(data, "x"), [])
    stream = io.StringIO()
    with redirect_stdout(stream):
        _show(result)
        print_json(result.facts())
    report = result.markdown(0.0)
    assert raw(stream.getvalue()) == set()
    assert raw(report) == set()
    assert "<" not in report
    *_, row = [line for line in report.splitlines() if line.startswith("| T")]
    assert row.replace("\\\\", "").replace("\\|", "").count("|") == 6


@pytest.fixture
def hostile(node: ToyNode) -> Iterator[ToyNode]:
    """A node whose status command, start and processes say what a terminal would obey."""
    node.hooks(
        f"""
        from arkcore import Status, StatusReport
        def ark_status(ctx, default):
            return StatusReport(Status.PARTIAL, {HOSTILE!r})
        def ark_start(ctx, default):
            ctx.log.warning({HOSTILE!r})
            ctx.run(["/bin/printf", {HOSTILE[:30]!r}])
            raise OSError({HOSTILE!r})
        """
    )
    yield node
    (node.home / "hooks.py").unlink()  # so that it can be cleared away in the ordinary way


def test_no_command_prints_a_control_character(hostile: ToyNode, ark) -> None:
    hostile.configure(timers={"restore.process": 1, "quickcheck.confirm": 0.1})
    for words in (
        ("run", "restore", "toy1"),
        ("run", "quickcheck", "toy1"),
        ("status",),
        ("status", "toy1", "--json"),
        ("log",),
        ("log", "--json"),
        ("validate", "toy1"),
        ("timers", "toy1"),
        ("maintenance", "toy1", "on"),
    ):
        told = ark(*words)
        assert (words, raw(told.stdout + told.stderr)) == (words, set())
        if words[0] in ("status", "log") or words[:2] == ("run", "restore"):
            assert "pwned" in told.stdout + told.stderr


def test_a_status_with_sequences_is_told_whole(hostile: ToyNode, ark) -> None:
    assert "\\x1b]0;pwned\\x07 \\x9b2J" in ark("status", "toy1").stdout
    [facts] = json.loads(ark("status", "toy1", "--json").stdout)
    assert facts["detail"].startswith("\x1b]0;pwned\x07 \x9b2J")


def test_a_terminal_is_shown_the_same(hostile: ToyNode) -> None:
    paths = Paths(str(hostile.prefix))
    view = View(paths, "toy1", cluster_of(paths, "toy1", {}))
    view.take(StatusReport(Status.PARTIAL, HOSTILE))
    stream = io.StringIO()
    out = SafeConsole(file=stream, force_terminal=True, color_system=None, width=100)
    out.print(in_short([view], 100))
    out.print(in_full(view))
    assert raw(stream.getvalue()) == set()
    assert "pwned" in stream.getvalue()
