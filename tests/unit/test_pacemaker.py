"""Pacemaker's side without a cluster: codes, parameters, times, and what its tools say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkcore.base.call import Action
from arkcore.base.errors import ArkError, ConfigurationError, NodeError, PluginError
from arkcore.base.status import Fault, Outcome, Status, Verdict
from arkcore.managers import ocf
from arkcore.managers.cib import Cib
from arkcore.managers.ocf import Operation
from arkcore.managers.ocf_metadata import short, text_of
from arkcore.managers.operation_times import (
    OPERATIONS,
    SHARE,
    least_timeout,
    shortfall,
    usual_timeout,
)
from arkcore.managers.pacemaker import Pacemaker, main
from arkcore.managers.pacemaker_tools import PacemakerTools, seconds_of
from arkcore.resources.parameters import Parameters, parameters_of, refuse_common_names, values_of
from arkcore.resources.timers import Timers

# Exit codes.

RESTORE, REMOVE, CHECK = Action.RESTORE, Action.REMOVE, Action.QUICK_CHECK
INTERNAL = {Fault.CONFIGURATION: 6, Fault.NODE: 2, Fault.PLUGIN: 5, Fault.ENGINE: 1}
VERDICTS = [
    (Verdict(Outcome.WELL), {RESTORE: 0, REMOVE: 0, CHECK: 0}),
    (Verdict(Outcome.FAILED, "", Status.STOPPED), {RESTORE: 1, REMOVE: 1, CHECK: 7}),
    (Verdict(Outcome.FAILED, "", Status.PARTIAL), {RESTORE: 1, REMOVE: 1, CHECK: 1}),
    (Verdict(Outcome.FAILED, "", Status.UNKNOWN), {RESTORE: 1, REMOVE: 1, CHECK: 1}),
    (Verdict(Outcome.FAILED), {RESTORE: 1, REMOVE: 1, CHECK: 1}),
    (Verdict(Outcome.UNDECIDED, "", Status.UNKNOWN), {CHECK: 190}),
    (Verdict(Outcome.SKIPPED, "", Status.STOPPED), {CHECK: 190}),
    *(
        (Verdict(Outcome.INTERNAL, fault=fault), {RESTORE: code, REMOVE: 1, CHECK: 190})
        for fault, code in INTERNAL.items()
    ),
]


@pytest.mark.parametrize(("verdict", "codes"), VERDICTS, ids=lambda value: str(value)[:60])
def test_what_pacemaker_is_told(verdict: Verdict, codes: dict[Action, int]) -> None:
    manager = Pacemaker("toy", Operation({}))
    assert {action: manager.exit_code(action, verdict) for action in codes} == codes


PROBES = [
    (Verdict(Outcome.WELL, "", Status.STOPPED), 7),
    (Verdict(Outcome.WELL, "", Status.RUNNING), 0),
    (Verdict(Outcome.FAILED, "", Status.STOPPED), 1),
    (Verdict(Outcome.FAILED, "", Status.PARTIAL), 1),
    (Verdict(Outcome.UNDECIDED), 1),
    (Verdict(Outcome.INTERNAL, "", Status.UNKNOWN), 1),
]


@pytest.mark.parametrize(("verdict", "code"), PROBES, ids=str)
def test_what_a_probe_tells(verdict: Verdict, code: int) -> None:
    assert Pacemaker.probe_code(verdict) == code


@pytest.mark.parametrize("action", ["start", "stop", "monitor", "reload-agent"])
def test_only_root_may_act_on_the_machine_itself(
    action: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main("toy", "", ["toy", action], {}) == ocf.PERM
    assert capfd.readouterr().err == (
        f"ocf-exit-reason:{action} needs root: whose processes are whose is hidden else\n"
    )


@pytest.mark.parametrize("name", ["", "a b", "../x", "タグ", ".x"])
def test_a_name_that_no_resource_can_have_is_refused(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main("toy", str(tmp_path), ["toy", "start"], {"OCF_RESOURCE_INSTANCE": name}) == 6
    assert capfd.readouterr().err.count("ocf-exit-reason:") == 1


def test_a_stop_that_names_no_resource_is_no_success(tmp_path: Path) -> None:
    assert main("toy", str(tmp_path), ["toy", "stop"], {}) == ocf.CONFIGURED


# What the environment says.


def test_what_is_pacemaker_s_own_is_no_parameter() -> None:
    environment = {
        "OCF_RESKEY_root": "/",
        "OCF_RESKEY_CRM_meta_timeout": "20000",
        "OCF_RESKEY_CRM_meta_unheard_of": "x",
        "OCF_RESKEY_crm_feature_set": "3.16.2",
        "OCF_RESKEY_trace_ra": "1",
        "OCF_CHECK_LEVEL": "10",
        "PATH": "/bin",
    }
    assert Operation(environment).parameters("toy").to_list() == ["toy", {"root": "/"}]


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "0"])
def test_an_operation_without_a_timeout_has_no_end(text: str | None) -> None:
    environment = {} if text is None else {"OCF_RESKEY_CRM_meta_timeout": text}
    assert Operation(environment).ends is None


# Parameters.

HINTS: dict[str, Any] = {
    "text": str,
    "number": int,
    "seconds": float,
    "switch": bool,
    "words": list[str],
    "numbers": list[int],
    "table": dict[str, str],
    "odd": tuple[str, ...],
}


def options_of(**texts: str) -> dict[str, Any]:
    values: dict[str, Any] = values_of(Parameters("toy", texts), HINTS, "here")["options"]
    return values


@given(
    st.fixed_dictionaries(
        {
            "text": st.text(),
            "number": st.integers(-(10**9), 10**9),
            "switch": st.booleans(),
            "words": st.lists(st.text()),
            "numbers": st.lists(st.integers(0, 255)),
            "table": st.dictionaries(
                st.text(min_size=1).filter(lambda key: "=" not in key), st.text()
            ),
        }
    )
)
def test_a_value_written_as_a_text_is_read_as_that_value(values: dict[str, Any]) -> None:
    texts = {key: text_of(value) or "" for key, value in values.items()}
    texts = {key: text for key, text in texts.items() if text or key == "text" or not values[key]}
    assert options_of(**texts) == values


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        ({"switch": "YES"}, {"switch": True}),
        ({"switch": "off"}, {"switch": False}),
        ({"seconds": "1.5"}, {"seconds": 1.5}),
        ({"words": "/bin/sh -c 'a b'"}, {"words": ["/bin/sh", "-c", "a b"]}),
        ({"table": "4=PARTIAL other=UNKNOWN"}, {"table": {"4": "PARTIAL", "other": "UNKNOWN"}}),
        ({"table": "A=b=c"}, {"table": {"A": "b=c"}}),
        ({"words": ""}, {"words": []}),
    ],
)
def test_texts_as_people_write_them(texts: dict[str, str], values: dict[str, Any]) -> None:
    assert options_of(**texts) == values


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"switch": "maybe"}, "here: switch = 'maybe': allowed: true or false"),
        ({"number": "1.5"}, "here: number = '1.5': allowed: a whole number"),
        ({"number": "1_0"}, "here: number = '1_0': allowed: a whole number"),
        ({"number": "１０"}, "here: number = '１０': allowed: a whole number"),
        ({"numbers": "1 x"}, "here: numbers = 'x': allowed: a whole number"),
        ({"table": "x"}, "here: table: allowed: words KEY=VALUE, separated by blanks"),
    ],
)
def test_a_text_that_is_no_such_value_is_told(texts: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        options_of(**texts)
    assert str(caught.value) == told


def test_an_unknown_parameter_is_a_matter_of_this_node() -> None:
    with pytest.raises(NodeError, match="here: colour: unknown parameter; allowed: "):
        options_of(colour="red")


def test_a_type_that_no_text_can_be_is_the_plugin_s_fault() -> None:
    with pytest.raises(PluginError, match="odd: its plugin declares a type that no parameter"):
        options_of(odd="x")


def test_an_option_cannot_bear_a_common_parameter_s_name() -> None:
    with pytest.raises(PluginError, match="its option 'restore_process' cannot be a parameter"):
        refuse_common_names(["root", "restore_process"], "toy")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("options.root = 'x': no", "root = 'x': no"),
        ("timers.restore.process = 0: no", "restore_process = 0: no"),
        ("ras.detail = 'x': no", "ras_detail = 'x': no"),
        ("timers.restore.processes = 0: no", "timers.restore.processes = 0: no"),
        ("logical_host = '': must be text", "logical_host = '': must be text"),
    ],
)
def test_an_error_names_the_parameter(error: str, told: str) -> None:
    parameters = Parameters("toy", {})
    where = "rsc (ocf:ark:toy): "
    assert parameters.renamed(where + error, "rsc") == where + told
    assert parameters.renamed("/etc/ark/ark.toml: " + error, "rsc") == "/etc/ark/ark.toml: " + error


@pytest.mark.parametrize("value", ["x", ["toy"], ["toy", 1], ["toy", {}, 1], {"plugin": "toy"}])
def test_a_record_of_nonsense_holds_no_parameters(value: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parameters_of(value)


# Meta-data.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A path. It must be absolute", "A path"),
        ("seconds; at least 1", "seconds"),
        ("A path.", "A path"),
        ("出力の文字コード(Python での名前。cp932 など)。空なら lang に従う",
         "出力の文字コード(Python での名前。cp932 など)"),
        ("出力の文字コード（Python での名前。cp932 など）。空なら lang に従う",
         "出力の文字コード（Python での名前。cp932 など）"),
        ("-t of it (seconds; each process). Short", "-t of it (seconds; each process)"),
        ("a) one; two", "a) one"),
    ],
)  # fmt: skip
def test_a_short_text_ends_with_a_clause_and_never_within_brackets(
    text: str, expected: str
) -> None:
    assert short(text) == expected


# Times.


@given(
    st.floats(1, 86400), st.floats(0, 86400), st.sampled_from(["restore", "remove"]),
    st.floats(2, 100_000),
)  # fmt: skip
def test_timers_that_are_cut_fit_into_their_time(
    process: float, cleanup: float, action: str, seconds: float
) -> None:
    timers = Timers({f"{action}.process": process, f"{action}.cleanup": cleanup})
    cut = timers.cut(action, seconds)
    assert cut[f"{action}.process"] <= process
    assert cut[f"{action}.cleanup"] <= cleanup
    assert cut[f"{action}.process"] + cut[f"{action}.cleanup"] < seconds
    assert cut["quickcheck.process"] == timers["quickcheck.process"]


def test_timers_that_fit_are_left_as_they_are() -> None:
    timers = Timers({})
    for operation, action in (("start", "restore"), ("stop", "remove")):
        cut = timers.cut(action, SHARE * least_timeout(operation, timers))
        assert cut.as_mapping() == timers.as_mapping()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_least_timeout_is_enough_and_one_second_less_is_not(operation: str) -> None:
    timers = Timers({})
    least = least_timeout(operation, timers)
    assert shortfall(operation, least, timers) == ""
    assert shortfall(operation, least - 1, timers).endswith(f"set at least {least} s")
    assert usual_timeout(operation, timers) >= least


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60", 60), ("60s", 60), ("1500ms", 1.5), ("2min", 120), ("1h", 3600), (" 5 ", 5),
     ("700S", 700),
     ("", None), ("soon", None), ("5 days", None), ("P1D", None)],
)  # fmt: skip
def test_an_interval_as_pacemaker_writes_it(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


# Its tools.


def tool(prefix: Path, name: str, script: str, mode: int = 0o755) -> None:
    path = prefix / "usr/sbin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(mode)


ON_HERE = "echo 'resource rsc is running on: here '"
ANSWERS = [
    ("echo here", ON_HERE, True),
    ("echo here", ON_HERE.replace("here ", "here Promoted"), True),
    ("echo there", ON_HERE, False),
    ("echo her", ON_HERE, False),
    ("echo here", "echo 'resource rsc is NOT running'", False),
    ("echo here", "echo 'Could not connect to the CIB: not connected' >&2; exit 102", None),
    ("echo 'error: Could not connect to controller'; exit 102", ON_HERE, None),
    ("exec sleep 100", ON_HERE, None),
]


@pytest.mark.parametrize(("node", "resource", "expected"), ANSWERS)
def test_whether_pacemaker_holds_it_here(
    tmp_path: Path, node: str, resource: str, expected: bool | None
) -> None:
    tool(tmp_path, "crm_node", node)
    tool(tmp_path, "crm_resource", resource)
    assert PacemakerTools(str(tmp_path)).in_service("rsc") is expected


def test_a_tool_that_others_could_change_is_not_run(tmp_path: Path) -> None:
    tool(tmp_path, "crm_node", "echo here", 0o777)
    tool(tmp_path, "crm_resource", ON_HERE)
    assert PacemakerTools(str(tmp_path)).in_service("rsc") is None


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("printf 'a\\nb:0\\nb:1\\n'", {"a", "b"}),
        ("echo 'crm_resource: Could not connect to the CIB'; echo 'Error performing'", None),
        ("true", None),
    ],
)
def test_the_resources_that_the_cluster_has(
    tmp_path: Path, script: str, expected: set[str] | None
) -> None:
    tool(tmp_path, "crm_resource", script)
    assert PacemakerTools(str(tmp_path)).resources() == expected


def told_primitive(prefix: Path, operations: str) -> None:
    """cibadmin, asked for one primitive; nothing has a default of its own."""
    primitive = f'<primitive id="rsc">{operations}</primitive>'
    tool(prefix, "cibadmin", f"case $* in *op_defaults*) exit 105;; esac; echo '{primitive}'")


def op(name: str, inside: str = "", **more: str) -> str:
    given = " ".join(f'{key}="{value}"' for key, value in {"name": name, **more}.items())
    return f"<op {given}>{inside}</op>"


def in_a_set(kind: str, inside: str = "") -> str:
    return f'<{kind} id="m">{inside}<nvpair id="t" name="timeout" value="77s"/></{kind}>'


STOP_AND_START = {"start": 20.0, "stop": 20.0}
OF_ITS_OWN = op("start", timeout="611s") + op("monitor", timeout="60") + op("monitor", timeout="40")
RULED = in_a_set("meta_attributes", '<rule id="r"/>')
REFERENCE = '<meta_attributes id-ref="elsewhere"/>'


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (f"<operations>{OF_ITS_OWN}</operations>", {"start": 611, "stop": 20, "monitor": 40}),
        (op("start", in_a_set("meta_attributes")), {"start": 77, "stop": 20}),
        (op("start", in_a_set("meta_attributes"), timeout="55"), {"start": 55, "stop": 20}),
        (op("start", in_a_set("instance_attributes")), STOP_AND_START),  # Pacemaker ignores it
        # Not to be seen from here: what is meant may be long enough.
        ('<operations id-ref="elsewhere"/>', {}),
        (op("start", REFERENCE), {"stop": 20}),
        (op("start", RULED), {"stop": 20}),
        (op("monitor", REFERENCE) + op("monitor", timeout="50"), {**STOP_AND_START, "monitor": 50}),
    ],
)
def test_a_timeout_is_read_where_pacemaker_reads_it(
    tmp_path: Path, inside: str, expected: dict[str, float]
) -> None:
    told_primitive(tmp_path, inside)
    assert PacemakerTools(str(tmp_path)).timeouts("rsc") == expected


@pytest.mark.parametrize(
    ("action", "interval", "code", "failed"),
    [
        ("monitor", 10000, 7, True),
        ("monitor", 10000, 0, False),
        ("monitor", 10000, 190, False),  # degraded: it goes on
        ("monitor", 10000, 191, False),  # the same of a promoted one
        ("monitor", 0, 7, False),
        ("start", 0, 1, True),
    ],
)
def test_what_the_cluster_takes_for_a_failure(
    action: str, interval: int, code: int, failed: bool
) -> None:
    done = f'<lrm_rsc_op operation="{action}" interval="{interval}" rc-code="{code}" call-id="1"/>'
    resource = f'<lrm_resource id="rsc">{done}</lrm_resource>'
    resources = f"<lrm><lrm_resources>{resource}</lrm_resources></lrm>"
    cib = Cib(f'<cib><status><node_state uname="n1">{resources}</node_state></status></cib>')
    assert [each.failed for each in cib.operations()] == [failed]


def test_without_pacemaker_nothing_is_known(tmp_path: Path) -> None:
    tools = PacemakerTools(str(tmp_path))
    assert (tools.in_service("rsc"), tools.resources(), tools.timeouts("rsc")) == (None, None, {})


def test_an_error_of_ours_has_its_code() -> None:
    from arkcore.guard.loading import fault_of

    found = [fault_of(kind("")) for kind in (ConfigurationError, NodeError, PluginError, ArkError)]
    assert found[:3] == [Fault.CONFIGURATION, Fault.NODE, Fault.PLUGIN]
