"""What the cluster says of itself, as one node's crm_mon tells it."""

from __future__ import annotations

from xml.etree import ElementTree


class ResourceState:
    """One resource: its role, where it is, and what is wrong with it."""

    __slots__ = ("active", "blocked", "failed", "managed", "name", "nodes", "role")

    def __init__(self, element: ElementTree.Element) -> None:
        self.name = element.get("id", "")
        #: "Started", "Stopped", and while something is at work also "Starting", "Stopping".
        self.role = element.get("pending") or element.get("role", "")
        self.active = element.get("active") == "true"
        self.failed = element.get("failed") == "true"
        #: The cluster has given up on it, until a person comes.
        self.blocked = element.get("blocked") == "true"
        self.managed = element.get("managed") == "true"
        self.nodes = tuple(node.get("name", "") for node in element.findall("node"))

    def __repr__(self) -> str:
        failed = ", FAILED" if self.failed else ""
        blocked = ", blocked" if self.blocked else ""
        return f"{self.name}: {self.role} {' '.join(self.nodes)}{failed}{blocked}"


class View:
    """One moment of the cluster. `ValueError` where `text` is not what crm_mon writes as XML."""

    def __init__(self, text: str) -> None:
        try:
            root = ElementTree.fromstring(text)
        except ElementTree.ParseError as error:
            raise ValueError(f"crm_mon wrote no XML: {error}") from error
        current = root.find("summary/current_dc")
        self.has_quorum = current is not None and current.get("with_quorum") == "true"
        #: The node that decides for both; "" while none is elected.
        self.coordinator = "" if current is None else current.get("name", "")
        nodes = root.findall("nodes/node")
        #: Names of the nodes by what they are. One that is still joining is not yet online.
        self.online = _names(nodes, "online") - _names(nodes, "pending")
        self.standby = _names(nodes, "standby")
        self.unclean = _names(nodes, "unclean")
        self.pending = _names(nodes, "pending")
        self.in_maintenance = _names(nodes, "maintenance")
        #: Every node that is known, remote ones and guests apart.
        self.members = {
            node.get("name", "") for node in nodes if node.get("type", "member") == "member"
        }
        options = root.find("summary/cluster_options")
        #: Whether the whole cluster is in maintenance mode: it then acts upon nothing.
        self.maintenance_mode = options is not None and options.get("maintenance-mode") == "true"
        self.resources = {
            state.name: state for state in map(ResourceState, root.iter("resource")) if state.name
        }
        #: Failed operations, as "resource_operation on node: exit reason".
        self.failures = [
            f"{failure.get('op_key')} on {failure.get('node')}: {failure.get('exitstatus')}"
            f" {failure.get('exitreason', '')}".rstrip()
            for failure in root.findall("failures/failure")
        ]
        #: Nodes that are being fenced, or wait for it.
        self.being_fenced = {
            event.get("target", "")
            for event in root.findall("fence_history/fence_event")
            if event.get("status") == "pending"
        }
        #: The names of the clones and bundles; each resource's groups and clones, outermost first.
        self.several = {
            each.get("id", "") for kind in ("clone", "bundle") for each in root.iter(kind)
        }
        self.above = _above(root.find("resources"), ())
        self.text = text

    def where(self, resource: str) -> str:
        """The node on which `resource` runs; "" where it runs on none, or on two."""
        state = self.resources.get(resource)
        if state is None or state.role != "Started" or len(state.nodes) != 1 or state.failed:
            return ""
        return state.nodes[0]

    def told(self) -> str:
        """In a few lines, for messages."""
        lines = [f"online: {' '.join(sorted(self.online))}; unclean: {' '.join(self.unclean)}"]
        lines += [str(state) for state in self.resources.values()]
        return "\n".join(lines + self.failures)


def _names(nodes: list[ElementTree.Element], attribute: str) -> set[str]:
    return {node.get("name", "") for node in nodes if node.get(attribute) == "true"}


def _above(
    element: ElementTree.Element | None, outer: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for child in () if element is None else element:
        name = child.get("id", "")
        if child.tag == "resource":
            found[name] = outer
        elif child.tag in ("group", "clone", "bundle", "replica"):
            found |= _above(child, (*outer, name) if name else outer)
    return found
