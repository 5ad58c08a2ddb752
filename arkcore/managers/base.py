"""What every manager's adapter does: read the call, answer with an exit code."""

from __future__ import annotations

from arkcore.call import Call, Caller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from arkcore.call import Action
    from arkcore.status import Outcome


class Manager(Caller):
    """One kind of manager."""

    def parse(self, action: Action, argv: Sequence[str], environment: Mapping[str, str]) -> Call:
        """The call that `argv` (the program's name first) and the environment make.

        `ConfigurationError` where they name no resource.
        """
        raise NotImplementedError

    def exit_code(self, action: Action, outcome: Outcome) -> int:
        """What the manager is to be told."""
        raise NotImplementedError
