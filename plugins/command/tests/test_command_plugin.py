"""The user's commands: what their return codes mean, and what is done where they are missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ark_command
import pytest
from ark_command import Command

import arkcore
from arkcore import Level, Status, StepFailed
from arkcore.context.context import engine_side
from arkcore.plugin.application import check_declaration
from arkcore.plugin.contract import check_hooks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.context.context import Context

    MakeContext = Callable[..., Context]
    Script = Callable[[str, str], str]
    Live = Callable[..., subprocess.Popen[bytes]]
    Marked = Callable[[Context], dict[str, str]]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can run as somebody else")


def returning(code: object) -> list[str]:
    return ["/bin/sh", "-c", f"exit {code}"]


# The contract.


def test_it_keeps_the_contract() -> None:
    check_hooks(Command(), "command")
    application = check_declaration(Command().ark_application(), "command")
    assert not application.runs_as_processes
    assert not application.logical_host.exclusive


def test_a_healthy_check_imports_nothing_heavy() -> None:
    paths = [str(Path(module.__file__ or "").parents[1]) for module in (arkcore, ark_command)]
    heavy = ("re", "dataclasses", "typing", "inspect", "subprocess", "socket", "ipaddress")
    program = (
        f"import sys; sys.path[:0] = {paths!r}\n"
        f"import ark_command, arkcore.context.pid_file, arkcore.context.services\n"
        f"ark_command.Command().ark_application()\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


# Status by return code.


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, Status.RUNNING),
        (1, Status.STOPPED),
        (2, Status.STOPPED),
        (3, Status.STOPPED),
        (4, Status.UNKNOWN),
        (127, Status.UNKNOWN),
        (150, Status.UNKNOWN),
    ],
)
def test_return_codes_mean_what_lsb_says(
    make_context: MakeContext, code: int, status: Status
) -> None:
    assert Command().ark_status(make_context(status=returning(code))).status is status


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, Status.RUNNING),
        (5, Status.STARTING),
        (3, Status.PARTIAL),
        (99, Status.PARTIAL),
        (126, Status.UNKNOWN),
        (127, Status.STOPPED),
    ],
)
def test_the_table_in_the_file_replaces_them(
    make_context: MakeContext, code: int, status: Status
) -> None:
    table = {"0": "RUNNING", "5": "STARTING", "127": "STOPPED", "other": "PARTIAL"}
    ctx = make_context(status=returning(code), status_codes=table)
    assert Command().ark_status(ctx).status is status


def test_the_last_line_written_is_told(make_context: MakeContext) -> None:
    ctx = make_context(status=["/bin/sh", "-c", "echo first; echo no listener; exit 3"])
    assert Command().ark_status(ctx).detail == "sh returned 3: no listener"


def test_a_late_status_is_unknown(make_context: MakeContext) -> None:
    ctx = make_context(seconds=0.2, status=["/bin/sleep", "300"])
    report = Command().ark_status(ctx)
    assert report.status is Status.UNKNOWN
    assert "had not ended" in report.detail


def test_a_status_ended_by_a_signal_is_unknown(make_context: MakeContext) -> None:
    table = {"0": "RUNNING", "other": "STOPPED"}
    ctx = make_context(status=["/bin/sh", "-c", "kill -9 $$"], status_codes=table)
    assert Command().ark_status(ctx).status is Status.UNKNOWN


def test_a_status_that_cannot_be_run_is_unknown(make_context: MakeContext, tmp_path: Path) -> None:
    ctx = make_context(status=[str(tmp_path)])
    report = Command().ark_status(ctx)
    assert report.status is Status.UNKNOWN
    assert "cannot be run" in report.detail


# Where the commands are not here.


@pytest.mark.parametrize("interpreter", [(), ("/bin/sh",), (sys.executable, "-u")])
def test_neither_status_nor_start_here_is_stopped(
    make_context: MakeContext, tmp_path: Path, interpreter: tuple[str, ...]
) -> None:
    away = tmp_path / "not-mounted"
    ctx = make_context(
        start=[*interpreter, f"{away}/start"], status=[*interpreter, f"{away}/status"]
    )
    report = Command().ark_status(ctx)
    assert report.status is Status.STOPPED
    assert report.detail.startswith("not here: neither ")


def test_neither_here_but_processes_live_is_unknown(
    make_context: MakeContext, live: Live, marked: Marked, tmp_path: Path
) -> None:
    ctx = make_context(start=[f"{tmp_path}/start"], status=[f"{tmp_path}/status"])
    child = live(**marked(ctx))
    report = Command().ark_status(ctx)
    assert report.status is Status.UNKNOWN
    assert f"{child.pid} sleep" in report.detail


def test_a_start_without_its_status_is_unknown(make_context: MakeContext, tmp_path: Path) -> None:
    ctx = make_context(start=["/bin/sh", "-c", "true"], status=[f"{tmp_path}/status"])
    report = Command().ark_status(ctx)
    assert report.status is Status.UNKNOWN
    assert report.detail == f"status command {tmp_path}/status does not exist"


# Start, stop, forced stop.


def test_commands_get_their_environment_and_no_shell(
    make_context: MakeContext, script: Script, tmp_path: Path
) -> None:
    start = script("start", f'printf "%s|%s|%s" "$1" "$COLOUR" "$LEAK" >{tmp_path}/out')
    ctx = make_context(start=[start, "$HOME;*"], env={"COLOUR": "blue"}, status=["/bin/true"])
    os.environ["LEAK"] = "yes"
    try:
        Command().ark_start(ctx)
    finally:
        del os.environ["LEAK"]
    assert (tmp_path / "out").read_text() == "$HOME;*|blue|"


@as_root
def test_commands_are_run_as_their_user(make_context: MakeContext) -> None:
    status = ["/bin/sh", "-c", 'test "$(id -un)" = nobody || exit 3']
    ctx = make_context(status=status, user="nobody")
    assert Command().ark_status(ctx).status is Status.RUNNING


def test_output_is_read_in_its_encoding(make_context: MakeContext) -> None:
    status = ["/bin/sh", "-c", "printf '\\222\\342\\216\\176'; exit 3"]
    ctx = make_context(status=status, encoding="cp932")
    assert Command().ark_status(ctx).detail.endswith(": 停止")


def test_a_starts_return_code_is_not_judged(make_context: MakeContext) -> None:
    Command().ark_start(make_context(start=returning(1), status=["/bin/true"]))


def test_a_start_that_cannot_be_run_has_failed(make_context: MakeContext, tmp_path: Path) -> None:
    ctx = make_context(start=[f"{tmp_path}/start"], status=["/bin/true"])
    with pytest.raises(StepFailed, match="cannot be run"):
        Command().ark_start(ctx)


def test_what_a_start_made_is_listed(make_context: MakeContext) -> None:
    start = ["/bin/sh", "-c", "setsid sleep 300 >/dev/null 2>&1 &"]
    ctx = make_context(start=start, status=["/bin/true"])
    command = Command()
    engine_side(ctx).step.kind = "start"
    command.ark_start(ctx)
    assert ctx.wait_until(
        lambda: [each.name for each in command.ark_processes(ctx)] == ["sleep"], within=5
    )
    command.ark_force_stop(ctx)
    assert command.ark_processes(ctx) == []


@pytest.mark.parametrize("code", [0, 3])
def test_a_stop_is_accepted_by_its_codes(make_context: MakeContext, code: int) -> None:
    ctx = make_context(stop=returning(code), stop_codes=[0, 3], status=["/bin/true"])
    Command().ark_stop(ctx)


def test_a_stop_that_refuses_has_failed(make_context: MakeContext) -> None:
    ctx = make_context(stop=returning(1), stop_codes=[0, 3], status=["/bin/true"])
    with pytest.raises(StepFailed, match=r"^sh returned 1, expected 0 or 3$"):
        Command().ark_stop(ctx)


def test_a_late_stop_has_failed(make_context: MakeContext) -> None:
    ctx = make_context(seconds=0.2, stop=["/bin/sleep", "300"], status=["/bin/true"])
    with pytest.raises(StepFailed, match=r"^sleep had not ended"):
        Command().ark_stop(ctx)


@pytest.mark.parametrize("code", [0, 1])
def test_the_users_forced_stop_is_run(
    make_context: MakeContext, script: Script, tmp_path: Path, code: int
) -> None:
    force = script("force", f"echo $1 >{tmp_path}/out; exit {code}")
    Command().ark_force_stop(make_context(force_stop=[force, "-9"], status=["/bin/true"]))
    assert (tmp_path / "out").read_text() == "-9\n"


def test_a_hung_forced_stop_leaves_half_the_time(make_context: MakeContext) -> None:
    ctx = make_context(seconds=2, force_stop=["/bin/sleep", "300"], status=["/bin/true"])
    Command().ark_force_stop(ctx)
    assert not ctx.deadline.passed


# Preflight.


def test_preflight_looks_at_each_command_and_the_user(
    make_context: MakeContext, script: Script, tmp_path: Path
) -> None:
    unsafe, plain = script("unsafe", "true"), script("plain", "true")
    os.chmod(unsafe, 0o777)
    os.chmod(plain, 0o644)
    ctx = make_context(
        start=[script("start", "true")],
        stop=["/bin/sh", unsafe],
        force_stop=[f"{tmp_path}/missing"],
        status=[str(tmp_path / "noexec")],
        user="no-such-user",
    )
    (tmp_path / "noexec").write_text("")
    found = {each.check: each.level for each in Command().ark_preflight(ctx)}
    assert found == {
        "options.start": Level.OK,
        "options.stop": Level.WARN,
        "options.force_stop": Level.WARN,
        "options.status": Level.FAIL,
        "options.user": Level.FAIL,
    }
