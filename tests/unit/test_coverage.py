"""`make coverage` measures the engine and every plugin that is shipped."""

from __future__ import annotations

import tomllib
from configparser import ConfigParser
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent


def test_every_plugin_that_is_shipped_is_measured() -> None:
    settings = ConfigParser()
    settings.read(HOME / "tools/coverage.ini", encoding="utf-8")
    wanted = {"arkcore"}
    for path in HOME.glob("plugins/*/pyproject.toml"):
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
        if "arkcore.plugins" in declared["project"].get("entry-points", {}):
            [package] = declared["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
            wanted.add(Path(package).name)
    assert set(settings["run"]["source_pkgs"].split()) == wanted
    assert settings.getboolean("run", "branch")
