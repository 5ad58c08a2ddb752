"""Our state: root's alone, whatever the umask; and mended where it is not."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arkcore.base.paths import Paths, ensure_directory
from arkcore.memory import private
from arkcore.memory.files import read_json
from arkcore.memory.intent import Wanted
from arkcore.memory.maintenance import Maintenance
from arkcore.memory.open_script import OpenScript
from arkcore.memory.private import secure
from arkcore.memory.state import State


@pytest.fixture(autouse=True)
def told_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private, "_told", set())


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: str) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_state_is_0600_in_directories_of_0700_whatever_the_umask(paths: Paths, umask: int) -> None:
    memory = State(paths, "toy1")
    memory.intent.want(Wanted.UP)
    memory.restored.note()
    Maintenance(paths, "toy1").begin(None)
    OpenScript(paths, "toy1").begin("Remove", told=True)
    files = [f"{memory.directory}/wanted.json", paths.restored("toy1")]
    files += [paths.maintenance("toy1"), paths.open_script("toy1")]
    assert [mode(file) for file in files] == [0o600] * 4
    ours = {os.path.dirname(file) for file in files} | {paths.library}
    ours |= {os.path.dirname(memory.directory), f"{paths.prefix}/run/ark"}
    assert {mode(directory) for directory in ours} == {0o700}


def test_what_is_above_our_own_directories_is_everybody_s(tmp_path: Path) -> None:
    ensure_directory(str(tmp_path / "var/lib/ark/records"), 0o700)
    assert [mode(f"{tmp_path}/{each}") for each in ("var", "var/lib")] == [0o755, 0o755]
    assert mode(f"{tmp_path}/var/lib/ark") == 0o700


def test_directories_of_an_earlier_version_are_closed(paths: Paths) -> None:
    memory = State(paths, "toy1")
    os.makedirs(memory.directory, 0o755)
    os.makedirs(os.path.dirname(paths.maintenance("-")), 0o755)
    secure(paths, "toy1")
    assert mode(memory.directory) == 0o700
    assert mode(f"{paths.prefix}/run/ark") == 0o700
    assert mode(os.path.dirname(paths.maintenance("-"))) == 0o700
    assert mode(paths.library) == 0o750


def test_directories_that_are_right_are_left_alone_without_a_word(
    paths: Paths, capfd: pytest.CaptureFixture[str]
) -> None:
    memory = State(paths, "toy1")
    memory.intent.want(Wanted.UP)
    secure(paths, "toy1")
    assert memory.intent.wanted is Wanted.UP
    assert capfd.readouterr().err == ""


def test_a_directory_that_others_could_write_is_mended_and_told_once(
    paths: Paths, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = os.path.dirname(paths.maintenance("-"))
    os.makedirs(directory)
    os.chmod(directory, 0o777)
    secure(paths, "toy1")
    secure(paths, "toy1")
    assert mode(directory) == 0o700
    assert capfd.readouterr().err == (
        f"ark: {directory}: mode 0777 let others write it; now 0700\n"
    )


def test_a_directory_of_another_user_is_moved_aside_and_told(
    paths: Paths, give_away: Callable[[str], None], capfd: pytest.CaptureFixture[str]
) -> None:
    memory = State(paths, "toy1")
    memory.intent.want(Wanted.DOWN)
    give_away(memory.directory)
    secure(paths, "toy1")
    assert memory.intent.wanted is Wanted.NOTHING
    assert not os.path.exists(memory.directory)
    assert "nothing in it is believed; moved to" in capfd.readouterr().err


def test_a_link_of_the_administrator_s_in_a_directory_s_place_stays(
    paths: Paths, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(0o755)
    ensure_directory(os.path.dirname(paths.library))
    os.symlink(elsewhere, paths.library)
    secure(paths, "toy1")
    assert os.path.islink(paths.library)
    assert mode(str(elsewhere)) == 0o750
    Maintenance(paths, "toy1").begin(None)
    assert Maintenance(paths, "toy1").active()


@pytest.mark.parametrize("whose", ["file", "directory"])
def test_maintenance_of_another_user_s_is_not_believed_and_told_once(
    paths: Paths,
    give_away: Callable[[str], None],
    whose: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    Maintenance(paths, "toy1").begin(None)
    file = paths.maintenance("toy1")
    give_away(file if whose == "file" else os.path.dirname(file))
    assert not Maintenance(paths, "toy1").active()
    assert not Maintenance(paths, "toy1").active()
    error = capfd.readouterr().err
    assert "ark: not believed: " in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_state_that_others_can_write_is_not_believed(paths: Paths, mode: int) -> None:
    memory = State(paths, "toy1")
    memory.intent.want(Wanted.DOWN)
    os.chmod(f"{memory.directory}/wanted.json", mode)
    assert memory.intent.wanted is Wanted.NOTHING


def test_a_link_in_a_state_file_s_place_to_another_user_s_file_is_not_followed(
    paths: Paths, tmp_path: Path, give_away: Callable[[str], None]
) -> None:
    memory = State(paths, "toy1")
    memory.intent.want(Wanted.UP)
    his = tmp_path / "his"
    his.write_text('{"wanted": "down"}')
    give_away(str(his))
    os.unlink(f"{memory.directory}/wanted.json")
    os.symlink(his, f"{memory.directory}/wanted.json")
    assert read_json(f"{memory.directory}/wanted.json") == {}


ENDURE = """
import os, sys
from arkcore.cli.main import main
os.umask(0)
sys.argv = ["ark", "validate"]
main()
"""


def test_the_ark_command_makes_nothing_that_others_can_write_under_any_umask(paths: Paths) -> None:
    file = Path(paths.resource_file("toy1"))
    file.write_text('plugin = "toy"\nlogical_host = "LHOST1"\n[options]\nhome = "/srv/toy"\n')
    file.chmod(0o644)
    environment = {"ARK_PREFIX": paths.prefix, "PATH": "/usr/bin:/bin"}
    child = subprocess.run([sys.executable, "-c", ENDURE], env=environment, capture_output=True)
    assert child.returncode == 0, child.stderr
    written = [os.path.join(*each) for each in ((paths.library,), (paths.library, "records"))]
    written.append(paths.record("toy1"))
    assert [mode(path) & 0o022 for path in written] == [0, 0, 0]
