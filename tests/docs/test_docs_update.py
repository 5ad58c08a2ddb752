"""The page of changes: its update and its rollback, run on a node while it is in service."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from fresh import ROOT, Fresh
from support import wait_for

from arkcore import __version__
from arkcore.base.call import Action
from arkcore.machine import processes

NEXT = "999.1.0"
_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
_PLUGINS = ("jp1-base", "jp1-ajs3-manager", "command")
_NAMES = [f"ark-{name}" for name in _PLUGINS]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Directories with the wheels of this version, and of one that differs by its number alone."""
    now, later = (tmp_path_factory.mktemp(name) for name in ("now", "later"))
    projects = (ROOT, *(ROOT / "plugins" / name for name in _PLUGINS))
    options = ("--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--wheel-dir", now)
    subprocess.run([*_PIP, "wheel", *options, *projects], check=True, timeout=200)
    for wheel in now.glob("*.whl"):
        _renumber(wheel, later / wheel.name.replace(__version__, NEXT))
    return now, later


def _renumber(old: Path, new: Path) -> None:
    with zipfile.ZipFile(old) as source, zipfile.ZipFile(new, "w") as made:
        for each in source.infolist():
            data = source.read(each)
            if each.filename.endswith(("/METADATA", "/RECORD", "arkcore/__init__.py")):
                data = data.replace(__version__.encode(), NEXT.encode())
            if each.filename.endswith("/RECORD"):
                # Without its hash: pip checks none that is not there.
                data = re.sub(rb",sha256=[^,]*,\d*", b",,", data)
            made.writestr(each.filename.replace(__version__, NEXT), data)


class Server:
    """A node with an environment at its own place, and a daemon that it protects."""

    def __init__(self, directory: Path, wheels: Path) -> None:
        self.fresh = Fresh(directory / "ark")
        self.prefix = directory / "node"
        self.daemon = directory / "daemon"
        self.pid = directory / "daemon.pid"
        self._borrow_from_others(directory / "others")
        # By name, as from an index: by its path, pip freeze would tell the path.
        words = ("--no-index", "--no-deps", "--quiet", "-f", wheels, "arkcore", *_NAMES)
        self.fresh.call(*_PIP, "--python", self.fresh.python, "install", *words)
        self.daemon.write_bytes(Path("/bin/sleep").read_bytes())
        start, stop = directory / "start", directory / "stop"
        start.write_text(f"#!/bin/sh\n{self.daemon} 1000 &\necho $! >{self.pid}\n")
        stop.write_text(f"#!/bin/sh\nkill $(cat {self.pid})\n")
        for each in (self.daemon, start, stop):
            each.chmod(0o755)
        resources = self.prefix / "etc/ark/resources"
        resources.mkdir(parents=True)
        (resources / "lkjp1_base.toml").write_text(
            f'plugin = "command"\nlogical_host = "LVMRH5LKB"\n[options]\nstart = ["{start}"]\n'
            f'stop = ["{stop}"]\npid_file = "{self.pid}"\nprocess_name = "daemon"\n'
        )
        self.call("ark", "lifekeeper", "launchers", directory / "launchers")
        self.launchers = directory / "launchers"

    def _borrow_from_others(self, others: Path) -> None:
        """Have pip see what others wrote, and nothing of ours that the tests have installed."""
        others.mkdir()
        [own] = self.fresh.directory.glob("lib/python*/site-packages")
        borrowed = own / "borrowed.pth"
        for packages in borrowed.read_text().split("\n"):
            for each in Path(packages).glob("[!.]*") if packages else ():
                if not each.name.startswith(("ark", "_ark", "__editable__")):
                    (others / each.name).symlink_to(each)
        borrowed.write_text(f"{others}\n")

    def call(self, *words: object) -> str:
        return self.fresh.call(*words, ARK_PREFIX=str(self.prefix))

    def act(self, action: Action) -> int:
        """By a launcher, as LifeKeeper has it: it stays as it is."""
        program = self.launchers / ("quickCheck" if action is Action.QUICK_CHECK else action.word)
        return self.fresh.run(program, "-t", "lkjp1_base", "-i", "id").returncode

    def perform(self, code: str, wheels: Path) -> str:
        """Run a block of the page, without the partner and with the wheels of a directory."""
        pip = " ".join(map(str, (*_PIP, "--python", self.fresh.python)))
        script = (
            code.replace(" --peer rh5lkb", "")
            .replace("/root/", f"{self.prefix}/")
            .replace("/opt/ark/bin/pip install", f"{pip} install --no-index --no-deps -f {wheels}")
            .replace("/opt/ark/bin/pip", pip)
        )
        assert "/opt/" not in script
        lines = [line for line in script.splitlines() if "lifekeeper status" not in line]
        return self.call("sh", "-e", "-x", "-c", "\n".join(lines))


@pytest.fixture
def server(tmp_path: Path, releases: tuple[Path, Path]):
    made = Server(tmp_path, releases[0])
    yield made
    made.act(Action.REMOVE)


def _code(english, section: str) -> str:
    page = english.pages["changes.md"]
    begin = page.index(f"## {section}\n")
    text = page[begin : page.find("\n## ", begin + 3)]
    [code] = [each.text for each in english.code_of("changes.md") if each.text in text]
    return code


def test_an_update_and_its_rollback_leave_what_is_in_service_alone(
    server: Server, releases: tuple[Path, Path], english
) -> None:
    now, later = releases
    assert server.act(Action.RESTORE) == 0
    daemon = processes.look(int(server.pid.read_text()))
    assert daemon is not None
    over, codes = threading.Event(), []

    def check() -> None:
        while not over.is_set():
            codes.append(server.act(Action.QUICK_CHECK))

    checks = threading.Thread(target=check)
    checks.start()
    try:
        server.perform(
            _code(english, "Update").replace("ark-jp1-base", "ark-command ark-jp1-base"), later
        )
        assert server.call("ark", "--version").split()[-1] == NEXT
        wait_for(lambda: codes[-1:] == [0])
        server.perform(_code(english, "Rollback"), now)
        assert server.call("ark", "--version").split()[-1] == __version__
        wait_for(lambda: codes[-1:] == [0])
    finally:
        over.set()
        checks.join()
    assert codes.count(0) > 1
    assert server.act(Action.QUICK_CHECK) == 0
    assert server.act(Action.RECOVER) == 0  # as LifeKeeper calls it for a check that met no program
    assert processes.still_lives(daemon)
