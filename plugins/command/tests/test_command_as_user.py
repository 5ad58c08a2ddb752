"""A pid file is read as the user whose it is, and gives nothing of root's away."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from arkcore import Belief, processes
from arkcore.context.pid_file import Birth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from arkcore import Sighting
    from arkcore.context.context import Context

    MakeContext = Callable[..., Context]
    Live = Callable[..., subprocess.Popen[bytes]]

SECRET = "root:$6$secret"
USER = "nobody"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def home(passable: Path) -> Path:
    """A directory of the user's."""
    made = passable / "home"
    made.mkdir(0o755)
    nobody = pwd.getpwnam(USER)
    os.chown(made, nobody.pw_uid, nobody.pw_gid)
    return made


@pytest.fixture
def theirs() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(["/bin/sleep", "300"], user=USER)
    yield child
    child.kill()
    child.wait()


def given(path: Path, text: object, user: str = USER, mode: int = 0o644) -> Path:
    path.write_text(f"{text}\n")
    path.chmod(mode)
    os.chown(path, pwd.getpwnam(user).pw_uid, -1)
    return path


def look(ctx: Context) -> Sighting:
    options = ctx.options
    where = (os.path.dirname(options.pid_file),)
    name, user = options.process_name, options.user
    return ctx.pid_file(options.pid_file, name=name, user=user, of_this_node=where)


class TestWithAUser:
    def test_the_user_s_own_file_is_read(
        self, make_context: MakeContext, home: Path, theirs: subprocess.Popen[bytes]
    ) -> None:
        file = given(home / "app.pid", theirs.pid, mode=0o600)
        assert look(make_context(pid_file=str(file), user=USER)).belief is Belief.OURS

    def test_a_directory_that_it_may_only_pass_is_no_obstacle(
        self, make_context: MakeContext, home: Path, theirs: subprocess.Popen[bytes]
    ) -> None:
        file = given(home / "app.pid", theirs.pid)
        os.chown(home, 0, 0)
        home.chmod(0o711)
        assert look(make_context(pid_file=str(file), user=USER)).belief is Belief.OURS

    def test_a_file_that_only_root_may_read_is_not_read(
        self, make_context: MakeContext, home: Path, live: Live
    ) -> None:
        file = given(home / "app.pid", live().pid, "root", mode=0o600)
        sighting = look(make_context(pid_file=str(file), user=USER))
        assert sighting.belief is Belief.NOTHING
        assert sighting.detail == f"{file} cannot be read as {USER}: Permission denied"

    def test_the_worker_itself_stays_root(
        self, make_context: MakeContext, home: Path, theirs: subprocess.Popen[bytes]
    ) -> None:
        file = given(home / "app.pid", theirs.pid)
        look(make_context(pid_file=str(file), user=USER))
        assert os.getresuid() == (0, 0, 0)

    def test_a_birth_is_read_as_the_user(self, home: Path) -> None:
        file = given(home / "app.pid", 1234, "root", mode=0o600)
        assert not Birth(str(file), USER)._is_known

    def test_a_user_that_is_not_there_leaves_it_unread(
        self, make_context: MakeContext, home: Path
    ) -> None:
        file = given(home / "app.pid", 1234)
        sighting = look(make_context(pid_file=str(file), user="no-such-user"))
        assert sighting.belief is Belief.NOTHING
        assert "there is no user 'no-such-user' here" in sighting.detail


class TestAHardLink:
    def test_what_a_file_holds_is_never_told(self, make_context: MakeContext, home: Path) -> None:
        file = given(home / "app.pid", SECRET)
        detail = look(make_context(pid_file=str(file), user=USER)).detail
        assert detail == f"{file} holds no process id; its size: {len(SECRET) + 1} bytes"

    def test_a_link_to_a_file_of_root_s_does_not_count(
        self, make_context: MakeContext, home: Path, theirs: subprocess.Popen[bytes]
    ) -> None:
        real = given(home.parent / "other.pid", theirs.pid, "root")
        os.link(real, home / "app.pid")
        sighting = look(make_context(pid_file=str(home / "app.pid"), user=USER))
        assert sighting.belief is Belief.NONE
        assert "does not count: it has 2 hard links; allowed: 1" in sighting.detail

    def test_a_link_in_a_sticky_directory_does_not_count(
        self, make_context: MakeContext, home: Path, live: Live
    ) -> None:
        os.chown(home, 0, 0)
        home.chmod(0o1777)
        real = given(home.parent / "other.pid", live().pid, "root")
        os.link(real, home / "app.pid")
        assert look(make_context(pid_file=str(home / "app.pid"))).belief is Belief.NONE

    def test_a_link_to_a_known_process_counts(
        self, make_context: MakeContext, home: Path, theirs: subprocess.Popen[bytes]
    ) -> None:
        os.link(given(home / "app.pid", theirs.pid), home / "second")
        ctx = make_context(pid_file=str(home / "app.pid"), user=USER)
        process = processes.look(theirs.pid)
        assert process is not None
        ctx._state.processes.note([process])
        assert look(ctx).belief is Belief.OURS

    def test_nobody_disarms_a_file_of_root_s_by_linking_it(
        self, make_context: MakeContext, passable: Path, home: Path, live: Live
    ) -> None:
        real = given(passable / "app.pid", live().pid, "root")
        os.link(real, home / "link")
        assert look(make_context(pid_file=str(real))).belief is Belief.OURS


def test_without_a_user_nothing_is_forked(
    make_context: MakeContext, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise AssertionError("forked")

    monkeypatch.setattr(os, "fork", refuse)
    file = given(home.parent / "app.pid", 4194304, "root")
    assert look(make_context(pid_file=str(file))).belief is Belief.NONE
