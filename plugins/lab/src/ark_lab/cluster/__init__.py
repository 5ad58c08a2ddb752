"""JP1 (a stand-in) and a real nginx on the two Pacemaker nodes of `arkcore.testing.cluster`."""

from ark_lab.cluster.figures import Figures
from ark_lab.cluster.proof import Proof
from ark_lab.cluster.service import AJS3, BASE, DISK, IP, WEB, Service
from ark_lab.cluster.world import World

__all__ = ["AJS3", "BASE", "DISK", "IP", "WEB", "Figures", "Proof", "Service", "World"]
