"""What JP1/AJS3 - Manager and Agent share: status, command lines, environment, declaration."""

from __future__ import annotations

from typing import Any

import pytest
from ark_jp1_base.ajs3 import Ajs3Options, Ajs3Plugin

from arkcore import ConfigurationError, Level, Machine, Status
from arkcore.plugin.application import declared_options, make_options
from arkcore.survey.site import Node, Site


class Ajs3(Ajs3Plugin):
    name = "ajs3"
    title = "JP1/AJS3"
    options = Ajs3Options


ALL = ["jajs_spmd", "jajs_hstd"]
WITHOUT_MANAGER = ["jajs_hstd", "jajs_agtd"]
plugin = Ajs3()


@pytest.fixture
def ctx(fake: Any) -> Any:
    return fake(Ajs3Options)


def command_lines(ctx: Any) -> list[str]:
    return [" ".join(ran.argv) for ran in ctx.ran]


@pytest.mark.parametrize(
    ("code", "all_there", "without_manager", "nothing_there"),
    [
        (0, "RUNNING", "RUNNING", "RUNNING"),
        (1, "UNKNOWN", "PARTIAL", "STOPPED"),
        (4, "PARTIAL", "PARTIAL", "UNKNOWN"),
        (8, "UNKNOWN", "PARTIAL", "STOPPED"),
        (12, "UNKNOWN", "UNKNOWN", "UNKNOWN"),
        (99, "UNKNOWN", "UNKNOWN", "UNKNOWN"),
    ],
)
def test_return_codes(
    ctx: Any, code: int, all_there: str, without_manager: str, nothing_there: str
) -> None:
    ctx.ends["jajs_spmd_status"] = {"returncode": code}
    seen = []
    for names in (ALL, WITHOUT_MANAGER, []):
        ctx.names = names
        seen.append(plugin.ark_status(ctx).status.value)
    assert seen == [all_there, without_manager, nothing_there]


def test_corrected_codes_count_instead_of_ours(fake: Any) -> None:
    ctx = fake(Ajs3Options, status_codes={"4": "STARTING"})
    ctx.names = ALL
    ctx.ends["jajs_spmd_status"] = {"returncode": 4}
    assert plugin.ark_status(ctx).status is Status.STARTING


def test_commands_as_they_could_be_typed(ctx: Any) -> None:
    plugin.ark_start(ctx)
    plugin.ark_stop(ctx)
    plugin.ark_force_stop(ctx)
    plugin.ark_status(ctx)
    assert command_lines(ctx) == [
        "/etc/opt/jp1ajs2/jajs_start.cluster LHOST -HA",
        "/etc/opt/jp1ajs2/jajs_stop.cluster LHOST",
        "/etc/opt/jp1ajs2/jajs_killall.cluster LHOST",
        "/opt/jp1ajs2/bin/jajs_spmd_status -h LHOST -t 3",
    ]


def test_start_options(fake: Any) -> None:
    plugin.ark_start(without := fake(Ajs3Options, ha=False))
    plugin.ark_start(more := fake(Ajs3Options, start_options=["-cold"]))
    assert command_lines(without) == ["/etc/opt/jp1ajs2/jajs_start.cluster LHOST"]
    assert command_lines(more) == ["/etc/opt/jp1ajs2/jajs_start.cluster LHOST -HA -cold"]


def test_neither_ajsmanagerhost_nor_lc_variables_are_set(ctx: Any) -> None:
    plugin.ark_start(ctx)
    assert ctx.ran[0].env == {"JP1_HOSTNAME": "LHOST", "LANG": "C"}


def test_the_machine_takes_no_lock_for_it(ctx: Any) -> None:
    plugin.ark_status(ctx)
    assert ctx.locks == []


AGENT = b"Queueless agent service         : "
TRANSFER = b"Queueless file transfer service : "


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({"raw": AGENT + b"active\n" + TRANSFER + b"active\n"}, Status.RUNNING),
        ({"raw": AGENT + b"active\n" + TRANSFER + b"inactive\n"}, Status.RUNNING),
        ({"raw": AGENT + b"active\n", "returncode": 3}, Status.RUNNING),
        ({"raw": b"KAVS: " + AGENT + b"active (pid 12)\n\xff\xfe"}, Status.RUNNING),
        ({"raw": AGENT + b"inactive\n" + TRANSFER + b"active\n"}, Status.PARTIAL),
        ({"raw": TRANSFER + b"active\n" + AGENT + b"inactive\n"}, Status.PARTIAL),
        # What is absent or unreadable is no word about the service.
        ({"raw": b""}, Status.UNKNOWN),
        ({"raw": TRANSFER + b"active\n"}, Status.UNKNOWN),
        ({"raw": TRANSFER + b"inactive\n"}, Status.UNKNOWN),
        ({"raw": AGENT + b"\n"}, Status.UNKNOWN),
        ({"raw": AGENT + b"not active\n"}, Status.UNKNOWN),
        ({"raw": AGENT + b"inactivating\n"}, Status.UNKNOWN),
        ({"raw": AGENT + b"activeless\n"}, Status.UNKNOWN),
        ({"raw": AGENT + b"\xff\xfe active\n"}, Status.UNKNOWN),
        ({"raw": AGENT + b"active\n" + AGENT + b"inactive\n"}, Status.UNKNOWN),
        ({"returncode": None, "late": True}, Status.UNKNOWN),
        ({"returncode": -11}, Status.UNKNOWN),
        ({"returncode": None, "error": "No such file or directory"}, Status.UNKNOWN),
    ],
)
def test_the_queueless_agents_own_line_decides(
    fake: Any, end: dict[str, Any], expected: Status
) -> None:
    ctx = fake(Ajs3Options, queueless=True, lang="ja_JP.SJIS")
    ctx.names = ALL
    ctx.ends["ajsqlstatus"] = end
    assert plugin.ark_status(ctx).status is expected
    asked = ctx.ran[-1]
    assert asked.argv == ["/opt/jp1ajs2/bin/ajsqlstatus", "-h", "LHOST"]
    assert not asked.env["LANG"]
    assert asked.encoding == "utf-8"


