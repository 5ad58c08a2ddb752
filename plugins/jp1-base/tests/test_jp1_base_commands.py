"""What JP1/Base's hooks run: command lines, environment, encoding, time limits."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ark_jp1_base.commands import codec_of, reply_of
from ark_jp1_base.plugin import Jp1Base
from ark_jp1_base.preflight import name_finding

from arkcore import Level, Machine, StepFailed
from arkcore.machine.command import CommandResult
from arkcore.survey.site import LogicalHost, Node, Site


def command_lines(ctx: Any) -> list[str]:
    return [" ".join(ran.argv) for ran in ctx.ran]


def test_start(fake: Any) -> None:
    ctx = fake()
    Jp1Base().ark_start(ctx)
    assert command_lines(ctx) == ["/etc/opt/jp1base/jbs_start.cluster LHOST"]


def test_stop(fake: Any) -> None:
    ctx = fake()
    Jp1Base().ark_stop(ctx)
    assert command_lines(ctx) == ["/etc/opt/jp1base/jbs_stop.cluster LHOST"]


def test_forced_stop_has_a_time_limit_of_its_own(fake: Any) -> None:
    ctx = fake(force_limit=7.0)
    Jp1Base().ark_force_stop(ctx)
    assert command_lines(ctx) == ["/etc/opt/jp1base/jbs_killall.cluster LHOST"]
    assert ctx.ran[0].timeout == 7.0


def test_status(fake: Any) -> None:
    ctx = fake(status_timeout=4, event_timeout=5, status_limit=9.0)
    Jp1Base().ark_status(ctx)
    assert command_lines(ctx) == [
        "/opt/jp1base/bin/jbs_spmd_status -h LHOST -t 4",
        "/opt/jp1base/bin/jevstat LHOST -t 5",
    ]
    assert [ran.timeout for ran in ctx.ran] == [9.0, 9.0]


def test_the_default_time_limits_fit_into_one_run_under_lifekeeper(fake: Any) -> None:
    options = fake().options
    assert options.status_timeout + options.event_timeout < 18


def test_root_comes_before_every_path(fake: Any) -> None:
    ctx = fake(root="/srv/node1/")
    plugin = Jp1Base()
    plugin.ark_start(ctx)
    plugin.ark_stop(ctx)
    plugin.ark_force_stop(ctx)
    plugin.ark_status(ctx)
    plugin.ark_processes(ctx)
    assert all(ran.argv[0].startswith("/srv/node1/") for ran in ctx.ran)
    assert not any("//" in ran.argv[0] for ran in ctx.ran)
    assert ctx.searches[0][0] == ("/srv/node1/opt/jp1base",)


def test_a_site_can_correct_every_command(fake: Any) -> None:
    ctx = fake(
        start_command="/a/start",
        stop_command="/a/stop",
        force_command="/a/force",
        status_command="/a/status",
        event_command="/a/event",
    )
    plugin = Jp1Base()
    plugin.ark_start(ctx)
    plugin.ark_stop(ctx)
    plugin.ark_force_stop(ctx)
    plugin.ark_status(ctx)
    seen = [ran.argv[0] for ran in ctx.ran]
    assert seen == ["/a/start", "/a/stop", "/a/force", "/a/status", "/a/event"]


def test_every_command_knows_its_logical_host_and_language_and_nothing_more(fake: Any) -> None:
    ctx = fake(lang="ja_JP.eucJP")
    plugin = Jp1Base()
    plugin.ark_start(ctx)
    plugin.ark_stop(ctx)
    plugin.ark_force_stop(ctx)
    plugin.ark_status(ctx)
    for ran in ctx.ran:
        assert ran.env == {"JP1_HOSTNAME": "LHOST", "LANG": "ja_JP.eucJP"}
        assert ran.encoding == "euc_jp"


@pytest.mark.parametrize(
    ("lang", "codec"),
    [
        ("C", "utf-8"),
        ("POSIX", "utf-8"),
        ("ja_JP.UTF-8", "utf-8"),
        ("ja_JP.utf8@cjk", "utf8"),
        ("ja_JP.eucJP", "euc_jp"),
        ("ja_JP.EUC-JP", "euc_jp"),
        ("ja_JP.ujis", "euc_jp"),
        ("ja_JP", "euc_jp"),
        ("japanese", "euc_jp"),
        ("ja_JP.SJIS", "cp932"),
        ("ja_JP.Shift_JIS", "cp932"),
        ("ja_JP.PCK", "cp932"),
        ("zh_CN.gb18030", "gb18030"),
        ("en_US", "utf-8"),
        ("xx_XX.nonsense", "utf-8"),
        ("xx_XX.hex", "utf-8"),
        ("", "utf-8"),
    ],
)
def test_the_encoding_follows_lang(lang: str, codec: str) -> None:
    assert codec_of(lang) == codec


def test_an_encoding_that_is_given_counts(fake: Any) -> None:
    ctx = fake(lang="ja_JP.SJIS", encoding="utf-8")
    Jp1Base().ark_start(ctx)
    assert ctx.ran[0].encoding == "utf-8"


@pytest.mark.parametrize("end", [{"returncode": 1}, {"returncode": None, "late": True}])
def test_a_start_is_not_judged_by_its_end(fake: Any, end: dict[str, Any]) -> None:
    ctx = fake()
    ctx.ends["jbs_start.cluster"] = end
    Jp1Base().ark_start(ctx)


def test_a_start_that_cannot_be_run_has_failed(fake: Any) -> None:
    ctx = fake()
    ctx.ends["jbs_start.cluster"] = {"returncode": None, "error": "No such file or directory"}
    with pytest.raises(StepFailed, match=r"jbs_start\.cluster cannot be run: No such file"):
        Jp1Base().ark_start(ctx)


@pytest.mark.parametrize(
    "end",
    [
        {"returncode": 1},
        {"returncode": -15},
        {"returncode": None, "late": True},
        {"returncode": None, "error": "Permission denied"},
    ],
)
def test_a_stop_that_did_not_return_0_has_failed(fake: Any, end: dict[str, Any]) -> None:
    ctx = fake()
    ctx.ends["jbs_stop.cluster"] = end
    with pytest.raises(StepFailed, match=r"jbs_stop\.cluster"):
        Jp1Base().ark_stop(ctx)


def test_a_forced_stop_is_never_judged_by_its_end(fake: Any) -> None:
    ctx = fake()
    ctx.ends["jbs_killall.cluster"] = {"returncode": 1}
    Jp1Base().ark_force_stop(ctx)


def test_processes_are_looked_for_without_asking_the_disk(fake: Any) -> None:
    ctx = fake(root="/not/there", not_ours=["jbs_site_service"])
    Jp1Base().ark_processes(ctx)
    ((beneath, variables, commands),) = ctx.searches
    assert beneath == ("/not/there/opt/jp1base",)
    assert variables == ("JP1_HOSTNAME",)
    assert {"jbs_spmd_status", "jevstat", "jbs_site_service"} <= set(commands)
    assert "jbs_spmd" not in commands


def test_a_root_behind_a_symbolic_link_is_looked_for_by_its_real_path(
    fake: Any, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    ctx = fake(root=f"{tmp_path}/link")
    Jp1Base().ark_processes(ctx)
    # The real path is asked for last: the disk may hang.
    wanted = [(f"{tmp_path}/link/opt/jp1base",), (f"{tmp_path}/real/opt/jp1base",)]
    assert [search[0] for search in ctx.searches] == wanted


def test_a_root_whose_processes_are_known_is_not_looked_up_on_disk(
    fake: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang(path: str) -> str:
        raise AssertionError(f"asked for {path}")

    monkeypatch.setattr(os.path, "realpath", hang)
    ctx = fake(root=str(tmp_path))
    ctx.names = ["jbs_spmd"]
    assert len(Jp1Base().ark_processes(ctx)) == 1


@pytest.mark.parametrize(("error", "answer"), [("EACCES", "UNKNOWN"), ("ENOENT", "MISSING")])
def test_a_command_that_cannot_be_seen_is_not_called_missing(
    monkeypatch: pytest.MonkeyPatch, error: str, answer: str
) -> None:
    def fail(path: str) -> os.stat_result:
        number = getattr(errno, error)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "stat", fail)
    result = CommandResult(["/shared/jevstat"], error="said so")
    assert reply_of(result, (), {}).answer.value == answer


def a_site(*hosts: LogicalHost, name: str = "n1") -> Site:
    nodes = (Node(name, "192.0.2.1", ("198.51.100.1",)), Node("n2", "192.0.2.2", ("198.51.100.2",)))
    return Site("standby", "lifekeeper", nodes, hosts)


@pytest.mark.parametrize(
    ("mounted", "storage", "level"),
    [
        ("ext4 /dev/mapper/jp1", "shared", Level.OK),
        ("", "shared", Level.OK),
        ("nfs4 filer:/vol/jp1", "shared", Level.FAIL),
        ("cifs //filer/jp1", "shared", Level.FAIL),
        ("ext4 /dev/mapper/jp1", "nas", Level.FAIL),
    ],
)
def test_the_disk_must_not_be_nas(
    fake: Any, tmp_path: Path, mounted: str, storage: str, level: Level
) -> None:
    ctx = fake()
    kind, _, source = mounted.partition(" ")
    shown = json.dumps({"filesystems": [{"fstype": kind, "source": source}]})
    program = tmp_path / "findmnt"
    program.write_text(f"#!/bin/sh\necho '{shown}'\n" if mounted else "#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    host = LogicalHost(ctx.logical_host, "192.0.2.9", "n1", "/shared", "/dev/sdb1", storage)
    found = Jp1Base().ark_preflight(ctx, a_site(host), Machine("", [str(tmp_path), "/bin"]))
    [disk] = [each for each in found if each.number == "4.2.2"]
    assert disk.level is level
    assert bool(disk.advice) is (level is Level.FAIL)


def test_a_logical_host_without_a_disk_has_none_to_check(fake: Any) -> None:
    found = Jp1Base().ark_preflight(fake(), a_site(), Machine())
    [disk] = [each for each in found if each.number == "4.2.2"]
    assert disk.level is Level.NOT_APPLICABLE


def test_preflight_names_what_is_missing(fake: Any, tmp_path: Path) -> None:
    ctx = fake(root=str(tmp_path), lang="tlh_KX")
    commands, lang, *_ = Jp1Base().ark_preflight(ctx, a_site(), Machine())
    assert commands.level is Level.FAIL
    assert f"{tmp_path}/etc/opt/jp1base/jbs_killall.cluster" in commands.seen
    assert lang.level is Level.WARN


@pytest.mark.parametrize(
    ("policy", "level", "told"),
    [
        ("accept", Level.OK, "all 2 pass"),
        ("drop", Level.WARN, "dropped here: jp1imevt (20098/tcp)"),
    ],
)
def test_the_services_of_jp1_are_looked_for_in_the_packet_filter(
    fake: Any, tmp_path: Path, policy: str, level: Level, told: str
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/services").write_text(
        "ssh 22/tcp\njp1imevt\t20098/tcp  # event server\njp1bsplugin 20306/tcp\n"
    )
    chain = {"family": "inet", "table": "t", "name": "in"}
    match = {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 20306}
    rules = [
        {"table": {"family": "inet", "name": "t"}},
        {"chain": {**chain, "type": "filter", "hook": "input", "prio": 0, "policy": policy}},
        {"rule": {"family": "inet", "table": "t", "chain": "in",
                  "expr": [{"match": match}, {"accept": None}]}},
    ]  # fmt: skip
    program = tmp_path / "nft"
    program.write_text(f"#!/bin/sh\necho '{json.dumps({'nftables': rules})}'\n")
    program.chmod(0o755)
    machine = Machine(str(tmp_path), [str(tmp_path), "/bin"])
    found = Jp1Base().ark_preflight(fake(), a_site(name=machine.host_name), machine)
    [ports] = [each for each in found if each.number == "firewall"]
    assert (ports.level, ports.seen) == (level, told)


@pytest.mark.parametrize(
    ("name", "level"),
    [("LHOST", Level.OK), ("L" * 64, Level.WARN), ("lhost.example.com", Level.FAIL)],
)
def test_jp1_wants_a_short_name_without_a_domain(name: str, level: Level) -> None:
    assert name_finding(name).level is level
