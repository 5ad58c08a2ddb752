"""What a caller's surroundings give to root's programs, and those to the product's commands."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from attacks.people import Person
from attacks.victim import Victim, lives, open_umask
from support import PROGRAMS

HOSTILE = {
    "PATH": "{0}/bin",
    "LKROOT": "{0}/lifekeeper",
    "IFS": "/",
    "HOME": "{0}",
    "TMPDIR": "{0}",
    "LANG": "ja_JP.SJIS",
    "LC_ALL": "xx_XX",
    "BASH_ENV": "{0}/evil.sh",
    "ENV": "{0}/evil.sh",
    "LD_BIND_NOW": "1",
    "ARK_TRACE": "1",
    "ARK_PREFIX": "{0}/elsewhere",
    "ARK_ACTION": "web:forged",
    "PYTHONPATH": "{0}/modules",
    "PYTHONHOME": "{0}",
    "PYTHONSTARTUP": "{0}/modules/evil.py",
    "PYTHONINSPECT": "1",
    "PYTHONWARNINGS": "error",
    "PYTHONBREAKPOINT": "evil.evil",
    "PYTHONUSERBASE": "{0}",
    "PYTHONIOENCODING": "utf-16",
    "PYTHONDEBUG": "3",
    "PYTHONVERBOSE": "3",
    "PYTHONDONTWRITEBYTECODE": "x",
    "PYTHONPYCACHEPREFIX": "{0}/cache",
}
_EVIL = "import os\nopen({0!r}, 'w').close()\n"


@pytest.fixture
def launchers(victim: Victim) -> Path:
    place = victim.top / "launchers"
    assert victim.ark("lifekeeper", "launchers", place).code == 0
    return place


def test_a_launcher_takes_nothing_from_its_environment(victim: Victim, launchers: Path) -> None:
    """A launcher is called with 25 hostile variables; the product's environment is clean."""
    victim.command(
        "start", f"#!/bin/sh\nenv >{victim.top}/seen\n" + (victim.home / "start").read_text()
    )
    victim.configure()
    proof = victim.top / "proof"
    (victim.top / "modules").mkdir()
    for name in ("evil", "gc", "os", "arkcore", "sitecustomize", "usercustomize"):
        (victim.top / f"modules/{name}.py").write_text(_EVIL.format(str(proof)))
    hostile = {name: text.format(victim.top) for name, text in HOSTILE.items()}
    ended = victim.call(launchers / "restore", "-t", "web", environment=hostile)
    assert ended.code == 0, ended
    assert not proof.exists()
    seen = (victim.top / "seen").read_text()
    names = {line.partition("=")[0] for line in seen.splitlines()}
    assert not names & {
        name for name in HOSTILE if name.startswith(("PYTHON", "BASH", "LC", "TMP"))
    }
    assert str(victim.top / "bin") not in seen
    assert f"ARK_PREFIX={victim.prefix}\n" in seen


#: Programs of LifeKeeper's, beneath LKROOT.
OF_LIFEKEEPER = [
    *(f"bin/{name}" for name in ("ins_list", "eqv_list", "dep_create", "perform_action")),
    *("bin/ins_remove", "lkadm/subsys/gen/app/bin/creapphier"),
]


@pytest.fixture
def lkroot(victim: Victim, stranger: Person) -> Path:
    """A directory of the stranger's, with LifeKeeper's programs; each shows that it was run."""
    root = victim.top / "lifekeeper"
    for name in OF_LIFEKEEPER:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"#!/bin/sh\necho $0 >>{victim.top}/ran\n")
        (root / name).chmod(0o755)
    for directory, _, _ in os.walk(root):
        stranger.owns(Path(directory))
    return root


@pytest.mark.parametrize("whose", ["his", "root's"])
def test_no_program_beneath_a_stranger_s_lkroot_is_run(
    victim: Victim, stranger: Person, launchers: Path, lkroot: Path, whose: str
) -> None:
    """LKROOT is a directory of a stranger's, whose programs are his, or root's until exchanged."""
    victim.configure()
    victim.restore()
    if whose == "his":
        for name in OF_LIFEKEEPER:
            stranger.owns(lkroot / name)
    more: dict[str, Any] = {"LKROOT": str(lkroot)}
    victim.kill_product()
    for name in ("quickCheck", "recover", "remove", "restore"):
        victim.call(launchers / name, "-t", "web", "-i", "id", environment=more)
    for words in (
        ("status",),
        ("timers", "web"),
        ("lifekeeper", "status"),
        ("lifekeeper", "plan", "web"),
        ("lifekeeper", "register", "web", "--alone"),
        ("lifekeeper", "unregister", "web", "--stop", "--confirmed"),
        ("drill", "local-recovery", "web", "--yes"),
    ):
        victim.ark(*words, **more)
    assert not (victim.top / "ran").exists(), (victim.top / "ran").read_text()


