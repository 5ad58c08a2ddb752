"""An installation made of resources as they are configured on a node, for `ark verify`."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ark_testing.installation import Capability, Installation, LogicalHost
from arkcore.base.paths import Paths
from arkcore.resources.resource import Resource
from arkcore.resources.secrets import values_of

#: Seconds in which a death shows in the status, beside the confirmation that a quickCheck needs.
_NOTICES = 10.0


def with_secrets(resource: Resource, paths: Paths) -> Resource:
    """The resource with the values of its secret options, for files that only root can read.

    `ConfigurationError` where one cannot be had.
    """
    found = values_of(resource, paths, lambda _: None)
    resource.options = {**resource.options, **found}
    return resource


def installation_of(
    resource: Resource,
    second: Resource | None,
    files: Mapping[str, str],
    comes_and_goes: Collection[str] = (),
) -> Installation:
    """The application of `resource`, with `second` as its second logical host where there is one.

    All times are the resource's own. `files`: resource files of what it requires, by name.
    """
    timers = resource.timers
    return Installation(
        _logical_host(resource),
        None if second is None else _logical_host(second),
        starts_within=timers["restore.process"],
        # An ordinary stop has what remove.process leaves before the forced one begins.
        stops_within=max(1.0, timers["remove.process"] / 2),
        notices_within=_NOTICES + timers["quickcheck.confirm"],
        comes_and_goes=comes_and_goes,
        files=files,
    )


def capabilities_of(installation: Installation) -> frozenset[Capability]:
    """What can be done to an application of which no more is known than its resource file."""
    two = len(installation.hosts) == 2
    return frozenset({Capability.TWO_HOSTS} if two else ())


def _logical_host(resource: Resource) -> LogicalHost:
    timers = {key: value for key, value in resource.timers.as_mapping().items() if value}
    return LogicalHost(
        resource.logical_host,
        options=resource.options,
        mount_points=resource.mount_points,
        requires=resource.requires,
        timers=timers,
    )
