"""The plugin as a resource agent of Pacemaker: `ocf:ark:<plugin>`."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ark_testing.checks.check import check
from ark_testing.finding import NotPossible, expect
from ark_testing.host import Host, await_that, shown
from ark_testing.invocation import RunEnd
from ark_testing.ocf import Agent
from ark_testing.subject import Subject
from arkcore.managers import ocf
from arkcore.resources.parameters import TIMER_PARAMETERS

_RESOURCE = "conformance-agent"
_INTERVAL = 10.0


@check(
    "it is probed, started, watched and stopped as a resource agent",
    "リソースエージェントとして、確認・開始・監視・停止ができる",
)
def agent_does_its_operations(subject: Subject) -> None:
    host = subject.host
    if host.given.requires:
        raise NotPossible("what it requires is ordered by the cluster, which is not here")
    subject.stopped()
    with _as_agent(subject, host) as agent:
        _ends(subject, host, agent, "monitor", ocf.NOT_RUNNING, "a probe before its first start")
        for which in ("first", "second"):
            _ends(subject, host, agent, "start", ocf.SUCCESS, f"the {which} start")
        expect(host.living(), "the start ended well, and nothing lives")
        _ends(subject, host, agent, "monitor", ocf.SUCCESS, "a probe while it runs")
        _ends(subject, host, agent, "monitor", ocf.SUCCESS, "a monitor", _INTERVAL)
        host.kill(host.living())
        what = "a monitor of what was killed"
        _ends(subject, host, agent, "monitor", ocf.NOT_RUNNING, what, _INTERVAL)
        for which in ("first", "second"):
            _ends(subject, host, agent, "stop", ocf.SUCCESS, f"the {which} stop")
        gone = await_that(lambda: not host.living(), 1.0)
        expect(gone, f"left after a stop: {shown(host.living())}")
        _ends(subject, host, agent, "monitor", ocf.NOT_RUNNING, "a probe after a stop")


@check(
    "as a resource agent it tells its options as parameters",
    "リソースエージェントの meta-data に、すべてのオプションがある",
)
def agent_tells_its_parameters(subject: Subject) -> None:
    with _as_agent(subject, subject.host) as agent:
        end = subject.host.run_end(agent.invocation("meta-data", 20.0))
    expect(end.code == ocf.SUCCESS, f"meta-data ended with {end.code}: {end.output.strip()}")
    try:
        tree = ElementTree.fromstring(end.output)
    except ElementTree.ParseError as error:
        expect(False, f"meta-data is no XML: {error}")
    named = {each.get("name") for each in tree.iter("parameter")}
    lacks = sorted({*subject.declaration()["options"], "logical_host"} - named)
    expect(not lacks, f"meta-data does not tell of {', '.join(lacks)}")


@contextmanager
def _as_agent(subject: Subject, host: Host) -> Iterator[Agent]:
    """The agent for a host's logical host, whose resource file is away meanwhile."""
    timers = {**subject.installation.timers(), **host.given.timers}
    names = {timer.key: name for name, timer in TIMER_PARAMETERS.items()}
    parameters: dict[str, object] = {
        "logical_host": host.name,
        **host.given.options,
        **{names[key]: f"{value:g}" for key, value in timers.items() if key in names},
    }
    if host.given.mount_points:
        parameters["mount_points"] = list(host.given.mount_points)
    place = Path(subject.prefix) / "agents"
    with subject.without_file(host):
        try:
            yield Agent(place, subject.plugin, subject.prefix, _RESOURCE, parameters)
        finally:
            # Where the check has failed, the agent's resource would be wanted up for ever, and the
            # host's own refused beside it.
            subject.forget(_RESOURCE)


def _ends(
    subject: Subject,
    host: Host,
    agent: Agent,
    action: str,
    code: int,
    what: str,
    interval: float = 0.0,
) -> None:
    end: RunEnd = host.run_end(agent.invocation(action, _timeout(subject), interval))
    told = end.output.strip() or "it said nothing"
    expect(not end.late, f"{what} was over its timeout, and was ended: {told}")
    expect(end.code == code, f"{what} ended with {end.code}, expected {code}: {told}")
    expect(not end.held, f"{what}: something that was started holds its output open")


def _timeout(subject: Subject) -> float:
    return 2 * (subject.installation.starts_within + subject.installation.stops_within) + 20.0