@pytest.mark.parametrize(
    "name", ["gc.py", "os.py", "arkcore.py", "sitecustomize.py", "evil.pth", "pyvenv.cfg"]
)
def test_nothing_beside_a_launcher_is_imported(victim: Victim, launchers: Path, name: str) -> None:
    """A file that Python looks for lies beside a launcher's copy, and in its directory."""
    victim.configure()
    proof = victim.top / "proof"
    copy = victim.top / "copy"
    copy.mkdir()
    (copy / "web").write_bytes((launchers / "restore").read_bytes())
    (copy / "web").chmod(0o755)
    text = _EVIL.format(str(proof))
    (copy / name).write_text(text.replace("\n", ";", 1) if name.endswith(".pth") else text)
    done = subprocess.run([copy / "web"], cwd=copy, env={}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not proof.exists()


def test_nothing_in_the_current_directory_is_imported(victim: Victim) -> None:
    """A console script is called in a directory with modules of others."""
    victim.configure()
    proof = victim.top / "proof"
    for name in ("gc", "os", "arkcore", "sitecustomize"):
        (victim.top / f"{name}.py").write_text(_EVIL.format(str(proof)))
    words: list[str | Path] = [PROGRAMS / "ark-restore", "-t", "web"]
    done = subprocess.run(words, cwd=victim.top, env=victim.environment(), check=False)
    assert done.returncode == 0
    assert not proof.exists()


def test_a_command_inherits_no_descriptor(app_victim: Victim, app: Person) -> None:
    """The caller has /etc/shadow open, inheritable; a command of the user's looks."""
    app_victim.command(
        "status", f"#!/bin/sh\nls -l /proc/$$/fd >{app_victim.home}/data/seen\nexit 3\n"
    )
    app_victim.configure(user=app.name)
    descriptor = os.open("/etc/shadow", os.O_RDONLY)
    os.set_inheritable(descriptor, True)
    try:
        app_victim.call(PROGRAMS / "ark-quickcheck", "-t", "web", close_fds=False)
    finally:
        os.close(descriptor)
    seen = (app_victim.home / "data/seen").read_text()
    assert "shadow" not in seen
    assert str(app_victim.prefix) not in seen


def test_a_command_of_the_user_is_the_user_s_wholly(app_victim: Victim, app: Person) -> None:
    """A command of the user's has no group, directory, umask or limit of root's."""
    app_victim.command(
        "status",
        f"#!/bin/sh\n{{ id -u; id -g; id -G; pwd; umask; grep NoNewPrivs /proc/self/status; "
        f"grep Cap /proc/self/status; }} >{app_victim.home}/data/seen\nexit 3\n",
    )
    app_victim.configure(user=app.name)
    app_victim.call(PROGRAMS / "ark-quickcheck", "-t", "web", prepare=open_umask)
    uid, gid, groups, directory, umask, *more = (
        (app_victim.home / "data/seen").read_text().splitlines()
    )
    assert (uid, gid, groups) == (str(app.uid), str(app.gid), str(app.gid))
    assert directory == "/"
    assert int(umask, 8) & 0o022 == 0o022
    effective = next(line for line in more if line.startswith("CapEff"))
    assert int(effective.split()[1], 16) == 0


def test_a_command_of_the_user_ends_none_of_ours(app_victim: Victim, app: Person) -> None:
    """A command of the user's sends KILL to every process of root's that it sees."""
    app_victim.command(
        "status",
        "#!/bin/sh\nfor each in /proc/[0-9]*; do\n"
        '[ "$(stat -c %u $each 2>/dev/null)" = 0 ] && kill -KILL ${each#/proc/} 2>/dev/null\n'
        "done\nexit 3\n",
    )
    app_victim.configure(user=app.name)
    other = subprocess.Popen(["/bin/sleep", "300"])
    try:
        ended = app_victim.act("quickcheck")
        assert ended.code in (0, 1)
        assert "QuickCheck start." in app_victim.ras
        assert re.search(r"QuickCheck (completed|failed)\.", app_victim.ras)
        assert lives(other.pid)
    finally:
        other.kill()
        other.wait()


def test_a_command_of_the_user_traces_none_of_ours(app_victim: Victim, app: Person) -> None:
    """A command of the user's reads the memory and the environment of its parents."""
    app_victim.command(
        "status",
        f"#!/bin/sh\n{{ cat /proc/$PPID/environ; cat /proc/$PPID/maps; ls -l /proc/$PPID/fd; }} "
        f">{app_victim.home}/data/seen 2>/dev/null\nexit 3\n",
    )
    app_victim.configure(user=app.name)
    app_victim.act("quickcheck")
    assert (app_victim.home / "data/seen").read_text() == ""


def test_no_shell_is_at_work_in_the_product() -> None:
    """Nothing of the product hands text to a shell, to eval, to pickle or to yaml."""
    top = Path(__file__).parents[2]
    sources = [*(top / "arkcore").rglob("*.py"), *(top / "plugins").glob("*/src/**/*.py")]
    forbidden = re.compile(r"shell=True|os\.system\(|os\.popen\(|\beval\(|pickle\.load|import yaml")
    kit = ("ark_testing", "ark_lab")
    found = [
        f"{path}: {line.strip()}"
        for path in sources
        if not any(each in path.parts for each in kit)
        for line in path.read_text(encoding="utf-8").splitlines()
        if forbidden.search(line)
    ]
    assert found == []
