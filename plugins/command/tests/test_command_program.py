"""A command that root runs: nobody else may be able to exchange its program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ark_command import Options

from arkcore import ConfigurationError
from arkcore.plugin.application import make_options

SOMEBODY = 65534


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program of another user's."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    made = tmp_path / "start"
    made.touch(0o755)
    os.chown(made, SOMEBODY, SOMEBODY)
    return made


@pytest.mark.parametrize("key", ["start", "stop", "force_stop", "status"])
def test_a_command_of_root_s_that_another_user_owns_is_refused(program: Path, key: str) -> None:
    values = {"start": ["/bin/true"], "stop": ["/bin/true"], "status": ["/bin/true"]}
    values[key] = [str(program)]
    with pytest.raises(ConfigurationError) as caught:
        make_options(Options, values).check()
    assert str(caught.value) == (
        f"options.{key} = ['{program}']: it runs as root, and {program} belongs to user id 65534; "
        f"it must belong to root; or name its user in options.user"
    )


def test_a_command_of_a_user_s_own_may_be_his(program: Path) -> None:
    program.chmod(0o775)  # the user's own group may write it
    values = {"start": [str(program)], "stop": ["/bin/true"], "status": ["/bin/true"]}
    make_options(Options, {**values, "user": "nobody"}).check()
