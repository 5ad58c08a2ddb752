"""Two real Pacemaker nodes on one machine, for tests, by root.

See `docs/en/cluster.md`.
"""

from arkcore.managers.crm_mon import View
from arkcore.testing.cluster.client import Answer, Client, Gap
from arkcore.testing.cluster.cluster import Cluster
from arkcore.testing.cluster.disk import SharedDisk
from arkcore.testing.cluster.errors import CannotBuild, ClusterError
from arkcore.testing.cluster.node import Node
from arkcore.testing.cluster.operations import Operation
from arkcore.testing.cluster.problem import Problem
from arkcore.testing.cluster.waiting import wait_for
from arkcore.testing.cluster.writers import never_two, signatures

__all__ = [
    "Answer",
    "CannotBuild",
    "Client",
    "Cluster",
    "ClusterError",
    "Gap",
    "Node",
    "Operation",
    "Problem",
    "SharedDisk",
    "View",
    "never_two",
    "signatures",
    "wait_for",
]
