"""Pacemaker, asked by its own tools. For people and for checks; no operation waits for them."""

from __future__ import annotations

from arkcore.base.call import Action
from arkcore.machine.system import is_trusted_program
from arkcore.managers.base import Cluster
from arkcore.managers.operation_times import INTERVAL, OPERATIONS, SHARE, usual_timeout
from arkcore.worker.question import Answer, How, ask_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from xml.etree import ElementTree

    from arkcore.resources.timers import Timers

_PLACE = "/usr/sbin"
#: Seconds for an operation for which nothing in the cluster's configuration names a timeout.
_DEFAULT_TIMEOUT = 20.0
#: What cibadmin returns where nothing in the configuration matches: 105, before Pacemaker 2.0: 6.
_NO_SUCH = (105, 6)


class PacemakerTools(Cluster):
    """What Pacemaker knows, as far as it answers. `prefix`: comes before the tools' place."""

    check_interval = float(INTERVAL)

    def __init__(self, prefix: str = "") -> None:
        self._place = f"{prefix}{_PLACE}"

    def run_limit(self, timers: Timers) -> float:
        return SHARE * usual_timeout("monitor", timers)

    def in_service(self, resource: str) -> bool | None:
        node = self._ask("crm_node", "--name").output.strip()
        located = self._ask("crm_resource", "--resource", resource, "--locate")
        told = located.output + located.errors  # "is NOT running" goes to either, by version
        if len(node.split()) != 1 or ("running on" not in told and "NOT running" not in told):
            return None
        # "resource NAME is running on: NODE", with " Promoted" behind it where that applies.
        places = [line.partition("running on:")[2].split() for line in told.splitlines()]
        return any(place[:1] == [node] for place in places)

    def command(self, action: Action, resource: str) -> str:
        role = "Started" if action is Action.RESTORE else "Stopped"
        return (
            f"crm_resource --resource {resource} --meta --set-parameter target-role "
            f"--parameter-value {role}"
        )

    def parameter(self, resource: str, name: str) -> str | None:
        """The value that the cluster's configuration has for a parameter; None where it has none.

        Root alone is told it.
        """
        from xml.etree import ElementTree

        path = f"//primitive[@id='{resource}']/instance_attributes/nvpair[@name='{name}']"
        try:
            answer = self._ask("cibadmin", "--query", "--xpath", path)
            told = ElementTree.fromstring(answer.output)
        except ElementTree.ParseError:
            return None
        return next((pair.get("value") for pair in told.iter("nvpair")), None)

    def resources(self) -> set[str] | None:
        """The resources that the cluster has; None where it does not answer."""
        answer = self._ask("crm_resource", "--list-raw")
        lines = [line.split() for line in answer.output.splitlines() if line.strip()]
        # A name is one word; a sentence ("NO resources configured", an error) names none.
        if not answer.ok or not lines or any(len(words) != 1 for words in lines):
            return None
        # An instance of a clone is listed by its number.
        return {name.partition(":")[0] for (name,) in lines}

    def timeouts(self, resource: str) -> dict[str, float]:
        """The timeouts of the operations that the cluster's configuration has for `resource`.

        Seconds, by operation; a monitor's is the shortest of its own. An operation whose timeout
        stands elsewhere in the configuration is left out: it may be long enough. Empty where the
        cluster does not answer, or knows no such resource.
        """
        from xml.etree import ElementTree

        told = self._ask("cibadmin", "--query", "--xpath", f"//primitive[@id='{resource}']")
        try:
            primitive = ElementTree.fromstring(told.output)
        except ElementTree.ParseError:
            return {}
        referred = [each for each in primitive.iter("operations") if each.get("id-ref")]
        if primitive.get("template") or referred:
            return {}  # what it has of its template, or of another's operations, is not told here
        default = self._default_timeout()
        found = {}
        for name in OPERATIONS:
            of_its_own = [op for op in primitive.iter("op") if op.get("name") == name]
            seconds = [_timeout_of(op, default) for op in of_its_own]
            if not of_its_own and name != "monitor":
                seconds = [default]
            known = [each for each in seconds if each is not None]
            if known:
                found[name] = min(known)
        return found

    def monitor_interval(self, resource: str) -> float | None:
        """Seconds between two monitors of `resource`, as the cluster's configuration says.

        0 where it has no monitor. None where the cluster does not answer, or knows no such
        resource, or where a template has its operations.
        """
        from xml.etree import ElementTree

        told = self._ask("cibadmin", "--query", "--xpath", f"//primitive[@id='{resource}']")
        try:
            primitive = ElementTree.fromstring(told.output)
        except ElementTree.ParseError:
            return None
        referred = [each for each in primitive.iter("operations") if each.get("id-ref")]
        if primitive.get("template") or referred:
            return None
        monitors = [op for op in primitive.iter("op") if op.get("name") == "monitor"]
        given = [seconds_of(op.get("interval", "")) or 0.0 for op in monitors]
        return min(filter(None, given), default=0.0)

    def _default_timeout(self) -> float | None:
        """The timeout of an operation that names none: op_defaults', else Pacemaker's own.

        None where the cluster does not answer.
        """
        told = self._ask("cibadmin", "--query", "--xpath", "//op_defaults//nvpair[@name='timeout']")
        if not told.ok and told.returncode not in _NO_SUCH:
            return None
        value = told.output.partition('value="')[2].partition('"')[0]
        return seconds_of(value) or _DEFAULT_TIMEOUT

    def _ask(self, tool: str, *words: str) -> Answer:
        program = f"{self._place}/{tool}"
        if not is_trusted_program(program):
            return Answer(How.NOT_RUN, f"{program} is not there, or others than root can change it")
        return ask_command([program, *words])


def _timeout_of(op: ElementTree.Element, default: float | None) -> float | None:
    """The timeout of one operation, in seconds, found as Pacemaker finds it.

    Its own attribute counts first, then its meta-attributes; its instance attributes do not. None
    where these refer to another's, or hold under a rule only, and where `default` is not known.
    """
    of_its_own = seconds_of(op.get("timeout", ""))
    if of_its_own:
        return of_its_own
    sets = op.findall("meta_attributes")
    if any(each.get("id-ref") or each.tag == "rule" for meta in sets for each in meta.iter()):
        return None
    pairs = [pair for meta in sets for pair in meta.findall("nvpair")]
    given = (seconds_of(pair.get("value", "")) for pair in pairs if pair.get("name") == "timeout")
    return next(given, None) or default


_UNITS = {"ms": 0.001, "msec": 0.001, "us": 1e-6, "usec": 1e-6, "": 1.0, "s": 1.0, "sec": 1.0}
_UNITS |= {"m": 60.0, "min": 60.0, "h": 3600.0, "hr": 3600.0}


def seconds_of(text: str) -> float | None:
    """An interval as Pacemaker reads it: a number with a unit, seconds without; None otherwise."""
    given = text.strip().lower()
    number = given.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = given[len(number) :]
    try:
        return float(number) * _UNITS[unit]
    except (KeyError, ValueError):
        return None
