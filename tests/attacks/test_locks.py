"""Attacks by locks: whoever can open a file can hold its flock."""

from __future__ import annotations

from pathlib import Path

import pytest
from attacks.people import Person
from attacks.victim import Victim

from arkcore.base.deadline import Deadline
from arkcore.base.paths import Paths
from arkcore.memory.lock import NodeLock

LOCK = """
for path in sys.argv[1:]:
    try:
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        pass
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def locked(victim: Victim, stranger: Person) -> Victim:
    victim.configure()
    victim.restore()
    stranger.python(LOCK, *locks(victim))
    return victim


def locks(victim: Victim) -> list[Path]:
    """The lock files of the resource, also the one that an older version has made."""
    victim.state("lock").touch()
    return list(victim.state("lock").parent.glob("*lock"))


def test_a_stranger_s_lock_hides_no_failure(locked: Victim) -> None:
    """A stranger holds the flock of the resource's lock; the product is dead."""
    locked.kill_product()
    assert locked.act("quickcheck").code == 1


def test_a_stranger_s_lock_stops_no_remove(locked: Victim) -> None:
    """A stranger holds the flock of the resource's lock; a remove is called."""
    assert locked.act("remove").code == 0
    assert not locked.daemon()


def test_a_stranger_s_lock_stops_no_recover(locked: Victim) -> None:
    """The same; a recover is called."""
    locked.kill_product()
    assert locked.act("recover").code == 0
    assert locked.daemon()


def test_a_stranger_s_lock_stops_no_restore(locked: Victim) -> None:
    """The same; a restore is called."""
    locked.kill_product()
    assert locked.act("restore").code == 0
    assert locked.daemon()


def test_an_open_lock_of_an_older_version_hides_no_failure(
    victim: Victim, stranger: Person
) -> None:
    """A stranger holds the flock of a lock that an older version has left at 0644."""
    victim.configure()
    victim.restore()
    victim.kill_product()
    lock = victim.state("lock")
    lock.touch()
    lock.chmod(0o644)
    directory = lock.parent
    while directory != victim.prefix:
        directory.chmod(0o755)
        directory = directory.parent
    stranger.python(LOCK, lock)
    assert victim.act("quickcheck").code == 1
    assert victim.act("remove").code == 0


@pytest.mark.parametrize("name", ["jbs_spmd_status", "anything"])
def test_a_node_s_lock_cannot_be_held_by_a_stranger(
    victim: Victim, stranger: Person, name: str
) -> None:
    """A stranger takes the flock of a lock that all resources of the node share."""
    path = Path(Paths(str(victim.prefix)).node_lock(name))
    with node_lock(path) as taken:
        assert taken
    stranger.python(LOCK, path)
    with node_lock(path) as taken:
        assert taken


def node_lock(path: Path) -> NodeLock:
    return NodeLock(str(path), Deadline.after(1.0), lambda: None, lambda: None)


def test_a_lock_of_a_live_process_that_is_none_of_ours_is_no_action(
    victim: Victim, stranger: Person
) -> None:
    """The lock's text names a stranger's live process, and a stranger holds it open."""
    victim.configure()
    victim.restore()
    victim.kill_product()
    for lock in locks(victim):
        lock.chmod(0o644)
    held = stranger.python(LOCK, *locks(victim))
    start = Path(f"/proc/{held.pid}/stat").read_text().rpartition(") ")[2].split()[19]
    for lock in locks(victim):
        lock.write_text(f'["restore", {held.pid}, {start}, 1.0]')
    assert victim.act("quickcheck").code == 1
