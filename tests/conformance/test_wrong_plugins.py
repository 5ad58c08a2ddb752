"""The kit is proven: each wrong plugin is caught by the check that is meant for its fault.

What else a wrong plugin breaks is stated: only where the one cannot be had without the other.
Each goes through its own checks here, and through all of them in `make matrix`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from ark_testing import Capability
from ark_testing.checks import CHECKS, declaration
from ark_testing.subject import Subject
from ark_testing.verification import Outcome, run_check, run_checks
from conformance.installed import install

from arkcore.plugin.discovery import installed

#: Each fault, the check meant for it, and what else is broken with it.
FAULTS: dict[str, tuple[str, ...]] = {
    "misspelt-hook": ("hooks_are_those_of_the_contract",),
    "unmarked-hook": ("every_ark_name_is_a_hook",),
    "async-hook": ("hooks_are_those_of_the_contract",),
    "starts-nothing": ("status_is_true_after_start_and_stop",),
    "lacks-texts": ("texts_and_defaults_are_whole",),
    "imports-private": ("only_public_names_are_imported",),
    "imports-the-undeclared": ("imports_are_declared",),
    "has-no-time": ("declared_timers_are_long_enough",),
    "answers-slowly": ("answers_come_quickly",),
    "accepts-anything": ("errors_of_options_are_one_line",),
    "gives-no-advice": ("preflight_tells_what_to_do",),
    "stops-nothing": ("remove_needs_no_forced_stop",),
    "stop-always-fails": ("remove_needs_no_forced_stop",),
    "stops-by-kill": ("remove_needs_no_forced_stop",),
    "stopped-too-early": ("stop_is_over_when_it_says_so",),
    "leaves-children": ("stop_leaves_nothing_behind",),
    "ready-too-early": ("running_means_that_it_serves",),
    "starts-twice": ("second_start_makes_no_second_copy",),
    "misses-its-own": ("every_process_is_listed",),
    # What is listed is what a stop ends.
    "claims-anothers": ("two_hosts_are_told_apart", "stopping_one_host_leaves_the_other"),
    "shares-its-host": ("two_resources_on_one_host_are_told_apart",),
    "kills-by-name": ("stop_and_forced_stop_end_only_their_own",),
    "signals-the-machines": ("machine_wide_processes_are_left_alone",),
    "running-when-dead": ("status_is_true_after_the_death_of_all",),
    "overlooks-a-death": ("status_is_true_after_each_death",),
    "forgets-the-half": ("half_death_is_seen",),
    "believes-stale-pids": ("stale_pids_are_not_believed",),
    "stopped-when-late": ("frozen_is_neither_running_nor_stopped",),
    "running-while-it-exists": ("frozen_is_neither_running_nor_stopped",),
    "asks-without-timeout": ("frozen_is_neither_running_nor_stopped",),
    "vouches-for-anything": ("health_commands_do_not_vouch_for_what_is_frozen",),
    "cannot-force": ("forced_stop_ends_what_lives",),
    "stops-the-last-started": ("stopping_one_host_leaves_the_other",),
    "needs-the-shared-disk": ("stop_needs_no_shared_disk",),
    "needs-the-product": ("stop_needs_no_product",),
    "stop-needs-the-disk": ("stop_hooks_need_no_shared_disk",),
    "needs-path": ("hooks_need_no_surroundings",),
    "leaves-files": ("hooks_leave_no_files",),
    "preflight-makes": ("preflight_changes_nothing",),
    "tells-its-secret": ("secrets_stay_secret",),
    "declares-no-secret": ("secrets_stay_secret",),
    "swallows-errors": ("refused_stop_is_told",),
    "errors-are-stopped": ("broken_status_is_no_answer",),
    "ignores-the-deadline": ("hooks_keep_their_deadline",),
    # Neither could be had by the context.
    "hands-descriptors": ("daemons_inherit_nothing", "hooks_act_through_the_context"),
    "prints": ("hooks_print_nothing",),
    "raises-in-status": ("hooks_raise_nothing",),
    "changes-its-process": ("hooks_change_nothing_of_their_process",),
    "keeps-state": ("nothing_is_kept_in_the_class",),
    "misspells-an-override": ("hooks_are_those_of_the_contract",),
    "configuration-raises": ("hooks_raise_nothing",),
    "configuration-makes": ("preflight_changes_nothing",),
    "configuration-gives-no-advice": ("preflight_tells_what_to_do",),
    "leaks-descriptors": ("hooks_change_nothing_of_their_process",),
    "leaves-a-child": (
        "hooks_change_nothing_of_their_process",
        "hooks_act_through_the_context",
    ),
    "sets-the-locale": ("hooks_change_nothing_of_their_process",),
    "remembers-answers": ("nothing_is_kept_in_the_class",),
    "ignores-its-user": ("its_user_runs_it",),
    "depends-on-the-machine": ("declaration_is_the_same_everywhere",),
    "ignores-an-option": ("every_option_is_read",),
    "slow-when-half-dead": ("half_death_is_seen",),
    "one-host-ready-too-early": ("running_means_that_it_serves",),
    "believes-its-neighbour": ("death_of_one_host_is_no_other_s",),
    "stumbles-over-a-value": ("errors_of_options_are_one_line",),
    "validates-the-disk": ("stop_hooks_need_no_shared_disk",),
    "talks-at-each-check": ("log_is_in_pairs",),
    "greps-command-lines": ("only_its_own_are_listed",),
    "signals-in-status": ("hooks_raise_nothing",),
    "has-no-patience": ("declared_timers_are_long_enough",),
    "loads-slowly": ("answers_come_quickly",),
    "takes-a-kill-for-an-answer": ("broken_status_is_no_answer",),
    "decodes-strictly": ("broken_status_is_no_answer",),
    "reads-the-last-line": ("hooks_keep_their_deadline",),
    "cleans-up-in-status": ("looks_change_nothing",),
    "leaves-a-helper": ("looks_begin_nothing",),
    "makes-the-missing-disk": ("stop_needs_no_shared_disk",),
    "makes-while-validating": ("validation_changes_nothing",),
    "has-no-time-for-its-stop": ("commands_have_their_time",),
    "stops-by-the-pid-file": ("stale_pids_are_not_believed",),
    "trusts-the-pid-file": ("broken_pid_files_are_survived",),
    "clears-the-disk": ("stop_and_forced_stop_end_only_their_own",),
    "goes-by-the-environment": ("only_its_own_are_listed",),
    "reads-every-command-line": ("only_its_own_are_listed",),
    "lists-by-a-command": ("processes_are_listed_without_commands",),
    "sleeps-after-its-start": ("hooks_act_through_the_context",),
    "believes-the-clock": ("clock_may_jump",),
    "prints-on-stderr": ("hooks_print_nothing",),
    "foretells-its-file": ("no_file_can_be_foretold",),
    "shows-its-password-file": ("secrets_stay_secret",),
    "vouches-for-its-neighbour": ("health_commands_do_not_vouch_for_what_is_frozen",),
    "stops-only-what-is-well": ("stop_needs_no_status",),
    "remembers-its-node": ("another_node_takes_over",),
    "configuration-needs-the-disk": ("stop_hooks_need_no_shared_disk",),
    "adds-to-its-options": ("hooks_change_nothing_of_their_process",),
    "has-a-shell-read-its-options": ("values_are_no_shell_text",),
    "changes-its-process-when-loaded": ("hooks_change_nothing_of_their_process",),
}


#: Options that a wrong plugin has beyond the right one's.
OPTIONS = {
    "tells-its-secret": {"password": "conformance-password"},
    "ignores-its-user": {"user": "nobody"},
    "shows-its-password-file": {"password": "conformance-password"},
}


def broken(fault: str, names: set[str], directory: Path) -> set[str]:
    """The checks among `names` that the wrong plugin breaks."""
    installation = install(directory / "product")
    for host in installation.hosts:
        host.options |= OPTIONS.get(fault, {})
    subject = Subject(
        f"wrong-{fault}",
        installation,
        directory / "kit",
        capabilities=frozenset(Capability),
    )
    try:
        results = run_checks(subject, [check for check in CHECKS if check.name in names])
    finally:
        subject.close()
    told = "\n".join(f"{each.check.name}: {each.outcome.value} {each.told}" for each in results)
    assert len(results) == len(names), told
    assert all(each.outcome is not Outcome.NOT_RUN for each in results), told
    print(told)
    return {each.check.name for each in results if each.outcome is Outcome.BROKEN}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_caught_by_the_check_meant_for_it(fault: str, tmp_path: Path) -> None:
    names = set(FAULTS[fault])
    assert broken(fault, names, tmp_path) == names


@pytest.mark.matrix
@pytest.mark.parametrize("fault", FAULTS)
def test_no_other_check_takes_a_fault_for_its_own(fault: str, tmp_path: Path) -> None:
    names = {check.name for check in CHECKS}
    assert broken(fault, names, tmp_path) == set(FAULTS[fault])


def test_a_missing_japanese_text_is_a_warning(tmp_path: Path) -> None:
    installation = install(tmp_path / "product")
    subject = Subject("right-in-english", installation, tmp_path / "kit")
    try:
        result = run_check(declaration.texts_and_defaults_are_whole, subject)
    finally:
        subject.close()
    assert result.outcome is Outcome.KEPT
    assert result.warnings == ("options.colour: no text in Japanese ('')",)


def test_every_wrong_plugin_is_in_the_table() -> None:
    wrong = {each.name.removeprefix("wrong-") for each in installed() if "wrong-" in each.name}
    assert wrong == set(FAULTS)
