"""How time is divided: each fraction and reserve that decides what is ended, and when.

One part of an action, from left to right. A part's command is ended first, then its worker, then
the whole action; so each one still has time to say what became of the one before it.

    part begins                     deadline              end          limit
        |------- the plugin's time -----|--- ending what is late ---|-- answering --|
        |                           ^   |                  ^        |               |
        |                           |   |                  |        |  the manager kills us
        |           the worker says |   |  a black box of  |        |
        |        what it could not  |   |  a hung plugin   |        |
                                                                 the worker is killed

    deadline   when a hook's commands are ended, and the hook must have come back
    end        when the worker is killed
    limit      when the manager ends the whole call (Pacemaker's timeout, LifeKeeper's for a check)

All numbers are seconds. Nothing here asks a clock: what is now is an argument, or a remaining time.
"""

from __future__ import annotations

# A part of an action, in its worker.

#: Of a cleanup timer, at most so much goes to ending a late worker's command.
ENDING = 5.0
#: Before the limit, at most so much is for saying what became of the action.
_ANSWERING = 0.3
#: A worker has to tell what it could not do before it is late itself: at most so much before.
_TELLING = 0.4
#: Of a worker's time, so much at its end, at most, is for recording what it hangs in.
_RECORDING = 0.25


def of_part(
    now: float, deadline: float, cleanup: float, limit: float | None
) -> tuple[float, float]:
    """When a part must be over, and when its worker is killed; both on the monotonic clock.

    `deadline`: when it would be over without a limit. `cleanup`: seconds after it, half of which,
    and 5 s at most, may go to ending what is late. `limit`: when the whole action is ended.
    """
    ending = min(cleanup / 2, ENDING)
    end = deadline + ending
    if limit is not None:
        end = min(end, limit - min(_ANSWERING, cleanup / 2))
        deadline = min(deadline, limit - ending)
    return min(deadline, end - min(_TELLING, max(0.0, end - now) / 4)), end


def for_recording(left: float) -> float:
    """So much of the `left` seconds of a worker is for the black box of a plugin that hangs."""
    return min(_RECORDING, left / 8)


def for_command_box(longest: float, left: float) -> float:
    """Seconds for the black box of a late command, whose worker has `left` seconds."""
    return min(longest, left * 0.4)


def for_ending_command(left: float) -> float:
    """Seconds for ending a late command, whose worker has `left` seconds."""
    return max(0.1, left * 0.8)


def before_kill(grace: float, left: float) -> float:
    """Seconds between TERM and KILL: `grace`, or a third of the `left` seconds."""
    return min(grace, left / 3)


# The whole action, in the guard.

#: Validating a resource, or reading the files of those that require it.
LOADING = 20.0
#: A look may take this long, where its caller sets no limit.
LOOKING = 18.0
#: What is left below the guard when all else is done.
_SWEEP = 3.0
#: A pre-empted guard yields within so much; one that does not is stuck, and is killed.
_YIELD = 2.0
#: A quickCheck is stuck when its limit is over for so long.
_STUCK = 2.0
#: The observers, all together.
OBSERVERS = 5.0
#: Whoever holds the lock without a word about himself has just begun.
_JUST_BEGUN = 1.0


def of_loading(now: float, limit: float | None) -> float:
    """When a validation is ended: something is left of the limit for telling so."""
    end = now + LOADING
    return end if limit is None else min(end, limit - ENDING / 2)


def no_later(now: float, seconds: float, limit: float | None) -> float:
    """`seconds` from now, or the limit."""
    return now + seconds if limit is None else min(now + seconds, limit)


def of_timer(began: float, seconds: float, now: float) -> float:
    """A timer's end: `seconds` after the call, which includes waiting for the lock.

    It is at least 1 s ahead.
    """
    return max(began + seconds, now + 1.0)


def for_aborted(process: float) -> float:
    """Seconds for ending what an action that was killed has left; `process`: the timer at work."""
    return min(5.0, process / 4)


def for_sweep(left: float) -> float:
    """Seconds for ending what commands have left below the guard; `left`: of its timers."""
    return max(0.3, min(_SWEEP, left))


def for_yielding() -> float:
    """Seconds that a guard that was told to end takes for ending what it has begun."""
    return _YIELD * 0.6


def for_pre_empted() -> float:
    """Seconds that another guard is given to yield."""
    return _YIELD + 1.0


def for_lock(action: str, process: float, longest: float | None) -> float:
    """Seconds of waiting for the lock.

    `process`: the action's own timer. `longest`: the longest action's, where this one waits for
    whatever is at work; None for a restore or a remove.
    """
    if action == "quickcheck":
        return _JUST_BEGUN
    return process if longest is None else longest + 5


def is_stuck(age: float, limit: float | None) -> bool:
    """Whether a quickCheck at work for `age` seconds will not come back."""
    return limit is not None and age > limit + _STUCK


# A quickCheck, within the time that its manager gives it.


def of_check(
    timer: float, undecided: float, cleanup: float, limit: float | None
) -> tuple[float, float]:
    """Seconds for a quickCheck's question, and for ending what is late.

    `undecided`: seconds of the timer that are used up. `limit`: seconds that the manager gives the
    run. A sixth of it goes to ending a hung status command (3 s of 18), a ninth to asking the
    machine and the manager before a failure is answered.
    """
    within = max(1.0, timer - undecided)
    if limit is not None:
        cleanup = min(cleanup, limit / 6)
        within = min(within, limit - cleanup - limit / 9)
    return within, cleanup


# A stop.


def for_force(reserve: float, process: float) -> float:
    """Seconds of remove.process that are kept for the forced stop: half of it at most."""
    return min(reserve, process / 2)


def for_killing(left: float) -> float:
    """Seconds for killing what is left: it is dead before it is asked for again."""
    return min(1.0, left / 2)


def for_last_look(left: float) -> float:
    """Seconds for seeing that nothing is left after that."""
    return min(2.0, left / 2)


# Timers, within the time that a manager gives.


def cut(process: float, cleanup: float, seconds: float) -> tuple[float, float]:
    """`process` and `cleanup`, shortened to fit into `seconds` together with the answer.

    A cleanup keeps up to a quarter of the time, for it leaves the node as others need it.
    """
    answering = min(2.0, seconds / 10)
    cleanup = min(cleanup, seconds / 4)
    return min(process, max(0.5, seconds - answering - cleanup)), cleanup
