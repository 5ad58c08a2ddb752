"""ARK_TRACE and log.trace: every hook call is told, and nothing that is told changes a verdict."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import PROGRAMS, ToyNode

from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launcher

CALL = re.compile(r"(ark_\w+)\((.*)\) (returned|raised) (.*) after (\d+\.\d{3}) s$")


def calls(text: str) -> list[tuple[str, str, str, str]]:
    """Hook, arguments, how it came out and with what, of each call that is told."""
    found = [CALL.search(line) for line in text.splitlines()]
    return [match.groups()[:4] for match in found if match]


@pytest.fixture
def traced(node: ToyNode) -> Path:
    """The file that ark.toml has every call told in."""
    path = node.prefix / "trace.log"
    (node.prefix / "etc/ark/ark.toml").write_text(f'[log]\ntrace = "{path}"\n')
    return path


def test_every_call_is_told_with_arguments_result_and_time(node):
    program = node.start("restore", ARK_TRACE="1")
    assert program.end() == 0
    told = calls(program.stderr)
    first = ["ark_application", "ark_status", "ark_processes", "ark_start", "ark_status"]
    assert [hook for hook, *_ in told[:5]] == first
    assert told[0] == ("ark_application", "", "returned", "Application 'toy', api 1")
    arguments = rf"ctx: toy1, LHOST1, \d+\.\d s left; home='{node.home}', number=1, .*"
    assert re.fullmatch(arguments, told[3][1])
    assert told[1][2:] == ("returned", "STOPPED")
    assert told[3][2:] == ("returned", "None")
    # The first question after the start may come before the daemon.
    last = {hook: end for hook, _, *end in told}
    assert last["ark_status"] == ["returned", "RUNNING"]
    assert re.fullmatch(r"\[\d+ daemon \(\w\)\]", last["ark_processes"][1])
    assert program.stderr.startswith("ark: toy1 : LHOST1 : ark_application() returned ")


def test_a_quickcheck_which_calls_hooks_another_way_is_told_too(node):
    assert node.run("restore") == 0
    program = node.start("quickcheck", ARK_TRACE="1")
    assert program.end() == 0
    assert {"ark_status", "ark_processes"} <= {hook for hook, *_ in calls(program.stderr)}


@pytest.mark.parametrize("value", ["", "0"])
def test_it_is_off_unless_asked_for(node, value):
    program = node.start("restore", ARK_TRACE=value)
    assert (program.end(), program.stderr) == (0, "")


def test_it_is_shown_by_ark_run(node):
    done = subprocess.run(
        [PROGRAMS / "ark", "run", "quickcheck", "toy1"],
        env={"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin", "ARK_TRACE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "ark_status" in {hook for hook, *_ in calls(done.stderr)}
    assert not calls(done.stdout)


def test_a_launcher_takes_no_word_of_the_environment_and_the_node_file_s(node, traced, tmp_path):
    program = tmp_path / "toy1"
    program.write_text(launcher(Action.RESTORE, str(node.prefix)))
    program.chmod(0o755)
    done = subprocess.run(
        [program, "-t", "toy1"],
        env={"ARK_TRACE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "ark_start" in {hook for hook, *_ in calls(traced.read_text())}


def test_the_file_is_switched_on_and_off_between_two_calls(node, traced):
    assert node.run("restore") == 0
    assert node.run("quickcheck") == 0
    before = traced.read_text()
    assert before.count("ark_status") >= 2
    (node.prefix / "etc/ark/ark.toml").write_text("")
    assert node.run("quickcheck") == 0
    assert traced.read_text() == before
    (node.prefix / "etc/ark/ark.toml").write_text(f'[log]\ntrace = "{traced}"\n')
    assert node.run("quickcheck") == 0
    assert len(traced.read_text()) > len(before)


def test_no_line_of_it_stands_in_the_ras_log(node, traced):
    assert node.run("restore") == 0
    assert not calls("\n".join(node.ras))


def test_an_error_of_a_hook_is_told_and_goes_on_as_it_was(node):
    node.hooks("def ark_start(ctx, default):\n    raise ValueError('no', ctx)\n")
    program = node.start("restore", ARK_TRACE="1")
    assert program.end() == 1
    told = [each for each in calls(program.stderr) if each[0] == "ark_start"]
    what, error = told[0][2:]
    assert what == "raised"
    assert error.startswith("ValueError('no', <arkcore.context.context.Context>) at /")
    assert error.endswith("/hooks.py, line 2")
    assert any("ValueError: ('no'," in message for message in node.ras)


#: What a plugin can answer to spite whoever tells it.
SPITEFUL = """
    import time
    from arkcore import Status, StatusReport
    class Spiteful(StatusReport):
        def __repr__(self): time.sleep(1000)
        __str__ = __repr__
    class Once:
        def __init__(self, found): self.found = found
        def __iter__(self): return iter(self.found)
        def __repr__(self): raise SystemExit(3)
    def ark_status(ctx, default):
        found = default(ctx)
        return Spiteful(found.status, found.detail)
    def ark_processes(ctx, default):
        return (each for each in default(ctx))   # can be read once, and by the engine
    def ark_start(ctx, default):
        default(ctx)
        return Once([])
