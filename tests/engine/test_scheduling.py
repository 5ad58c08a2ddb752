"""A started product inherits neither the urgency nor the protection of the cluster's daemon."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from support import ToyNode

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be more urgent")

#: Runs the words that follow as a cluster daemon would, that is urgent and never killed.
URGENT = """
import os, sys
os.setpriority(os.PRIO_PROCESS, 0, -10)
os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(20))
open("/proc/self/oom_score_adj", "w").write("-900")
os.execv(sys.argv[1], sys.argv[1:])
"""


def restore_urgently(node: ToyNode) -> int:
    program = os.path.join(os.path.dirname(sys.executable), "ark-restore")
    words = [sys.executable, "-c", URGENT, program, "-t", "toy1"]
    environment = {"PATH": "/usr/bin:/bin", "ARK_PREFIX": str(node.prefix)}
    return subprocess.run(words, env=environment, timeout=60).returncode


def limits_of(pid: int) -> dict[str, list[str]]:
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        return {line[:25].strip(): line[25:].split()[:2] for line in file}


@as_root
def test_a_product_is_ordinary_whatever_called_its_restore(node: ToyNode) -> None:
    node.configure()
    assert restore_urgently(node) == 0
    for pid in node.daemons():
        assert os.sched_getscheduler(pid) == os.SCHED_OTHER
        assert os.getpriority(os.PRIO_PROCESS, pid) == 0
        with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as file:
            assert file.read().strip() == "0"


@as_root
def test_a_product_is_as_urgent_and_as_limited_as_its_file_says(node: ToyNode) -> None:
    path = node.configure()
    with open(path, "a", encoding="utf-8") as file:
        file.write("[start]\nnice = -7\nlimits = { nofile = [321, 654], core = 0 }\n")
    assert restore_urgently(node) == 0
    assert node.daemons()
    for pid in node.daemons():
        assert os.getpriority(os.PRIO_PROCESS, pid) == -7
        assert limits_of(pid)["Max open files"] == ["321", "654"]
        assert limits_of(pid)["Max core file size"] == ["0", "0"]


@as_root
def test_a_status_command_is_ordinary_too(node: ToyNode) -> None:
    node.configure()
    place = node.home / "stat"
    node.hooks(
        f"""
        def ark_status(ctx, default):
            ctx.run(["/bin/cp", "/proc/self/stat", "{place}"])
            return default(ctx)
        """
    )
    assert restore_urgently(node) == 0
    fields = place.read_text().rpartition(") ")[2].split()
    nice, policy = int(fields[16]), int(fields[38])
    assert (nice, policy) == (0, os.SCHED_OTHER)
