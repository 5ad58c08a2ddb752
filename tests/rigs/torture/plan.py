"""What a seed makes: the steps of one run. The same seed makes the same plan, on every machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from rigs.torture import product
from rigs.torture.application import FAULTS as PLUGIN_FAULTS

ACTIONS = ("restore", "remove", "quickcheck", "recover")
#: How often each follows an action: what follows should mostly have something to do.
_FOLLOWED_BY = {
    "restore": (1, 3, 4, 4),
    "remove": (10, 1, 1, 1),
    "quickcheck": (2, 3, 2, 4),
    "recover": (1, 3, 3, 3),
}

#: The product's commands that each action is likely to run.
_VERBS = {
    "restore": ("start", "start", "status", "force"),
    "remove": ("stop", "stop", "force"),
    "quickcheck": ("status",),
    "recover": ("start", "stop", "status", "force"),
}

_HOOKS = ("status", "processes", "start", "stop", "force")

#: What the machine does before the actions of a step.
MACHINE = (
    "log-directory-moved", "log-directory-is-a-file", "log-moved", "state-garbage", "state-cut",
    "state-removed", "reboot", "stale-lock", "lock-garbage",
)  # fmt: skip

#: What happens to the product before the actions of a step.
CRASHES = ("all", "one", "frozen")
#: How often, by the action: a restore or recover of what runs well has little to do.
_CRASHED_BEFORE = {"restore": 0.6, "remove": 0.2, "quickcheck": 0.3, "recover": 0.7}

_SIGNALS = ("SIGTERM", "SIGALRM", "SIGKILL", "SIGSTOP")
_SIGNAL_WEIGHTS = (3, 1, 5, 2)
#: Seconds after which a stopped process of ours goes on.
STOPPED_FOR = 0.5


@dataclass(frozen=True)
class Strike:
    """A signal to the guard or the worker of one of the step's calls, at some instant of it."""

    call: int
    whom: str
    signal: str
    after: float

    def __str__(self) -> str:
        return f"{self.signal} to the {self.whom} of call {self.call} after {self.after:.3f} s"


@dataclass(frozen=True)
class Step:
    """One or two calls, and what goes wrong before and while they are at work."""

    actions: tuple[str, ...]
    #: Seconds between the first call and the second.
    apart: float = 0.0
    product: dict[str, str] = field(default_factory=dict)
    plugin: tuple[str, str] | None = None
    machine: str = ""
    #: Of several state files, which one; an index that wraps.
    which: int = 0
    crash: str = ""
    strikes: tuple[Strike, ...] = ()

    def faults(self) -> list[str]:
        """The kinds of fault that are injected before the calls, for counting."""
        found = [f"product: {self.crash} of its processes"] if self.crash else []
        found += [f"machine: {self.machine}"] if self.machine else []
        return found + (["ourselves: two calls at once"] if len(self.actions) > 1 else [])

    def __str__(self) -> str:
        calls = f" and {self.apart:.3f} s later ".join(self.actions)
        parts = [f"{verb}={fault}" for verb, fault in self.product.items()]
        parts += [f"crash={self.crash}"] if self.crash else []
        parts += [f"plugin={self.plugin[0]}:{self.plugin[1]}"] if self.plugin else []
        parts += [f"machine={self.machine}/{self.which}"] if self.machine else []
        parts += [str(strike) for strike in self.strikes]
        return f"{calls}; {', '.join(parts) or 'no fault'}"


@dataclass(frozen=True)
class Plan:
    """The steps of one seed's run."""

    seed: int
    steps: tuple[Step, ...]


def make_plan(seed: int, steps: int = 25) -> Plan:
    random = Random(seed)
    # Begun well, so that the first faults have something to hurt.
    made = [Step(("restore",))]
    while len(made) < steps:
        made.append(_step(random, made[-1].actions[-1]))
    return Plan(seed, tuple(made))


def _step(random: Random, last: str) -> Step:
    number = 2 if random.random() < 0.2 else 1
    actions = tuple(random.choices(ACTIONS, _FOLLOWED_BY[last], k=number))
    apart = round(random.uniform(0, 0.8), 3)
    if random.random() < 0.1:
        return Step(actions, apart, crash="all" if random.random() < 0.5 else "")
    machine = random.choice(MACHINE) if random.random() < 0.15 else ""
    return Step(
        actions,
        apart,
        product=_product_faults(random, actions) if random.random() < 0.7 else {},
        plugin=(
            (random.choice(_HOOKS), random.choice(sorted(PLUGIN_FAULTS)))
            if random.random() < 0.12
            else None
        ),
        machine=machine,
        which=random.randrange(100),
        crash=random.choice(CRASHES) if random.random() < _CRASHED_BEFORE[actions[0]] else "",
        strikes=_strikes(random, len(actions)) if random.random() < 0.4 else (),
    )


def _product_faults(random: Random, actions: tuple[str, ...]) -> dict[str, str]:
    likely = [verb for action in actions for verb in _VERBS[action]]
    verbs = random.choices(likely, k=random.choices((1, 2, 3), (6, 3, 1))[0])
    return {verb: random.choice(product.FAULTS[verb]) for verb in verbs}


def _strikes(random: Random, calls: int) -> tuple[Strike, ...]:
    return tuple(
        Strike(
            random.randrange(calls),
            random.choices(("guard", "worker"), (3, 1))[0],
            random.choices(_SIGNALS, _SIGNAL_WEIGHTS)[0],
            # Most of an action happens early, whatever its limit.
            round(min(random.expovariate(random.choice((20.0, 6.0, 1.5))), 3.0), 3),
        )
        for _ in range(random.choices((1, 2), (4, 1))[0])
    )
