"""Values of secret options: they reach the product, and no file or line that others could read."""

from __future__ import annotations

import grp
import json
import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from agents import Agent
from support import PROGRAMS, ToyNode, wait_for

from arkcore.base.errors import ConfigurationError
from arkcore.base.paths import Paths
from arkcore.resources import record
from arkcore.resources.recording import validate_and_record
from arkcore.survey.answers import digests, new_salt

SECRET = 's3cr3t-"Pa$$\\wörd'
OTHER = "another-s3cr3t"

#: A daemon in shell: it tells the password it was given to a file of its own alone.
START = """
    import os, subprocess, sys
    home = sys.argv[1]
    with open(home + "/got", "w") as file:
        file.write(os.environ.get("DB_PASSWORD", "none"))
    print("connecting with", os.environ.get("DB_PASSWORD"), flush=True)
    if os.path.exists(home + "/fails"):
        sys.exit("refused: " + os.environ["DB_PASSWORD"])
    daemon = subprocess.Popen(
        [home + "/daemon", "1000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with open(home + "/pid", "w") as file:
        file.write(str(daemon.pid))
"""


class Web:
    """A node whose resource `web` has a password in its environment."""

    def __init__(self, node: ToyNode, secrets: str) -> None:
        self.node = node
        (node.resources / "toy1.toml").unlink()
        (node.home / "start.py").write_text(textwrap.dedent(START))
        self.file = node.resources / "web.toml"
        self.write(f"env = {{ DB_PASSWORD = {secrets} }}\n")

    def write(self, env: str) -> None:
        home = self.node.home
        start = [sys.executable, str(home / "start.py"), str(home)]
        self.file.write_text(
            'plugin = "command"\nlogical_host = "LHOST1"\n[timers]\nrestore.process = 20\n'
            f"[options]\nstart = {json.dumps(start)}\n"
            f'stop = ["/bin/sh", "-c", "kill $(cat {home}/pid); rm {home}/pid"]\n'
            f'status = ["/bin/sh", "-c", "test -s {home}/pid || exit 3"]\n{env}'
        )
        self.file.chmod(0o600)

    def log_everything(self) -> None:
        log = self.node.prefix / "var/log/ark"
        (self.node.prefix / "etc/ark/ark.toml").write_text(
            f'[ras]\ndetail = "full"\n[log]\nstderr = "debug"\njson = "{log}/log.json"\n'
            f'trace = "{log}/trace.log"\n'
        )

    @property
    def got(self) -> str:
        return (self.node.home / "got").read_text()


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def traces_of(prefix: Path, *secrets: str, kept: tuple[Path, ...] = ()) -> list[str]:
    """The files beneath `prefix` that hold a secret, however it is quoted; but for those `kept`."""
    forms = {
        form.encode()
        for secret in secrets
        for form in (secret, json.dumps(secret)[1:-1], quoted(secret)[1:-1], repr(secret)[1:-1])
    }
    return [
        str(path)
        for path in sorted(prefix.rglob("*"))
        if path.is_file() and path not in kept and any(each in path.read_bytes() for each in forms)
    ]


@pytest.fixture
def web(node: ToyNode) -> Web:
    return Web(node, quoted(SECRET))


