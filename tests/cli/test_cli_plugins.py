from __future__ import annotations

import json
import re
from pathlib import Path

import pytest


def test_each_plugin_and_what_is_broken(ark) -> None:
    result = ark("plugins", "--check", "--json")
    assert result.returncode == 1
    found = {each["name"]: each for each in json.loads(result.stdout)}
    assert found["toy"]["ok"]
    assert (found["toy"]["distribution"], found["toy"]["version"]) == ("ark-toy", "0.1.0")
    assert "ark_force_stop" in found["toy"]["hooks"]
    assert "never loads" in found["toy-broken"]["error"]
    assert "ark_satus is no hook" in found["toy-misspelt"]["error"]
    assert "support class is (c)" in found["toy-unsupported"]["error"]


def test_one_that_is_named_and_broken_is_exit_code_1(ark) -> None:
    result = ark("plugins", "toy-broken")
    assert result.returncode == 1
    assert "never loads" in result.stdout
    assert "toy-misspelt" not in result.stdout


def test_one_that_is_named_and_well_shows_its_hooks(ark) -> None:
    result = ark("plugins", "toy")
    assert result.returncode == 0
    assert "ark_start" in result.stdout


def test_one_that_is_not_installed_is_told(ark_here) -> None:
    result = ark_here("plugins", "no-such")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("ark: unknown plugin 'no-such'; installed: ")


def test_plugins_that_end_or_hang_the_process_break_nothing(node, ark) -> None:
    entries = {"exiting": "x_exit:P", "dying": "x_die:P", "slow": "x_slow:P", "slower": "x_slow:P"}
    distribution(node, "arkcore.plugins", entries)
    (node.prefix / "lib/x_exit.py").write_text("raise SystemExit(3)")
    (node.prefix / "lib/x_die.py").write_text("import os; os.kill(os.getpid(), 11)")
    (node.prefix / "lib/x_slow.py").write_text("import time; time.sleep(1000)")
    result = ark(
        "plugins", "--check", "--within", "5", "--json", PYTHONPATH=str(node.prefix / "lib")
    )
    assert result.returncode == 1
    found = {each["name"]: each for each in json.loads(result.stdout)}
    assert "SystemExit: 3" in found["exiting"]["error"]
    assert "SIGSEGV" in found["dying"]["error"]
    for name in ("slow", "slower"):
        # Both have hung in the same 5 s.
        waited = re.fullmatch(r"no answer within (\d+\.\d) s", found[name]["error"])
        assert 4.5 < float(waited[1]) < 9
    assert found["toy"]["ok"]


def test_the_list_alone_imports_none_of_them(node, ark) -> None:
    distribution(node, "arkcore.plugins", {"marking": "x_marks:P"})
    marked = node.prefix / "imported"
    (node.prefix / "lib/x_marks.py").write_text(f"open({str(marked)!r}, 'w')\n")
    for words in (("plugins",), ("plugins", "--json"), ("plugins", "toy")):
        result = ark(*words, PYTHONPATH=str(node.prefix / "lib"))
        assert result.returncode == 0
    assert not marked.exists()
    ark("plugins", "marking", PYTHONPATH=str(node.prefix / "lib"))
    assert marked.exists()


def test_the_list_alone_does_not_say_that_what_nobody_looked_at_is_well(ark) -> None:
    found = {each["name"]: each for each in json.loads(ark("plugins", "--json").stdout)}
    toy = found["toy"]
    assert (toy["checked"], toy["ok"], toy["hooks"]) == (False, None, None)
    assert toy["state"] == "found"
    (line,) = [each for each in ark("plugins").stdout.splitlines() if each.startswith("toy ")]
    assert line.split() == ["toy", "ark-toy", "0.1.0", "found", "ark_toy:Toy"]


