"""A program that root runs: nobody else may be able to exchange it, or anything above it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from arkcore.machine.program import fault_of_command, fault_of_way

SOMEBODY = 65534


@pytest.fixture
def program(tmp_path: Path) -> Path:
    directory = tmp_path / "app" / "bin"
    directory.mkdir(parents=True)
    for each in (directory.parent, directory):
        each.chmod(0o755)
    made = directory / "start"
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    return made


@pytest.fixture
def give_away() -> Callable[[Path], None]:
    def give(path: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)

    return give


def test_a_program_of_root_s_all_the_way_is_right(program: Path) -> None:
    assert fault_of_way(str(program)) == ""


@pytest.mark.parametrize("above", [0, 1, 2])
def test_one_that_belongs_to_another_user_on_its_way_is_named(
    program: Path, above: int, give_away: Callable[[Path], None]
) -> None:
    his = [program, *program.parents][above]
    give_away(his)
    assert fault_of_way(str(program)) == f"{his} belongs to user id 65534; it must belong to root"


@pytest.mark.parametrize("above", [0, 1, 2])
def test_one_that_others_can_write_on_its_way_is_named(program: Path, above: int) -> None:
    open_to_all = [program, *program.parents][above]
    open_to_all.chmod(0o777)
    assert fault_of_way(str(program)) == (
        f"{open_to_all} can be written by others (chmod go-w {open_to_all})"
    )


def test_a_link_s_whole_way_counts(program: Path, give_away: Callable[[Path], None]) -> None:
    link = program.parents[2] / "link"
    link.symlink_to("app/bin/../bin")
    assert fault_of_way(f"{link}/start") == ""
    give_away(program.parent)
    assert fault_of_way(f"{link}/start").startswith(f"{program.parent} belongs to")


def test_a_link_of_another_user_is_named(program: Path, give_away: Callable[[Path], None]) -> None:
    link = program.with_name("link")
    link.symlink_to("start")
    give_away(link)
    assert fault_of_way(str(link)).startswith(f"{link} belongs to user id 65534")


def test_a_sticky_directory_of_root_s_is_right_above_root_s_own(program: Path) -> None:
    program.parents[1].chmod(0o1777)
    assert fault_of_way(str(program)) == ""


def test_links_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert "more than 40 links" in fault_of_way(str(tmp_path / "one"))


def test_what_is_missing_is_no_fault(tmp_path: Path) -> None:
    assert fault_of_way(str(tmp_path / "nosuch/start")) == ""


def test_the_script_an_interpreter_is_handed_counts_too(
    program: Path, give_away: Callable[[Path], None]
) -> None:
    give_away(program)
    assert fault_of_command(["/bin/sh", str(program)]).startswith(f"{program} belongs to")


def test_a_command_of_another_user_is_refused_to_a_user_as_well(program: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(program, SOMEBODY - 1, SOMEBODY)
    assert fault_of_command([str(program)], "nobody") == (
        f"{program} belongs to user id {SOMEBODY - 1}; it must belong to root or nobody"
    )


def test_a_user_s_command_that_everybody_can_write_is_refused(program: Path) -> None:
    program.chmod(0o757)
    assert "can be written by others" in fault_of_command([str(program)], "nobody")


def test_a_user_that_is_missing_is_no_fault_of_the_command(program: Path) -> None:
    program.chmod(0o757)
    assert fault_of_command([str(program)], "no-such-user") == ""


@pytest.mark.parametrize(
    "before", [["/usr/bin/env", "sh"], ["/usr/bin/timeout", "9"], ["/x", "-f"]]
)
def test_each_file_among_the_words_counts(
    program: Path, before: list[str], give_away: Callable[[Path], None]
) -> None:
    give_away(program)
    assert fault_of_command([*before, str(program)]).startswith(f"{program} belongs to")


def test_words_that_name_no_regular_file_do_not_count(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    assert fault_of_command(["/bin/true", str(tmp_path), "/dev/null", "/nosuch", "x"]) == ""


@pytest.mark.parametrize("line", ["#!{0}", "#! {0} -x", "#!/usr/bin/env -S {0} -x"])
def test_the_interpreter_of_a_script_counts_too(
    program: Path, line: str, give_away: Callable[[Path], None]
) -> None:
    script = program.with_name("script")
    script.write_text(line.format(program) + "\n")
    give_away(program)
    assert fault_of_command([str(script)]).startswith(f"{program} belongs to")


def test_scripts_that_are_each_other_s_interpreters_come_to_an_end(program: Path) -> None:
    other = program.with_name("other")
    other.write_text(f"#!{program}\n")
    program.write_text(f"#!{other}\n")
    assert fault_of_command([str(program)]) == ""


def test_a_chain_of_too_many_files_is_refused(program: Path) -> None:
    words = [str(program.with_name(f"file{number}")) for number in range(70)]
    for word in words:
        Path(word).write_text("")
    assert "leads to more than 64 files" in fault_of_command(["/bin/true", *words])
