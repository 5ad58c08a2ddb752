"""Records: believed while nothing they were made from has changed, never afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkcore.base.paths import Paths
from arkcore.resources import record
from arkcore.resources.parameters import Parameters
from arkcore.resources.recording import validate_and_record
from arkcore.resources.resource import from_mapping, to_mapping

TEXT = 'plugin = "toy"\nlogical_host = "LHOST1"\n[options]\nhome = "/srv/toy"\nnumber = 3\n'


@pytest.fixture
def recorded(paths: Paths) -> Paths:
    """A node whose resource toy1 is recorded."""
    file = Path(paths.resource_file("toy1"))
    file.write_text(TEXT)
    file.chmod(0o644)
    validate_and_record(paths, "toy1")
    return paths


def test_a_record_gives_back_the_resource_that_was_validated(recorded: Paths) -> None:
    resource = record.load(recorded, "toy1")
    assert resource is not None
    assert to_mapping(resource) == to_mapping(validate_and_record(recorded, "toy1"))


def test_where_there_is_no_record_there_is_no_resource(paths: Paths) -> None:
    assert record.load(paths, "toy1") is None
    assert record.last_known_good(paths, "toy1") is None


def test_a_record_is_believed_again_and_again(recorded: Paths) -> None:
    assert all(record.load(recorded, "toy1") for _ in range(3))


def test_a_file_of_the_same_size_and_time_but_another_content_is_not_believed(
    recorded: Paths,
) -> None:
    file = Path(recorded.resource_file("toy1"))
    before = file.stat()
    file.write_text(TEXT.replace("3", "4"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert record.load(recorded, "toy1") is None


def test_a_file_that_is_gone_leaves_only_the_last_known_good_copy(recorded: Paths) -> None:
    os.unlink(recorded.resource_file("toy1"))
    assert record.load(recorded, "toy1") is None
    known = record.last_known_good(recorded, "toy1")
    assert known is not None
    assert known.options["number"] == 3


def test_a_node_file_that_has_come_since_is_not_believed_over(recorded: Paths) -> None:
    Path(recorded.node_file).write_text("")
    assert record.load(recorded, "toy1") is None


def test_a_node_file_that_has_gone_since_is_not_believed_over(recorded: Paths) -> None:
    Path(recorded.node_file).write_text("")
    os.chmod(recorded.node_file, 0o644)
    validate_and_record(recorded, "toy1")
    assert record.load(recorded, "toy1") is not None
    os.unlink(recorded.node_file)
    assert record.load(recorded, "toy1") is None


def test_another_interpreter_is_not_believed_over(
    recorded: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version", "4.0.0")
    assert record.load(recorded, "toy1") is None


NAMES = """
import sys
from arkcore.resources import record
from arkcore.base.paths import Paths
print(record.load(Paths(sys.argv[1]), "toy1") is not None)
"""


@pytest.mark.parametrize("name", ["python", "python3"])
def test_a_record_is_believed_by_whatever_name_the_interpreter_is_called(
    recorded: Paths, name: str
) -> None:
    program = f"{os.path.dirname(sys.executable)}/{name}"
    told = subprocess.run(
        [program, "-c", NAMES, recorded.prefix], capture_output=True, text=True, check=True
    )
    assert told.stdout == "True\n"


def test_an_interpreter_of_another_directory_is_not_believed_over(
    recorded: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/another/bin/python")
    assert record.load(recorded, "toy1") is None


def test_parameters_count_where_the_file_beside_them_is_refused(
    recorded: Paths, give_away: Callable[[str], None]
) -> None:
    parameters = Parameters("toy", {"logical_host": "LHOST1", "home": "/srv/toy"})
    os.unlink(recorded.resource_file("toy1"))
    validate_and_record(recorded, "toy1", parameters)
    Path(recorded.resource_file("toy1")).write_text(TEXT)
    os.chmod(recorded.resource_file("toy1"), 0o644)
    assert record.parameters_here(recorded, "toy1") is None
    give_away(recorded.resource_file("toy1"))
    found = record.parameters_here(recorded, "toy1")
    assert found is not None
    assert found.texts == parameters.texts


def test_a_record_for_another_resource_is_not_believed(recorded: Paths) -> None:
    os.rename(recorded.record("toy1"), recorded.record("toy2"))
    Path(recorded.resource_file("toy2")).write_text(TEXT)
    os.chmod(recorded.resource_file("toy2"), 0o644)
    assert record.load(recorded, "toy2") is None


PLUGIN = """
from arkcore import Application, Status, StatusReport, hookimpl
from {helper} import NOTHING
class Options: pass
class Plugin:
    @hookimpl
    def ark_application(self): return Application(name="{name}", title="t", options=Options)
    @hookimpl
    def ark_status(self, ctx): return NOTHING
    @hookimpl
    def ark_processes(self, ctx): return []
    @hookimpl
    def ark_start(self, ctx): pass
    @hookimpl
    def ark_stop(self, ctx): pass
