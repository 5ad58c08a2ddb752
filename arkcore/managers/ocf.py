"""The vocabulary of OCF 1.1 resource agents: exit codes, and what an agent's environment says."""

from __future__ import annotations

from arkcore.base.deadline import Deadline
from arkcore.base.errors import ConfigurationError
from arkcore.base.text import elided, shown
from arkcore.machine.processes import own_beginning
from arkcore.managers.operation_times import SHARE
from arkcore.resources.parameters import Parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# Exit codes (OCF resource agent API 1.1, section "Return codes"; 190: Pacemaker Explained).
SUCCESS, GENERIC, ARGS, UNIMPLEMENTED, PERM, INSTALLED, CONFIGURED, NOT_RUNNING = range(8)
#: It is active, and Pacemaker only takes note.
DEGRADED = 190

_PREFIX = "OCF_RESKEY_"
_META = "OCF_RESKEY_CRM_meta_"
_INSTANCE = "OCF_RESOURCE_INSTANCE"
#: What Pacemaker and its tools hand to every agent beside its own parameters.
_NO_PARAMETERS = ("crm_feature_set", "trace_ra", "trace_dir", "trace_file", "OCF_CHECK_LEVEL")
#: Bytes that Pacemaker keeps of an exit reason. It cuts what is longer wherever that is: within a
#: character too, and then its whole state is no XML any more.
_LONGEST_REASON = 127
_LONGEST_LINE = 1000
#: Milliseconds: thirty years.
_LONGEST_TIME = 10**12


class Operation:
    """One operation on one resource, as Pacemaker describes it in an agent's environment.

    Seconds; `timeout` is None and `interval` 0 where it says none. `called_at`: when it was asked
    for, in CLOCK_MONOTONIC seconds; None: now.
    """

    __slots__ = ("_environment", "called_at", "interval", "role", "timeout")

    def __init__(self, environment: Mapping[str, str], called_at: float | None = None) -> None:
        self._environment = environment
        self.called_at = called_at
        self.timeout = _seconds(environment.get(f"{_META}timeout"))
        self.interval = _seconds(environment.get(f"{_META}interval")) or 0.0
        self.role = environment.get(f"{_META}role", "")

    @property
    def is_probe(self) -> bool:
        """Whether a monitor looks at a node where the resource may not be, or is not to be."""
        return self.interval == 0 or self.role == "Stopped"

    @property
    def ends(self) -> Deadline | None:
        """When it must be over: 95 % of its timeout after this process began."""
        if self.timeout is None:
            return None
        return Deadline(own_beginning() + SHARE * self.timeout)

    def resource(self) -> str:
        """The resource's name. `ConfigurationError` where there is none.

        An instance of a clone is the resource itself: a node has but one.
        """
        name = self._environment.get(_INSTANCE, "")
        if not name:
            raise ConfigurationError(f"{_INSTANCE} is not set: an agent is called by Pacemaker")
        plain, colon, number = name.rpartition(":")
        return plain if colon and number.isdigit() else name

    def refuse_clone(self) -> None:
        """`ConfigurationError` where more than one instance of the resource is to run.

        A logical host runs on one node, and once there. One that is promotable runs on others too.
        """
        allowed = {"globally_unique": "false", "promotable": "false", "clone_max": "1"}
        for name, value in allowed.items():
            given = self._environment.get(f"{_META}{name}", value)
            if given not in (value, "0"):
                option = name.replace("_", "-")
                raise ConfigurationError(
                    f"{self.resource()}: a clone with {option}={given} would run one logical host "
                    f"more than once; allowed: {option}={value}"
                )

    def parameters(self, plugin: str) -> Parameters:
        """What the cluster's configuration says of the resource."""
        given = {
            key.removeprefix(_PREFIX): text
            for key, text in sorted(self._environment.items())
            if key.startswith(_PREFIX) and not key.startswith(_META)
        }
        for name in _NO_PARAMETERS:
            given.pop(name, None)
        return Parameters(plugin, given)

    def exit_reason(self, reason: str) -> str:
        """The line on stderr that crm_mon shows; "" where there is no reason.

        Before it stands the whole reason, for Pacemaker's log, where crm_mon shows but a part.
        """
        if not reason:
            return ""
        prefix = self._environment.get("OCF_EXIT_REASON_PREFIX", "ocf-exit-reason:")
        whole = part = shown(reason)
        longest = _LONGEST_REASON
        while len(part.encode("utf-8", "backslashreplace")) > _LONGEST_REASON:
            part = elided(whole, longest)
            longest -= 1
        before = f"{elided(whole, _LONGEST_LINE)}\n" if part != whole else ""
        return f"{before}{prefix}{part}\n"


def _seconds(milliseconds: str | None) -> float | None:
    try:
        number = int(milliseconds or "")
    except ValueError:
        return None
    # What no scheduler can count is no time either.
    return number / 1000 if 0 < number < _LONGEST_TIME else None
