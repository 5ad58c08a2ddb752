"""`ark guide` on the test hosts: LifeKeeper asked through ins_list, both RAS logs read."""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from preflight.hosts import Host, Pair

from arkcore.managers.launcher import launcher_of

TAGS = ("lkjp1_base", "lkjp1_ajs3")


def ras(host: Host, *lines: tuple[str, str]) -> None:
    log = host.prefix / "var/log/ark/ras.log"
    log.parent.mkdir(parents=True)
    log.write_text(
        "".join(
            f"[2026/11/25 {at}] : {tag} : LVMRH5LKB : {message}\n"
            for at, message in lines
            for tag in TAGS
        )
    )


def guide(pair: Pair, directory: Path) -> dict[str, Any]:
    answers = str(directory / "answers.json")
    (directory / "answers.json").unlink(missing_ok=True)  # an export overwrites nothing
    pair.standby.ark("preflight", export=answers)
    done = pair.active.ark("guide", peer=answers)
    assert (done.returncode, done.stderr) == (0, "")
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def share_proc(host: Host) -> None:
    """Have the host see its real mounts."""
    shutil.rmtree(host.root / "proc/self")
    (host.root / "proc/self").symlink_to("/proc/self")


def test_a_pair_is_led_from_the_first_step_to_the_last(pair: Pair, tmp_path: Path) -> None:
    for host in pair.hosts:
        share_proc(host)
    facts = guide(pair, tmp_path)
    assert facts["next"] == 3  # JP1 is there, LifeKeeper is not
    pair.active.lifekeeper("ISP")
    pair.standby.lifekeeper("OSU")
    # A skipped recover is no local recovery.
    skipped = ("10:05:00", "Recover completed. Skipped: maintenance.")
    ras(pair.active, ("10:00:00", "Restore completed."), skipped)
    facts = guide(pair, tmp_path)
    assert facts["next"] == 8
    assert {part["state"] for part in facts["steps"][-1]["parts"]} == {"missing"}
    ras_log = pair.active.prefix / "var/log/ark"
    (ras_log / "ras.log").unlink()
    ras_log.rmdir()
    ras(pair.active, ("10:10:00", "Recover completed."), ("10:30:00", "Restore completed."))
    ras(pair.standby, ("10:20:00", "Restore completed."))
    for host in pair.hosts:  # logrotate has packed them
        log = host.prefix / "var/log/ark/ras.log"
        (log.parent / "ras.log-20261126.gz").write_bytes(gzip.compress(log.read_bytes()))
        log.unlink()
    facts = guide(pair, tmp_path)
    assert facts["next"] is None, facts
    assert {step["state"] for step in facts["steps"]} == {"done"}
    for host in pair.hosts:
        (host.prefix / "var/log/ark/ras.log-20261126.gz").unlink()
    copy = pair.standby.prefix / "LifeKeeper/subsys/gen/resources/app/actions/!restore/lkjp1_base"
    copy.parent.mkdir(parents=True)
    text = launcher_of("lifekeeper", ("restore", ""), sys.executable)
    copy.write_text(text.replace(sys.executable, "/nowhere/python3.11", 1))
    facts = guide(pair, tmp_path)
    # What was proven stays; a program of LifeKeeper's that starts no longer undoes its step.
    assert [step["number"] for step in facts["steps"] if step["state"] != "done"] == [7]
    assert "it was in the RAS log of rh5lkb, " in facts["steps"][-1]["parts"][1]["seen"]
    assert f"{copy}: /nowhere/python3.11 is not there" in json.dumps(facts)
