"""Files that are believed: who owns them and their way, and what stands in their place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from arkcore.base import trusted
from arkcore.base.errors import ConfigurationError
from arkcore.base.paths import Paths
from arkcore.base.toml_file import read_toml
from arkcore.base.trusted import LARGEST, Untrusted, owners, read, refuse_untrusted
from arkcore.resources.requirements import required_by_file
from arkcore.resources.validation import validate

TEXT = 'plugin = "toy"\nlogical_host = "{host}"\n[options]\nhome = "/srv/toy"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of ours, three directories deep."""
    directory = tmp_path / "a" / "b"
    directory.mkdir(parents=True)
    for each in (tmp_path / "a", directory):
        each.chmod(0o755)
    made = directory / "x.toml"
    made.write_text("x = 1\n")
    made.chmod(0o644)
    return made


def refusal(path: Path) -> str:
    with pytest.raises(Untrusted) as caught:
        read(str(path), owners("/prefix"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_of_ours_is_read(file: Path) -> None:
    assert read(str(file), owners("/prefix")) == b"x = 1\n"


def test_a_file_of_another_user_is_refused_by_name(
    file: Path, give_away: Callable[[str], None]
) -> None:
    give_away(str(file))
    assert refusal(file) == (
        f"{file}: belongs to user id 65534, who could write it; "
        f"it must belong to root or the running user"
    )


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_write_is_refused_with_its_remedy(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert f"mode {mode:04o} lets others write it" in refusal(file)
    assert f"(chmod go-w {file})" in refusal(file)


@pytest.mark.parametrize("above", [1, 2])
def test_a_directory_of_another_user_anywhere_above_is_refused(
    file: Path, above: int, give_away: Callable[[str], None]
) -> None:
    directory = file.parents[above - 1]
    give_away(str(directory))
    assert refusal(file).startswith(f"{directory}: belongs to user id 65534")


@pytest.mark.parametrize("above", [1, 2])
def test_a_directory_above_that_others_can_write_is_refused(file: Path, above: int) -> None:
    directory = file.parents[above - 1]
    directory.chmod(0o777)
    assert refusal(file).startswith(f"{directory}: mode 0777 lets others write it")


def test_a_sticky_directory_of_root_s_lies_on_the_way_of_our_own_entry(file: Path) -> None:
    file.parents[1].chmod(0o1777)
    assert read(str(file), owners("/prefix")) == b"x = 1\n"


def test_a_sticky_directory_of_another_user_is_refused(
    file: Path, give_away: Callable[[str], None]
) -> None:
    file.parents[1].chmod(0o1777)
    give_away(str(file.parents[1]))
    assert refusal(file).startswith(f"{file.parents[1]}: belongs to user id")


def test_a_link_to_a_file_all_of_whose_way_is_ours_is_followed(file: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.toml"
    link.symlink_to("a/b/../b/x.toml")
    assert read(str(link), owners("/prefix")) == b"x = 1\n"


def test_a_link_into_a_directory_of_another_user_is_refused(
    file: Path, tmp_path: Path, give_away: Callable[[str], None]
) -> None:
    """He could exchange the root-owned file there for one of his own."""
    give_away(str(file.parent))
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    assert refusal(link).startswith(f"{file.parent}: belongs to user id 65534")


def test_a_link_of_another_user_in_a_sticky_directory_is_refused(
    file: Path, tmp_path: Path, give_away: Callable[[str], None]
) -> None:
    sticky = tmp_path / "sticky"
    sticky.mkdir()
    sticky.chmod(0o1777)
    link = sticky / "link.toml"
    link.symlink_to(file)
    os.lchown(link, 65534, 65534) if os.geteuid() == 0 else give_away(str(link))
    assert refusal(link).startswith(f"{link}: belongs to user id 65534")


def test_a_directory_that_is_a_link_is_walked_too(
    file: Path, tmp_path: Path, give_away: Callable[[str], None]
) -> None:
    (tmp_path / "etc").symlink_to(file.parents[1])
    assert read(str(tmp_path / "etc/b/x.toml"), owners("/prefix")) == b"x = 1\n"
    give_away(str(file.parents[1]))
    assert refusal(tmp_path / "etc/b/x.toml").startswith(f"{file.parents[1]}: belongs to")


def test_links_in_a_circle_come_to_an_end(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        read(str(tmp_path / "one"), owners("/prefix"))


def test_a_fifo_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.toml", 0o644)
    with pytest.raises(OSError, match="not a regular file"):
        read(str(tmp_path / "x.toml"), owners("/prefix"))


def test_a_device_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        read("/dev/null", owners("/prefix"))


def test_a_file_larger_than_any_of_ours_is_refused_unread(tmp_path: Path) -> None:
    huge = tmp_path / "x.toml"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    huge.chmod(0o644)
    with pytest.raises(ConfigurationError, match=f"more than {LARGEST} bytes"):
        read(str(huge), owners("/prefix"))


def test_what_does_not_exist_is_not_refused(tmp_path: Path) -> None:
    refuse_untrusted(str(tmp_path / "nosuch/x"), owners("/prefix"))


def test_directories_are_looked_at_once_where_that_is_asked_for(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusted, "_known", set())
    looked: list[str] = []
    look = os.lstat

    def counted(path: str) -> os.stat_result:
        looked.append(path)
        return look(path)

    monkeypatch.setattr(os, "lstat", counted)
    for _ in range(3):
        read(str(file), owners("/prefix"))
    assert looked.count(str(file.parent)) == 1


def test_a_link_is_followed_where_its_directory_is_known(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trusted, "_known", set())
    read(str(file), owners("/prefix"))
    link = file.with_name("link.toml")
    link.symlink_to("x.toml")
    assert read(str(link), owners("/prefix")) == b"x = 1\n"


EXCHANGE = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
one, two = (os.fsencode(each) for each in sys.argv[1:3])
os.setresuid(65534, 65534, 65534)
print(flush=True)
while True:
    libc.renameat2(-100, one, -100, two, 2)
"""


def test_a_file_exchanged_all_the_time_by_another_user_is_never_read(
    file: Path, tmp_path: Path, give_away: Callable[[str], None]
) -> None:
    """Root's own file in his directory, and his own in its place, for microseconds each."""
    his = file.parent / "his.toml"
    his.write_text("x = 666\n")
    give_away(str(file.parent))
    give_away(str(his))
    link = tmp_path / "link.toml"
    link.symlink_to(file)
    for each in (tmp_path, *tmp_path.parents[:2]):
        each.chmod(0o711)
    with subprocess.Popen(
        [sys.executable, "-c", EXCHANGE, file, his], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"\n"
        for _ in range(500):
            with pytest.raises(Untrusted):
                read(str(link), owners("/prefix"))
        other.kill()


# What is refused counts for nothing.


def put(paths: Paths, name: str, host: str, text: str = "") -> str:
    path = Path(paths.resource_file(name))
    path.write_text(text + TEXT.format(host=host))
    path.chmod(0o644)
    return str(path)


def test_a_refused_file_is_no_neighbour(paths: Paths, give_away: Callable[[str], None]) -> None:
    put(paths, "toy1", "LHOST1")
    other = put(paths, "toy2", "LHOST1")
    with pytest.raises(ConfigurationError, match="resource toy2 protects"):
        validate(paths, "toy1")
    give_away(other)
    assert validate(paths, "toy1").logical_host == "LHOST1"


def test_a_refused_file_requires_nothing(paths: Paths, give_away: Callable[[str], None]) -> None:
    other = put(paths, "toy2", "LHOST2", 'requires = ["toy1"]\n')
    assert required_by_file(paths, "toy2") == ["toy1"]
    give_away(other)
    assert required_by_file(paths, "toy2") == []


def test_a_fifo_among_the_resource_files_holds_up_no_other(paths: Paths) -> None:
    put(paths, "toy1", "LHOST1")
    os.mkfifo(paths.resource_file("toy2"), 0o644)
    assert validate(paths, "toy1").name == "toy1"


def test_a_prefix_below_a_directory_of_another_user_is_refused(
    paths: Paths, give_away: Callable[[str], None]
) -> None:
    put(paths, "toy1", "LHOST1")
    above = os.path.dirname(paths.prefix)
    give_away(above)
    with pytest.raises(Untrusted, match=f"{above}: belongs to user id 65534"):
        validate(paths, "toy1")


# Marks of an encoding.


def test_a_utf_8_mark_before_a_file_means_nothing(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfx = 1\n")
    assert read_toml(str(file), "/prefix") == {"x": 1}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_is_named_so(file: Path, encoding: str) -> None:
    file.write_bytes("\ufeffx = 1\n".encode(encoding))
    with pytest.raises(ConfigurationError) as caught:
        read_toml(str(file), "/prefix")
    assert str(caught.value) == f"{file}: written in UTF-16; save it as UTF-8"
