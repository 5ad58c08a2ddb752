"""The process that a manager calls: it takes the lock, keeps the time and answers.

It writes the script's pair and decides the outcome. It imports no plugin: every part of an action
that can hang, raise or exit runs in a forked worker (:mod:`arkcore.worker.part`), which the guard
ends when its time is up.
"""

from __future__ import annotations

from arkcore.base.call import Action, Call
from arkcore.base.status import Fault, Outcome, Verdict
from arkcore.base.stderr import complain
from arkcore.guard.case import Case
from arkcore.guard.ended import verdict_when_ended, who_ended_us
from arkcore.guard.run import ActionRun
from arkcore.guard.script import Script
from arkcore.guard.workers import Workers
from arkcore.memory.intent import Wanted
from arkcore.resources import record
from arkcore.resources.resource import LogSettings, RasSettings
from arkcore.worker.signals import Ended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from arkcore.base.deadline import Deadline
    from arkcore.base.paths import Paths
    from arkcore.guard.dependents import Dependents
    from arkcore.guard.healthy import Begun
    from arkcore.guard.loading import Loading
    from arkcore.resources.resource import Resource
    from arkcore.worker.signals import Signals


class Guard:
    """One call, from the question to the verdict.

    `listener`, `limit`, `outer`: as for :class:`~arkcore.guard.case.Case`. `begun`: what the
    healthy path has begun, with the lock held and the start line written.
    """

    #: What acts, once the resource is loaded.
    make_run = ActionRun

    def __init__(
        self,
        call: Call,
        paths: Paths,
        signals: Signals,
        *,
        listener: Callable[[str, str], None] | None = None,
        limit: Deadline | None = None,
        outer: Case | None = None,
        begun: Begun | None = None,
    ) -> None:
        self.case = Case(call, paths, signals, listener=listener, limit=limit, outer=outer)
        self._workers = Workers(self.case)
        self._run: ActionRun | None = None
        #: What a healthy check has begun; None once it is taken over.
        self._begun = begun
        #: Whether what the manager wants could be written down.
        self._intent_is_kept = True
        #: What was wanted before this restore said "up".
        self._wanted_before = Wanted.NOTHING

    # From the call to the verdict.

    def perform(self) -> Verdict:
        """Do what the call asks. Never raises; every trouble has its verdict."""
        action = self.case.call.action
        verdict = Verdict(Outcome.INTERNAL)
        try:
            self._declare_intent(action)
            verdict = self.take(action) or self.run.act(action)
        except Ended:
            verdict = self._ended(action)
        except Exception as error:  # ours, and never the application's fault
            verdict = self._broke(action, f"{type(error).__name__}: {error}")
        finally:
            # Before the lock is free: whoever waits for it must not see what is not so.
            self._settle_intent(action, verdict)
            self.release()
        verdict.fault = self.case.fault
        if self._run is not None and self._run.resource.observers:
            from arkcore.guard.observing import observe

            observe(self.case, self._run.resource, self._run.limit, self._workers, verdict)
        return verdict

    def take(self, action: Action) -> Verdict | None:
        """Load, where that is not done, and take the lock; a verdict where that cannot be."""
        begun, self._begun = self._begun, None
        if begun is not None:
            run = self.use(begun.resource)
            run.is_begun, run.answer, run.clock = True, begun.answer, begun.clock
            run.clock.go_on()
            run.script.go_on()
            self.case.lock.take_from(begun.lock)
            return None
        loaded = self.load() if self._run is None else None
        return loaded or self.run.take_turn(action)

    def act(self, action: Action) -> Verdict:
        """Do `action`, once it is taken."""
        return self.run.act(action)

    def release(self) -> None:
        """Let go of the lock."""
        self.case.lock.release()

    @property
    def run(self) -> ActionRun:
        """What acts on the resource, which has been loaded."""
        assert self._run is not None
        return self._run

    # The manager's word.

    def _declare_intent(self, action: Action) -> None:
        """Write what the manager wants, before the lock is taken."""
        case = self.case
        if not case.by_manager:
            return
        if action is Action.RESTORE:
            self._wanted_before = case.state.intent.wanted
            self._intent_is_kept = case.state.intent.want(Wanted.UP)
        elif action is Action.REMOVE and case.me is not None:
            self._intent_is_kept = case.state.intent.want_down(case.me)

    def _settle_intent(self, action: Action, verdict: Verdict) -> None:
        case = self.case
        if not case.by_manager:
            return
        if action is Action.REMOVE and case.me is not None:
            case.state.intent.settle_remove(case.me, well=verdict.outcome is Outcome.WELL)
        elif action is Action.RESTORE and self._run is None:
            # Refused before it could begin: the remove that follows has nothing of it to stop.
            case.state.intent.withdraw_up(self._wanted_before)

    # Loading.

    def load(self) -> Verdict | None:
        """The resource, from its record or validated anew; a verdict where it is unusable."""
        case = self.case
        resource = record.load(case.paths, case.call.resource, case.call.parameters)
        if resource is None:
            from arkcore.guard.loading import Loading

            loading = Loading(case, self._workers)
            resource, problem = loading.validated()
            if resource is None:
                return self._unusable(loading, problem)
        self.use(resource)
        return None

    def use(self, resource: Resource, warning: str = "") -> ActionRun:
        """Make what acts on `resource`."""
        self._run = self.make_run(self.case, resource, self._workers, self._dependents_of, warning)
        self._run.intent_is_kept = self._intent_is_kept
        return self._run

    def _unusable(self, loading: Loading, problem: str) -> Verdict | None:
        """Nobody can be asked. Never a verdict about a healthy application."""
        case, action = self.case, self.case.call.action
        known = record.last_known_good(case.paths, case.call.resource)
        if action is Action.REMOVE:
            if known is not None:
                known.given = case.call.parameters
                self.use(known, f"{problem}; the recorded copy serves")
                return None
            if self._can_be_stopped(loading):
                self.run.warning = f"{problem}; it is stopped all the same"
                return None
        script = self._script(known)
        if action is Action.REMOVE and not case.state.ever_restored():
            from arkcore.actions.remove import never_restored

            return script.completed(action, never_restored(problem))
        return script.failed(action, problem)

    def _can_be_stopped(self, loading: Loading) -> bool:
        """Whether there is something to stop of what was never recorded here, and who can do it.

        What another resource of the same logical host may be running is not stopped.
        """
        resource = loading.essentials(self.case.call.caller.manages)
        if resource is None:
            return False
        run = self.use(resource)
        if self.case.state.ever_restored():
            return True
        from arkcore.actions.probe import lives
        from arkcore.base.budget import LOOKING

        if run.ask(lives, resource, within=LOOKING, aside=True).well:
            return True
        self._run = None
        return False

    def _script(self, known: Resource | None = None) -> Script:
        """The script of a resource that is not loaded; `known`: as it was once."""
        host = known.logical_host if known else "-"
        ras = known.ras if known else RasSettings()
        log = known.log if known else LogSettings()
        return Script(self.case, host, ras, log, only_changes=False)

    # Trouble.

    def _ended(self, action: Action) -> Verdict:
        """Told to end while waiting for the lock, or before the resource was known."""
        reason = who_ended_us(self.case.signals, [self.case.state])
        verdict = verdict_when_ended(action, reason, self.case.state.intent.wanted)
        script = self._run.script if self._run is not None else self._script()
        return script.brief(action, verdict.outcome, verdict.reason)

    def _broke(self, action: Action, reason: str) -> Verdict:
        """A fault of ours, told in full, and held against nobody."""
        complain(f"{self.case.call.resource}: {action.word}: {reason}")
        self.case.fault = Fault.ENGINE
        if self._run is not None and action is Action.QUICK_CHECK:
            self._run.clock.withdraw()
        script = self._run.script if self._run is not None else self._script()
        return script.broke(action, reason)

    # Dependents: the resources of this node that require this one.

    def _dependents_of(self, run: ActionRun) -> Dependents:
        from arkcore.guard.dependents import Dependents

        return Dependents(self.case, self._workers, run.limit, lambda name: self._nested(run, name))

    def _nested(self, run: ActionRun, name: str) -> Guard:
        """The guard of another resource, which is stopped and started within this recover."""
        case = self.case
        # As a remove, for which the recorded copy of a broken file serves.
        parameters = record.parameters_here(case.paths, name)
        call = Call(Action.REMOVE, name, case.call.caller, parameters)
        listener = case.listener and _teller_for(case.listener, name)
        return Guard(call, case.paths, case.signals, listener=listener, limit=run.limit, outer=case)


def _teller_for(listener: Callable[[str, str], None], name: str) -> Callable[[str, str], None]:
    """What tells a listener what another resource's script says, and whose it is."""
    return lambda kind, text: listener(kind, f"{name}: {text}")
