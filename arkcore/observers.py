"""Tells observers how an action came out. Runs in a child of its own, after the verdict."""

from __future__ import annotations

from arkcore.errors import ArkError
from arkcore.hooks import observers
from arkcore.plugins import find
from arkcore.stderr import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from arkcore.status import Verdict


def tell_observers(
    names: Sequence[str], resource: str, logical_host: str, action: str, verdict: Verdict
) -> None:
    """Tell each observer in turn; one that cannot be loaded or raises does not hide the next."""
    for name in names:
        try:
            hooks = observers([(name, find(name).load())])
            hooks.ark_action_started(resource=resource, logical_host=logical_host, action=action)
            hooks.ark_action_finished(
                resource=resource,
                logical_host=logical_host,
                action=action,
                outcome=verdict.outcome.value,
                reason=verdict.reason,
            )
        except ArkError as error:
            complain(f"observer {name}: {error}")
        except BaseException as error:  # an observer changes nothing
            complain(f"observer {name}: {type(error).__name__}: {error}")
