from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from support import ToyNode


def test_the_four_launchers_do_what_their_names_say(node: ToyNode, ark_here) -> None:
    place = node.prefix / "programs"
    result = ark_here("lifekeeper", "launchers", str(place))
    assert result.returncode == 0
    assert sorted(os.listdir(place)) == ["quickCheck", "recover", "remove", "restore"]
    for program in place.iterdir():
        assert program.stat().st_mode & 0o7777 == 0o755
        assert str(program) in result.stdout
    copy = node.prefix / "toy1"
    shutil.copy(place / "restore", copy)
    assert subprocess.run([copy], env={}, timeout=30).returncode == 0
    assert len(node.daemons()) == 1


def test_a_prefix_can_be_given(node: ToyNode, ark_here) -> None:
    place = node.prefix / "programs"
    assert ark_here("lifekeeper", "launchers", str(place), "--prefix", "/srv/x").returncode == 0
    assert "'/srv/x'" in (place / "remove").read_text()
    assert ark_here("lifekeeper", "launchers", str(place), "--prefix", "srv").returncode == 1


def test_made_again_they_replace_their_like_only(node: ToyNode, ark_here) -> None:
    place = node.prefix / "programs"
    for _ in range(2):
        assert ark_here("lifekeeper", "launchers", str(place)).returncode == 0
    (place / "recover").write_text("precious")
    result = ark_here("lifekeeper", "launchers", str(place))
    assert result.returncode == 1
    assert "something else already" in result.stderr
    assert (place / "recover").read_text() == "precious"


def test_a_directory_that_others_can_write_is_refused(node: ToyNode, ark_here) -> None:
    place = node.prefix / "programs"
    place.mkdir()
    place.chmod(0o777)
    result = ark_here("lifekeeper", "launchers", str(place))
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert os.listdir(place) == []


def test_a_directory_that_cannot_be_made_is_one_line(node: ToyNode, ark_here) -> None:
    (node.prefix / "file").write_text("")
    result = ark_here("lifekeeper", "launchers", str(node.prefix / "file/programs"))
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert "Not a directory" in result.stderr


def test_a_check_in_the_middle_of_an_update_restarts_nothing(node: ToyNode, ark_here) -> None:
    """pip takes the old files away before it puts the new ones there."""
    place = node.prefix / "programs"
    assert ark_here("lifekeeper", "launchers", str(place)).returncode == 0
    root, installed = str(Path(__file__).parents[2]), node.prefix / "installed"
    installed.symlink_to(root)
    for program in place.iterdir():
        text = program.read_text()
        assert f"'{root}'" in text
        program.write_text(text.replace(f"'{root}'", f"'{installed}'"))

    def call(name: str) -> int:
        words = [str(place / name), "-t", "toy1"]
        return subprocess.run(words, env={}, timeout=60, stderr=subprocess.DEVNULL).returncode

    assert call("restore") == 0
    [daemon] = node.daemons()
    installed.unlink()
    assert call("quickCheck") == 1
    installed.symlink_to(root)
    # So LifeKeeper calls recover, which looks for itself.
    assert call("recover") == 0
    assert node.daemons() == [daemon]
    assert call("quickCheck") == 0
