"""What the plugin declares: the application, its options and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_type_hints

import pytest
from ark_jp1_base import facts
from ark_jp1_base.commands import beneath
from ark_jp1_base.plugin import Jp1Base, Jp1BaseOptions

from arkcore import ConfigurationError
from arkcore.plugin.application import check_declaration, declared_options, make_options
from arkcore.plugin.contract import check_hooks


def test_the_engine_accepts_the_plugin() -> None:
    plugin = Jp1Base()
    check_hooks(plugin, "jp1-base")
    application = check_declaration(plugin.ark_application(), "jp1-base")
    assert application.force_before_restart
    assert application.runs_as_processes
    assert not application.start_code_decides
    assert set(application.machine_wide) == {"hntr2mon", "ajsqlagtd", "ajsqlftpd", "jevtraplog"}


def test_limits_of_the_logical_host() -> None:
    rule = Jp1Base().ark_application().logical_host
    assert (rule.max_bytes, rule.unique_bytes, rule.exclusive) == (255, 0, True)


def test_every_option_has_a_type_and_both_texts() -> None:
    hints = get_type_hints(Jp1BaseOptions)
    for name, declared in declared_options(Jp1BaseOptions).items():
        assert name in hints
        assert declared.text, name
        assert not declared.text_ja.isascii(), name


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("root", "opt"),
        ("lang", ""),
        ("lang", "C\n"),
        ("encoding", "klingon"),
        ("encoding", "hex"),
        ("status_codes", {"4": "GONE"}),
        ("status_codes", {"4": "MISSING"}),
        ("status_codes", {"-1": "STOPPED"}),
        ("status_codes", {"04": "STOPPED"}),
        ("status_codes", {"256": "STOPPED"}),
        ("event_codes", {"four": "STOPPED"}),
        ("start_command", "jbs_start.cluster"),
        ("event_command", ""),
        ("not_ours", ["jevstat", "jevservice"]),
    ],
)
def test_an_impossible_value_is_refused_by_name(option: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"options.{option}"):
        make_options(Jp1BaseOptions, {option: value}).check()


def test_an_executable_cannot_be_ours_and_not_ours() -> None:
    values = {"ours": ["jbsx"], "not_ours": ["jbsx"]}
    with pytest.raises(ConfigurationError, match=r"options\.ours: 'jbsx'"):
        make_options(Jp1BaseOptions, values).check()


def test_no_part_of_a_logical_host_is_a_command_or_the_machines() -> None:
    apart = {fact.value for fact in facts.MACHINE_WIDE}
    for product in (facts.BASE, facts.AJS3):
        parts = {fact.value for fact in product.parts}
        assert product.manager.value in parts
        assert not parts & (apart | {fact.value for fact in product.commands})


def test_the_defaults_are_possible() -> None:
    make_options(Jp1BaseOptions, {}).check()


def test_no_return_code_has_two_meanings() -> None:
    for rows in (facts.BASE_CODES, facts.EVENT_CODES, facts.AJS3_CODES):
        codes = [row.code for row in rows]
        assert len(codes) == len(set(codes))


def test_what_a_manual_states_names_the_page() -> None:
    products = (facts.BASE, facts.AJS3)
    named = [fact for product in products for fact in (*product.commands, *product.parts)]
    for fact in (*named, *facts.MACHINE_WIDE, facts.EVENT_STATUS):
        assert fact.mark is not facts.Mark.MANUAL or fact.source, fact.value
    for row in (*facts.BASE_CODES, *facts.EVENT_CODES, *facts.AJS3_CODES):
        assert row.mark is not facts.Mark.MANUAL or row.source, row.code


def test_a_healthy_check_loads_nothing_heavy() -> None:
    import subprocess

    heavy = {"re", "dataclasses", "typing", "inspect", "subprocess", "msgspec", "pluggy", "loguru"}
    code = (
        "import sys, ark_jp1_base.plugin, ark_jp1_base.ajs3\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    path = [entry for entry in sys.path if entry and "site-packages" not in entry]
    run = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": ":".join(path)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.stdout.strip() == "[]", run.stderr


def test_a_command_that_others_could_exchange_is_refused(tmp_path: Path) -> None:
    options = make_options(Jp1BaseOptions, {"root": str(tmp_path)})
    command = Path(beneath(str(tmp_path), options.stop_command))
    command.parent.mkdir(parents=True)
    command.touch(0o755)
    options.check()
    command.parent.chmod(0o777)
    with pytest.raises(ConfigurationError) as caught:
        options.check()
    assert str(caught.value) == (
        f"options.start_command: {command.with_name('jbs_start.cluster')}: it runs as root, and "
        f"{command.parent} can be written by others (chmod go-w {command.parent})"
    )