"""


def test_nothing_of_an_answer_is_touched_for_telling_it(node):
    node.hooks(SPITEFUL)
    assert node.start("restore", ARK_TRACE="1").end(timeout=30) == 0
    program = node.start("quickcheck", ARK_TRACE="1")
    assert program.end(timeout=30) == 0
    kinds = {hook: result for hook, _, _, result in calls(program.stderr)}
    assert re.fullmatch(r"<.*\bSpiteful>", kinds["ark_status"])
    assert kinds["ark_processes"] == "<builtins.generator>"
    assert node.start("remove", ARK_TRACE="1").end(timeout=30) == 0


def test_a_trace_that_cannot_be_written_changes_no_verdict(node):
    (node.prefix / "etc/ark/ark.toml").write_text('[log]\ntrace = "/proc/nowhere/trace.log"\n')
    program = node.start("restore")
    assert program.end() == 0
    assert program.stderr.startswith("ark: cannot write the trace /proc/nowhere/trace.log: ")


def test_nobody_reads_stderr_and_the_action_goes_on(node):
    process = subprocess.Popen(
        [PROGRAMS / "ark-restore", "-t", "toy1"],
        env={"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin", "ARK_TRACE": "1"},
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait(timeout=30) == 0


def test_an_option_that_may_be_a_secret_is_not_told():
    program = (
        "from arkcore import option\n"
        "from arkcore.plugin.application import make_options\n"
        "from arkcore.plugin.trace import _context\n"
        "class Options:\n"
        "    admin_password: str = option('')\n"
        "    api_token: str = option('')\n"
        "    port: int = option(1)\n"
        "class Ctx:\n"
        "    resource, logical_host = 'r', 'h'\n"
        "    options = make_options(Options, {'admin_password': 'pw', 'api_token': 'tk'})\n"
        "    class deadline:\n"
        "        remaining = staticmethod(lambda: 1.0)\n"
        "print(_context(Ctx()))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "r, h, 1.0 s left; admin_password=***, api_token=***, port=1\n"


def test_observers_are_told_too(node):
    (node.prefix / "etc/ark/ark.toml").write_text('observers = ["toy-observer"]\n')
    program = node.start("restore", ARK_TRACE="1")
    assert program.end() == 0
    told = {hook: arguments for hook, arguments, *_ in calls(program.stderr)}
    assert told["ark_action_started"] == (
        "resource='toy1', logical_host='LHOST1', action='restore'"
    )
    assert "outcome='well'" in told["ark_action_finished"]


def test_it_costs_a_healthy_check_nothing_when_it_is_off(node):
    assert node.run("restore") == 0
    program = (
        "import sys; sys.argv[0] = 'x'\n"
        "import json, os\n"
        "from arkcore.managers.lifekeeper import main\n"
        "from arkcore.base.call import Action\n"
        "code = main(Action.QUICK_CHECK, sys.argv[1], ['x', '-t', 'toy1'])\n"
        "print(json.dumps([code, 'arkcore.plugin.trace' in sys.modules]))\n"
    )
    node.hooks(
        "import sys\n"
        "def ark_status(ctx, default):\n"
        "    open(ctx.options.home + '/modules', 'w').write(' '.join(sys.modules))\n"
        "    return default(ctx)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(node.prefix)], capture_output=True, text=True
    )
    assert json.loads(done.stdout) == [0, False]
    assert "arkcore.plugin.trace" not in (node.home / "modules").read_text().split()
