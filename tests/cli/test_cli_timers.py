from __future__ import annotations

import json

import pytest
from support import ToyNode

from arkcore.cli.worst_times import worst_times
from arkcore.resources.timers import TIMERS, Timers


def _facts(ark, *words: str) -> dict[str, object]:
    result = ark("timers", *words, "--json")
    assert result.returncode == 0
    return json.loads(result.stdout)


def test_the_defaults_are_the_guides(ark_here) -> None:
    values = {each["key"]: each["value"] for each in _facts(ark_here)["timers"]}
    assert list(values) == [timer.key for timer in TIMERS]
    assert [values[f"{action}.process"] for action in ("restore", "remove", "quickcheck")] == [
        480,
        120,
        480,
    ]
    assert [values[f"{action}.cleanup"] for action in ("restore", "remove", "quickcheck")] == [
        90,
        5,
        90,
    ]
    assert (values["recover.process"], values["recover.cleanup"]) == (12, 5)


def test_where_a_value_comes_from(node: ToyNode, ark) -> None:
    node.configure(timers={"restore.process": 600, "remove.process": 120})
    sources = {each["key"]: each["source"] for each in _facts(ark, "toy1")["timers"]}
    assert sources["restore.process"] == "file"
    assert sources["force_stop_wait"] == "plugin"
    assert sources["remove.process"] == "default"  # it says the same
    assert sources["recover.window"] == "default"


def test_the_check_interval_is_lifekeepers(ark_here, lifekeeper) -> None:
    assert _facts(ark_here)["check_interval"] == 120
    lifekeeper("ISP")
    facts = _facts(ark_here)
    assert facts["check_interval"] == 60
    assert facts["worst_times"]["detection"]["stopped"] == 60 + 18


def test_worst_times_add_up() -> None:
    detection, recovery, failover = worst_times(Timers({}), 120)
    assert (detection.stopped, detection.no_answer) == (138, 120 + 480 + 120 + 18)
    assert recovery.stopped == 138 + 12 + 120 + 5 + 480
    assert failover.stopped == recovery.stopped + 5


def test_a_cap_on_recover_caps_the_worst_times() -> None:
    _, recovery, failover = worst_times(Timers({"recover.total": 100}), 120)
    assert recovery.stopped == failover.stopped == 138 + 100


def test_dependents_are_stopped_and_started_too() -> None:
    _, alone, _ = worst_times(Timers({}), 120)
    _, together, _ = worst_times(Timers({}), 120, [Timers({})])
    assert together.stopped == alone.stopped + 120 + 5 + 480 + 90


def test_without_monitoring_nothing_is_detected() -> None:
    for each in worst_times(Timers({}), 0):
        assert (each.stopped, each.no_answer) == (None, None)


@pytest.mark.parametrize("columns", ["80", "120"])
def test_the_table_fits_its_terminal(ark, columns: str) -> None:
    text = ark("timers", "toy1", COLUMNS=columns).stdout
    assert max(map(len, text.splitlines())) <= int(columns)
    assert "from the first question to RUNNING confirmed" in text
    assert "WORST TIME" in text


@pytest.mark.parametrize("columns", ["80", "100"])
def test_in_japanese_which_has_no_blanks_to_break_at(ark, columns: str) -> None:
    text = ark("timers", "toy1", LC_ALL="ja_JP.UTF-8", COLUMNS=columns).stdout
    assert "最初の状態確認から RUNNING の確認まで" in text
    assert "フェイルオーバー開始まで" in text
    assert "…" not in text  # nothing is cut


def test_an_unusable_resource_is_one_line(node: ToyNode, ark) -> None:
    (node.resources / "toy1.toml").write_text("nonsense")
    result = ark("timers", "toy1")
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
