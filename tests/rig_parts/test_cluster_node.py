"""What a command in a node is given, and what it leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rigs.cluster import Node


class Here:
    """In the place of a node's namespaces: this machine's own."""

    def enter(self, *_: str) -> list[str]:
        return ["env"]


def test_a_command_s_temporary_files_go_with_the_node_s_directory(tmp_path: Path) -> None:
    network: Any = None
    node = Node("n1", 1, tmp_path / "n1", network)
    held: Any = Here()
    node._held = held
    made = Path(node.run("mktemp").stdout.strip())
    assert made.is_file()
    assert made.parent == tmp_path / "n1/tmp"