"""


@pytest.fixture
def two_resources(paths: Paths, install: Callable[..., Path]) -> Path:
    """Resources b1 and b2 of one plugin, which takes a class from a module of its own."""
    source = PLUGIN.format(name="bird", helper="bird_helper")
    helper = "class Nothing: pass\nNOTHING = Nothing()\n"
    site = install(
        "ark-bird",
        "bird = bird_plugin:Plugin",
        {"bird_plugin": source, "bird_helper": helper},
    )
    for name in ("b1", "b2"):
        file = Path(paths.resource_file(name))
        file.write_text(f'plugin = "bird"\nlogical_host = "{name}"\n')
        file.chmod(0o644)
        validate_and_record(paths, name)
        assert record.load(paths, name) is not None
    return site


@pytest.mark.parametrize("name", ["b1", "b2"])
@pytest.mark.parametrize("changed", ["bird_plugin.py", "bird_helper.py", "ark_bird-1.0.dist-info"])
def test_a_changed_plugin_is_not_believed_over_whichever_resource_was_validated_first(
    paths: Paths, two_resources: Path, changed: str, name: str
) -> None:
    os.utime(two_resources / changed, (1, 1))
    assert record.load(paths, name) is None


@pytest.mark.parametrize("which", ["resource", "resources", "etc", "record", "records", "library"])
def test_a_record_is_not_believed_where_others_could_have_written_it(
    recorded: Paths, which: str
) -> None:
    path = {
        "resource": recorded.resource_file("toy1"),
        "resources": recorded.resources,
        "etc": os.path.dirname(recorded.resources),
        "record": recorded.record("toy1"),
        "records": os.path.dirname(recorded.record("toy1")),
        "library": recorded.library,
    }[which]
    os.chmod(path, os.stat(path).st_mode | 0o022)
    assert record.load(recorded, "toy1") is None


def test_the_last_known_good_copy_is_no_one_else_s_work(recorded: Paths) -> None:
    os.chmod(recorded.record("toy1"), 0o666)
    assert record.last_known_good(recorded, "toy1") is None


def test_a_record_of_another_user_is_not_believed(
    recorded: Paths, give_away: Callable[[str], None]
) -> None:
    give_away(recorded.record("toy1"))
    assert record.load(recorded, "toy1") is None
    assert record.last_known_good(recorded, "toy1") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_garbage_is_no_record(paths: Paths, content: bytes) -> None:
    file = Path(paths.record("toy1"))
    file.parent.mkdir(0o755, parents=True, exist_ok=True)
    file.write_bytes(content)
    assert record.load(paths, "toy1") is None
    assert record.last_known_good(paths, "toy1") is None


KEYS = ["name", "plugin", "application", "requires", "mount_points", "timers", "options", "ras"]


@pytest.mark.parametrize("key", [*KEYS, "log", "observers", "logical_host"])
def test_a_record_that_lacks_a_part_is_none(recorded: Paths, key: str) -> None:
    file = Path(recorded.record("toy1"))
    content = json.loads(file.read_text())
    del content["resource"][key]
    file.write_text(json.dumps(content))
    assert record.load(recorded, "toy1") is None
    assert record.last_known_good(recorded, "toy1") is None


@given(st.sampled_from(KEYS), JSON)
def test_a_mapping_with_a_part_of_another_shape_raises_only_what_its_readers_expect(
    key: str, value: Any
) -> None:
    try:
        from_mapping({**_mapping(), key: value})
    except (KeyError, TypeError, ValueError, AttributeError):
        pass


def _mapping() -> dict[str, Any]:
    return {
        "name": "n",
        "logical_host": "h",
        "plugin": ["n", "m", "a", "d", "1", "/x"],
        "application": [False, True, []],
        "requires": [],
        "mount_points": [],
        "timers": {},
        "options": {},
        "ras": ["guide", "every"],
        "log": ["none", "none", ""],
        "observers": [],
    }


def test_a_record_that_cannot_be_written_costs_only_time(paths: Paths) -> None:
    program = """
import sys
from arkcore.base.paths import Paths
from arkcore.resources.recording import validate_and_record
import arkcore.base.paths
class Readonly(Paths):
    library = "/proc/ark"
print(validate_and_record(Readonly(sys.argv[1]), "toy1").name)
"""
    file = Path(paths.resource_file("toy1"))
    file.write_text(TEXT)
    file.chmod(0o644)
    child = subprocess.run(
        [sys.executable, "-c", program, paths.prefix], capture_output=True, text=True, check=True
    )
    assert child.stdout == "toy1\n"
    assert "cannot write /proc/ark/records/toy1.json" in child.stderr


def test_reading_a_record_takes_little_time(recorded: Paths) -> None:
    """A healthy check pays for it: well below a millisecond, here with much to spare."""
    began = time.process_time()
    for _ in range(100):
        assert record.load(recorded, "toy1")
    assert (time.process_time() - began) / 100 < 0.01
