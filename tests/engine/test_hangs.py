"""What hangs is ended at its timer, leaves nothing behind, and is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HANG = "ctx.run(['/bin/sh', '-c', 'sleep 1000 & exec sleep 1000'])"


def test_a_start_that_hangs_fails_at_its_timer_and_leaves_a_clean_node(node):
    node.configure(timers={"restore.process": 2, "restore.cleanup": 3})
    node.hooks("""
        def ark_start(ctx, default):
            ctx.run(["/bin/sh", "-c", f"setsid {ctx.options.home}/daemon 1000 & sleep 1000"])
    """)
    program = node.start("restore")
    assert program.end() == 1
    assert 2 <= program.seconds < 6
    assert node.processes() == []
    assert any(line.startswith("Start failed.") for line in node.ras)
    assert node.ras[-1].startswith("Restore failed.")


def test_a_late_command_is_told_with_its_black_box(node):
    node.configure(timers={"restore.process": 1, "restore.cleanup": 3})
    node.hooks(f"def ark_start(ctx, default):\n    {HANG}\n")
    assert node.run("restore") == 1
    [told] = [line for line in node.ras if "black box" in line and line.startswith("sh had")]
    path = told.rpartition("black box ")[2]
    text = Path(path).read_text()
    assert "wait channel" in text
    assert "sleep" in text


def test_a_stop_that_hangs_is_followed_by_the_forced_stop(node):
    node.configure(timers={"remove.process": 4, "remove.force_reserve": 2, "remove.cleanup": 8})
    node.run("restore")
    node.hooks(f"def ark_stop(ctx, default):\n    {HANG}\n")
    program = node.start("remove")
    assert program.end() == 0
    assert program.seconds < 13
    assert node.processes() == []
    assert "Force stopping." in node.ras


def test_a_forced_stop_that_hangs_too_ends_in_a_kill(node):
    node.configure(timers={"remove.process": 2, "remove.force_reserve": 1, "remove.cleanup": 8})
    node.run("restore")
    node.hooks(
        f"def ark_stop(ctx, default):\n    {HANG}\ndef ark_force_stop(ctx, default):\n    {HANG}\n"
    )
    program = node.start("remove")
    assert program.end() == 0
    assert program.seconds < 11
    assert node.processes() == []
    assert node.ras[-2:] == ["Stop completed.", "Remove completed."]


def test_a_status_that_hangs_is_undecided_and_ends_within_the_run_limit(node):
    node.configure(timers={"lifekeeper.quickcheck_run": 3})
    node.run("restore")
    node.hooks(f"def ark_status(ctx, default):\n    {HANG}\n    return None\n")
    program = node.start("quickcheck")
    assert program.end() == 0
    assert program.seconds < 4
    assert len(node.processes()) == len(node.daemons()) == 1
    assert node.ras[-1].startswith("QuickCheck completed. Undecided:")


def test_a_command_that_found_no_time_left_is_not_what_hung(node):
    node.configure(timers={"lifekeeper.quickcheck_run": 3})
    node.run("restore")
    node.hooks("""
        def ark_status(ctx, default):
            ctx.run(["/bin/sleep", "1000"], timeout=0.3)
            ctx.run(["/bin/true"], timeout=0)
            import time
            time.sleep(1000)
    """)
    assert node.run("quickcheck") == 0
    assert "while /bin/sleep" in node.ras[-1]


def test_a_status_that_goes_on_hanging_fails_at_the_timer_over_several_runs(node):
    node.configure(timers={"lifekeeper.quickcheck_run": 2, "quickcheck.process": 4})
    node.run("restore")
    node.hooks(f"def ark_status(ctx, default):\n    {HANG}\n    return None\n")
    verdicts = [node.run("quickcheck") for _ in range(4)]
    assert verdicts[0] == 0
    assert verdicts[-1] == 1
    assert sorted(verdicts) == verdicts
    assert "undecided for" in node.ras[-1]
    node.hooks("")
    assert node.run("recover") == 0
    assert node.run("quickcheck") == 0


BLOCKED = """
def {hook}(ctx, default):
    import ctypes
    libc = ctypes.PyDLL(None)  # holds the interpreter lock
    libc.sleep(1000)
"""


@pytest.mark.parametrize("hook", ["ark_status", "ark_processes", "ark_start"])
def test_a_plugin_that_blocks_in_c_with_the_interpreter_lock_changes_no_deadline(node, hook):
    node.configure(timers={"restore.process": 1, "restore.cleanup": 1})
    node.hooks(BLOCKED.format(hook=hook))
    program = node.start("restore")
    assert program.end() == 1
    assert program.seconds < 4
    assert node.ras[-1].startswith("Restore failed.")
    assert node.processes() == []


def test_a_worker_that_hangs_after_the_stop_does_not_hold_up_the_remove(node):
    node.configure(timers={"remove.process": 1, "remove.cleanup": 8})
    node.run("restore")
    node.hooks("def ark_stop(ctx, default):\n    import time\n    time.sleep(1000)\n")
    program = node.start("remove")
    assert program.end() == 0
    assert program.seconds < 10
    assert node.processes() == []


def test_the_black_box_of_a_plugin_that_hangs_tells_where_in_python_and_in_the_kernel(node):
    node.configure(timers={"lifekeeper.quickcheck_run": 2})
    node.run("restore")
    node.hooks(BLOCKED.format(hook="ark_status"))
    program = node.start("quickcheck")
    assert program.end() == 0
    assert program.seconds < 3
    [box] = (node.prefix / "var/log/ark/blackbox").iterdir()
    assert str(box) in node.ras[-1]
    text = box.read_text()
    assert re.search(r'File ".*hooks.py", line 5 in ark_status', text)
    [channel] = re.findall(r"^  \d+ \d+ S (\S+) ", text, re.MULTILINE)
    assert channel.isidentifier()  # "0" and "-" would be none


def test_the_black_box_of_a_plugin_that_waits_for_a_child_of_its_own_shows_the_child(node):
    node.configure(timers={"restore.process": 1, "restore.cleanup": 1})
    node.hooks(
        "def ark_start(ctx, default):\n"
        "    import subprocess\n"
        "    subprocess.run(['/bin/sleep', '1000'])\n"
    )
    assert node.run("restore") == 1
    boxes = [path.read_text() for path in (node.prefix / "var/log/ark/blackbox").iterdir()]
    assert any("/bin/sleep 1000" in text for text in boxes)
    # What became of the script stands in its box: so it is kept longer.
    assert all(f"\n    {node.ras[-1]}"[:500] in text for text in boxes)


def test_the_black_box_of_a_plugin_that_hangs_in_its_import_is_written_too(node):
    node.run("restore")
    node.configure(timers={"lifekeeper.quickcheck_run": 3})
    (node.home / "hooks.py").write_text("import time\ntime.sleep(1000)\n")
    assert node.run("quickcheck") == 0
    assert list((node.prefix / "var/log/ark/blackbox").iterdir()) != []
