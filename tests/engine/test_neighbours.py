"""Only the plugin that a resource names is imported: whatever lies beside it changes nothing."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

import pytest
from support import ToyNode

from arkcore.base.call import Action
from arkcore.managers.lifekeeper import launcher

#: What a neighbour does when it is imported; `{told}` is a file that shows that it was.
NEIGHBOURS = {
    "raises": "raise RuntimeError('broken')",
    "exits": "import os; os._exit(0)",
    "hangs": "import time; time.sleep(1000)",
    "is malicious": (
        "import os, signal\n"
        "import arkcore.base.status as status\n"
        "status.Outcome.WELL = status.Outcome.FAILED\n"
        "os.kill(os.getppid(), signal.SIGKILL)\n"
    ),
    "is no Python": "][",
}


def install(node: ToyNode, source: str = "", entry_points: bytes = b"") -> Path:
    """A distribution `ark-neighbour` beside the toy's; what it writes when it is imported."""
    site = node.prefix / "site"
    info = site / "ark_neighbour-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ark-neighbour\nVersion: 1.0\n")
    # Its name comes first in every order.
    default = b"[arkcore.plugins]\naaa = ark_neighbour:Plugin\n"
    (info / "entry_points.txt").write_bytes(entry_points or default)
    told = node.prefix / "imported"
    # On one line with what follows, which may be no Python at all; then it shows by its failing.
    (site / "ark_neighbour.py").write_text(f"open({str(told)!r}, 'w').close()\n{source}\n")
    return told


def life(node: ToyNode, **environment: str) -> list[str]:
    """The four actions, each well; what the RAS log tells of them."""
    for action in ("restore", "quickcheck"):
        assert node.start(action, **environment).end() == 0
    node.kill_daemons()
    assert node.start("quickcheck", **environment).end() == 1
    assert node.start("recover", **environment).end() == 0
    assert node.start("remove", **environment).end() == 0
    return [re.sub(r"\d+", "N", message) for message in node.ras]


def test_a_neighbour_changes_no_action_whatever_its_import_would_do(node):
    node.configure(timers={"quickcheck.confirm": 0.1, "force_stop_wait": 0.1})
    alone = life(node)
    (node.prefix / "var/log/ark/ras.log").unlink()
    for name, source in NEIGHBOURS.items():
        place = node.prefix / name.replace(" ", "-")
        place.mkdir()
        node_prefix, node.prefix = node.prefix, place
        told = install(node, source)
        node.prefix = node_prefix
        # Validated anew, with the neighbour in sight.
        (node.prefix / "var/lib/ark/records/toy1.json").unlink()
        began = time.monotonic()
        assert life(node, PYTHONPATH=str(place / "site")) == alone, name
        assert time.monotonic() - began < 15, name
        assert not told.exists(), name
        (node.prefix / "var/log/ark/ras.log").unlink()


@pytest.mark.parametrize(
    "entry_points",
    [
        b"[arkcore.plugins]\nno equals sign\n",
        b"[arkcore.plugins]\n\xff\xfe = ark_neighbour:Plugin\n",
        b"\x00" * 4096,
        b"[arkcore.plugins]\n = \n",
        b"[arkcore.plugins]\naaa = ark_neighbour:Plugin\n" * 5000,
    ],
    ids=["no name", "no text", "zeros", "nothing", "very many"],
)
def test_a_neighbour_whose_metadata_is_broken_changes_no_action(node, entry_points):
    told = install(node, "", entry_points)
    environment = {"PYTHONPATH": str(node.prefix / "site")}
    assert node.start("restore", **environment).end() == 0
    assert node.start("quickcheck", **environment).end() == 0
    assert node.start("remove", **environment).end() == 0
    assert not told.exists()


def test_a_neighbour_that_takes_the_plugin_s_name_is_refused_and_not_imported(node):
    told = install(node, "", b"[arkcore.plugins]\ntoy = ark_neighbour:Plugin\n")
    program = node.start("restore", PYTHONPATH=str(node.prefix / "site"))
    assert program.end() == 1
    assert "plugin 'toy' is provided more than once: ark-neighbour 1.0, ark-toy" in node.ras[-1]
    assert not told.exists()


def test_a_start_up_file_of_a_neighbour_does_not_run_in_a_launcher(node, tmp_path):
    """pip lets any distribution install one: Python runs it in every process, but for these."""
    told = install(node)
    (node.prefix / "site/neighbour.pth").write_text("import ark_neighbour\n")
    text = launcher(Action.RESTORE, str(node.prefix))
    program = tmp_path / "toy1"
    program.write_text(
        text.replace("sys.path += [", f"sys.path += [{str(node.prefix / 'site')!r}, ")
    )
    program.chmod(0o755)
    done = subprocess.run([program, "-t", "toy1"], env={}, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert not told.exists()
