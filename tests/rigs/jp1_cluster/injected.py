"""Known faults, each with the answer that `ark why` has to give: what is recorded on the cluster.

A fault is one thing that goes wrong in one command, or befalls a process, a disk or a node. What
brings it to light (a switch to the other node, the death of a process before a restart) is no
fault of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rigs.jp1_cluster.own_application import MAIN, NAME, WORKER
from rigs.jp1_cluster.service import AJS3, BASE

#: What a scenario does when its faults lie ready.
MOVE, KILL, FREEZE, POWER, CUT, WAIT = "move", "kill", "freeze", "power", "cut", "wait"
_BASE, _AJS3 = f"lh1-{BASE}", f"lh1-{AJS3}"

Faults = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Answer:
    """What `ark why` has to name. `step`: "" for a check; `lost`: the node that died at rest."""

    action: str
    resource: str
    node: str
    step: str = ""
    #: Words that its text holds.
    says: tuple[str, ...] = ()
    lost: str = ""


@dataclass(frozen=True)
class Injection:
    """One scenario. `faults`: node, command, and what goes wrong in it."""

    name: str
    injected: str
    answer: Answer
    faults: Faults = ()
    strike: str = MOVE
    #: Processes that are killed or stopped, by name.
    victims: tuple[str, ...] = ()
    #: The disk is thawed, or the power cut on this node, once this stands in its log.
    node: str = ""
    line: str = ""
    #: Whether the service is expected to run again without help.
    is_back: bool = True

    @property
    def is_jp1(self) -> bool:
        return self.answer.resource != NAME

    @property
    def plugin(self) -> str:
        return {NAME: "command", _BASE: "jp1-base", _AJS3: "jp1-ajs3-manager"}[self.answer.resource]


def _start(name: str, what: str, shell: str, *says: str, command: str = "start") -> Injection:
    answer = Answer("restore", NAME, "n2", "start", says)
    return Injection(f"command-{name}", what, answer, (("n2", command, shell),))


def _restart(name: str, what: str, shell: str, *says: str) -> Injection:
    answer = Answer("restore", NAME, "n1", "start", says)
    return Injection(
        f"command-{name}", what, answer, (("n1", "start", shell),), KILL, (MAIN, WORKER)
    )


def _stop(name: str, what: str, shell: str, *says: str, force: str = "") -> Injection:
    answer = Answer("remove", NAME, "n1", "stop", says)
    faults: Faults = (("n1", "stop", shell), *((("n1", "force", force),) if force else ()))
    return Injection(f"command-{name}", what, answer, faults)


def _check(name: str, what: str, shell: str, *says: str) -> Injection:
    answer = Answer("quickcheck", NAME, "n1", "", says)
    return Injection(f"command-{name}", what, answer, (("n1", "status", shell),), WAIT)


_HOLDS: Final = "trap '' TERM; while :; do sleep 1; done"

_COMMAND: tuple[Injection, ...] = (
    _start("start-hangs", "start hangs", "sleep 1000", "had not ended"),
    _start("start-hangs-for-good", "start hangs and ignores TERM", _HOLDS, "had not ended"),
    _start("start-returns-3", "start returns 3 and says why",
           "echo 'APP0012-E the licence has expired' >&2; exit 3", "returned 3", "APP0012-E"),
    _start("start-is-not-found", "a program that start needs is missing",
           "/opt/app/gone --now; exit 127", "returned 127", "gone"),
    _start("start-says-much", "start writes 5000 lines and returns 1",
           "seq 5000; echo 'APP0099-E out of memory'; exit 1", "returned 1", "APP0099-E"),
    _start("start-is-killed", "start dies by SIGKILL", "kill -KILL $$", "SIGKILL"),
    _start("never-ready", "start returns 0 and starts nothing", "exit 0", "STOPPED"),
    _start("half-ready", "start leaves out one of two processes", "half=1", "PARTIAL"),
    _start("dies-after-start", "the application ends a second after its start", "brief=1",
           "STOPPED"),
    _start("unknown-after-start", "status returns 9 once it was started",
           "[ ! -e /run/app-main.pid ] || exit 9", "UNKNOWN", command="status"),
    _start("silent-after-start", "status hangs once it was started",
           "[ ! -e /run/app-main.pid ] || sleep 1000", "UNKNOWN", command="status"),
    _restart("restart-returns-4", "killed; the start in place returns 4",
             "echo 'APP0031-E port in use' >&2; exit 4", "returned 4", "APP0031-E"),
    _restart("restart-hangs", "killed; the start in place hangs", "sleep 1000", "had not ended"),
    _restart("restart-never-ready", "killed; the start in place starts nothing", "exit 0",
             "STOPPED"),
    _stop("stop-returns-9", "stop refuses with 9",
          "echo 'APP0040-E users are at work'; exit 9", "returned 9", "APP0040-E"),
    _stop("stop-hangs", "stop hangs", "sleep 1000"),
    _stop("stop-hangs-for-good", "stop hangs and ignores TERM", _HOLDS),
    _stop("stop-leaves-it", "stop returns 0 and stops nothing", "exit 0"),
    _stop("stop-is-killed", "stop dies by SIGSEGV", "kill -SEGV $$", "SIGSEGV"),
    _stop("stop-and-force-refuse", "stop refuses, and the forced stop returns 1", "exit 9",
          "returned 9", force="exit 1"),
    _stop("stop-refuses-force-hangs", "stop refuses, and the forced stop hangs", "exit 9",
          "returned 9", force="sleep 1000"),
    _check("status-hangs", "status hangs", "sleep 1000"),
    _check("status-hangs-for-good", "status hangs and ignores TERM", _HOLDS),
    _check("status-unknown", "status returns 9, which no table knows", "exit 9", "returned 9"),
    _check("status-not-found", "status returns 127", "exit 127", "returned 127"),
    _check("status-is-killed", "status dies by SIGKILL", "kill -KILL $$", "SIGKILL"),
    _check("status-says-half", "status says PARTIAL while all of it runs", "exit 5", "PARTIAL"),
    Injection("command-dies", "both processes die",
              Answer("quickcheck", NAME, "n1", "", ("STOPPED",)), (), KILL, (MAIN, WORKER)),
    Injection("command-half-dies", "one of two processes dies",
              Answer("quickcheck", NAME, "n1", "", ("PARTIAL",)), (), KILL, (WORKER,)),
    Injection("command-disk-silent-in-start", "the disk no longer answers while it starts",
              Answer("restore", NAME, "n2", "start", ("had not ended",)),
              (("n2", "start", "fsfreeze -f /srv/app"),), MOVE, (), "n2", "Restore failed."),
    Injection("command-disk-silent", "the disk no longer answers while it runs",
              Answer("quickcheck", NAME, "n1", "", ()), (), FREEZE, (), "n1",
              "QuickCheck failed."),
    Injection("command-disk-silent-in-stop", "the disk no longer answers while it stops",
              Answer("remove", NAME, "n1", "stop", ()),
              (("n1", "stop", "fsfreeze -f /srv/app"),), MOVE, (), "n1", "Remove failed."),
    Injection("command-power", "the power of the node is cut",
              Answer("", NAME, "n1", "", (), "n1"), (), POWER),
    Injection("command-cut-off", "the node is cut off the network, and fenced",
              Answer("", NAME, "n1", "", (), "n1"), (), CUT),
    Injection("command-power-in-start", "the power is cut while it starts",
              Answer("restore", NAME, "n2", "start", ("/opt/app/app start",)),
              (("n2", "start", "sleep 5"),), MOVE, (), "n2", "Starting."),
    Injection("command-power-in-stop", "the power is cut while it stops",
              Answer("remove", NAME, "n1", "stop", ("/opt/app/app stop",)),
              (("n1", "stop", "sleep 3"),), MOVE, (), "n1", "Stopping."),
    Injection("command-starts-nowhere", "start returns 3 on both nodes",
              Answer("restore", NAME, "n2", "start", ("returned 3",)),
              (("n1", "start", "exit 3"), ("n2", "start", "exit 3")), is_back=False),
)  # fmt: skip


def _jp1(
    resource: str, name: str, what: str, node: str, command: str, settings: str, *says: str
) -> Injection:
    """A fault of one command of JP1: of the start on n2, of the stop or the status on n1."""
    action, step, strike = {
        "start": ("restore", "start", MOVE),
        "stop": ("remove", "stop", MOVE),
        "status": ("quickcheck", "", WAIT),
    }[name.split("-")[0]]
    prefix = "jp1-base" if resource == _BASE else "jp1-ajs3"
    answer = Answer(action, resource, node, step, says)
    return Injection(f"{prefix}-{name}", what, answer, ((node, command, settings),), strike)


def _dies(resource: str, name: str, what: str, victim: str, strike: str = KILL) -> Injection:
    prefix = "jp1-base" if resource == _BASE else "jp1-ajs3"
    answer = Answer("quickcheck", resource, "n1")
    return Injection(f"{prefix}-{name}", what, answer, (), strike, (victim,))


_JP1: tuple[Injection, ...] = (
    _jp1(_BASE, "start-hangs", "start hangs", "n2", "jbs_start.cluster",
         "hang=before", "jbs_start.cluster"),
    _jp1(_BASE, "start-refuses", "start returns 4 and starts nothing", "n2", "jbs_start.cluster",
         "refuse=1 rc=4", "returned 4"),
    _jp1(_BASE, "start-half", "start leaves out most processes", "n2", "jbs_start.cluster",
         "half=3", "jbs_start.cluster"),
    _jp1(_BASE, "start-is-killed", "start dies by SIGKILL", "n2", "jbs_start.cluster",
         "signal=9", "SIGKILL"),
    _jp1(_BASE, "stop-hangs", "stop hangs and ignores TERM", "n1", "jbs_stop.cluster",
         "hang=before ignore_term=1", "jbs_stop.cluster"),
    _jp1(_BASE, "stop-refuses", "stop refuses", "n1", "jbs_stop.cluster",
         "refuse=1", "jbs_stop.cluster"),
    _jp1(_BASE, "stop-leaves", "stop leaves two processes", "n1", "jbs_stop.cluster",
         "leave=jcocmd,jbshcd", "jbs_stop.cluster"),
    _jp1(_BASE, "status-hangs", "status hangs", "n1", "jbs_spmd_status", "hang=before"),
    _jp1(_BASE, "status-unknown", "status returns 77", "n1", "jbs_spmd_status", "rc=77", "77"),
    _dies(_BASE, "dies", "its process manager dies", "jbs_spmd"),
    _dies(_BASE, "half-dies", "its event server dies", "jevservice"),
    _dies(_BASE, "frozen", "its process manager is stopped by SIGSTOP", "jbs_spmd", FREEZE),
    _jp1(_AJS3, "start-hangs", "start hangs", "n2", "jajs_start.cluster",
         "hang=before", "jajs_start.cluster"),
    _jp1(_AJS3, "start-refuses", "start returns 1 and starts nothing", "n2", "jajs_start.cluster",
         "refuse=1", "jajs_start.cluster"),
    _jp1(_AJS3, "start-without", "start leaves out one process", "n2", "jajs_start.cluster",
         "without=jajs_agtd", "jajs_start.cluster"),
    _jp1(_AJS3, "start-nothing", "start returns 0 and starts nothing", "n2", "jajs_start.cluster",
         "nothing=1", "jajs_start.cluster"),
    _jp1(_AJS3, "stop-hangs", "stop hangs and ignores TERM", "n1", "jajs_stop.cluster",
         "hang=before ignore_term=1", "jajs_stop.cluster"),
    _jp1(_AJS3, "stop-refuses", "stop refuses", "n1", "jajs_stop.cluster",
         "refuse=1", "jajs_stop.cluster"),
    _jp1(_AJS3, "status-hangs", "status hangs", "n1", "jajs_spmd_status", "hang=before"),
    _jp1(_AJS3, "status-unknown", "status returns 77", "n1", "jajs_spmd_status", "rc=77", "77"),
    _dies(_AJS3, "dies", "its process manager dies", "jajs_spmd"),
    _dies(_AJS3, "half-dies", "one of its processes dies", "jajs_agtd"),
    Injection("jp1-ajs3-restart-refuses", "killed; the start in place is refused",
              Answer("restore", _AJS3, "n1", "start", ("jajs_start.cluster",)),
              (("n1", "jajs_start.cluster", "refuse=1"),), KILL, ("jajs_agtd",)),
    Injection("jp1-base-restart-refuses", "killed; the start in place is refused",
              Answer("restore", _BASE, "n1", "start", ("jbs_start.cluster",)),
              (("n1", "jbs_start.cluster", "refuse=1"),), KILL, ("jbs_spmd",)),
    Injection("jp1-ajs3-power-in-start", "the power is cut while it starts",
              Answer("restore", _AJS3, "n2", "start", ("jajs_start.cluster",)),
              (("n2", "jajs_start.cluster", "slow=5"),), MOVE, (), "n2", "Starting."),
    Injection("jp1-base-power", "the power of the node is cut",
              Answer("", _BASE, "n1", "", (), "n1"), (), POWER),
)  # fmt: skip

INJECTIONS: tuple[Injection, ...] = (*_COMMAND, *_JP1)

Strike = Callable[[Injection], None]
