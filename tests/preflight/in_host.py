"""Runs `ark preflight` or `ark guide` on a test host: the command itself, on the host's machine."""

from __future__ import annotations

import json
import sys
import time

from arkcore.base.errors import ArkError
from arkcore.base.paths import Paths
from arkcore.cli.console import complain
from arkcore.cli.guide import guide_on
from arkcore.cli.preflight import preflight_on
from arkcore.survey.machine import Machine


def main() -> int:
    asked = json.loads(sys.argv[1])
    machine = Machine(asked["root"], asked["programs"], lambda: time.time() + float(asked["ahead"]))
    paths = Paths(asked["prefix"])
    try:
        if asked["command"] == "preflight":
            return preflight_on(paths, machine, **asked["options"])
        problem = guide_on(paths, machine, **{"peer": None, "json": True, **asked["options"]})
        if problem:
            raise ArkError(problem)
    except ArkError as error:
        complain(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
