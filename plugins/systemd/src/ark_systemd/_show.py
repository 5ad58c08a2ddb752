"""Asking systemd about a unit: one `systemctl show`, and its answer."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ark_systemd._options import Options
    from arkcore import CommandResult, Context

#: Seconds within which systemd has to answer a question.
PATIENCE = 5.0

#: Without these there is no answer.
_NEEDED = ("LoadState", "ActiveState", "SubState")
#: What a status asks for.
OF_STATUS = (*_NEEDED, "FreezerState", "Job", "Result", "ConditionResult", "MainPID")


class NoAnswer(Exception):
    """Raised where systemd did not tell. Its text is the reason."""


def systemctl(ctx: Context, verb: str, *words: str, timeout: float | None = None) -> CommandResult:
    """Run `systemctl <verb> <words> -- <unit>`: it asks for no password and starts no pager."""
    options: Options = ctx.options
    fixed = (options.systemctl, "--no-ask-password", "--no-pager")
    return ctx.run([*fixed, verb, *words, "--", options.unit], timeout=timeout)


def ask(ctx: Context, names: Sequence[str] = OF_STATUS) -> dict[str, str]:
    """The properties `names` of the unit; those that this systemd does not know are missing.

    `NoAnswer` where the bus or systemd does not answer, is late, or says what nobody understands.
    """
    words = [word for name in names for word in ("-p", name)]
    result = systemctl(ctx, "show", *words, timeout=PATIENCE)
    if not result.ok:
        told = ": ".join([result.told(), *result.last_lines(1)])
        raise NoAnswer(f"systemd does not answer: {told}")
    found: dict[str, str] = {}
    for line in result.output.splitlines():
        name, sign, value = line.partition("=")
        if sign and name in names:
            if name in found:
                raise NoAnswer(f"systemctl told {name} twice: {found[name]} and {value}")
            found[name] = value
    missing = [name for name in _NEEDED if not found.get(name)]
    if missing:
        raise NoAnswer(f"systemctl returned 0 and did not tell {', '.join(missing)}")
    return found
