"""A start that the product refuses fails soon, with the product's words."""

from __future__ import annotations

import json

import pytest
from support import ToyNode, wait_for

#: Far more than a slow machine adds to the seconds in which a refused start is found out.
SOON = 20


class App:
    """An application of the plugin `command` whose commands are shell scripts."""

    def __init__(self, node: ToyNode) -> None:
        self.node = node
        self.home = node.home
        self.pid_file = node.home / "app.pid"

    def configure(self, start: str, status: str = "", restore: float = 60) -> None:
        told = f'pid_file = "{self.pid_file}"'
        if status:
            told = f"status = {json.dumps(['/bin/sh', '-c', status])}\n[options.status_codes]\n"
            told += '"0" = "RUNNING"\n"3" = "STOPPED"\n"4" = "PARTIAL"'
        (self.node.resources / "app1.toml").write_text(
            f'plugin = "command"\nlogical_host = "H"\n[timers]\nrestore.process = {restore}\n'
            f"[options]\nstart = {json.dumps(['/bin/sh', '-c', start])}\n"
            f'stop = ["/bin/true"]\n{told}\n'
        )

    def restore(self) -> tuple[int, float, str]:
        """Return code, seconds, and the RAS log's last lines."""
        program = self.node.start("restore", "app1")
        code = program.end(timeout=120)
        return code, program.seconds, "\n".join(self.node.ras)


@pytest.fixture
def app(node: ToyNode) -> App:
    return App(node)


def daemon(app: App, after: float = 0) -> str:
    """Shell text that leaves the daemon running, `after` seconds later."""
    run = f"sleep {after}; {app.home}/daemon 1000 & echo $! >{app.pid_file}; wait"
    return f"setsid sh -c '{run}' >/dev/null 2>&1 </dev/null &"


@pytest.mark.parametrize("code", [1, 127])
def test_a_refused_start_fails_soon_with_what_the_product_said(app, code):
    app.configure(f"echo first; echo 'no such thing' >&2; echo 'I refuse'; exit {code}")
    returned, seconds, ras = app.restore()
    assert returned == 1
    assert 5 <= seconds < SOON
    assert f"nothing of it for 5 s); sh returned {code}: no such thing | I refuse" in ras


def test_a_start_that_goes_on_behind_a_bad_return_code_is_awaited(app):
    app.configure(f"{daemon(app, after=7)} exit 1")
    code, seconds, _ = app.restore()
    assert code == 0
    assert seconds > 7
    wait_for(lambda: len(app.node.daemons()) == 1)


def test_a_start_that_returned_0_is_awaited_though_nothing_is_seen(app):
    app.configure("exit 0", restore=9)
    code, seconds, _ = app.restore()
    assert code == 1
    assert seconds > 8


def test_a_bad_return_code_decides_nothing_while_some_of_it_runs(app):
    app.configure(
        "exit 1",
        status=f"test -e {app.home}/begun && exit 4 || {{ :>{app.home}/begun; exit 3; }}",
        restore=9,
    )
    code, seconds, ras = app.restore()
    assert code == 1
    assert seconds > 8
    assert "seen PARTIAL" in ras


def test_the_last_answer_tells_the_cause_where_no_time_was_left_to_ask_again(app):
    begun = app.home / "begun"
    partly = "{ sleep .4; echo 'one of two'; exit 4; }"
    app.configure(":", status=f"test -e {begun} && {partly}; :>{begun}; exit 3", restore=5)
    code, _, ras = app.restore()
    assert code == 1
    assert "Expected RUNNING, seen PARTIAL (sh returned 4: one of two)" in ras
    assert "cannot be run" not in ras
