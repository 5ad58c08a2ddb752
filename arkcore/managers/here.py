"""The cluster manager of a resource, as it can be asked at this node."""

from __future__ import annotations

from arkcore.managers.lifekeeper import find_lifekeeper
from arkcore.managers.pacemaker_tools import PacemakerTools
from arkcore.resources import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from arkcore.base.paths import Paths
    from arkcore.managers.base import Cluster


def cluster_of(paths: Paths, resource: str, environment: Mapping[str, str]) -> Cluster:
    """Whose `resource` is: Pacemaker's where its values came as parameters, else LifeKeeper's."""
    if record.parameters_here(paths, resource) is not None:
        return PacemakerTools(paths.prefix)
    return find_lifekeeper(environment, paths.prefix)
