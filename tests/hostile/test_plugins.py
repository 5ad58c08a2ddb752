"""Whatever a plugin does or becomes: no exit code of its own, no deadline moved, nothing left.

What raises, exits or crashes in a hook is shown in tests/engine; here is the rest.
"""

from __future__ import annotations

import subprocess
import time

import pytest
from ark_testing import hostile
from ark_testing.hostile import FAULTS, IMPORT_FAULTS
from hostile.world import World
from support import wait_for

#: After these the hook comes to its good end: the verdict is what it would have been.
HARMLESS = (
    "leaks threads",
    "leaks descriptors",
    "writes to every descriptor",
    "forks and goes on in both",
    "changes directory, umask and environment",
)
#: After these it comes to no good end, at once or never.
AT_ONCE = (
    "raises what cannot be shown",
    "recurses in C",
    "closes every descriptor",
    "leaves no descriptor free",
)
NEVER = ("stops itself", "ignores every signal", "holds the interpreter lock")
SHORT = {
    "restore.process": 1,
    "restore.cleanup": 2,
    "remove.process": 1,
    "remove.cleanup": 8,
    "quickcheck.process": 1,
    "quickcheck.cleanup": 1,
}


@pytest.mark.parametrize(
    ("hook", "fault"),
    [
        (hook, fault)
        for hook in ("ark_status", "ark_start", "ark_processes")
        for fault in HARMLESS
        # It would fork anew whenever somebody looks whether a copy is left.
        if (hook, fault) != ("ark_processes", "forks and goes on in both")
    ],
)
def test_a_hook_that_misbehaves_and_answers_well_changes_no_verdict(world, hook, fault):
    world.hooks(hostile.function(hook, FAULTS[fault]))
    for action in ("restore", "quickcheck", "remove"):
        world.after(world.start(action), code=0, within=2)
    assert world.own() == []


@pytest.mark.parametrize("fault", AT_ONCE + NEVER)
def test_a_status_that_never_answers_well_fails_when_the_clock_ends(world, fault):
    world.configure(timers=SHORT)
    assert world.run("restore") == 0
    world.hooks(hostile.function("ark_status", FAULTS[fault]))
    codes = []
    while 1 not in codes and len(codes) < 30:
        program = world.start("quickcheck")
        codes.append(program.end())
        assert program.seconds < 2 + 1.5
        world.is_whole()
    assert codes[-1] == 1
    assert len(world.own()) == 1


@pytest.mark.parametrize(
    ("hook", "fault"),
    [
        ("ark_stop", "closes every descriptor"),
        ("ark_stop", "holds the interpreter lock"),
        ("ark_force_stop", "leaves no descriptor free"),
        ("ark_force_stop", "ignores every signal"),
    ],
)
def test_a_stop_that_never_answers_well_ends_with_nothing_alive(world, hook, fault):
    world.configure(timers=SHORT)
    assert world.run("restore") == 0
    refuses = "def ark_stop(ctx, default):\n    raise ValueError\n"
    before = refuses if hook == "ark_force_stop" else ""
    world.hooks(before + hostile.function(hook, FAULTS[fault]))
    world.after(world.start("remove"), code=0, within=9)
    assert world.own() == []


@pytest.mark.parametrize("fault", [*AT_ONCE, "stops itself"])
def test_a_start_that_never_answers_well_fails_and_leaves_a_clean_node(world, fault):
    world.configure(timers=SHORT)
    world.hooks(hostile.function("ark_start", FAULTS[fault]))
    world.after(world.start("restore"), code=1, within=3)
    assert world.own() == []


# Modules.


def installed(world: World, source: str) -> dict[str, str]:
    """Install a plugin whose module is `source`; the environment in which programs find it."""
    place = world.prefix / "packages"
    metadata = place / "ark_hostile-1.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ark-hostile\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[arkcore.plugins]\nhostile = ark_hostile:Hostile\n")
    (place / "ark_hostile.py").write_text(source)
    return {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}


#: A plugin that is well: the toy, under its own name.
WELL = """
from ark_toy import Toy
from arkcore import Application, hookimpl
import ark_toy
class Hostile(Toy):
    @hookimpl
    def ark_application(self):
        timers = {"quickcheck.confirm": 0.2, "force_stop_wait": 0.3}
        return Application(name="hostile", title="", options=ark_toy.Options, timers=timers)
"""


@pytest.mark.parametrize("fault", [name for name in IMPORT_FAULTS if name != "hangs"])
def test_a_plugin_that_is_spoilt_by_an_update_is_no_failure_of_its_application(world, fault):
    environment = installed(world, WELL)
    path = world.configure()
    path.write_text(path.read_text().replace('"toy"', '"hostile"'))
    assert world.start("restore", **environment).end() == 0
    installed(world, IMPORT_FAULTS[fault])
    program = world.start("quickcheck", **environment)
    assert program.end() == 0
    assert "BLIND" in world.ras[-1]
    assert "BLIND" in program.stderr
    world.after(world.start("recover", **environment), code=1, within=2)
    world.after(world.start("restore", **environment), code=1, within=2)
    # Nobody can tell what belongs to it: to say that it has stopped would be untrue.
    world.after(world.start("remove", **environment), code=1, within=2)
    assert len(world.own()) == 1


@pytest.mark.parametrize("fault", ["raises", "calls os._exit", "calls sys.exit"])
def test_a_plugin_that_was_never_well_makes_a_remove_of_nothing_well(world, fault):
    environment = installed(world, IMPORT_FAULTS[fault])
    path = world.configure()
    path.write_text(path.read_text().replace('"toy"', '"hostile"'))
    world.after(world.start("remove", **environment), code=0, within=2)
    assert "Nothing was ever restored here" in world.ras[-1]


# The kit itself.


def test_every_fault_of_a_hook_is_python():
    for name, fault in FAULTS.items():
        compile(hostile.function("ark_status", fault), name, "exec")


def test_every_hostile_command_does_what_its_name_says(world):
    """Those whose way of being hostile the engine would hide are looked at without it."""

    def returncode(argv: list[str]) -> int:
        return subprocess.run(argv, capture_output=True, timeout=10).returncode

    assert returncode(hostile.nothing()) == 0
    assert returncode(hostile.die_by(6)) == -6
    assert returncode(hostile.slow(0.1, 3)) == 3
    assert returncode(hostile.write(b"", 5)) == 5
    for data in hostile.BYTES.values():
        assert subprocess.run(hostile.write(data), stdout=subprocess.PIPE).stdout == data
    flood = subprocess.run(hostile.flood(10_000), stdout=subprocess.PIPE).stdout
    assert len(flood) == 10_000 + len(b"\nthe end\n")
    turns = hostile.alternate(str(world.prefix / "turns"), "a", "b")
    said = [subprocess.run(turns, stdout=subprocess.PIPE).stdout for _ in range(3)]
    assert said == [b"a\n", b"b\n", b"a\n"]
    look = f"echo $PATH $ARK_PREFIX $(pwd) $(umask) >{world.prefix}/surroundings"
    assert returncode(hostile.change_surroundings("/bin/sh", "-c", f"umask 22; {look}")) == 0
    assert (world.prefix / "surroundings").read_text() == "/nowhere /tmp 0022\n"


def test_a_fork_bomb_is_bounded_and_ends_with_its_test(world):
    bomb = world.helper(hostile.fork_bomb(12))
    wait_for(lambda: len(world.strangers()) == 11)
    time.sleep(0.5)
    assert len(world.strangers()) == 11
    bomb.kill()
