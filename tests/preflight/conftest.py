from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from preflight.hosts import Pair


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    made.close()
