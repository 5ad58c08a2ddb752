"""Whether what the kit is given is in service on this node: then it is not to be touched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ark_testing.host import Lost, shown
from ark_testing.installation import Installation
from ark_testing.subject import Subject
from arkcore.base.paths import Paths
from arkcore.resources.neighbours import neighbours_by_file, recorded_neighbours
from arkcore.resources.validation import cannot_tell

#: Seconds that the plugin is given, and after which its hooks must have come back for certain.
_WITHIN, _LATE = 5.0, 3.0


def objection(subject: Subject) -> str:
    """Why the kit must not begin, in one line; "" where nothing of it is in use here.

    To be asked before anything of it is started. Its own node is none that a cluster manages.
    """
    return _of_a_resource(subject) or _of_processes(subject)


def clash(made: Installation, others: Sequence[Installation]) -> str:
    """What another installation has in common with `others`, in one line; "" for nothing."""
    if len(made.hosts) != len(others[0].hosts):
        return f"it has {len(made.hosts)} logical hosts, and the first one {len(others[0].hosts)}"
    theirs = {each for other in others for each in _held(other)}
    common = next((each for each in _held(made) if each in theirs), "")
    return f"{common} is another installation's too" if common else ""


def _held(installation: Installation) -> Iterator[str]:
    """What only one installation can have, in words."""
    for host in installation.hosts:
        yield f"logical host {host.name}"
        for path in (*(each.path for each in host.commands.values()), *host.shared, *host.product):
            yield str(path)


def _of_a_resource(subject: Subject) -> str:
    paths = Paths(os.environ.get("ARK_PREFIX", ""))
    wanted = {each.name for each in subject.hosts}
    for other in (*neighbours_by_file(paths, ""), *recorded_neighbours(paths, cannot_tell)):
        if other.plugin == subject.plugin and other.logical_host in wanted and other.is_there():
            return (
                f"logical host {other.logical_host}: resource {other.name} of this node protects "
                f"it with {other.plugin}; give the kit a logical host that no resource has"
            )
    return ""


def _of_processes(subject: Subject) -> str:
    if subject.declaration().get("refused"):
        return ""
    for host in subject.hosts:
        try:
            listed = host.look(_WITHIN, late=_LATE).listed
        except Lost:
            return ""  # a check tells what is wrong with the plugin
        if listed:
            living = shown(sorted(listed, key=lambda each: each.pid))
            return (
                f"logical host {host.name}: before the kit has started anything, its plugin lists "
                f"{living}; stop that, or give the kit another logical host"
            )
    return ""
