"""LifeKeeper's calls: which resource is meant, what is refused, and what the exit code says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkcore.base.call import Action
from arkcore.base.errors import ConfigurationError
from arkcore.base.status import Outcome, Verdict
from arkcore.managers.lifekeeper import (
    LifeKeeper,
    check_tag,
    find_lifekeeper,
    launcher,
    main,
    tag_of,
)
from arkcore.resources.timers import Timers

COPY = "/opt/LifeKeeper/subsys/gen/resources/app/actions/!restore/lkjp1_base"


# The tag.


@pytest.mark.parametrize(
    "arguments",
    [
        "-t TAG -i ID",
        "-i ID -t TAG",
        "-tTAG -iID",
        "-t TAG",
        "-d other -t TAG",
        "-t TAG -d other -n ID",
        "-C class -E event -m monitor -n object -t TAG",
        "-t TAG -t TAG",
        "--verbose -x 1 2 3 -t TAG trailing words",
        "-t TAG -i",
        "-d TAG -n ID",
        "-n ID -dTAG",
        "-d TAG -t",
    ],
)
def test_the_tag_is_found_in_any_order_among_unknown_options(arguments: str) -> None:
    assert tag_of([COPY, *arguments.split()]) == "TAG"


@pytest.mark.parametrize(
    "arguments",
    ["", "-i ID", "-C class -E event -m monitor -n object", "-t", "-d", "--tag=X", "word"],
)
def test_without_a_tag_the_copy_s_name_is_the_tag(arguments: str) -> None:
    assert tag_of([COPY, *arguments.split()]) == "lkjp1_base"


@pytest.mark.parametrize("arguments", [["-t", ""], ["-i", "ID", "-t", ""], ["-t", "", "-d", "x"]])
def test_an_empty_tag_is_refused(arguments: list[str]) -> None:
    """A variable that is not set: the copy's name is not what its caller means."""
    with pytest.raises(ConfigurationError, match="arguments: -t '' names no tag; give -t TAG"):
        tag_of([COPY, *arguments])


