"""A program that root runs: nobody else may be able to exchange it, or anything above it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ark_command import Options
from ark_command._program import fault_of_command, fault_of_way

from arkcore import ConfigurationError
from arkcore.plugin.application import make_options

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


@pytest.mark.parametrize("key", ["start", "stop", "force_stop", "status"])
def test_a_command_of_root_s_that_another_user_owns_is_refused(
    program: Path, key: str, give_away: Callable[[Path], None]
) -> None:
    give_away(program)
    values = {"start": ["/bin/true"], "stop": ["/bin/true"], "status": ["/bin/true"]}
    values[key] = [str(program)]
    with pytest.raises(ConfigurationError) as caught:
        make_options(Options, values).check()
    assert str(caught.value) == (
        f"options.{key} = ['{program}']: it runs as root, and {program} belongs to user id 65534; "
        f"it must belong to root; or name its user in options.user"
    )


def test_a_command_of_a_user_s_own_may_be_his(
    program: Path, give_away: Callable[[Path], None]
) -> None:
    give_away(program)
    values = {"start": [str(program)], "stop": ["/bin/true"], "status": ["/bin/true"]}
    make_options(Options, {**values, "user": "nobody"}).check()
