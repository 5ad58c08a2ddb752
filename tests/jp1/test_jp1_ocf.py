"""Every agent we ship, as OCF's own tester judges it, and JP1's rules under Pacemaker."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from agents import NOT_RUNNING, SUCCESS, Agent
from ark_lab import ProcessInfo, Product, StandIn
from ark_lab.testing import HOST, Lab
from ark_testing.ocf import parameter_text
from database import Database, home, make_template
from own_systemd import own_manager
from support import wait_for

from arkcore.plugin.discovery import installed

ROOT = Path(__file__).parents[2]
DEPS = ROOT / ".deps"
PROGRAMS = Path(sys.executable).parent


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that everybody can read: the tester asks for meta-data as nobody."""
    with tempfile.TemporaryDirectory(prefix="ark-ocf-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture
def lab(open_directory: Path) -> Iterator[Lab]:
    with Lab(open_directory) as made:
        yield made


# OCF's own tester.


def ocf_tester(directory: Path) -> tuple[Path, dict[str, str]]:
    """The tester, and an environment with what it needs: installed, or unpacked beside us."""
    path = [str(PROGRAMS), "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
    environment = {"OCF_ROOT": "/usr/lib/ocf", "LANG": "C.UTF-8"}
    program = Path("/usr/sbin/ocf-tester")
    if not program.exists():
        unpacked = DEPS / "resource-agents"
        text = (unpacked / "usr/sbin/ocf-tester").read_text()
        program = directory / "ocf-tester"
        program.write_text(text.replace("DATADIR=/usr/share", f"DATADIR={unpacked}/usr/share"))
        program.chmod(0o755)
        environment["OCF_ROOT"] = str(unpacked / "usr/lib/ocf")
    if not shutil.which("xmllint"):
        path.append(str(DEPS / "libxml2-utils/usr/bin"))
        libraries = sorted(map(str, DEPS.glob("*/usr/lib/*-linux-gnu")))
        environment["LD_LIBRARY_PATH"] = os.pathsep.join(libraries)
    if not reachable_by_everybody(Path(sys.executable)):
        # This interpreter is no other user's to run, so nobody cannot call an agent of it. The
        # tester leaves that question out for whoever is not root.
        mine = directory / "bin"
        mine.mkdir()
        (mine / "id").write_text("#!/bin/sh\necho 65534\n")
        (mine / "id").chmod(0o755)
        path.insert(0, str(mine))
    return program, {**environment, "PATH": os.pathsep.join(path)}


def reachable_by_everybody(path: Path) -> bool:
    real = path.resolve()
    return all(each.stat().st_mode & 0o001 for each in (real, *real.parents, *path.parents))


def judged(directory: Path, plugin: str, prefix: Path, *parameters: str) -> str:
    """What the tester says of an agent; it fails where that is not "passed all tests"."""
    root = directory / "root"
    environment = {"ARK_PREFIX": str(prefix), "PATH": "/usr/bin:/bin"}
    install: list[str | Path] = [PROGRAMS / "ark", "pacemaker", "install", plugin, "--root", root]
    subprocess.run(install, env=environment, check=True, capture_output=True)
    agent = root / "usr/lib/ocf/resource.d/ark" / plugin
    assert agent.stat().st_mode & 0o7777 == 0o755
    program, environment = ocf_tester(directory)
    options = [word for each in parameters for word in ("-o", each)]
    done = subprocess.run(
        [program, "-v", "-n", f"rsc-{plugin}", *options, agent],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    told = done.stdout + done.stderr
    assert (done.returncode, f"{agent} passed all tests" in told) == (0, True), told
    return told


JP1 = {
    "jp1-base": None,
    "jp1-ajs3-manager": Product.MANAGER,
    "jp1-ajs3-agent": Product.AGENT,
}
COMMAND = "command"

#: An application of four words, all in one directory.
CONTROL = """\
#!/bin/sh
here=${0%/*}
case $1 in
start) setsid "$here/served" 1000 >/dev/null 2>&1 </dev/null & echo $! >"$here/pid" ;;
stop) kill "$(cat "$here/pid")"; rm -f "$here/pid" ;;
status) kill -0 "$(cat "$here/pid" 2>/dev/null)" 2>/dev/null || exit 3 ;;
esac
"""


@pytest.mark.parametrize("plugin", JP1)
def test_ocf_s_own_tester_passes_the_agent(lab: Lab, plugin: str) -> None:
    jp1 = lab.node("node1", product=JP1[plugin])
    prefix = lab.directory / "ark"
    prefix.mkdir()
    parameters = {"logical_host": HOST, "root": jp1.root}
    if plugin != "jp1-base":  # JP1/AJS3 runs on it
        assert Agent(prefix, "jp1-base", "base", **parameters).start().code == SUCCESS
    judged(lab.directory, plugin, prefix, *(f"{key}={text}" for key, text in parameters.items()))
    told = (prefix / "var/log/ark/ras.log").read_text()
    assert "Start completed." in told
    assert "Stop completed." in told


def test_ocf_s_own_tester_passes_the_agent_for_any_command(open_directory: Path) -> None:
    home = open_directory / "app"
    home.mkdir()
    shutil.copy("/bin/sleep", home / "served")
    control = home / "control"
    control.write_text(CONTROL)
    control.chmod(0o755)
    prefix = open_directory / "ark"
    prefix.mkdir()
    words = [f"{word}={control} {word}" for word in ("start", "stop", "status")]
    told = judged(open_directory, COMMAND, prefix, "logical_host=LH", *words)
    assert "passed all tests" in told


def test_ocf_s_own_tester_passes_the_agent_for_postgresql(open_directory: Path) -> None:
    with home() as directory:
        database = Database(directory / "1", make_template(directory))
        prefix = open_directory / "ark"
        prefix.mkdir()
        parameters = {"logical_host": "DB1", **database.options}
        try:
            words = (f"{key}={parameter_text(value)}" for key, value in parameters.items())
            judged(open_directory, "postgresql", prefix, *words)
            assert not database.processes()
        finally:
            database.kill()


def test_ocf_s_own_tester_passes_the_agent_for_a_service(open_directory: Path) -> None:
    prefix = open_directory / "ark"
    prefix.mkdir()
    with own_manager() as manager:
        unit = manager.unit("served", "ExecStart=/bin/sleep 1000")
        words = (f"unit={unit}", f"systemctl={manager.systemctl}")
        judged(open_directory, "systemd", prefix, "logical_host=LH", *words)
        assert manager.pids(unit) == []


def test_no_agent_that_we_ship_is_left_out() -> None:
    tests_own = ("ark-toy", "ark-wrong")
    ours = {source.name for source in installed() if source.distribution not in tests_own}
    assert ours == {*JP1, COMMAND, "postgresql", "systemd"}


# JP1's rules under Pacemaker.


class Base:
    """JP1/Base of one logical host under Pacemaker."""

    def __init__(self, lab: Lab) -> None:
        self.jp1: StandIn = lab.node("node1", product=None)
        self.prefix = lab.directory / "ark"
        self.prefix.mkdir()
        self.agent = Agent(
            self.prefix,
            "jp1-base",
            "base",
            logical_host=HOST,
            root=self.jp1.root,
            quickcheck_confirm=0.2,
            force_stop_wait=0.5,
        )

    def die(self, only: str = "") -> None:
        """All of it, or the processes of one name."""

        def living() -> list[ProcessInfo]:
            return [each for each in self.jp1.processes(HOST) if only in ("", each.name)]

        for process in living():
            os.kill(process.pid, signal.SIGKILL)
        wait_for(lambda: not living())

    def last(self, command: str, event: str) -> float:
        """When a command of JP1 began or ended last. `record_calls` is on."""
        lines = (self.jp1.root / "opt/lab/calls").read_text().splitlines()
        calls = [line.split("\t") for line in lines]
        return max(float(each[0]) for each in calls if (each[1], each[3]) == (event, command))

    @property
    def ras(self) -> list[str]:
        lines = (self.prefix / "var/log/ark/ras.log").read_text().splitlines()
        return [line.split(" : ", 3)[3] for line in lines]


@pytest.fixture
def base(lab: Lab) -> Base:
    return Base(lab)


def test_a_stop_after_a_failure_is_always_followed_by_the_forced_stop(base: Base) -> None:
    """AJSJ0159: what restarts on the same node stops, forces, waits and starts."""
    base.jp1.configure(record_calls=1)
    assert base.agent.start().code == SUCCESS
    base.die("jbs_spmd")
    base.jp1.fault("jbs_stop.cluster", leave="jbsroute")
    assert base.agent.stop().code == SUCCESS
    assert "Force stopping." in base.ras
    assert base.agent.start().code == SUCCESS
    assert base.last("jbs_start.cluster", "begin") - base.last("jbs_killall.cluster", "end") >= 0.5


def test_a_forced_stop_of_what_is_dead_delays_no_start(base: Base) -> None:
    assert base.agent.start().code == SUCCESS
    base.die()
    assert base.agent.monitor().code == NOT_RUNNING
    assert base.agent.stop().code == SUCCESS
    assert "Force stopping." in base.ras
    assert not (base.prefix / "run/ark/resources/base/force.json").exists()


@pytest.mark.parametrize("overdue", [True, False], ids=["its time was up", "it made way"])
def test_a_stop_after_a_killed_monitor_is_forced_where_that_one_hung(
    base: Base, overdue: bool
) -> None:
    """Pacemaker kills a monitor at its timeout, and one at work when the resource is stopped."""
    assert base.agent.start().code == SUCCESS
    base.jp1.fault("jbs_spmd_status", hang="before")
    call = base.agent.begin("monitor", timeout=2 if overdue else 40, interval=10)
    wait_for(lambda: base.ras[-1] == "QuickCheck start.")
    os.killpg(call.process.pid, signal.SIGSTOP)
    if overdue:
        time.sleep(2)
    os.killpg(call.process.pid, signal.SIGKILL)
    call.end()
    base.jp1.fault("jbs_spmd_status")
    assert base.agent.stop().code == SUCCESS
    assert "QuickCheck aborted." in " ".join(base.ras)
    assert ("Force stopping." in base.ras) is overdue


def test_a_stop_that_follows_no_failure_is_a_stop(base: Base) -> None:
    assert base.agent.start().code == SUCCESS
    assert base.agent.monitor().code == SUCCESS
    assert base.agent.stop().code == SUCCESS
    assert "Force stopping." not in base.ras


def test_a_node_without_jp1_is_a_node_where_it_does_not_run(base: Base) -> None:
    nowhere = base.agent.probe(root="/no/such/place")
    assert (nowhere.code, nowhere.seconds < 10) == (NOT_RUNNING, True)


def cluster_has(base: Base, *resources: str) -> None:
    """What Pacemaker's own tool tells of the cluster's resources; none: it does not answer."""
    tool = base.prefix / "usr/sbin/crm_resource"
    tool.parent.mkdir(parents=True, exist_ok=True)
    tool.write_text("#!/bin/sh\n" + "".join(f"echo {each}\n" for each in resources))
    tool.chmod(0o755)


@pytest.mark.parametrize(
    ("known", "code"), [(("base2",), SUCCESS), ((), SUCCESS), (("base", "base2"), NOT_RUNNING)]
)
def test_a_resource_that_got_another_name_is_seen_where_it_runs(
    base: Base, known: tuple[str, ...], code: int
) -> None:
    """Where 7 was said, Pacemaker would start it on the other node as well."""
    assert base.agent.start().code == SUCCESS
    renamed = Agent(base.prefix, "jp1-base", "base2", **base.agent.parameters)
    if known:
        cluster_has(base, *known)
    assert renamed.probe().code == code
    base.die()
    assert renamed.probe().code == NOT_RUNNING
