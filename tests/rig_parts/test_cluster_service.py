"""A service's own records are read where its disk is, or not at all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rigs.cluster import ClusterError
from rigs.jp1_cluster import Service


class Machine:
    """A node that has the disk mounted, or not; it holds some files."""

    def __init__(self, mounted: bool, **files: str) -> None:
        self._mounted = mounted
        self._files = files

    def mounted(self, _: str) -> bool:
        return self._mounted

    def run(self, program: str, path: str) -> SimpleNamespace:
        name = path.removeprefix("/srv/lh1/").replace("/", "_")
        if program != "cat" or name not in self._files:
            raise ClusterError(f"{program}: {path}: no such file")
        return SimpleNamespace(stdout=self._files[name])


def service(*nodes: Machine) -> Service:
    made: Any = object.__new__(Service)  # what makes one for good needs a cluster
    made.cluster = SimpleNamespace(nodes=dict(enumerate(nodes)))
    made.mount = "/srv/lh1"
    assert isinstance(made, Service)
    return made


def test_records_are_read_where_the_disk_is_mounted() -> None:
    files = {"writers": "a", "jp1_jp1base_writers": "b", "jp1_jp1ajs2_writers": "c"}
    made = service(Machine(False, writers="old"), Machine(True, **files))
    assert made.record() == "a"
    assert made.jp1_records() == {"JP1/Base": "b", "JP1/AJS3": "c"}


def test_a_record_that_cannot_be_read_is_not_an_empty_one() -> None:
    with pytest.raises(ClusterError, match="mounted nowhere"):
        service(Machine(False, writers="old")).record()
    with pytest.raises(ClusterError, match="no such file"):
        service(Machine(True)).record()
    with pytest.raises(ClusterError, match="jp1ajs2/writers: no such file"):
        service(Machine(True, jp1_jp1base_writers="b")).jp1_records()
