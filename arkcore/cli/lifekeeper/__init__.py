"""`ark lifekeeper`: registers with LifeKeeper for Linux, and looks at what it holds."""

from __future__ import annotations

from arkcore.cli.command import Group
from arkcore.cli.lifekeeper import launchers, plan, refresh, register, status, unregister

app = Group("lifekeeper", help="Register with LifeKeeper for Linux, and look at it.")
for each in (
    plan.plan,
    register.register,
    status.status,
    unregister.unregister,
    launchers.launchers,
    refresh.refresh,
):
    app.add_command(each)
