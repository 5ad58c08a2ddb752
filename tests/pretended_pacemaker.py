"""Pacemaker's tools for tests of refusals: they say what a test has written; there is no cluster.

Run as a tool, by the name it is called by; the directory above `usr/sbin` holds `cluster.json`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

TOOLS = ("crm_node", "crm_mon", "cibadmin", "crm_simulate", "crm_resource", "crmadmin")


class PretendedPacemaker:
    """What the tools beneath `prefix` say: n1 runs the group `all`, of `ip` and toy1."""

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix
        places = prefix / "usr/sbin"
        places.mkdir(parents=True)
        for name in TOOLS:
            program = places / name
            program.write_text(
                f"#!{sys.executable} -IS\nimport runpy\n"
                f"runpy.run_path({__file__!r})['main']({name!r}, {str(prefix)!r})\n"
            )
            program.chmod(0o755)
        self.facts: dict[str, Any] = {
            "quorum": True,
            "maintenance-mode": False,
            "fencing": "",
            "nodes": {"n1": {}, "n2": {}},
            "group": "group",
            "resource": {"role": "Started", "node": "n1", "managed": True},
            "monitor": "10s",
            "failures": {},
            "simulated": {"ip": "n2", "toy1": "n2"},
            "recovered": {"toy1": "n1"},
            "clear fails": 0,
            "moves": False,
            "others": {},
        }
        self.write()

    def write(self, **facts: Any) -> None:
        self.facts |= facts
        (self._prefix / "cluster.json").write_text(json.dumps(self.facts))

    @property
    def calls(self) -> list[str]:
        """What crm_resource was told to do."""
        path = self._prefix / "calls"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def constraint(self) -> Path:
        """There while a move has left one."""
        return self._prefix / "constraint"


def attributes(**given: object) -> str:
    return " ".join(f"{name.rstrip('_')}={quoteattr(str(each))}" for name, each in given.items())


def _yes(value: object) -> str:
    return "true" if value else "false"


def crm_mon(facts: dict[str, Any]) -> str:
    nodes = "".join(
        "<node {}/>".format(
            attributes(
                name=name,
                online=_yes(state.get("online", True)),
                type="member",
                **{key: _yes(state.get(key)) for key in ("standby", "unclean", "pending")},
                maintenance=_yes(state.get("maintenance")),
            )
        )
        for name, state in facts["nodes"].items()
    )
    resource = facts["resource"]

    def primitive(name: str, node: str = resource["node"]) -> str:
        about = attributes(
            id=name,
            role=resource["role"],
            active="true",
            managed=_yes(resource["managed"]),
            failed="false",
            blocked="false",
        )
        where = f"<node {attributes(name=node)}/>" if node else ""
        return f"<resource {about}>{where}</resource>"

    others = "".join(primitive(*each) for each in facts["others"].items())
    kind = facts["group"]
    fenced = facts["fencing"]
    pending = f'<fence_event status="pending" target="{fenced}"/>' if fenced else ""
    return (
        f'<pacemaker-result><summary><current_dc name="n1" with_quorum="{_yes(facts["quorum"])}"/>'
        f'<cluster_options maintenance-mode="{_yes(facts["maintenance-mode"])}"/></summary>'
        f"<nodes>{nodes}</nodes><resources>"
        f'<{kind} id="all">{primitive("ip")}{primitive("toy1")}</{kind}>{others}</resources>'
        f"<fence_history>{pending}</fence_history></pacemaker-result>"
    )


def cib(facts: dict[str, Any], constraint: bool) -> str:
    monitor = f'<op name="monitor" interval="{facts["monitor"]}"/>' if facts["monitor"] else ""
    counts = "".join(
        f'<nvpair name="fail-count-{name}#monitor_10000" value="{count}"/>'
        for name, count in facts["failures"].items()
    )
    left = '<rsc_location id="cli-prefer-all" rsc="all" node="n2" score="INFINITY"/>'
    return (
        f'<cib><configuration><resources><group id="all"><primitive id="ip"/>'
        f'<primitive id="toy1"><operations>{monitor}</operations></primitive></group></resources>'
        f"<constraints>{left if constraint else ''}</constraints></configuration>"
        f'<status><node_state uname="n2"><transient_attributes><instance_attributes>{counts}'
        f"</instance_attributes></transient_attributes></node_state></status></cib>"
    )


def simulated(actions: dict[str, str]) -> str:
    found = "".join(
        f'<rsc_action action="{"move" if node else "stop"}" resource="{name}" source="n1" '
        f'dest="{node}"/>'
        for name, node in actions.items()
    )
    return f"<pacemaker-result><actions>{found}</actions></pacemaker-result>"


def crm_resource(prefix: Path, facts: dict[str, Any], words: list[str]) -> None:
    if "--list-raw" in words:
        print("ip\ntoy1")
        return
    with open(prefix / "calls", "a") as calls:
        calls.write(" ".join(words) + "\n")
    constraint = prefix / "constraint"
    if "--move" in words:
        constraint.touch()
    if "--move" in words and facts["moves"]:
        facts["resource"]["node"] = words[words.index("--node") + 1]
        (prefix / "cluster.json").write_text(json.dumps(facts))
    if "--clear" in words:
        tries = sum("--clear" in line for line in (prefix / "calls").read_text().splitlines())
        if tries <= facts["clear fails"]:
            print("the cluster does not answer", file=sys.stderr)
            sys.exit(102)
        constraint.unlink(missing_ok=True)


def main(tool: str, directory: str) -> None:
    prefix = Path(directory)
    facts = json.loads((prefix / "cluster.json").read_text())
    words = sys.argv[1:]
    if tool == "crm_node":
        print("n1")
    elif tool == "crm_mon":
        print(crm_mon(facts))
    elif tool == "cibadmin":
        if "--xpath" in words:
            sys.exit(105)  # nothing of it is configured: Pacemaker's own defaults
        print(cib(facts, os.path.exists(prefix / "constraint")))
    elif tool == "crm_simulate":
        sys.stdin.read()
        injects = any(word.startswith("--op-inject") for word in words)
        print(simulated(facts["recovered" if injects else "simulated"]))
    elif tool == "crmadmin":
        print("Controller on n1 in state S_IDLE: ok")
    else:
        crm_resource(prefix, facts, words)
