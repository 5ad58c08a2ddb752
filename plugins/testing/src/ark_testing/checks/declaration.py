"""What a plugin says of itself: its hooks, its texts, its options, its imports."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

from ark_testing.checks.check import check
from ark_testing.declared_imports import undeclared_imports
from ark_testing.finding import Failed, expect
from ark_testing.installation import Capability
from ark_testing.public_names import private_imports
from ark_testing.subject import Subject
from ark_testing.unread_options import unread_options
from arkcore.base.budget import for_force
from arkcore.resources.timers import Timers

_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
#: What a declaration need not have in common with another one: how it came about.
_NOT_DECLARED = ("seconds", "acted", "changed", "options")
#: Seconds that two answers of a status may take: a quickCheck is not undecided before.
_TWO_ANSWERS = 4.0
#: Values that some options take, and none may stumble over.
_ODD = {"str": ("", "/conformance/nothing"), "int": (0,), "float": (0.0,)}
#: No option takes it: neither a text, nor a number, nor a list, nor a table of texts.
_OF_NO_TYPE: dict[str, object] = {"conformance": [[1]]}


@check(
    "every hook is one of the contract's, and the declaration can be worked with",
    "フックはすべて規約のもので、宣言が有効である",
    declared_only=True,
)
def hooks_are_those_of_the_contract(subject: Subject) -> None:
    refused = subject.declaration().get("refused")
    if refused:
        raise Failed(refused)


@check(
    "every name that begins with ark_ is a hook, and marked",
    "ark_ で始まる名前はすべてフックで、印が付いている",
    basic=True,
)
def every_ark_name_is_a_hook(subject: Subject) -> None:
    odd = subject.declaration()["odd_hooks"]
    expect(not odd, "; ".join(odd))


@check(
    "title and options have texts, and defaults that are allowed",
    "名称とオプションに説明があり、既定値が有効である",
)
def texts_and_defaults_are_whole(subject: Subject) -> None:
    declared = subject.declaration()
    wrong = [] if declared["title"].strip() else ["title: empty"]
    for key, option in declared["options"].items():
        if not option["text"].strip():
            wrong.append(f"options.{key}: no text in English")
        if not _JAPANESE.search(option["text_ja"]):
            subject.warn(f"options.{key}: no text in Japanese ({option['text_ja']!r})")
        problem = option["problem"]
        if problem:
            wrong.append(problem if key in problem else f"options.{key}: {problem}")
    expect(not wrong, "; ".join(wrong))


@check(
    "it declares the same on every node: no default depends on the machine or on who calls",
    "どのノードでも同じ宣言をする（既定値がマシンや呼び出し元に依存しない）",
)
def declaration_is_the_same_everywhere(subject: Subject) -> None:
    here = subject.declaration()
    with tempfile.TemporaryDirectory(prefix="conformance-bare-") as place:
        there = subject.declaration_anew(Path(place))
    where = "in an empty directory, with an empty environment and no PATH"
    expect("refused" not in there, f"{where}, it cannot be used: {there.get('refused')}")
    wrong = [
        f"{key}: {here[key]}; {where} {there[key]}"
        for key in here
        if key not in _NOT_DECLARED and here[key] != there[key]
    ]
    node = os.uname().nodename
    for key, option in here["options"].items():
        other = there["options"].get(key, {})
        if option != other:
            now, then = option["default"], other.get("default")
            wrong.append(f"options.{key}: the default is {now}, and {where} {then}")
        elif repr(node) == option["default"]:
            wrong.append(f"options.{key}: the default is the name of this node, {node}")
    expect(not wrong, f"{'; '.join(wrong)}; find it out in a hook, where the option is empty")


@check(
    "every option is read",
    "すべてのオプションが使われている",
)
def every_option_is_read(subject: Subject) -> None:
    declared = subject.declaration()
    options = set(declared["options"]) - set(declared["users"])
    unread = unread_options(declared["modules"], options)
    expect(
        not unread,
        f"declared, and read by no source of the plugin: "
        f"{', '.join(f'options.{each}' for each in unread)}; an operator who sets it changes "
        f"nothing",
    )


@check(
    "nothing of arkcore is imported but its public names",
    "arkcore の公開名だけを import している",
)
def only_public_names_are_imported(subject: Subject) -> None:
    found = private_imports(subject.declaration()["module"])
    expect(not found, "; ".join(found))


@check(
    "what is imported is required by the distribution",
    "import するものはすべて、ディストリビューションの依存関係にある",
)
def imports_are_declared(subject: Subject) -> None:
    declared = subject.declaration()
    found = undeclared_imports(declared["module"], declared["distribution"])
    expect(
        not found, f"not among the dependencies of {declared['distribution']}: {'; '.join(found)}"
    )


@check(
    "the timers that it declares leave the application the time that it takes",
    "宣言したタイマーは、アプリケーションの所要時間を満たす",
    for_authors=True,
)
def declared_timers_are_long_enough(subject: Subject) -> None:
    timers = Timers(subject.declaration()["timers"])
    installation = subject.installation
    start, remove = timers["restore.process"], timers["remove.process"]
    stop = remove - for_force(timers["remove.force_reserve"], remove)
    wrong = []
    if start < installation.starts_within:
        wrong.append(
            f"restore.process = {start:g} s, and Installation.starts_within = "
            f"{installation.starts_within:g} s"
        )
    if stop < installation.stops_within:
        wrong.append(
            f"remove.process = {remove:g} s leaves an ordinary stop {stop:g} s, and "
            f"Installation.stops_within = {installation.stops_within:g} s"
        )
    check = timers["quickcheck.process"]
    if check < _TWO_ANSWERS:
        wrong.append(
            f"quickcheck.process = {check:g} s: a busy application fails at its first late answer; "
            f"two may take {_TWO_ANSWERS:g} s"
        )
    expect(not wrong, f"{'; '.join(wrong)}: declare a longer timer, or give the time it takes")


@check(
    "what is wrong with an option is said in one line that names it",
    "オプションの誤りは、その名前を含む 1 行で示される",
)
def errors_of_options_are_one_line(subject: Subject) -> None:
    given = subject.host.given.options
    refusal = subject.refusal(subject.host, given)
    expect(not refusal, f"the installation's own options are refused: {refusal}")
    for key, value in _wrong_values(subject.declaration()["options"]):
        tried = f"options.{key} = {value!r}"
        _is_one_line(subject.refusal(subject.host, {**given, key: value}), key, tried)
    for key, option in subject.declaration()["options"].items():
        kind = option["kind"].removeprefix("<class '").removesuffix("'>")
        # Without a check of the plugin's own, nothing of the plugin's looks at values.
        for value in _ODD.get(kind, ()) if subject.declaration()["checks_options"] else ():
            refusal = subject.refusal(subject.host, {**given, key: value})
            if refusal:
                _is_one_line(refusal, "", f"options.{key} = {value!r}")
        if option["required"]:
            rest = {name: value for name, value in given.items() if name != key}
            _is_one_line(subject.refusal(subject.host, rest), key, f"no options.{key}")


def _wrong_values(options: dict[str, Any]) -> list[tuple[str, object]]:
    wrong: list[tuple[str, object]] = [("conformance_unknown", "x")]
    for key, option in options.items():
        kind = option["kind"]
        if "Any" not in kind:
            wrong.append((key, 5 if kind.startswith("dict") else _OF_NO_TYPE))
        if option["minimum"] is not None:
            wrong.append((key, _beyond(kind, option["minimum"], -1)))
        if option["maximum"] is not None:
            wrong.append((key, _beyond(kind, option["maximum"], 1)))
        if option["choices"]:
            wrong.append((key, "conformance-none-of-them"))
    return wrong


def _beyond(kind: str, bound: float, step: int) -> float:
    return int(bound) + step if "int" in kind else bound + step


def _is_one_line(refusal: str, key: str, tried: str) -> None:
    expect(refusal, f"{tried} is accepted")
    expect(not refusal.startswith(("raised:", "died:")), f"{tried}: {refusal}")
    expect(len(refusal.splitlines()) == 1, f"{tried}: more than one line: {refusal!r}")
    expect(f"options.{key}" in refusal, f"{tried}: the answer does not name it: {refusal}")


@check(
    "what the plugin declares, the installation can show",
    "プラグインの宣言する構成を、テスト用の環境が備えている",
    for_authors=True,
)
def capabilities_are_those_declared(subject: Subject) -> None:
    declared, claimed = subject.declaration(), subject.capabilities
    wrong = []
    if "mutual-standby" in declared["topologies"] and Capability.TWO_HOSTS not in claimed:
        wrong.append(
            "the application declares Topology.MUTUAL_STANDBY; declare Capability.TWO_HOSTS and "
            "give the installation a second LogicalHost, or declare topologies=(Topology.STANDBY,)"
        )
    given = subject.installation.hosts[0]
    has = {
        Capability.TWO_HOSTS: len(subject.installation.hosts) == 2,
        Capability.READINESS: given.serves is not None,
        Capability.HOSTILE_COMMANDS: bool(given.commands),
        Capability.SHARED_DISK: bool(given.shared),
        Capability.PRODUCT: bool(given.product),
    }
    wrong += [
        f"{each} is declared, but the installation lacks {each.value}"
        for each, there in has.items()
        if each in claimed and not there
    ]
    expect(not wrong, "; ".join(wrong))
    for key, option in declared["options"].items():
        values = [each.options.get(key) for each in subject.installation.hosts]
        if option["names"] == "address" and len(values) == 2 and values[0] == values[1]:
            subject.warn(
                f"options.{key} is the same on both logical hosts: give each an address of its "
                f"own, as a cluster does, for instance 127.0.0.2 and 127.0.0.3"
            )
