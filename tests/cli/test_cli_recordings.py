"""`ark why` on what was recorded on a cluster: it names what was injected there.

`make cluster-recordings` makes the recordings anew.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Ark = Callable[..., subprocess.CompletedProcess[str]]

RECORDINGS = sorted((Path(__file__).parent.parent / "recordings").glob("*.json"))


def test_they_are_many_and_small() -> None:
    assert len(RECORDINGS) >= 50
    assert sum(each.stat().st_size for each in RECORDINGS) < 1 << 20
    plugins = {json.loads(each.read_text(encoding="utf-8"))["plugin"] for each in RECORDINGS}
    assert plugins == {"command", "jp1-base", "jp1-ajs3-manager"}


def named(told: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Script, resource, node, step, and the node that was lost, as `ark why --json` has them."""
    found = told["lost"] or told["failed"] or {}
    return (
        "" if told["lost"] else found.get("action", ""),
        found.get("resource", ""),
        found.get("node", ""),
        told["step"] or "",
        told["lost"]["node"] if told["lost"] else "",
    )


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_it_names_what_was_injected(recording: Path, ark_here: Ark, tmp_path: Path) -> None:
    made = json.loads(recording.read_text(encoding="utf-8"))
    files = []
    for node, lines in made["logs"].items():
        (tmp_path / node).mkdir()
        (tmp_path / node / "ras.log").write_text("".join(f"{line}\n" for line in lines))
        files += ["--file", f"{node}={tmp_path}/{node}"]
    answer = made["answer"]
    wanted = tuple(answer[each] for each in ("action", "resource", "node", "step", "lost"))
    told = json.loads(ark_here("why", *files, "--json").stdout)
    assert named(told) == wanted, told["text"]
    text = "\n".join(told["text"])
    assert [words for words in answer["says"] if words not in text] == []