@pytest.mark.parametrize("option", ["-t", "-d"])
def test_two_tags_are_ambiguous(option: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tag_of([COPY, option, "one", option, "two"])
    assert str(caught.value) == f"arguments: {option} names 2 tags, one, two; one is allowed"


@pytest.mark.parametrize(
    "argv",
    [
        [],
        [""],
        ["/usr/bin/ark-restore"],
        ["/x/ark-quickcheck", "-i", "ID"],
        ["-c"],
        ["/x/"],
        # The launchers themselves, before LifeKeeper has copied them.
        ["/root/ark/restore"],
        ["/root/ark/remove", "-i", "ID"],
        ["/root/ark/quickCheck"],
        ["/root/ark/recover"],
    ],
)
def test_where_nothing_names_a_resource_the_call_is_refused(argv: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="arguments: no tag; give -t TAG"):
        tag_of(argv)


@given(st.lists(st.text(max_size=6) | st.sampled_from(["-t", "-d", "-i"]), max_size=6))
def test_whatever_the_arguments_there_is_a_tag_or_a_refusal(argv: list[str]) -> None:
    told = ""
    try:
        told = "arguments: " if tag_of(argv) else ""
    except ConfigurationError as error:
        told = str(error)
    assert told.startswith("arguments: ")


@pytest.mark.parametrize("tag", ["a", "lkjp1_base", "A.b-c_9", "x" * 200, "9"])
def test_a_plain_tag_is_taken(tag: str) -> None:
    check_tag(tag)


@pytest.mark.parametrize(
    "tag",
    [
        "",
        ".",
        "..",
        ".x",
        "-x",
        "a/b",
        "../../etc/passwd",
        "a b",
        "a\n",
        "タグ",
        "x" * 201,
        "\udcff",
        "٣",
    ],
)
def test_a_tag_that_cannot_name_a_file_is_refused(tag: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed are 1 to 200 letters, digits"):
        check_tag(tag)


# The answer.

PROGRAM = """
import sys
from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launch
sys.argv = sys.argv[2:]
launch(sys.orig_argv[-len(sys.argv) - 1], "")
"""


def call(action: str, *argv: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    """One call of one program, with `shell` behind it on the command line."""
    program = [sys.executable, "-c", PROGRAM, action, *argv]
    line = f'exec "$@" {shell}'
    return subprocess.run(
        ["/bin/bash", "-c", line, "bash", *program], capture_output=True, text=True, check=False
    )


CODES = {"restore": 1, "remove": 1, "quickcheck": 0, "recover": 1}


@pytest.mark.parametrize("action", CODES)
@pytest.mark.parametrize("argv", [("ark-x", "-t", "../x"), ("x", "-t", "a", "-t", "b"), ("-c",)])
def test_wrong_arguments_are_no_verdict_about_the_application(
    action: str, argv: tuple[str, ...]
) -> None:
    result = call(action, *argv)
    assert result.returncode == CODES[action]
    assert len(result.stderr.splitlines()) == 1
    assert f"{action}: " in result.stderr


@pytest.mark.parametrize("shell", [">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full", "2>&-"])
@pytest.mark.parametrize("action", CODES)
def test_closed_or_full_descriptors_do_not_change_the_answer(action: str, shell: str) -> None:
    assert call(action, "x", "-t", "../x", shell=shell).returncode == CODES[action]


def test_a_reader_of_stderr_that_has_gone_does_not_change_the_answer() -> None:
    result = call("quickcheck", "x", "-t", "../x", shell="2>&1 | true; exit ${PIPESTATUS[0]}")
    assert result.returncode == 0


def test_control_characters_of_a_tag_are_shown_and_not_obeyed() -> None:
    result = call("quickcheck", "x", "-t", "a\x1b[2J\nb")
    assert len(result.stderr.splitlines()) == 1
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("outcome", Outcome)
def test_lifekeeper_is_told_0_or_1_as_the_contract_says(action: Action, outcome: Outcome) -> None:
    fails = outcome is Outcome.FAILED or (
        outcome is Outcome.INTERNAL and action is not Action.QUICK_CHECK
    )
    assert LifeKeeper("/x", {}).exit_code(action, Verdict(outcome)) == int(fails)


@pytest.mark.parametrize("action", Action)
def test_a_prefix_that_is_no_path_is_told_without_an_exception(
    action: Action, capfd: pytest.CaptureFixture[str]
) -> None:
    program = f"""
from arkcore.base.call import Action
from arkcore.managers.lifekeeper import main
print({main.__name__}(Action.{action.name}, "relative", ["x", "-t", "toy1"]))
"""
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert child.stdout == f"{CODES[action.word]}\n"
    assert "must be an absolute path" in child.stderr


# What LifeKeeper says.


@pytest.fixture
def ins_list(tmp_path: Path) -> Path:
    program = tmp_path / "bin/ins_list"
    program.parent.mkdir()
    line = "\x01".join(["node1", "gen", "app", "toy1", "ID", "info", "$STATE", "", ""])
    program.write_text(f'#!/bin/sh\nSTATE=ISP\necho "$2" >/dev/null\necho "{line}"\n')
    program.chmod(0o755)
    return program


def set_state(program: Path, state: str) -> None:
    program.write_text(program.read_text().replace("STATE=ISP", f"STATE={state}"))


@pytest.mark.parametrize(
    ("state", "answer"), [("ISP", True), ("ISU", False), ("OSU", False), ("OSF", False)]
)
def test_a_resource_is_in_service_when_lifekeeper_says_isp(
    tmp_path: Path, ins_list: Path, state: str, answer: bool
) -> None:
    set_state(ins_list, state)
    assert LifeKeeper(str(tmp_path), {}).in_service("toy1") is answer


def test_a_resource_lifekeeper_does_not_name_is_not_judged(tmp_path: Path, ins_list: Path) -> None:
    assert LifeKeeper(str(tmp_path), {}).in_service("toy2") is None


def test_without_lifekeeper_nothing_is_judged(tmp_path: Path) -> None:
    assert LifeKeeper(str(tmp_path), {}).in_service("toy1") is None


def test_a_program_that_others_can_write_is_not_run(tmp_path: Path, ins_list: Path) -> None:
    ins_list.chmod(0o777)
    assert LifeKeeper(str(tmp_path), {}).in_service("toy1") is None


@pytest.mark.parametrize("text", ["exec false", "kill -9 $$", "printf '\\377\\001\\001'"])
def test_a_program_that_fails_judges_nothing(tmp_path: Path, ins_list: Path, text: str) -> None:
    ins_list.write_text(f"#!/bin/sh\n{text}\n")
    assert LifeKeeper(str(tmp_path), {}).in_service("toy1") is None


def test_a_program_that_hangs_judges_nothing(tmp_path: Path, ins_list: Path) -> None:
    ins_list.write_text("#!/bin/sh\nexec sleep 1000\n")
    assert LifeKeeper(str(tmp_path), {}).in_service("toy1") is None


def test_the_defaults_file_says_where_lifekeeper_is_and_how_often_it_checks(
    tmp_path: Path, ins_list: Path
) -> None:
    defaults = tmp_path / "etc/default/LifeKeeper"
    defaults.parent.mkdir(parents=True)
    defaults.write_text(
        f'# LKCHECKINTERVAL=1\nLKROOT="{tmp_path}"\nexport LKCHECKINTERVAL=300\n\nnonsense\n'
    )
    manager = find_lifekeeper({}, str(tmp_path))
    assert manager.check_interval == 300
    assert manager.in_service("toy1") is True


@pytest.mark.parametrize("value", ["", "x", "1,5"])
def test_an_interval_that_is_no_number_is_the_default(value: str) -> None:
    assert LifeKeeper("/x", {"LKCHECKINTERVAL": value}).check_interval == 120


def test_a_root_that_is_no_path_is_not_believed(tmp_path: Path) -> None:
    assert find_lifekeeper({"LKROOT": "bin"}, str(tmp_path)).in_service("toy1") in (None, False)


def test_one_run_of_a_quick_check_ends_before_lifekeeper_would_end_it() -> None:
    assert LifeKeeper("/x", {}).run_limit(Timers({})) == 18


# Launchers.


@pytest.mark.parametrize("action", Action)
def test_a_launcher_is_three_lines_and_works_copied_under_any_name(
    tmp_path: Path, action: Action
) -> None:
    text = launcher(action, str(tmp_path / "node"))
    assert len(text.splitlines()) == 3
    copy = tmp_path / "any tag"
    copy.write_text(text)
    copy.chmod(0o755)
    hostile = {"PYTHONPATH": "/nosuch", "PYTHONHOME": "/nosuch", "ARK_PREFIX": "/nosuch"}
    result = subprocess.run(
        [copy], env=hostile, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == CODES[action.word]
    assert "tag 'any tag': allowed are" in result.stderr
    assert not os.path.exists("/nosuch")