def test_a_queueless_agent_that_is_not_active_is_asked_again_twice(fake: Any) -> None:
    ctx = fake(Ajs3Options, queueless=True)
    ctx.names = ALL
    ctx.ends["ajsqlstatus"] = {"raw": AGENT + b"inactive\n"}
    assert plugin.ark_status(ctx).status is Status.PARTIAL
    assert [each.argv[0] for each in ctx.ran].count("/opt/jp1ajs2/bin/ajsqlstatus") == 3
    assert ctx.waited == [1.0, 1.0]


def test_a_queueless_agent_that_is_active_at_the_second_question_runs(fake: Any) -> None:
    ctx = fake(Ajs3Options, queueless=True)
    ctx.ends["ajsqlstatus"] = {"raw": AGENT + b"inactive\n"}

    def comes_up() -> None:
        ctx.ends["ajsqlstatus"] = {"raw": AGENT + b"active\n"}

    ctx.while_waiting = comes_up
    assert plugin.ark_status(ctx).status is Status.RUNNING
    assert ctx.waited == [1.0]


def test_other_words_of_the_queueless_agent_can_be_given(fake: Any) -> None:
    ctx = fake(Ajs3Options, queueless=True, queueless_agent="QA", queueless_active=" is up")
    ctx.ends["ajsqlstatus"] = {"raw": b"QA is up\n"}
    assert plugin.ark_status(ctx).status is Status.RUNNING


@pytest.mark.parametrize("name", ["queueless_agent", "queueless_active"])
def test_a_queueless_word_must_not_be_empty(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"options\.{name} = ' ': must"):
        make_options(Ajs3Options, {name: " "}).check()


def test_queueless_services_are_not_asked_unless_told(ctx: Any) -> None:
    ctx.ends["ajsqlstatus"] = {"raw": b"inactive"}
    assert plugin.ark_status(ctx).status is Status.RUNNING
    assert len(ctx.ran) == 1


def test_queueless_services_say_nothing_about_a_product_that_is_down(fake: Any) -> None:
    ctx = fake(Ajs3Options, queueless=True)
    ctx.ends["jajs_spmd_status"] = {"returncode": 8}
    ctx.ends["ajsqlstatus"] = {"raw": AGENT + b"active\n"}
    assert plugin.ark_status(ctx).status is Status.STOPPED


def test_a_status_timeout_of_0_is_none_for_the_product() -> None:
    # jajs_spmd_status takes it for 60 s a process (AJSO0149).
    assert declared_options(Ajs3Options)["status_timeout"].minimum == 1


def test_limits_of_the_logical_host() -> None:
    rule = plugin.ark_application().logical_host
    assert (rule.max_bytes, rule.unique_bytes, rule.exclusive) == (32, 15, True)


def test_every_option_has_both_texts_and_a_possible_default() -> None:
    make_options(Ajs3Options, {}).check()
    for name, declared in declared_options(Ajs3Options).items():
        assert declared.text, name
        assert not declared.text_ja.isascii(), name


def a_site(**parts: Any) -> Site:
    nodes = (Node("n1", "192.0.2.1", ("198.51.100.1",)), Node("n2", "192.0.2.2", ("198.51.100.2",)))
    return Site("standby", "lifekeeper", nodes, (), **parts)


def test_who_is_registered_in_the_manager_is_for_a_person_to_tell(ctx: Any) -> None:
    [asked] = [
        each for each in plugin.ark_preflight(ctx, a_site(), Machine()) if each.number == "T4-3 #1"
    ]
    assert asked.level is Level.UNKNOWN
    assert asked.seen == f"cannot tell: n1, n2, {ctx.logical_host}"
    assert "by hand" in asked.advice
    [told] = [
        each
        for each in plugin.ark_preflight(ctx, a_site(confirmed=("T4-3 #1",)), Machine())
        if each.number == "T4-3 #1"
    ]
    assert told.level is Level.OK


def test_preflight_looks_for_ajsqlstatus_only_where_it_is_used(fake: Any) -> None:
    for queueless in (False, True):
        ctx = fake(Ajs3Options, queueless=queueless, root="/not/there")
        commands, *_ = plugin.ark_preflight(ctx, a_site(), Machine())
        assert ("ajsqlstatus" in commands.seen) is queueless
