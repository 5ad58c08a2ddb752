"""Give a plugin's metadata its dependencies: ours of this very version, and those of others.

Hatch calls this when a plugin is built in this repository. Ours are released together, and a
plugin requires exactly the `arkcore` that it was tested with. In an sdist the dependencies are
written down already, and tools/in_sdist.toml turns this off.
"""

from __future__ import annotations

from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class OwnDependencies(MetadataHookInterface):
    """`ours` names distributions of this repository, `others` holds requirements as they are."""

    def update(self, metadata: dict[str, Any]) -> None:
        ours = [f"{name}=={metadata['version']}" for name in self.config["ours"]]
        metadata["dependencies"] = [*ours, *self.config.get("others", [])]
