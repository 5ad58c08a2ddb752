"""What a start makes lives in a control group, and what is stopped has left it empty."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import PROGRAMS, ToyNode, wait_for

from arkcore.context.start_group import available
from arkcore.machine import cgroup

HELPER = "    ctx.run(['/bin/sh', '-c', 'setsid {helper} 1000 >/dev/null 2>&1 &'])\n"


@pytest.fixture(autouse=True)
def _nothing_is_left(node: ToyNode) -> Iterator[None]:
    yield
    for path in (node.prefix / "run/ark/resources").glob("*/group.json"):
        recorded = node.state("group", path.parent.name).get("path")
        if recorded:
            cgroup.Group(str(recorded)).kill()
    machine = cgroup.Group(f"{available()[0].point}/{cgroup.PARENT}/{cgroup.MACHINE}")
    for pid in machine.pids() & set(node.processes()):
        os.kill(pid, 9)


def helper_of(node: ToyNode, name: str = "helper") -> Path:
    """A program beside the toy, which no plugin knows."""
    path = node.prefix / name
    shutil.copy("/bin/sleep", path)
    return path


def start_makes(node: ToyNode, *helpers: Path, more: str = "") -> None:
    commands = "".join(HELPER.format(helper=each) for each in helpers)
    node.hooks(f"def ark_start(ctx, default):\n    default(ctx)\n{commands}{more}")


def group_of(node: ToyNode, resource: str = "toy1") -> cgroup.Group:
    return cgroup.Group(str(node.state("group", resource)["path"]))


def running(node: ToyNode, program: Path) -> list[int]:
    found = []
    for pid in node.processes():
        try:
            if os.readlink(f"/proc/{pid}/exe") == str(program):
                found.append(pid)
        except OSError:
            continue
    return found


def told(node: ToyNode) -> str:
    return "\n".join(node.ras)


def test_the_product_lives_in_the_group_and_our_programs_do_not(node):
    node.hooks(
        "import os\n"
        "def ark_start(ctx, default):\n"
        "    default(ctx)\n"
        "    with open(f'{ctx.options.home}/worker', 'w') as file:\n"
        "        file.write(open('/proc/self/cgroup').read())\n"
    )
    assert node.run("restore") == 0
    assert group_of(node).pids() == set(node.daemons())
    assert (node.home / "worker").read_text() == Path("/proc/self/cgroup").read_text()


def test_a_start_is_spawned_into_the_group_and_nobody_enters_it(node):
    """The kernel lets who enters a group wait: every start would take longer."""
    start_makes(
        node,
        more="from arkcore.machine import cgroup\n"
        "def enter(self, pid):\n"
        "    raise AssertionError('a process enters the group')\n"
        "cgroup.Group.take = enter\n",
    )
    assert node.run("restore") == 0, told(node)
    assert group_of(node).pids() == set(node.daemons())
    assert node.state("group").get("whole") is True


def test_a_stop_takes_the_group_away_and_a_start_makes_another(node):
    assert node.run("restore") == 0
    first = group_of(node).path
    assert node.run("remove") == 0
    assert (os.path.exists(first), node.state("group")) == (False, {})
    assert node.run("restore") == 0
    assert group_of(node).path != first
    assert node.run("remove") == 0


def test_what_a_start_leaves_beside_its_daemons_ends_with_them_and_is_named(node):
    helper = helper_of(node)
    start_makes(node, helper)
    assert node.run("restore") == 0
    [pid] = running(node, helper)
    group = group_of(node)
    assert node.run("remove") == 0
    assert (running(node, helper), os.path.exists(group.path)) == ([], False)
    assert f"ending what the stop has left of the start: pid {pid} helper (S)" in told(node)
    assert "Force stopping." not in node.ras


def test_a_daemon_of_the_machine_s_is_left_alone_and_the_group_is_empty_all_the_same(node):
    shared = helper_of(node, "shared-daemon")
    start_makes(node, shared)
    assert node.run("restore") == 0
    group = group_of(node)
    before = running(node, shared)
    program = node.start("remove")
    assert program.end() == 0
    assert (running(node, shared), os.path.exists(group.path)) == (before, False)
    assert len(before) == 1
    assert program.seconds < 5
    assert Path(f"/proc/{before[0]}/cgroup").read_text().endswith("/ark/machine\n")


def test_a_child_of_a_daemon_of_the_machine_s_is_the_machine_s(node):
    shutil.copy(
        "/bin/dash" if os.path.exists("/bin/dash") else "/bin/sh", node.prefix / "shared-daemon"
    )
    helper = helper_of(node)
    daemon = f'setsid {node.prefix}/shared-daemon -c "{helper} 1000 & wait" &'
    start_makes(node, more=f"    ctx.run(['/bin/sh', '-c', {daemon!r}])\n")
    assert node.run("restore") == 0
    wait_for(lambda: running(node, helper))
    before = running(node, helper)
    assert node.run("remove") == 0
    assert running(node, helper) == before


def test_the_end_of_one_resource_leaves_the_group_of_another_alone(node):
    other_home = node.prefix / "other"
    other_home.mkdir()
    shutil.copy("/bin/sleep", other_home / "daemon")
    node.configure("toy2", "OTHER2", home=other_home)
    helper = helper_of(node)
    start_makes(node, helper)
    assert (node.run("restore"), node.run("restore", "toy2")) == (0, 0)
    other = group_of(node, "toy2")
    before = other.pids()
    assert before
    assert node.run("remove") == 0
    assert other.pids() == before
    assert node.run("remove", "toy2") == 0


def test_what_a_product_that_crashed_has_left_is_ended_before_it_is_started_again(node):
    helper = helper_of(node)
    start_makes(node, helper)
    assert node.run("restore") == 0
    [old] = running(node, helper)
    node.kill_daemons()
    assert node.run("quickcheck") == 1
    assert node.run("restore") == 0
    [new] = running(node, helper)
    assert new != old
    assert len(node.daemons()) == 1


@pytest.mark.parametrize("way", ["spawned into it", "entered"])
def test_a_worker_that_is_killed_while_it_spawns_harms_nobody(node, way):
    node.hooks(
        f"""
        def ark_start(ctx, default):
            import os
            from arkcore.machine import command, into_cgroup
            if {way == "entered"}:
                def refuse(group):
                    raise into_cgroup.NotSpawned
                into_cgroup._clone = refuse
            spawn = command.spawn
            def killed_after(*arguments):
                spawn(*arguments)
                os.kill(os.getpid(), 9)
            command.spawn = killed_after
            default(ctx)
        """
    )
    assert node.run("restore") == 1
    assert node.daemons() == [], told(node)
    node.hooks("")
    assert node.run("restore") == 0
    assert group_of(node).pids() == set(node.daemons())


def test_a_worker_that_cannot_leave_the_group_is_not_ended_with_it(node):
    helper = helper_of(node)
    start_makes(node, helper)
    hooks = (node.home / "hooks.py").read_text()
    (node.home / "hooks.py").write_text(
        "from arkcore.context import start_group\n"
        "start_group.StartGroup._leave = lambda self, mount, own: None\n"
        "from arkcore import StatusReport, Status\n"
        "def ark_status(ctx, default):\n"
        "    alive = ctx.find_processes([ctx.options.home])\n"
        "    return StatusReport(Status.PARTIAL if alive else Status.STOPPED)\n" + hooks
    )
    node.configure(timers={"restore.process": 3, "restore.cleanup": 30})
    assert node.run("restore") == 1
    assert (node.daemons(), running(node, helper)) == ([], []), told(node)
    assert node.ras[-1].startswith("Restore failed. Expected RUNNING, seen PARTIAL"), told(node)
    assert "cleanup failed" not in node.ras[-1]


@pytest.mark.parametrize("error", ["EBUSY", "ENOSPC", "EPERM", "EROFS", "EOPNOTSUPP", "ENOENT"])
def test_a_start_that_can_have_no_group_is_told_and_goes_on(node, error):
    helper = helper_of(node)
    start_makes(
        node,
        more="import errno, os\n"
        "from arkcore.machine import cgroup, into_cgroup\n"
        "def make_nothing(group):\n"
        "    raise into_cgroup.NotSpawned\n"
        "into_cgroup._clone = make_nothing\n"
        "def refuse(self, pid):\n"
        f"    raise OSError(errno.{error}, os.strerror(errno.{error}), self.path)\n"
        "cgroup.Group.take = refuse\n",
    )
    assert node.run("restore") == 0
    assert "what this start makes has no cgroup of its own: " in told(node)
    assert node.state("group").get("whole") is False
    assert node.run("quickcheck") == 0
    assert node.run("remove") == 0
    assert (node.daemons(), helper.exists()) == ([], True)


def test_a_program_of_ours_called_by_the_product_is_not_ended_with_it(node):
    """As by a job of a scheduler that is protected."""
    helper = helper_of(node)
    start_makes(node, helper)
    assert node.run("restore") == 0
    group = group_of(node)
    inside = (
        "import os, sys\n"
        "open(sys.argv[1] + '/cgroup.procs', 'w').write('0')\n"
        "os.execv(sys.argv[2], sys.argv[2:])\n"
    )
    program = subprocess.run(
        ["python3", "-c", inside, group.path, PROGRAMS / "ark-remove", "-t", "toy1"],
        env={"ARK_PREFIX": str(node.prefix), "PATH": os.environ["PATH"]},
        timeout=60,
    )
    assert program.returncode == 0
    assert (node.daemons(), running(node, helper), os.path.exists(group.path)) == ([], [], False)


def test_a_product_that_was_started_by_other_means_has_no_group(node):
    daemon = subprocess.Popen(
        [node.home / "daemon", "1000"],
        start_new_session=True,
        env={"ARK_ACTION": "toy1:1", "ARK_PREFIX": str(node.prefix)},
    )
    try:
        assert node.run("restore") == 0
        assert node.ras[-1] == "Restore completed. It was running already."
        assert node.state("group") == {}
        assert node.run("remove") == 0
        assert daemon.wait(10) != 0
    finally:
        daemon.kill()
        daemon.wait()


def test_a_product_that_leaves_its_group_is_known_and_ended_as_without_one(node):
    start_makes(
        node,
        more="    daemons = lambda: ctx.find_processes([ctx.options.home])\n"
        "    ctx.wait_until(daemons, within=5)\n"
        f"    with open('{available()[0].point}/cgroup.procs', 'w') as file:\n"
        "        file.write(str(daemons()[0].pid))\n",
    )
    assert node.run("restore") == 0
    assert node.state("group")["whole"] is False
    assert node.run("remove") == 0
    assert node.daemons() == []


def test_a_node_does_not_take_the_group_of_a_boot_before_for_its_own(node):
    helper = helper_of(node)
    start_makes(node, helper)
    assert node.run("restore") == 0
    path = node.prefix / "run/ark/resources/toy1/group.json"
    path.write_text(path.read_text().replace(str(node.state("group")["boot"]), "another"))
    assert node.run("remove") == 0
    assert len(running(node, helper)) == 1


def test_a_healthy_quickcheck_asks_nothing_of_the_group(node, tmp_path):
    assert node.run("restore") == 0
    assert node.run("quickcheck") == 0
    node.hooks(
        "import sys\n"
        "def ark_status(ctx, default):\n"
        "    found = default(ctx)\n"
        "    with open(f'{ctx.options.home}/loaded', 'w') as file:\n"
        "        file.write(' '.join(sys.modules))\n"
        "    return found\n"
    )
    assert node.run("quickcheck") == 0
    loaded = (node.home / "loaded").read_text().split()
    assert "arkcore.context.context" in loaded
    assert not {"arkcore.machine.cgroup", "arkcore.context.start_group"} & {*loaded}
