"""The checks of the conformance kit: one promise each, functions of a subject, without pytest."""

from arkcore.testing.checks import agent, declaration, hostility, life, manners, neighbours, truth
from arkcore.testing.checks.check import Check

#: In the order in which they are best run: what is cheap and what others build on comes first.
CHECKS: tuple[Check, ...] = (
    declaration.hooks_are_those_of_the_contract,
    declaration.texts_and_defaults_are_whole,
    declaration.only_public_names_are_imported,
    declaration.capabilities_are_those_declared,
    declaration.errors_of_options_are_one_line,
    manners.preflight_tells_what_to_do,
    life.stop_is_well_where_nothing_ever_ran,
    truth.status_is_true_after_start_and_stop,
    life.second_restore_changes_nothing,
    life.second_start_makes_no_second_copy,
    truth.every_process_is_listed,
    truth.only_its_own_are_listed,
    life.stop_is_over_when_it_says_so,
    life.stop_leaves_nothing_behind,
    life.second_remove_is_well,
    life.running_means_that_it_serves,
    truth.status_is_true_after_the_death_of_all,
    life.crash_is_recovered_from,
    truth.status_is_true_after_each_death,
    truth.half_death_is_seen,
    truth.stale_pids_are_not_believed,
    neighbours.stop_and_forced_stop_end_only_their_own,
    neighbours.machine_wide_processes_are_left_alone,
    neighbours.two_hosts_are_told_apart,
    neighbours.death_of_one_host_is_no_other_s,
    neighbours.stopping_one_host_leaves_the_other,
    hostility.hooks_keep_their_deadline,
    hostility.hanging_start_fails_in_time,
    hostility.hanging_stop_is_forced,
    hostility.refused_stop_is_told,
    hostility.hanging_forced_stop_is_overcome,
    hostility.hanging_status_fails_in_time,
    hostility.broken_status_is_no_answer,
    hostility.stop_needs_no_shared_disk,
    hostility.stop_needs_no_product,
    agent.agent_tells_its_parameters,
    agent.agent_does_its_operations,
    manners.daemons_inherit_nothing,
    manners.hooks_print_nothing,
    manners.hooks_raise_nothing,
    manners.hooks_change_nothing_of_their_process,
    manners.nothing_is_kept_in_the_class,
    manners.log_is_in_pairs,
)

__all__ = ["CHECKS", "Check"]
