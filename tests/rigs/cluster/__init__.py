"""Two real Pacemaker nodes on one machine, for tests, by root.

See `docs/en/cluster.md`.
"""

from arkcore.managers.crm_mon import View
from rigs.cluster.client import Answer, Client, Gap
from rigs.cluster.cluster import Cluster
from rigs.cluster.disk import SharedDisk
from rigs.cluster.errors import CannotBuild, ClusterError
from rigs.cluster.node import Node
from rigs.cluster.operations import Operation
from rigs.cluster.problem import Problem
from rigs.cluster.waiting import wait_for
from rigs.cluster.writers import never_two, signatures

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
