"""`ark lifekeeper`: registers with LifeKeeper for Linux, and looks at what it holds."""

from __future__ import annotations

import typer

from arkcore.cli.lifekeeper import launchers, plan, register, status, unregister

app = typer.Typer(no_args_is_help=True, help="Register with LifeKeeper for Linux, and look at it.")
app.command("plan")(plan.plan)
app.command("register")(register.register)
app.command("status")(status.status)
app.command("unregister")(unregister.unregister)
app.command("launchers")(launchers.launchers)


@app.callback()
def lifekeeper() -> None:
    """Register with LifeKeeper for Linux, and look at it."""
