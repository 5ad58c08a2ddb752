"""The command ark-lab."""

from __future__ import annotations

from pathlib import Path

import pytest
from ark_lab import Product, StandIn
from ark_lab.cli import main
from ark_lab.testing import HOST, Lab


def test_install_defines_hosts_and_products(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    root = tmp_path / "root"
    line = ["install", str(root), "--product", "agent", "--logical-host", f"{HOST}={shared}"]
    assert main([*line, "--allow-user"]) == 0
    node = StandIn(root)
    assert node.products == (Product.BASE, Product.AGENT)
    assert node.hosts == {HOST: shared}


def test_faults_are_set_listed_and_cleared(
    node: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(node.root)
    assert main(["fault", root, "jevstat", "rc=4", "slow=0.1", "--host", HOST]) == 0
    assert main(["faults", root]) == 0
    assert capsys.readouterr().out == f"jevstat@{HOST} rc=4 slow=0.1\n"
    assert main(["clear", root]) == 0
    assert node.faults() == {}


def test_settings_are_changed(node: StandIn) -> None:
    assert main(["set", str(node.root), "down_rc=1"]) == 0
    assert node.run("jbs_spmd_status", "-h", HOST).returncode == 1


def test_ps_and_kill(base: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ps", str(base.root)]) == 0
    assert f"jbs_spmd {HOST}\n" in capsys.readouterr().out
    assert main(["kill", str(base.root)]) == 0
    assert base.processes() == []


def test_writers_are_listed(lab: Lab, base: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["writers", str(lab.shared)]) == 0
    assert " start " in capsys.readouterr().out


def test_an_error_is_one_line_and_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ps", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"ark-lab: no stand-in is installed in {tmp_path}\n"


def test_wrong_usage_is_2(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["fault", str(tmp_path), "jevstat", "rc"])
    assert caught.value.code == 2
