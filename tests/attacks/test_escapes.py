"""Attacks by text: what others write must be shown on a terminal, never obeyed by it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacks.people import Person
from attacks.sites import write_site
from attacks.terminals import Terminal
from attacks.victim import Victim

#: Clear the screen, set the title, answer back, C1 controls, right-to-left, line ends.
EVIL = "\x1b[2J\x1b]0;pwned\x07\x9b5n\u202egnp\r\nroot#\x08\x7f\u2028"
#: What no text of others may bring to a terminal.
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


def evil_printf(octal: str = "") -> str:
    return "printf '" + "".join(f"\\{each:03o}" for each in EVIL.encode()) + octal + "'"


def is_shown(text: str) -> None:
    """The text holds no control character of EVIL's; colours of our own apart."""
    ours = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r\n", "\n")
    ours = re.sub(r"\x1b\[\?2004[hl]", "", ours)
    found = RAW.search(ours)
    assert found is None, repr(ours[max(0, found.start() - 60) : found.end() + 20])


@pytest.fixture
def loud(app_victim: Victim, app: Person) -> Victim:
    """A node whose status command writes control characters as its last line."""
    app_victim.command("status", f"#!/bin/sh\n{evil_printf()}\necho\n{evil_printf()}\nexit 3\n")
    app_victim.configure(user=app.name)
    return app_victim


@pytest.fixture
def terminal(app_victim: Victim) -> Iterator[Terminal]:
    made = Terminal(app_victim)
    yield made
    made.close()


@pytest.mark.parametrize("words", [["status"], ["status", "web"]], ids=["short", "full"])
def test_status_on_a_pipe_shows_a_status_command_s_escapes(loud: Victim, words: list[str]) -> None:
    """The last line of a status command holds control characters; the output is a pipe."""
    is_shown(loud.ark(*words).output)


@pytest.mark.parametrize("words", ["status", "status web"], ids=["short", "full"])
def test_status_on_a_terminal_shows_a_status_command_s_escapes(
    loud: Victim, terminal: Terminal, words: str
) -> None:
    """The last line of a status command holds control characters; a terminal shows it."""
    shown = terminal.typed(f"ark {words}")
    assert "pwned" not in shown or "\x1b]0;pwned" not in shown
    assert "\x1b[2J" not in shown


def test_status_in_json_holds_escapes_as_escapes(loud: Victim) -> None:
    """The same in JSON, whose reader gets text and whose viewer gets no control character."""
    text = loud.ark("status", "web", "--json").output
    assert json.loads(text)[0]["status"]
    assert RAW.search(text) is None


@pytest.mark.parametrize("words", ["run quickcheck web", "run remove web --force", "log"])
def test_commands_on_a_terminal_show_escapes(loud: Victim, terminal: Terminal, words: str) -> None:
    """`ark run` and `ark log` of what a status command wrote."""
    loud.act("quickcheck")
    shown = terminal.typed(f"ark {words}")
    assert "\x1b]0;pwned" not in shown
    assert "\x1b[2J" not in shown


@pytest.mark.parametrize("action", ["restore", "quickcheck", "remove"])
def test_a_program_s_stderr_shows_escapes(loud: Victim, action: str) -> None:
    """What LifeKeeper's dialogue shows of an action."""
    loud.command("start", f"#!/bin/sh\n{evil_printf()}\nexit 1\n")
    loud.configure(user="ark-app", timers={"restore.process": 2, "restore.cleanup": 1})
    is_shown(loud.act(action).output)


NAME = """
libc = ctypes.CDLL(None)
libc.prctl(15, ctypes.c_char_p(bytes.fromhex(sys.argv[1])))
print("ready", flush=True)
time.sleep(60)
"""


