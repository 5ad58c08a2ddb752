"""The fixture `ark_trial`: one hook of a plugin, with a real context."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ark_testing import LogicalHost, Trial
from conformance.installed import install

from arkcore import ConfigurationError, Context, Status, processes


@pytest.fixture
def host(tmp_path: Path) -> LogicalHost:
    return install(tmp_path / "product").hosts[0]


@pytest.fixture
def trial(ark_trial: Callable[..., Trial], host: LogicalHost) -> Trial:
    return ark_trial("right", host)


def test_a_context_is_a_real_one_with_the_host_s_options(trial: Trial, host: LogicalHost) -> None:
    made = trial.context()
    assert isinstance(made, Context)
    assert (made.resource, made.logical_host) == (trial.resource, host.name)
    assert made.options.root == host.options["root"]
    assert 9 < made.deadline.remaining() <= 10


def test_one_hook_after_the_other_can_be_called(trial: Trial) -> None:
    assert trial.call("ark_status").status is Status.STOPPED
    trial.call("ark_start")
    assert trial.context().wait_until(
        lambda: trial.call("ark_status").status is Status.RUNNING, within=5
    )
    assert trial.call("ark_processes")
    trial.call("ark_stop")
    assert trial.context().wait_until(
        lambda: trial.call("ark_status").status is Status.STOPPED, within=5
    )


def test_the_plugin_itself_can_be_asked_with_the_context(trial: Trial) -> None:
    assert trial.plugin.ark_status(trial.context()).status is Status.STOPPED


def test_the_preflight_is_handed_a_site_and_this_machine(trial: Trial) -> None:
    assert isinstance(trial.call("ark_preflight"), list)


def test_what_was_started_ends_with_the_trial(tmp_path: Path, host: LogicalHost) -> None:
    trial = Trial("right", host, tmp_path)
    trial.call("ark_start")
    started = trial.context().started_processes()
    assert started
    trial.close()
    assert not [each for each in started if processes.still_lives(each)]


def test_wrong_options_are_refused_as_validate_does(ark_trial: Callable[..., Trial]) -> None:
    with pytest.raises(ConfigurationError, match="options"):
        ark_trial("right", LogicalHost("RIGHT1", options={"nonsense": 1}))


def test_a_hook_that_is_none_is_told(trial: Trial) -> None:
    with pytest.raises(ValueError, match="'ark_begin' is no hook with a context; there are: ark_"):
        trial.call("ark_begin")
