"""The right plugin conforms."""

from __future__ import annotations

import pytest
from ark_testing import Capability, Conformance, Installation
from conformance.installed import install


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(tmp_path_factory.mktemp("right"))


class TestRight(Conformance):
    plugin = "right"
    capabilities = frozenset(Capability)
