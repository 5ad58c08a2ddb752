"""What installed launchers and agents call. This module never moves.

LifeKeeper and Pacemaker hold copies of programs that import these functions by name: the text of
such a program is `arkcore.managers.launcher`'s. So the name of this module, the names of its
functions, and their arguments stay as they are in all versions.
"""

from __future__ import annotations


def lifekeeper(action: str, prefix: str) -> None:
    """Do what a launcher of LifeKeeper's is for, and end this process with the answer.

    `action`: "restore", "remove", "quickcheck" or "recover". `prefix`: the directory that stands
    for "/", "" for none.
    """
    from arkcore.managers.lifekeeper import launch

    launch(action, prefix)


def pacemaker(plugin: str, prefix: str) -> None:
    """Do what the agent `ocf:ark:<plugin>` is for, and end this process with the answer.

    `prefix`: as for :func:`lifekeeper`.
    """
    from arkcore.managers.pacemaker import launch

    launch(plugin, prefix)
