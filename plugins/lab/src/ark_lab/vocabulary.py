"""The names of the stand-in: commands, daemons, settings and faults, each with its meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Product(StrEnum):
    """
    What can be installed in a root. Manager and Agent share their paths: only one of the two.
    """

    BASE = "base"
    MANAGER = "manager"
    AGENT = "agent"


class Setting(NamedTuple):
    """
    One setting of a node: its value after an installation, and what it does.
    """

    default: str
    meaning: str


COMMANDS: Final[dict[str, str]] = {
    "jbs_start.cluster": "etc/opt/jp1base",
    "jbs_stop.cluster": "etc/opt/jp1base",
    "jbs_killall.cluster": "etc/opt/jp1base",
    "jbs_spmd_status": "opt/jp1base/bin",
    "jevstat": "opt/jp1base/bin",
    "jajs_start.cluster": "etc/opt/jp1ajs2",
    "jajs_stop.cluster": "etc/opt/jp1ajs2",
    "jajs_killall.cluster": "etc/opt/jp1ajs2",
    "jajs_spmd_status": "opt/jp1ajs2/bin",
    "ajsqlstatus": "opt/jp1ajs2/bin",
}
"""Each command and the directory it lies in, beneath the root."""

DAEMONS: Final[dict[str, str]] = {
    "jbs_spmd": "opt/jp1base/bin",
    "jbssessionmgr": "opt/jp1base/bin",
    "jbsroute": "opt/jp1base/bin",
    "jcocmd": "opt/jp1base/bin",
    "jbsplugind": "opt/jp1base/bin",
    "jbshcd": "opt/jp1base/bin",
    "jbshchostd": "opt/jp1base/bin",
    "jbssrvmgr": "opt/jp1base/bin",
    "jbslcact": "opt/jp1base/bin",
    "jbscomd": "opt/jp1base/bin",
    "jevservice": "opt/jp1base/bin",
    "hntr2mon": "opt/jp1base/bin",
    "jajs_spmd": "opt/jp1ajs2/bin",
    "jajs_dbmd": "opt/jp1ajs2/bin",
    "jajs_hstd": "opt/jp1ajs2/bin",
    "jajs_schd": "opt/jp1ajs2/bin",
    "jajs_agtd": "opt/jp1ajs2/bin",
    "jpqmon": "opt/jp1ajs2/bin",
    "jpoagent": "opt/jp1ajs2/bin",
    "ajsqlagtd": "opt/jp1ajs2/bin",
    "ajsqlftpd": "opt/jp1ajs2/bin",
}
"""Each daemon's executable and the directory it lies in, beneath the root."""

SETTINGS: Final[dict[str, Setting]] = {
    "scale": Setting("0.05", "factor for the product's own seconds: cap and every -t"),
    "cap": Setting("60", "product's seconds until start and stop go on in the background"),
    "cap_rc": Setting("0", "return code of a start or stop that goes on in the background"),
    "manager_delay": Setting("0.002", "seconds from a manager's start to its first child"),
    "child_delay": Setting("0.002", "seconds before each child's start"),
    "stop_delay": Setting("0", "seconds a daemon takes to end when told to"),
    "status_time": Setting("0", "seconds each status command takes, holding its lock"),
    "clash_wait": Setting("1", "seconds a stop waits for a jbs_spmd_status before it goes on"),
    "kill_delay": Setting("0", "seconds after which a forced stop kills; 0: before it returns"),
    "kill_again": Setting("0", "seconds after which a forced stop kills once more; 0: never"),
    "event_server_delay": Setting("0", "seconds after a start in which jevstat says KAJP1706-E"),
    "down_rc": Setting("8", "*_spmd_status for a manager that is down: 8, or 1"),
    "stop_down_rc": Setting("0", "return code of a stop where nothing runs"),
    "child_env": Setting("host", "children carry JP1_HOSTNAME: host; no: nohost; nothing: clean"),
    "keep_stdout": Setting("0", "1: daemons and background work keep the caller's stdout open"),
    "background_setsid": Setting("0", "1: background work leaves the command's session"),
    "ajs_needs_base": Setting("1", "1: JP1/AJS3 does not come up without JP1/Base of its host"),
    "ajs_fail_rc": Setting("0", "return code of a JP1/AJS3 start that did not come up"),
    "base_gone": Setting("keep", "JP1/AJS3 whose JP1/Base is gone: keep (runs on), stop"),
    "auto_restart": Setting("1", "1: without -HA a dead jajs_schd_* is started again"),
    "node": Setting("", "the node's name in the shared directory's record; empty: its root"),
    "record_calls": Setting("0", "1: each command writes its begin and end to ROOT/opt/lab/calls"),
    "double_start": Setting("refuse", "a second node's start: refuse, or allow (and record it)"),
    "base_children": Setting(
        "jbsroute,jcocmd,jbsplugind,jbshcd,jbshchostd,jbssrvmgr,jbslcact,jbscomd",
        "children of jbs_spmd; a name may occur more than once",
    ),
    "event_children": Setting("jevservice,jevservice", "children of jevservice"),
    "manager_children": Setting(
        "jajs_dbmd_JF0,jajs_hstd,jajs_schd_AJSROOT1,jajs_agtd", "children of a Manager's jajs_spmd"
    ),
    "agent_children": Setting("jpqmon,jpoagent", "children of an Agent's jajs_spmd"),
}
"""What `StandIn.configure` takes. Seconds are real ones, except `cap`."""

COMMAND_FAULTS: Final[dict[str, str]] = {
    "slow": "seconds before the work",
    "hang": "before or after the work, for ever",
    "ignore_term": "1: ignores TERM, INT and HUP",
    "refuse": "1: an error message, no work, rc (else 1)",
    "rc": "return code instead of its own; the work is done",
    "signal": "number of the signal by which it dies before the work",
    "nothing": "1: no work, rc (else 0)",
    "text": "prints this instead of working, rc (else 0)",
    "garbage": "1: bytes that are text in no encoding",
    "flood": "bytes of output after the work, or endless",
    "half": "start: only the first N children",
    "without": "start: not these processes (a,b)",
    "leave": "stop: returns, these survive (a,b; or the first N children)",
}
"""Faults of a command. Any setting may be given too: it then counts for that command alone."""

DAEMON_FAULTS: Final[dict[str, str]] = {
    "ignore_term": "1: ignores TERM",
    "die": "seconds after its start at which it dies; for a live one: from now",
    "hang": "1: stops itself (SIGSTOP): lives, and answers nothing",
}
"""Faults of a daemon. `stop_delay`, and for its start `child_delay` and `child_env`, too."""


def is_daemon(name: str) -> bool:
    """
    Is `name` a daemon's, the names that carry a service or an id included?
    """
    return name in DAEMONS or name.startswith(("jajs_schd_", "jajs_dbmd_"))
