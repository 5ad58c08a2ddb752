"""The cluster's configuration and history, as one node's `cibadmin --query` tells them."""

from __future__ import annotations

from xml.etree import ElementTree

from arkcore.managers.pacemaker_tools import seconds_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Status of an operation that is at work.
_PENDING = "-1"
#: Exit codes that are no failure: OCF_SUCCESS, and degraded, alone or promoted, which goes on.
_GOOD = (0, 190, 191)
#: What `crm_resource --move` and `--ban` name the constraints they leave.
_MOVED = ("cli-prefer-", "cli-ban-")


class CibOperation:
    """One start, stop or monitor that a node has performed last. Seconds, since the epoch."""

    __slots__ = (
        "action",
        "began",
        "call",
        "code",
        "interval",
        "node",
        "reason",
        "resource",
        "took",
    )

    def __init__(self, node: str, resource: str, element: ElementTree.Element) -> None:
        self.node = node
        self.resource = resource
        self.action = element.get("operation", "")
        self.call = element.get("call-id", "")
        #: The agent's exit code.
        self.code = _number(element.get("rc-code", ""))
        #: What the agent gave as its reason.
        self.reason = element.get("exit-reason", "")
        #: Milliseconds; 0 for what is done once.
        self.interval = _number(element.get("interval", ""))
        #: When it began, in whole seconds.
        self.began = _number(element.get("last-rc-change", ""))
        #: How long it took; 0 for a monitor whose answer changed.
        self.took = _number(element.get("exec-time", "")) / 1000

    @property
    def identity(self) -> tuple[str, str, str, str, float]:
        """What tells it from any other."""
        return self.node, self.resource, self.action, self.call, self.began

    @property
    def failed(self) -> bool:
        """Whether the cluster takes it for one; that a first look found nothing is none."""
        looked = self.action == "monitor" and self.interval == 0
        return self.code not in _GOOD and not looked

    def __str__(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        return f"{self.action} of {self.resource} on {self.node}: exit code {self.code:g}{reason}"


class Cib:
    """One moment of it. `ValueError` where `text` is not what cibadmin writes."""

    def __init__(self, text: str) -> None:
        try:
            self._root = ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            raise ValueError(f"cibadmin wrote no XML: {error}") from error
        self.text = text

    def operations(self) -> list[CibOperation]:
        """The last of each kind, by node and resource; what is at work just now is left out."""
        found: dict[tuple[str, str, str, str, float], CibOperation] = {}
        for state in self._root.findall("status/node_state"):
            for resource in state.findall("lrm/lrm_resources/lrm_resource"):
                for element in resource.findall("lrm_rsc_op"):
                    if element.get("op-status") == _PENDING:
                        continue
                    name = resource.get("id", "")
                    operation = CibOperation(state.get("uname", ""), name, element)
                    # A failure is kept twice, once as the last one.
                    found.setdefault(operation.identity, operation)
        return sorted(found.values(), key=lambda each: (each.began, int(each.call or 0)))

    def failures(self) -> Iterator[tuple[str, str, str]]:
        """Each count of failures: node, resource, and the count ("INFINITY" may be one)."""
        for state in self._root.findall("status/node_state"):
            for pair in state.iterfind("transient_attributes//nvpair"):
                name, value = pair.get("name", ""), pair.get("value", "")
                if name.startswith("fail-count-") and value not in ("", "0"):
                    resource = name.removeprefix("fail-count-").partition("#")[0]
                    yield state.get("uname", ""), resource, value

    def left_by_moves(self, resource: str) -> list[str]:
        """The constraints that `crm_resource --move` or `--ban` has left for `resource`."""
        return [
            each.get("id", "")
            for each in self._root.findall("configuration/constraints/rsc_location")
            if each.get("rsc") == resource and each.get("id", "").startswith(_MOVED)
        ]

    def check_interval(self, resource: str) -> float | None:
        """Seconds between two monitors of `resource`; None where it is not monitored."""
        intervals = [
            seconds_of(op.get("interval", "")) or 0.0
            for primitive in self._root.iterfind("configuration/resources//primitive")
            if primitive.get("id") == resource
            for op in primitive.iter("op")
            if op.get("name") == "monitor"
        ]
        return min(filter(None, intervals), default=None)

    def as_if_moved(self, resource: str, node: str) -> str:
        """The same with what `crm_resource --move` would add, for crm_simulate."""
        root = ElementTree.fromstring(ElementTree.tostring(self._root))
        constraints = root.find("configuration/constraints")
        if constraints is not None:
            preferred = {"id": "ark-as-if-moved", "rsc": resource, "node": node}
            preferred |= {"score": "INFINITY", "role": "Started"}
            ElementTree.SubElement(constraints, "rsc_location", preferred)
        return ElementTree.tostring(root, encoding="unicode")


def interrupted(simulated: str) -> dict[str, str]:
    """The resources that crm_simulate says would be stopped, and the node each would run on then.

    "" for none. `ValueError` where `simulated` is not what it writes.
    """
    try:
        root = ElementTree.fromstring(simulated)
    except ElementTree.ParseError as error:
        raise ValueError(f"crm_simulate wrote no XML: {error}") from error
    found = {}
    for each in root.findall("actions/rsc_action"):
        action = each.get("action", "")
        if action in ("move", "migrate", "recover", "restart", "reload", "stop"):
            places = (each.get(key, "") for key in ("dest", "node", "source"))
            found[each.get("resource", "")] = "" if action == "stop" else next(filter(None, places))
    return found


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