def test_what_the_metadata_alone_shows_to_be_broken_is_told_in_the_list(node, ark) -> None:
    distribution(node, "arkcore.plugins", {"toy": "x_marks:P", "odd": "no such thing"})
    (node.prefix / "lib/x_marks.py").write_text("")
    result = ark("plugins", "--json", PYTHONPATH=str(node.prefix / "lib"))
    assert result.returncode == 0
    errors = {each["name"]: each["error"] for each in json.loads(result.stdout)}
    assert errors["toy"] == "plugin 'toy' is provided more than once: ark-toy 0.1.0, x-extra 1.0"
    assert errors["odd"] == "its entry point is 'no such thing'; allowed: module:class"
    assert errors["toy-observer"] is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("!!!", "its entry point is '!!!'; allowed: module:class"),
        ("x_gone:P", "there is no module x_gone, although x-extra 1.0 names it: install "),
        ("x_pack.gone:P", "there is no module x_pack.gone, although x-extra 1.0 names it: "),
        ("x_gone.below:P", "there is no module x_gone, although x-extra 1.0 names it: "),
        ("x_file.below:P", "there is no module x_file.below, although x-extra 1.0 names it: "),
    ],
)
def test_what_cannot_be_loaded_is_told_without_an_import(node, ark, value: str, why: str) -> None:
    distribution(node, "arkcore.plugins", {"odd": value})
    (node.prefix / "lib/x_pack").mkdir()
    (node.prefix / "lib/x_pack/__init__.py").write_text("raise SystemExit(9)")
    (node.prefix / "lib/x_file.py").write_text("raise SystemExit(9)")
    library = {"PYTHONPATH": str(node.prefix / "lib")}
    result = ark("plugins", "--json", **library)
    assert result.returncode == 0
    found = {each["name"]: each for each in json.loads(result.stdout)}
    odd = found["odd"]
    assert (odd["state"], odd["ok"], odd["checked"]) == ("cannot be loaded", False, False)
    assert odd["error"].startswith(why)
    table = ark("plugins", **library).stdout
    assert re.search(r"^odd +x-extra 1.0 +cannot be loaded ", table, re.MULTILINE)
    named = ark("plugins", "odd", "--json", **library)
    assert named.returncode == 1
    assert json.loads(named.stdout)[0]["error"].startswith(why)


@pytest.mark.parametrize("init", ["__path__.append(__file__ + '/..')", "import sys; sys.modules"])
def test_a_package_that_finds_its_modules_itself_is_not_called_broken(node, ark, init: str) -> None:
    distribution(node, "arkcore.plugins", {"odd": "x_pack.elsewhere:P"})
    (node.prefix / "lib/x_pack").mkdir()
    (node.prefix / "lib/x_pack/__init__.py").write_text(init)
    result = ark("plugins", "--json", PYTHONPATH=str(node.prefix / "lib"))
    found = {each["name"]: each for each in json.loads(result.stdout)}
    assert found["odd"]["state"] == "found"


def test_each_state_of_a_plugin_that_was_imported_has_its_word(ark) -> None:
    found = {each["name"]: each for each in json.loads(ark("plugins", "--check", "--json").stdout)}
    assert found["toy"]["state"] == "ok"
    assert found["toy-misspelt"]["state"] == "broken"
    assert found["toy-broken"]["state"] == "cannot be loaded"


def test_a_distribution_that_cannot_be_read_is_told_and_hides_no_plugin(node, ark) -> None:
    place = distribution(node, "arkcore.plugins", {})
    (place / "entry_points.txt").write_bytes(b"[arkcore.plugins]\nx\xff\n")
    result = ark("plugins", PYTHONPATH=str(node.prefix / "lib"))
    assert result.returncode == 0
    assert "\ntoy " in result.stdout
    assert result.stderr.startswith(f"ark: {place}: its entry points cannot be read: ")
    assert len(result.stderr.splitlines()) == 1


def test_an_observer_is_no_broken_application(node, ark) -> None:
    distribution(node, "arkcore.plugins", {"watcher": "x_watch:W"})
    (node.prefix / "lib/x_watch.py").write_text(
        "import arkcore\n"
        "class W:\n"
        "    @arkcore.hookimpl\n"
        "    def ark_action_finished(self, resource): pass\n"
    )
    result = ark("plugins", "watcher", "--json", PYTHONPATH=str(node.prefix / "lib"))
    (facts,) = json.loads(result.stdout)
    assert (facts["ok"], facts["kind"]) == (True, "observer")
    assert facts["hooks"] == ["ark_action_finished"]


def distribution(node, group: str, entries: dict[str, str]) -> Path:
    """Install a distribution with entry points, for those whose PYTHONPATH holds <node>/lib."""
    place = node.prefix / "lib/x_extra-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: x-extra\nVersion: 1.0\n")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (place / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return place
