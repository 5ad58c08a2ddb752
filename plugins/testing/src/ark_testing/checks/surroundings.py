"""What hooks need of their surroundings, and what they leave in them: nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from ark_testing.checks.check import check
from ark_testing.checks.manners import every_hook_in_every_state
from ark_testing.finding import Failed, expect
from ark_testing.host import HookCall, await_that, shown
from ark_testing.installation import Capability
from ark_testing.places import OF_DAEMONS, is_beneath, places_of
from ark_testing.spoiling import away
from ark_testing.subject import Subject
from arkcore.base.status import Status
from arkcore.machine.processes import still_lives

_BARE = "in an empty directory, with an empty environment and no PATH"


@check(
    "hooks need neither PATH, HOME nor another variable, nor a current directory",
    "フックは PATH や HOME などの環境変数にも、現在のディレクトリにも依存しない",
)
def hooks_need_no_surroundings(subject: Subject) -> None:
    host, installation = subject.host, subject.installation
    subject.stopped()
    with tempfile.TemporaryDirectory(prefix="conformance-bare-") as place:
        bare = Path(place)
        done = host.step("start", installation.starts_within + 2, bare)
        expect(done["outcome"] == "well", f"{_BARE}, it does not start: {done['reason']}")
        host.wanted_up()
        look = host.look(bare=bare)
        for call in look.calls:
            _raised_nothing(call, _BARE)
        expect(look.said is Status.RUNNING, f"{_BARE}, it runs and is {look.detail}")
        ran = set(host.living())
        stopped = host.call_hook("ark_stop", 2 * installation.stops_within, bare)
        if stopped is None:
            raise Failed(f"{_BARE}, ark_stop did not come back in time")
        _raised_nothing(stopped, _BARE)
        gone = await_that(lambda: not ran & {*host.living()}, installation.stops_within)
        expect(gone, f"{_BARE}, ark_stop left {shown([each for each in ran if still_lives(each)])}")


def _raised_nothing(call: HookCall, when: str) -> None:
    expect(not call.raised, f"{when}, {call.hook} raised {call.raised}; name files in full")


@check(
    "ark_stop and ark_force_stop need no shared disk",
    "ark_stop と ark_force_stop は、共有ディスクがなくても例外を送出しない",
    Capability.SHARED_DISK,
)
def stop_hooks_need_no_shared_disk(subject: Subject) -> None:
    host = subject.host
    subject.running()
    with away(host.given.shared):
        for hook in ("ark_stop", "ark_force_stop"):
            if hook not in subject.declaration()["hooks"]:
                continue
            call = host.call_hook(hook, subject.installation.stops_within)
            if call is None:
                raise Failed(f"its shared disk is away, and {hook} did not come back in time")
            expect(
                call.raised in ("", "StepFailed"),
                f"its shared disk is away, and {hook} raised {call.raised}; at a failover the disk "
                f"may be gone before the stop: do without, or raise StepFailed",
            )
        for finding in host.preflight():
            expect(
                finding.get("hook") != "ark_check_configuration" or finding.get("level") != "fail",
                f"its shared disk is away, and ark_check_configuration says FAIL "
                f"({finding.get('check')}: {finding.get('seen')}); the standby node could not be "
                f"validated: say WARN, and look at it where the disk is",
            )
        refusal = subject.refusal(host, host.given.options)
        expect(
            not refusal,
            f"its shared disk is away, and its options are refused: {refusal}; a standby node "
            f"could not be validated: look at the disk in ark_check_configuration",
        )


@check(
    "hooks leave no file outside of the application's own directories and /run",
    "フックは、アプリケーションのディレクトリと /run 以外にファイルを残さない",
)
def hooks_leave_no_files(subject: Subject) -> None:
    own = places_of(subject)
    found: list[str] = []
    for call in subject.once(every_hook_in_every_state):
        left = [each for each in call.wrote if not is_beneath(each, own + OF_DAEMONS)]
        for each in left[:1]:
            if not any(told.startswith(f"{call.hook} ") for told in found):
                found.append(f"{call.hook} {each}")
    expect(not found, f"{'; '.join(found)}; remove it before the hook comes back")
