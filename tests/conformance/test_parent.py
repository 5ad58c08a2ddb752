"""The parent that the conformance kit lets an application live below."""

from __future__ import annotations

import os
import signal

import pytest
from ark_testing import parent


@pytest.mark.skipif(os.geteuid() != 0, reason="only root chooses a pid")
def test_the_pid_of_a_child_that_is_not_buried_yet_can_be_taken() -> None:
    dead = os.fork()
    if dead == 0:
        os._exit(0)
    os.waitid(os.P_PID, dead, os.WEXITED | os.WNOWAIT)
    taken = parent._live_under_when_free(dead)
    try:
        assert taken == dead
    finally:
        os.kill(taken, signal.SIGKILL)
        os.waitpid(taken, 0)
