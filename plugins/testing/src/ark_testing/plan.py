"""Which checks run in a row in one lane, which before all others, and which on every node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ark_testing.checks import Check, declaration

#: Once these are kept, it starts and stops: only then other lanes start it, too.
LAST_OF_THE_FIRST = "status_is_true_after_start_and_stop"

#: Checks that judge one observation, or what one of them has left. They stay in one lane.
_TOGETHER = (
    ("preflight_tells_what_to_do", "preflight_changes_nothing"),
    (
        "hooks_raise_nothing",
        "hooks_print_nothing",
        "hooks_change_nothing_of_their_process",
        "nothing_is_kept_in_the_class",
        "hooks_leave_no_files",
        "looks_change_nothing",
        "hooks_act_through_the_context",
        "processes_are_listed_without_commands",
        "commands_have_their_time",
        "values_are_no_shell_text",
        "no_file_can_be_foretold",
    ),
    (
        "remove_needs_no_forced_stop",
        "stop_is_over_when_it_says_so",
        "stop_leaves_nothing_behind",
        "second_remove_is_well",
        # It begins with what an ordinary stop has left: after a kill, a file may say that it runs.
        "running_means_that_it_serves",
    ),
    ("status_is_true_after_the_death_of_all", "crash_is_recovered_from"),
    ("forced_stop_ends_what_lives", "hanging_stop_is_forced", "refused_stop_is_told"),
    (
        "stop_and_forced_stop_end_only_their_own",
        "machine_wide_processes_are_left_alone",
        "stopping_one_host_leaves_the_other",
    ),
)

#: What harms others, these find out. Where one is broken, lanes may have harmed one another.
OF_OTHERS = frozenset(
    {
        "only_its_own_are_listed",
        "stale_pids_are_not_believed",
        "stop_and_forced_stop_end_only_their_own",
        "machine_wide_processes_are_left_alone",
        "two_hosts_are_told_apart",
        "death_of_one_host_is_no_other_s",
        "stopping_one_host_leaves_the_other",
        "two_resources_on_one_host_are_told_apart",
    }
)

#: They look at all that a node has been through: each lane has one.
OF_THE_WHOLE_NODE = frozenset({"secrets_stay_secret", "log_is_in_pairs"})

#: What is begun first where it need not be told first. Begun last, the others would wait for it.
_FIRST = (
    # They last longest.
    "hooks_keep_their_deadline",
    "stop_and_forced_stop_end_only_their_own",
    "forced_stop_ends_what_lives",
    # A failure is told only once these are known.
    "two_hosts_are_told_apart",
    "death_of_one_host_is_no_other_s",
    "stale_pids_are_not_believed",
    "two_resources_on_one_host_are_told_apart",
    "only_its_own_are_listed",
    # They last long.
    "status_is_true_after_each_death",
    "frozen_is_neither_running_nor_stopped",
    "half_death_is_seen",
    "agent_does_its_operations",
    "hanging_status_fails_in_time",
    "hanging_start_fails_in_time",
)


@dataclass(frozen=True)
class Group:
    """Checks that one lane runs in a row."""

    checks: Sequence[Check]
    #: The place of the first one in the order of all.
    place: int

    @property
    def names(self) -> set[str]:
        return {check.name for check in self.checks}

    @property
    def needs_no_start(self) -> bool:
        """Whether it is about what a plugin says of itself: nothing is started for it."""
        return all(check.function.__module__ == declaration.__name__ for check in self.checks)

    @property
    def is_basic(self) -> bool:
        return any(check.basic for check in self.checks)

    @property
    def urgency(self) -> tuple[int, int]:
        """What sorts first is best begun first."""
        ranks = [_FIRST.index(name) for name in self.names if name in _FIRST]
        return (min(ranks, default=len(_FIRST)), -self.place)


def grouped(checks: Iterable[Check], places: Mapping[str, int]) -> list[Group]:
    """The checks in groups. `places`: of each name in the order of all; `checks` are in order."""
    together = {name: number for number, names in enumerate(_TOGETHER) for name in names}
    found: dict[object, list[Check]] = {}
    for check in checks:
        found.setdefault(together.get(check.name, check.name), []).append(check)
    return [Group(tuple(each), places[each[0].name]) for each in found.values()]


def first_of(checks: Sequence[Check]) -> frozenset[str]:
    """The names of the checks that the others build on, as far as something is started for them."""
    names = [check.name for check in checks]
    if LAST_OF_THE_FIRST not in names:
        return frozenset()
    before = checks[: names.index(LAST_OF_THE_FIRST) + 1]
    return frozenset(check.name for check in before if check.basic)
