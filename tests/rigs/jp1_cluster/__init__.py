"""JP1 (a stand-in) and a real nginx on the two Pacemaker nodes of `rigs.cluster`."""

from rigs.jp1_cluster.figures import Figures
from rigs.jp1_cluster.proof import Proof
from rigs.jp1_cluster.service import AJS3, BASE, DISK, IP, WEB, Service
from rigs.jp1_cluster.world import World

__all__ = ["AJS3", "BASE", "DISK", "IP", "WEB", "Figures", "Proof", "Service", "World"]
