from __future__ import annotations

import json


def test_each_plugin_and_what_is_broken(ark) -> None:
    result = ark("plugins", "--json")
    assert result.returncode == 0
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


def test_plugins_that_end_the_process_break_nothing(node, ark) -> None:
    distribution(node, "arkcore.plugins", {"exiting": "x_exit:P", "dying": "x_die:P"})
    (node.prefix / "lib/x_exit.py").write_text("raise SystemExit(3)")
    (node.prefix / "lib/x_die.py").write_text("import os; os.kill(os.getpid(), 11)")
    result = ark("plugins", "--json", PYTHONPATH=str(node.prefix / "lib"))
    assert result.returncode == 0
    found = {each["name"]: each for each in json.loads(result.stdout)}
    assert "SystemExit: 3" in found["exiting"]["error"]
    assert "SIGSEGV" in found["dying"]["error"]
    assert found["toy"]["ok"]


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


def distribution(node, group: str, entries: dict[str, str]) -> None:
    """Install a distribution with entry points, for those whose PYTHONPATH holds <node>/lib."""
    place = node.prefix / "lib/x_extra-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: x-extra\nVersion: 1.0\n")
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (place / "entry_points.txt").write_text("\n".join(lines) + "\n")