def test_a_secret_reaches_the_product_and_no_file_of_ours(web: Web, node: ToyNode) -> None:
    web.log_everything()
    assert node.run("restore", "web") == 0
    assert web.got == SECRET
    check = node.start("quickcheck", "web")
    assert check.end() == 0
    ark = subprocess.run(
        [PROGRAMS / "ark", "status", "web", "--json"],
        env={"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert '"RUNNING"' in ark.stdout
    remove = node.start("remove", "web")
    assert remove.end() == 0
    said = check.stderr + remove.stderr + ark.stdout + ark.stderr
    assert SECRET not in said
    # What a product writes by itself is its own: the output file that only root can read.
    output = node.prefix / "var/log/ark/output/web.start"
    assert output.stat().st_mode & 0o007 == 0
    kept = (web.file, node.home / "got", output)
    assert traces_of(node.prefix, SECRET, kept=kept) == []


def test_the_lines_of_a_product_are_told_without_the_secret(web: Web, node: ToyNode) -> None:
    web.log_everything()
    (node.home / "fails").touch()
    restore = node.start("restore", "web")
    assert restore.end() == 1
    assert "| refused: ***" in node.ras
    assert "refused: ***" in restore.stderr
    kept = (web.file, node.home / "got", node.prefix / "var/log/ark/output/web.start")
    assert traces_of(node.prefix, SECRET, kept=kept) == []


def test_a_record_is_believed_without_the_secret(web: Web, node: ToyNode) -> None:
    assert node.run("restore", "web") == 0
    recorded = record.load(Paths(str(node.prefix)), "web")
    assert recorded is not None
    assert "env" not in recorded.options
    assert list(recorded.secrets) == ["env"]


def test_a_misspelt_key_shows_no_value(web: Web, node: ToyNode) -> None:
    web.write(f"pasword = {quoted(SECRET)}\n")
    check = node.start("quickcheck", "web")
    assert check.end() == 0
    assert "options.pasword: unknown key; allowed: start" in check.stderr
    assert SECRET not in check.stderr
    assert traces_of(node.prefix, SECRET, kept=(web.file,)) == []


@pytest.mark.parametrize(
    "env",
    [
        f"env = [{quoted(OTHER)}]\n",
        f"env = {quoted(OTHER)}\n",
        f"env = {{ DB_PASSWORD = [{quoted(OTHER)}] }}\n",
        f'env = {{ "A=B" = {quoted(OTHER)} }}\n',
        f"[[options.env]]\nDB_PASSWORD = {quoted(OTHER)}\n",
    ],
)
def test_a_wrong_secret_is_refused_without_its_value(web: Web, node: ToyNode, env: str) -> None:
    web.write(env)
    with pytest.raises(ConfigurationError, match=r"web\.toml: options\.env") as refused:
        validate_and_record(Paths(str(node.prefix)), "web")
    assert OTHER not in str(refused.value)


def test_a_remove_with_a_broken_file_stops_without_the_secret(web: Web, node: ToyNode) -> None:
    assert node.run("restore", "web") == 0
    web.file.write_text(web.file.read_text() + "nonsense\n")
    remove = node.start("remove", "web")
    assert remove.end() == 0
    assert "web: option env is empty: " in remove.stderr
    wait_for(lambda: not node.daemons())


# In a file of its own.


@pytest.fixture
def apart(node: ToyNode) -> Web:
    """As `web`, with its password in a file."""
    path = node.prefix / "password"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    return Web(node, f'{{ file = "{path}" }}')


def test_a_secret_is_read_from_its_file(apart: Web, node: ToyNode) -> None:
    assert node.run("restore", "web") == 0
    assert apart.got == SECRET
    (node.prefix / "password").write_text(OTHER)  # changed without a word: read at each call
    assert node.run("remove", "web") == 0
    assert node.run("restore", "web") == 0
    assert apart.got == OTHER


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.chmod(0o640), "mode 0640 lets others in; it must be 0600"),
        (lambda path: path.unlink(), "No such file or directory"),
        (lambda path: path.write_bytes(b"\xff"), "not UTF-8"),
        (lambda path: path.write_text("a\nb\n"), "must hold one line of text"),
        (lambda path: path.write_text("a" * 65537), "more than 65536 bytes; no secret may be so"),
        (lambda path: (path.unlink(), os.mkfifo(path, 0o600)), "must be a regular file"),
        (lambda path: (path.rename(f"{path}x"), path.symlink_to(f"{path}x")), "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_believed_is_refused(
    apart: Web, node: ToyNode, spoil, told: str
) -> None:
    spoil(node.prefix / "password")
    with pytest.raises(ConfigurationError) as refused:
        validate_and_record(Paths(str(node.prefix)), "web")
    assert "web.toml: options.env.DB_PASSWORD: " in str(refused.value)
    assert told in str(refused.value)


def test_a_check_whose_secret_is_gone_is_blind_and_no_failure(apart: Web, node: ToyNode) -> None:
    assert node.run("restore", "web") == 0
    (node.prefix / "password").unlink()
    check = node.start("quickcheck", "web")
    assert check.end() == 0
    assert "options.env.DB_PASSWORD" in check.stderr
    assert node.run("remove", "web") == 0
    wait_for(lambda: not node.daemons())


# With the cluster manager.


def test_a_parameter_that_is_secret_is_in_no_record(node: ToyNode) -> None:
    home = node.home
    (home / "start.py").write_text(textwrap.dedent(START))
    agent = Agent(
        node.prefix,
        "command",
        "web",
        logical_host="LHOST9",
        start=f"{sys.executable} {home}/start.py {home}",
        stop=f"/bin/sh -c 'kill $(cat {home}/pid); rm {home}/pid'",
        status=f"/bin/sh -c 'test -s {home}/pid || exit 3'",
        env=f"DB_PASSWORD={OTHER}",
    )
    assert agent.start().code == 0
    assert (home / "got").read_text() == OTHER
    written = Path(Paths(str(node.prefix)).record("web"))
    before = written.stat().st_ino
    assert agent.monitor().code == 0
    assert written.stat().st_ino == before  # the record serves
    agent.parameters["env"] = "DB_PASSWORD=changed-s3cr3t"
    assert agent.monitor().code == 0
    assert written.stat().st_ino != before  # and is made anew
    assert agent.stop().code == 0
    kept = (home / "got", node.prefix / "var/log/ark/output/web.start")
    assert traces_of(node.prefix, OTHER, "changed-s3cr3t", kept=kept) == []


# Who may read.


def test_logs_are_for_root_and_the_group_alone(web: Web, node: ToyNode) -> None:
    web.log_everything()
    group = grp.getgrall()[-1].gr_name
    settings = node.prefix / "etc/ark/ark.toml"
    settings.write_text(settings.read_text() + f'group = "{group}"\n')
    log = node.prefix / "var/log/ark"
    log.mkdir(parents=True)
    (log / "ras.log").write_text("old\n")
    (log / "ras.log").chmod(0o644)
    assert node.run("restore", "web") == 0
    assert node.run("remove", "web") == 0
    for name in ("ras.log", "log.json", "trace.log", "output/web.start"):
        status = (log / name).stat()
        assert (name, stat.S_IMODE(status.st_mode)) == (name, 0o640)
        assert (name, grp.getgrgid(status.st_gid).gr_name) == (name, group)


def test_an_unknown_group_is_told_and_the_action_goes_on(web: Web, node: ToyNode) -> None:
    (node.prefix / "etc/ark/ark.toml").write_text('[log]\ngroup = "nosuchgroup"\n')
    restore = node.start("restore", "web")
    assert restore.end() == 0
    assert "log.group = 'nosuchgroup': there is no such group here" in restore.stderr
    assert node.run("remove", "web") == 0


def test_digests_of_two_exports_tell_nothing_of_equal_values() -> None:
    values = {"options": {"password": "short", "other": "short"}}
    one, two = digests(values, new_salt()), digests(values, new_salt())
    assert not {*one.values()} & {*two.values()}
    assert len({*one.values()}) == 2
    salt = new_salt()
    assert digests(values, salt) == digests(values, salt)
