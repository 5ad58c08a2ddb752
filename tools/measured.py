"""Measure the branches that this process runs. `make coverage` has every Python import this.

The programs of ours start with an environment that a test chooses, and end by `os._exit`. So the
environment of `make coverage` imports this by a .pth file, whatever the variables say.
"""

import os

import coverage

os.environ["COVERAGE_PROCESS_START"] = "@CONFIGURATION@"
coverage.process_startup()
del os.environ["COVERAGE_PROCESS_START"]  # no program of a test sees it
