"""What a product and a plugin can do wrong, ready to be put where something well-behaved is due.

:mod:`~ark_testing.hostile.commands`
    Commands for `ctx.run`: each hangs, floods, lies or escapes in one way.
:mod:`~ark_testing.hostile.faults`
    Source texts for hooks and modules of a plugin: each raises, exits, blocks or leaks.

Nothing here needs more than /bin/sh and this Python. What a command starts it also bounds, so that
a test that fails leaves nothing for ever.
"""

from ark_testing.hostile.commands import (
    BYTES,
    alternate,
    change_surroundings,
    die_by,
    die_later,
    escape,
    flood,
    fork_bomb,
    hang,
    ignore_term,
    keep_stdout,
    nothing,
    slow,
    start_half,
    stop_itself,
    write,
)
from ark_testing.hostile.faults import FAULTS, IMPORT_FAULTS, function

__all__ = [
    "BYTES",
    "FAULTS",
    "IMPORT_FAULTS",
    "alternate",
    "change_surroundings",
    "die_by",
    "die_later",
    "escape",
    "flood",
    "fork_bomb",
    "function",
    "hang",
    "ignore_term",
    "keep_stdout",
    "nothing",
    "slow",
    "start_half",
    "stop_itself",
    "write",
]