def test_status_shows_a_process_s_name(victim: Victim) -> None:
    """A process of the application's is called ESC ]0; and so on."""
    victim.command(
        "start",
        f"#!/bin/sh\ncp {victim.home}/daemon '{victim.home}/data/{chr(27)}]0;pwn'\n"
        f"setsid '{victim.home}/data/{chr(27)}]0;pwn' 1000 </dev/null >/dev/null 2>&1 &\n"
        f"echo $! >{victim.home}/run/web.pid\n",
    )
    victim.configure()
    assert victim.act("restore").code == 0
    victim.command("status", "#!/bin/sh\nexit 3\n")
    for words in (["status"], ["status", "web"]):
        is_shown(victim.ark(*words).output)
    is_shown(victim.act("quickcheck").output)
    is_shown(victim.ras)


def test_status_shows_a_stranger_s_process_name(victim: Victim, stranger: Person) -> None:
    """A stranger's process has such a name, and a forged mark."""
    victim.configure()
    mark = {"ARK_ACTION": "web:0", "ARK_PREFIX": str(victim.prefix)}
    stranger.python(NAME, b"\x1b]0;pwned\x07".hex(), environment=mark)
    for words in (["status"], ["status", "web"]):
        is_shown(victim.ark(*words).output)


# The peer's file.


@pytest.fixture
def peer(victim: Victim) -> Path:
    """A peer's answers in which every text holds control characters."""
    victim.configure()
    write_site(victim, {"web": "command"})
    path = victim.top / "peer.json"
    victim.ark("preflight", "--export", path)
    answers = json.loads(path.read_text())
    answers["node"] = "ark-other-node"
    path.write_text(json.dumps(poisoned(answers)))
    return path


def poisoned(value: object, key: str = "") -> object:
    if isinstance(value, str) and key not in ("node", "level", "time_source"):
        return f"{value}{EVIL}<script>x</script>|# x\n| [a](http://x)"
    if isinstance(value, list):
        return [poisoned(each) for each in value]
    if isinstance(value, dict):
        return {name: poisoned(each, name) for name, each in value.items()}
    return value


def test_preflight_shows_a_peer_s_escapes(victim: Victim, peer: Path) -> None:
    """The peer's answers hold control characters in every text; the output is a pipe."""
    is_shown(victim.ark("preflight", "--peer", peer).output)


def test_a_preflight_report_holds_no_escapes(victim: Victim, peer: Path) -> None:
    """The same in the Markdown of `--report`, which people open and convert to HTML."""
    victim.ark("preflight", "--peer", peer, "--report", victim.top / "report.md")
    text = (victim.top / "report.md").read_text()
    is_shown(text)
    assert "<script>" not in text


def test_a_preflight_on_a_terminal_shows_a_peer_s_escapes(victim: Victim, peer: Path) -> None:
    """The same on a terminal."""
    terminal = Terminal(victim)
    try:
        shown = terminal.typed(f"ark preflight --peer {peer}", within=60)
    finally:
        terminal.close()
    assert "\x1b]0;pwned" not in shown
    assert "\x1b[2J" not in shown


# Our own files, written by others.


def test_values_of_a_resource_file_are_shown(victim: Victim) -> None:
    """Keys and values of a resource file hold control characters."""
    evil = json.dumps(EVIL)
    victim.configure()
    path = victim.resources / "web.toml"
    for line in (f"{evil} = 1", f"plugin = {evil}", f"logical_host = {evil}"):
        path.write_text(line + '\nplugin = "command"\nlogical_host = "x"\n')
        for words in (["validate"], ["status"]):
            is_shown(victim.ark(*words).output)


def test_state_that_others_wrote_is_shown(victim: Victim) -> None:
    """Verdict, blindness and lock hold control characters in their texts."""
    victim.configure()
    victim.restore()
    now = time.time()
    for name, value in {
        "verdict.json": {"action": EVIL, "outcome": EVIL, "reason": EVIL, "at": now},
        "blind.json": {"since": now, "reason": EVIL},
    }.items():
        victim.state(name).write_text(json.dumps(value))
    for words in (["status"], ["status", "web"], ["log"]):
        is_shown(victim.ark(*words).output)


def test_a_site_file_s_texts_are_shown(victim: Victim) -> None:
    """The site file holds control characters."""
    victim.configure()
    write_site(victim, {"web": "command"})
    path = victim.prefix / "etc/ark/site.toml"
    text = path.read_text()
    for old in ('"standby"', '"LHWEB"', '"/dev/null"', '"ark-other-node"'):
        path.write_text(text.replace(old, json.dumps(EVIL)))
        for words in (["preflight"], ["guide"]):
            is_shown(victim.ark(*words).output)


