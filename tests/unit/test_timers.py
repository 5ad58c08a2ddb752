"""The timers: the vendor's defaults, what is allowed, and how a wrong one is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkcore.base.errors import ConfigurationError
from arkcore.resources.timers import BY_KEY, TIMERS, Timers, check_timers


@pytest.mark.parametrize(
    ("script", "process", "cleanup"),
    [("restore", 480, 90), ("remove", 120, 5), ("quickcheck", 480, 90), ("recover", 12, 5)],
)
def test_the_defaults_are_the_guide_s_table_5_1(script: str, process: int, cleanup: int) -> None:
    timers = Timers({})
    assert (timers[f"{script}.process"], timers[f"{script}.cleanup"]) == (process, cleanup)


@pytest.mark.parametrize(
    ("key", "seconds"),
    [
        ("restore.confirm", 60),
        ("force_stop_wait", 10),
        ("remove.force_reserve", 30),
        ("quickcheck.confirm", 3),
        ("recover.attempts", 3),
        ("recover.window", 1800),
        ("recover.total", math.inf),
        ("lifekeeper.quickcheck_run", 18),
    ],
)
def test_the_other_defaults_are_those_of_the_contract(key: str, seconds: float) -> None:
    assert Timers({})[key] == seconds


def test_a_value_given_takes_the_default_s_place() -> None:
    assert Timers({"restore.process": 600})["restore.process"] == 600


def test_recover_total_can_be_none_by_name() -> None:
    assert Timers(check_timers({"recover.total": "none"}, "f"))["recover.total"] == math.inf


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.key)
def test_each_timer_takes_its_bounds_and_nothing_beyond_them(timer: object) -> None:
    key, low, high = timer.key, timer.minimum, timer.maximum  # type: ignore[attr-defined]
    assert check_timers({key: low}, "f") == {key: low}
    assert check_timers({key: high}, "f") == {key: high}
    for value in (low - 1, high + 1):
        with pytest.raises(ConfigurationError):
            check_timers({key: value}, "f")


@pytest.mark.parametrize("timer", TIMERS, ids=lambda timer: timer.key)
def test_each_timer_is_explained_in_both_languages(timer: object) -> None:
    assert timer.text.isascii()  # type: ignore[attr-defined]
    assert not timer.text_ja.isascii()  # type: ignore[attr-defined]


def test_a_refusal_names_file_key_value_and_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_timers({"restore.process": -1}, "/etc/ark/resources/r.toml")
    assert str(caught.value) == (
        "/etc/ark/resources/r.toml: timers.restore.process = -1: allowed: seconds from 1 to 86400"
    )


def test_an_unknown_key_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_timers({"restore.proces": 1}, "f")
    assert "timers.restore.proces" in str(caught.value)
    assert all(key in str(caught.value) for key in BY_KEY)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("restore.process", True),
        ("restore.process", "600"),
        ("restore.process", math.nan),
        ("restore.process", math.inf),
        ("restore.process", "none"),
        ("recover.attempts", 2.5),
        ("restore.process", [1]),
        ("restore.process", None),
    ],
)
def test_what_is_no_number_of_seconds_is_refused(key: str, value: object) -> None:
    with pytest.raises(ConfigurationError):
        check_timers({key: value}, "f")


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none())


@given(st.dictionaries(st.sampled_from(sorted(BY_KEY)) | st.text(), VALUES, max_size=3))
def test_whatever_is_given_it_is_within_range_or_refused_in_one_line(
    values: dict[str, object],
) -> None:
    checked, told = {}, ""
    try:
        checked = check_timers(values, "f")
    except ConfigurationError as error:
        told = str(error)
    for key, value in checked.items():
        allowed = BY_KEY[key]
        assert value is None or allowed.minimum <= value <= allowed.maximum
    assert checked or not values or told.startswith("f: timers.")
    assert told.isprintable()
