"""What a resource file may say; all else is refused in one line that tells what is allowed."""

from __future__ import annotations

from typing import Any, get_type_hints

import pytest
from ark_command import Options
from ark_command._options import address_and_port

from arkcore import ConfigurationError
from arkcore.plugin.application import declared_options, make_options

BASE: dict[str, Any] = {"start": ["/a/start"], "stop": ["/a/stop"]}
STATUS = {"status": ["/a/status"]}


def check(**values: Any) -> None:
    make_options(Options, {**BASE, **values}).check()


@pytest.mark.parametrize(
    "values",
    [
        STATUS,
        {"pid_file": "/run/app.pid"},
        {"pid_file": "/run/app.pid", "process_name": "app"},
        {"tcp": "127.0.0.1:80"},
        {"tcp": "[::1]:65535"},
        {"tcp": "localhost:1"},
        {**STATUS, "pid_file": "/run/app.pid"},
        {**STATUS, "status_codes": {"0": "RUNNING", "7": "STARTING", "other": "STOPPED"}},
        {**STATUS, "stop_codes": [0, 3], "force_stop": ["/a/kill", "-9"]},
        {**STATUS, "env": {"LANG": "ja_JP.UTF-8"}, "encoding": "cp932", "user": "app"},
    ],
)
def test_what_works_is_accepted(values: dict[str, Any]) -> None:
    check(**values)


@pytest.mark.parametrize(
    ("values", "key", "allowed"),
    [
        ({"start": []}, "start", "must be an absolute path and its arguments"),
        ({"start": ["start.sh"], **STATUS}, "start", "must begin with an absolute path"),
        ({"stop": ["/a/stop\0"], **STATUS}, "stop", "NUL"),
        ({"force_stop": ["kill"], **STATUS}, "force_stop", "must begin with an absolute path"),
        ({"status": ["status"]}, "status", "must begin with an absolute path"),
        ({}, "status", "one of status, pid_file and tcp must be given"),
        ({"tcp": "127.0.0.1:80", **STATUS}, "tcp", "only without status"),
        ({"tcp": "127.0.0.1:80", "pid_file": "/p"}, "tcp", "only without pid_file"),
        ({"process_name": "app", **STATUS}, "process_name", "only with pid_file"),
        ({"process_name": "a/b", "pid_file": "/p"}, "process_name", 'without "/"'),
        ({"pid_file": "app.pid"}, "pid_file", "absolute path"),
        (
            {"pid_file": "/p", "status_codes": {"0": "RUNNING", "1": "STOPPED"}},
            "status_codes",
            "only with status",
        ),
        ({"status_codes": {"0": "RUNNING"}, **STATUS}, "status_codes", "must mean STOPPED"),
        ({"status_codes": {"0": "STOPPED"}, **STATUS}, "status_codes", "must mean RUNNING"),
        ({"status_codes": {"256": "RUNNING"}, **STATUS}, "status_codes.256", "0 to 255"),
        ({"status_codes": {"00": "RUNNING"}, **STATUS}, "status_codes.00", "0 to 255"),
        ({"status_codes": {"0": "FINE"}, **STATUS}, "status_codes.0", "RUNNING, STARTING"),
        (
            {"status_codes": {"1": "STOPPED", "other": "RUNNING"}, **STATUS},
            "status_codes.other",
            "name the codes that mean RUNNING",
        ),
        ({"stop_codes": [], **STATUS}, "stop_codes", "0 to 255"),
        ({"stop_codes": [256], **STATUS}, "stop_codes", "0 to 255"),
        ({"env": {"A=B": ""}, **STATUS}, "env.A=B", 'without "="'),
        ({"env": {"A": "\0"}, **STATUS}, "env.A", "NUL"),
        ({"env": {"ARK_ACTION": "x"}, **STATUS}, "env.ARK_ACTION", "the engine's own"),
        ({"encoding": "klingon", **STATUS}, "encoding", "must be a text encoding"),
        ({"encoding": "base64", **STATUS}, "encoding", "must be a text encoding"),
        ({"tcp": "127.0.0.1"}, "tcp", "address:port"),
        ({"tcp": "127.0.0.1:0"}, "tcp", "port from 1 to 65535"),
        ({"tcp": "127.0.0.1:65536"}, "tcp", "port from 1 to 65535"),
        ({"tcp": "127.0.0.1:http"}, "tcp", "port from 1 to 65535"),
        ({"tcp": "::1:80"}, "tcp", "brackets"),
        ({"tcp": "[127.0.0.1]:80"}, "tcp", "brackets"),
        ({"tcp": "db.example.com:80"}, "tcp", "allowed are localhost and IP addresses"),
        ({"tcp": "0.0.0.0:80"}, "tcp", "allowed are localhost and IP addresses"),
        ({"tcp": "[fe80::1%eth0]:80"}, "tcp", "without a zone"),
        ({"tcp": ":80"}, "tcp", "allowed are localhost and IP addresses"),
    ],
)
def test_refused_in_one_line(values: dict[str, Any], key: str, allowed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check(**values)
    text = str(caught.value)
    # A value in a table of variables may be a password.
    assert text.startswith(f"options.{key}: " if key.startswith("env.") else f"options.{key} = ")
    assert allowed in text
    assert "\n" not in text


def test_address_and_port_takes_the_brackets_away() -> None:
    assert address_and_port("[::1]:80") == ("::1", 80)


def test_every_option_has_a_type_and_both_texts() -> None:
    hints = get_type_hints(Options)
    for name, declaration in declared_options(Options).items():
        assert name in hints
        assert declaration.text
        assert declaration.text_ja


def test_options_of_two_resources_share_nothing() -> None:
    first, second = make_options(Options, BASE), make_options(Options, BASE)
    first.env["A"] = "1"
    first.status_codes["9"] = "PARTIAL"
    assert second.env == {}
    assert "9" not in second.status_codes
