"""What the documents show can be done: files validate, commands run, the plugin protects."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from arkcore.base.call import Action
from arkcore.base.errors import ArkError
from arkcore.base.paths import Paths
from arkcore.managers.lifekeeper import launcher
from arkcore.plugin.application import declared_options
from arkcore.plugin.contract import check_hooks
from arkcore.plugin.hookspecs import ApplicationSpecs
from arkcore.resources.node_file import read_node_file
from arkcore.resources.validation import validate
from arkcore.survey.site_file import read_site

PROGRAMS = Path(sys.executable).parent
RESOURCES = "/etc/ark/resources/"


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(str(tmp_path / "node"))
    os.makedirs(made.resources)
    for directory in (made.resources, os.path.dirname(made.resources)):
        os.chmod(directory, 0o755)
    return made


def write(paths: Paths, where: str, text: str) -> str:
    path = f"{paths.prefix}{where}"
    Path(path).write_text(text, encoding="utf-8")
    os.chmod(path, 0o644)
    return path


@pytest.fixture
def exampled(tmp_path: Path, english, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The plugins that the pages show, installed; the directory they are in.

    Of hooks.md, as publishing.md has its pyproject.toml, and of tutorial.md.
    """
    [project] = [
        tomllib.loads(code.text)
        for code in english.code_of("publishing.md")
        if code.title == "pyproject.toml"
    ]
    name, version = project["project"]["name"], project["project"]["version"]
    entries = project["project"]["entry-points"]["arkcore.plugins"]
    [memcached, _] = [code.text for code in english.code_of("tutorial.md") if code.kind == "python"]
    site = tmp_path / "site"
    for distribution, number, points, source in (
        (name, version, entries, english.example_of_hooks()),
        ("ark-memcached", "0.1.0", {"memcached": "ark_memcached:Plugin"}, memcached),
    ):
        module = distribution.replace("-", "_")
        info = site / f"{module}-{number}.dist-info"
        info.mkdir(parents=True)
        (site / f"{module}.py").write_text(source, encoding="utf-8")
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {number}\n"
        (info / "METADATA").write_text(metadata)
        lines = [f"{key} = {value}" for key, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[arkcore.plugins]", *lines, ""]))
    monkeypatch.syspath_prepend(str(site))
    yield site
    for module in ("ark_exampled", "ark_memcached"):
        sys.modules.pop(module, None)


# Files.


def write_required(paths: Paths, text: str) -> None:
    """The resources that `text` requires, for the same logical host."""
    values = tomllib.loads(text)
    for name in values.get("requires", []):
        host = values["logical_host"]
        needed = f'plugin = "jp1-base"\nlogical_host = "{host}"\n'
        write(paths, f"{RESOURCES}{name}.toml", needed)


def test_every_file_shown_is_right(file, paths, exampled):
    if file.title.startswith(RESOURCES):
        write_required(paths, file.text)
        write(paths, file.title, file.text)
        resource = validate(paths, Path(file.title).stem)
        assert resource.logical_host == tomllib.loads(file.text)["logical_host"]
    elif file.title == "/etc/ark/site.toml":
        write(paths, file.title, file.text)
        assert read_site(paths).nodes[0].name == "rh5lka"
    elif file.title == "/etc/ark/ark.toml":
        write(paths, file.title, file.text)
        read_node_file(paths)
    else:
        assert file.title == "pyproject.toml"
        tomllib.loads(file.text)


#: What is wrong in the resource file lkjp1_base, and in no other, for each error shown.
WRONG = {
    "timers.restore.process": "[timers]\nrestore.process = 0\n",
    "options.status_limit": "[options]\nstatus_limit = 0.5\n",
    "requires": 'requires = ["lkjp1_bas"]\n',
    "mount_points": 'mount_points = ["shared"]\n',
    "ras.detail": '[ras]\ndetail = "all"\n',
    "plugin": "",
    "mode 0664 lets others write it; allowed is at most 0644 (chmod go-w": "",
}


def test_every_error_shown_is_said_so(english, paths):
    [shown] = [
        code.text.splitlines()
        for code in english.code_of("resource-file.md")
        if code.kind == "text" and ": allowed: " in code.text
    ]
    assert len(shown) == len(WRONG)
    where = f"{RESOURCES}lkjp1_base.toml"
    neighbour = 'plugin = "jp1-ajs3-manager"\nlogical_host = "LVMRH5LKB"\n'
    write(paths, f"{RESOURCES}lkjp1_ajs3.toml", neighbour)
    for line in shown:
        key = re.split(r" = |: | /", line.removeprefix(f"{where}: "))[0]
        plugin = "" if key == "plugin" else 'plugin = "jp1-base"\n'
        path = write(paths, where, f'{plugin}logical_host = "LVMRH5LKB"\n{WRONG[key]}')
        if key.startswith("mode"):
            os.chmod(path, 0o664)
        with pytest.raises(ArkError) as told:
            validate(paths, "lkjp1_base")
        assert str(told.value).replace(paths.prefix, "") == line


def test_the_launcher_shown_is_what_is_written(english):
    shown = [code.text for code in english.code_of("installation.md") if code.kind == "text"]
    environment = Path(sys.executable).parents[1]
    written = launcher(Action.RESTORE, "").replace(str(environment), "/opt/ark")
    # The first is the environment's own; those behind it are where the tests' packages lie.
    assert re.sub(r"sys\.path \+= \[(.*?)(, '.*?)?\];", r"sys.path += [\1];", written) in shown


# Commands.


@pytest.fixture
def node(paths: Paths, english, tmp_path: Path) -> Paths:
    """A node with the resources that the commands name, and with no JP1 near them."""
    for name in ("lkjp1_base", "lkjp1_ajs3"):
        [text] = [
            code.text
            for code in english.code_of("installation.md")
            if code.title == f"{RESOURCES}{name}.toml"
        ]
        assert "[options]\n" in text
        nowhere = f'[options]\nroot = "{tmp_path}/nowhere"\n'
        write(paths, f"{RESOURCES}{name}.toml", text.replace("[options]\n", nowhere))
    web = next(code for code in english.code_of("ark-command.md") if code.kind == "toml")
    text = web.text.replace("/run/", f"{tmp_path}/").replace("/usr/sbin/nginx", "/bin/false")
    write(paths, web.title, text)
    write_site(paths, english)
    server = next(code for code in english.code_of("postgresql.md") if code.kind == "toml")
    write(paths, server.title, server.text.replace("/shared/", f"{tmp_path}/"))
    service = next(code for code in english.code_of("systemd.md") if code.kind == "toml")
    # This machine may start the one that is shown.
    write(paths, service.title, service.text.replace("nginx.service", "ark-shown.service"))
    return paths


def write_site(paths: Paths, english) -> None:
    """This machine as the first node of the site shown; its addresses are nowhere."""
    [site] = [code.text for code in english.code("toml") if code.title == "/etc/ark/site.toml"]
    name = socket.gethostname().partition(".")[0]
    # Nothing leaves this machine for these.
    text = site.replace("rh5lka", name).replace("192.0.2.", "127.9.9.")
    write(paths, "/etc/ark/site.toml", text)
    os.makedirs(f"{paths.prefix}/tmp")


def called(line: str, prefix: str) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(line)
    # Nothing is written outside of the test's own directory.
    words = [f"{prefix}{word}" if word.startswith("/") else word for word in arguments]
    environment = {"ARK_PREFIX": prefix, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run(
        [PROGRAMS / program, *words],
        env=environment,
        cwd=prefix,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def shown_after(line: str, documents) -> list[str]:
    """The output shown below a command, where any is."""
    for code in documents.code("console"):
        _, found, rest = f"\n{code.text}".partition(f"\n$ {line}\n")
        if found and not rest.startswith("$"):
            return rest.partition("\n$ ")[0].splitlines()
    return []


#: It takes half a minute and has its own tests; here it is only asked for its options.
ONLY_ITS_HELP = ("demo",)


def test_every_command_shown_can_be_called(command_line, node, english):
    words = shlex.split(command_line)
    if words[1] in ONLY_ITS_HELP:
        help_text = called(f"ark {words[1]} --help", node.prefix).stdout
        assert all(word in help_text for word in words if word.startswith("--"))
        return
    done = called(command_line, node.prefix)
    # For monitoring systems, UNKNOWN is 3.
    allowed = (0, 1, 2, 3) if "--check" in words else (0, 1)
    assert done.returncode in allowed, done.stderr
    assert "Traceback" not in done.stderr
    assert "nternal error" not in done.stdout + done.stderr
    # Of a node on which nothing has run yet, and whose addresses are nowhere.
    if words[1] not in ("run", "status", "log", "why", "preflight", "leftovers"):
        assert done.returncode == 0, done.stderr
    output = done.stdout.replace(node.prefix, "").splitlines()
    for line in shown_after(command_line, english):
        assert line in output


def test_every_command_of_ark_is_shown_somewhere(english, node):
    listed = called("ark --help", node.prefix).stdout.partition("Commands")[2]
    commands = set(re.findall(r"^\W*([a-z]+)  ", listed, re.MULTILINE))
    text = "".join(english.pages.values())
    # What other distributions add (`arkcore.commands`) is theirs to describe.
    for command in commands:
        assert f"ark {command}" in text, command


def test_no_command_is_named_that_does_not_exist(documents, node):
    named = set()
    for page in documents.pages:
        named |= set(re.findall(r"`ark ([a-z]+)", documents.prose(page)))
    listed = called("ark --help", node.prefix).stdout
    for command in named:
        assert re.search(rf"\b{command}\b", listed), command


# The plugin.


def test_the_plugin_shown_keeps_the_contract(exampled):
    import ark_exampled

    from arkcore.plugin.application import check_declaration

    plugin = ark_exampled.Exampled()
    check_hooks(plugin, "exampled")
    application = check_declaration(plugin.ark_application(), "exampled")
    assert list(declared_options(application.options)) == ["root", "status_limit"]
    specified = [hook for hook in vars(ApplicationSpecs) if hook.startswith("ark_")]
    assert all(hasattr(plugin, hook) for hook in specified)


CONTROL = """\
#!/bin/sh
here=${0%/*}
case $1 in
start) setsid "$here/exampled" 1000 >/dev/null 2>&1 & echo $! >"$here/../pid" ;;
stop) kill "$(cat "$here/../pid")" ;;
status) kill -0 "$(cat "$here/../pid" 2>/dev/null)" 2>/dev/null || exit 3 ;;
esac
"""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "exampled"
    (root / "bin").mkdir(parents=True)
    (root / "bin/exampled").write_bytes(Path("/bin/sleep").read_bytes())
    (root / "bin/exampledctl").write_text(CONTROL)
    for program in (root / "bin").iterdir():
        program.chmod(0o755)
    yield root
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{name}/exe") == str(root / "bin/exampled"):
                os.kill(int(name), signal.SIGKILL)
        except OSError:
            continue


def test_the_plugin_shown_protects_its_product(exampled, product, paths):
    text = f'plugin = "exampled"\nlogical_host = "EXAMPLE1"\n[options]\nroot = "{product}"\n'
    write(paths, f"{RESOURCES}lkexampled.toml", text)
    environment = {
        "ARK_PREFIX": paths.prefix,
        "PYTHONPATH": str(exampled),
        "PATH": "/usr/bin:/bin",
    }
    for action in ("remove", "restore", "quickcheck", "remove"):
        done = subprocess.run(
            [PROGRAMS / f"ark-{action}", "-t", "lkexampled"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
    log = Path(paths.ras_log).read_text(encoding="utf-8")
    told = [line.split(" : ", 3)[3] for line in log.splitlines()]
    assert told[1] == "Remove completed. Nothing to stop."
    assert told[-2:] == ["Stop completed.", "Remove completed."]


def test_every_error_of_a_site_file_shown_is_said_so(english, paths):
    [shown] = [
        code.text.splitlines()
        for code in english.code_of("before-installation.md")
        if code.kind == "text" and "nodes[2]" in code.text
    ]
    wrong = (
        ('"192.0.2.2"', '"rh5lkb"'),
        ('storage = "shared"', 'storage = "tape"'),
        ('"192.0.2.10"', '"192.0.2.1"'),
    )
    [site] = [code.text for code in english.code("toml") if code.title == "/etc/ark/site.toml"]
    for line, (old, new) in zip(shown, wrong, strict=True):
        write(paths, "/etc/ark/site.toml", site.replace(old, new))
        with pytest.raises(ArkError) as told:
            read_site(paths)
        assert str(told.value).replace(paths.prefix, "") == line