def test_file_names_are_shown(victim: Victim) -> None:
    """Names of files among ours hold control characters."""
    victim.configure()
    victim.restore()
    for place in (
        victim.resources,
        victim.prefix / "var/log/ark/blackbox",
        victim.prefix / "var/lib/ark/maintenance",
        victim.prefix / "var/lib/ark/records",
    ):
        place.mkdir(parents=True, exist_ok=True)
        for ending in (".toml", ".json", "-20260101-000000-1-1.txt"):
            (place / f"web{EVIL.replace('/', '')}{ending}").write_text("{}")
    for words in (["status"], ["validate"], ["log"], ["maintenance"], ["timers"]):
        is_shown(victim.ark(*words).output)


def test_a_plugin_s_texts_are_shown(victim: Victim, stranger: Person) -> None:
    """A resource's plugin has a name that is made of control characters."""
    path = victim.configure()
    path.write_text(path.read_text().replace('"command"', json.dumps(EVIL)))
    for words in (["validate"], ["status"], ["plugins"], ["guide"]):
        is_shown(victim.ark(*words).output)


def test_a_peer_s_node_name_is_shown(victim: Victim, peer: Path) -> None:
    """The peer says that its name is made of control characters."""
    answers = json.loads(peer.read_text())
    answers["node"] = EVIL
    peer.write_text(json.dumps(answers))
    is_shown(victim.ark("preflight", "--peer", peer).output)


# The RAS log.


FORGERIES = {
    "newline": "\\n",
    "return": "\\r",
    "next line": "\\302\\205",
    "line separator": "\\342\\200\\250",
    "vertical tab": "\\v",
    "form feed": "\\f",
    "file separator": "\\034",
    "zero": "\\000",
}
_FORGED = "[2026/01/01 00:00:00] : web : LHWEB : Remove completed."


@pytest.mark.parametrize("end", FORGERIES.values(), ids=FORGERIES)
def test_output_forges_no_line_of_the_ras_log(victim: Victim, end: str) -> None:
    """A product writes lines that look like the RAS log's, after all kinds of line ends."""
    victim.command("start", f"#!/bin/sh\nprintf 'x{end}{_FORGED}{end}'\nexit 1\n")
    victim.configure(timers={"restore.process": 2, "restore.cleanup": 1})
    victim.act("restore")
    data = (victim.prefix / "var/log/ark/ras.log").read_bytes()
    assert not any(line.startswith(_FORGED.encode()) for line in data.splitlines())
    assert not any(line.startswith(_FORGED) for line in data.decode().splitlines())


def test_an_endless_line_forges_nothing(victim: Victim) -> None:
    """A product writes one line of 70 kB, with combining and right-to-left characters."""
    line = "'" + "́‮x" * 200 + "'"
    victim.command("start", f"#!/bin/sh\nfor i in $(seq 100); do printf {line}; done\nexit 1\n")
    victim.configure(timers={"restore.process": 2, "restore.cleanup": 1})
    victim.act("restore")
    data = (victim.prefix / "var/log/ark/ras.log").read_bytes()
    assert all(len(each) <= 1000 for each in data.splitlines(keepends=True))
    is_shown(data.decode())


def test_a_forged_black_box_is_not_listed(victim: Victim) -> None:
    """A product writes "black box /etc/shadow.txt"; `ark log` lists black boxes."""
    victim.command("start", "#!/bin/sh\necho 'x; black box /etc/shadow.txt'\nexit 1\n")
    victim.configure(timers={"restore.process": 2, "restore.cleanup": 1})
    victim.act("restore")
    ended = victim.ark("log", "web")
    listed = ended.output.partition("Black boxes named above:")[2]
    assert "/etc/shadow.txt" not in listed
    boxes = json.loads(victim.ark("log", "web", "--lines", "--json").output)
    assert "/etc/shadow.txt" not in [each["black_box"] for each in boxes]
