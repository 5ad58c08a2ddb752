"""The table [start]: what is allowed, and what a wrong value is told."""

from __future__ import annotations

from typing import Any

import pytest

from arkcore.base.errors import ConfigurationError
from arkcore.resources.parameters import Parameters, values_of
from arkcore.resources.resource import StartSettings
from arkcore.resources.start_settings import UNLIMITED, check_start


def test_nothing_said_is_ordinary() -> None:
    settings = check_start({}, "x.toml")
    assert (settings.nice, settings.limits, settings.slice) == (0, {}, "")


@pytest.mark.parametrize(
    ("limit", "soft", "hard"),
    [
        (65536, 65536, 65536),
        ("unlimited", UNLIMITED, UNLIMITED),
        ([0, "unlimited"], 0, UNLIMITED),
        ([1024, 4096], 1024, 4096),
    ],
)
def test_a_limit_is_a_number_or_soft_and_hard(limit: object, soft: int, hard: int) -> None:
    assert check_start({"limits": {"nofile": limit}}, "x.toml").limits == {"nofile": [soft, hard]}


@pytest.mark.parametrize("name", ["jp1.slice", "system-jp1.slice", "a-b-c.slice"])
def test_a_slice_has_systemd_s_kind_of_name(name: str) -> None:
    assert check_start({"slice": name}, "x.toml").slice == name


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"nise": 1}, "start.nise = 1: unknown key; allowed: nice, limits, slice"),
        ({"nice": 20}, "start.nice = 20: must be a whole number from -20 to 19"),
        ({"nice": True}, "start.nice = True: must be"),
        ({"nice": 1.5}, "start.nice = 1.5: must be"),
        ({"limits": 5}, "start.limits = 5: must be a table"),
        ({"limits": {"files": 1}}, "start.limits.files = 1: unknown; allowed: as, core"),
        ({"limits": {"nofile": "many"}}, "start.limits.nofile = 'many': must be a whole number"),
        ({"limits": {"nofile": -2}}, "start.limits.nofile = -2: must be"),
        ({"limits": {"nofile": 1 << 64}}, "must be a whole number"),
        ({"limits": {"nofile": [1, 2, 3]}}, "must be a whole number"),
        ({"limits": {"nofile": [9, 1]}}, "the soft limit must not be above the hard one"),
        ({"limits": {"nofile": ["unlimited", 1]}}, "must not be above the hard one"),
        ({"slice": 5}, "start.slice = 5: must be the name of a systemd slice"),
        ({"slice": "jp1"}, "start.slice = 'jp1'"),
        ({"slice": ".slice"}, "start.slice"),
        ({"slice": "a--b.slice"}, "start.slice"),
        ({"slice": "../x.slice"}, "start.slice"),
        ({"slice": "..-x.slice"}, "start.slice"),
    ],
)
def test_a_wrong_value_is_named(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_start(values, "x.toml")
    assert str(caught.value).startswith("x.toml: start.")
    assert told in str(caught.value)


def test_a_record_gives_back_what_was_said() -> None:
    settings = check_start({"nice": -3, "limits": {"core": 0}, "slice": "a.slice"}, "x.toml")
    again = StartSettings(*settings.to_list())
    assert again.to_list() == [-3, {"core": [0, 0]}, "a.slice"]


def test_parameters_say_the_same() -> None:
    texts = {
        "start_nice": "-5",
        "start_limits": "nofile=65536 core=0:unlimited",
        "start_slice": "a.slice",
    }
    values = values_of(Parameters("toy", texts), {}, "x")["start"]
    assert check_start(values, "x").to_list() == [
        -5,
        {"nofile": [65536, 65536], "core": [0, UNLIMITED]},
        "a.slice",
    ]


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"start_nice": "high"}, "toy (ocf:ark:toy): start_nice = 'high': must be a whole"),
        ({"start_limits": "nofile=many"}, "toy (ocf:ark:toy): start_limits.nofile = 'many'"),
        ({"start_limits": "nofile"}, "start_limits: allowed: words KEY=VALUE"),
        ({"start_slice": "x"}, "toy (ocf:ark:toy): start_slice = 'x'"),
    ],
)
def test_a_wrong_parameter_is_called_by_its_own_name(texts: dict[str, str], told: str) -> None:
    parameters = Parameters("toy", texts)
    where = parameters.where("toy")
    with pytest.raises(ConfigurationError) as caught:
        check_start(values_of(parameters, {}, where)["start"], where)
    assert told in parameters.renamed(str(caught.value), "toy")
