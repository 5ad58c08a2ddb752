from __future__ import annotations

import json

from support import ToyNode


def test_what_is_ok_is_told_and_recorded(node: ToyNode, ark) -> None:
    result = ark("validate")
    path = node.resources / "toy1.toml"
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{path}: ok\n", "")
    assert (node.prefix / "var/lib/ark/records/toy1.json").exists()


_WRONG = {
    "a": ('plugin = "toy"\nlogical_host = "A"\n[options]\nhom = "/x"', ("options.hom", "home")),
    "b": (
        'plugin = "toy"\nlogical_host = "B"\n[timers]\nrestore.process = 0\n[options]\nhome = "/x"',
        ("timers.restore.process = 0", "from 1 to"),
    ),
    "c": ('plugin = "no-such"\nlogical_host = "C"', ("plugin = 'no-such'", "installed:")),
    "d": ('plugin = "toy-broken"\nlogical_host = "D"', ("toy-broken", "never loads")),
    "e": ("plugin =", ("not TOML",)),
}


def test_one_line_names_file_key_value_and_what_is_allowed(node: ToyNode, ark) -> None:
    for name, (text, _) in _WRONG.items():
        (node.resources / f"{name}.toml").write_text(text + "\n")
    result = ark("validate", *_WRONG)
    assert (result.returncode, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    for line, (name, (_, parts)) in zip(lines, _WRONG.items(), strict=True):
        assert line.startswith(f"ark: {node.resources}/{name}.toml: ")
        for part in parts:
            assert part in line


def test_one_wrong_file_leaves_the_others_ok(node: ToyNode, ark) -> None:
    node.configure("toy2", host="OTHER2")
    (node.resources / "toy1.toml").write_text("nonsense")
    result = ark("validate")
    assert result.returncode == 1
    assert result.stdout == f"{node.resources}/toy2.toml: ok\n"
    assert result.stderr.count("\n") == 1


def test_the_nodes_own_file_is_checked(node: ToyNode, ark) -> None:
    (node.prefix / "etc/ark/ark.toml").write_text('observers = ["nobody"]\n')
    result = ark("validate")
    assert result.returncode == 1
    assert "ark.toml: observers = 'nobody': unknown plugin" in result.stderr


def test_a_wrong_ark_toml_is_explained_once(node: ToyNode, ark) -> None:
    (node.prefix / "etc/ark/ark.toml").write_text('[ras]\ndetail = "loud"\n')
    result = ark("validate")
    assert result.returncode == 1
    assert result.stderr.count("ras.detail") == 1
    assert "toy1.toml: cannot be used before ark.toml is right" in result.stderr


def test_a_file_whose_name_is_no_resources_is_told(node: ToyNode, ark) -> None:
    (node.resources / "my toy.toml").write_text("")
    result = ark("validate")
    assert result.returncode == 1
    assert "my toy.toml: resource name 'my toy'" in result.stderr


def test_a_name_without_a_file_is_an_error(ark) -> None:
    result = ark("validate", "nobody")
    assert result.returncode == 1
    assert "there is no such resource file" in result.stderr


def test_the_facts_as_json(node: ToyNode, ark) -> None:
    (node.resources / "toy2.toml").write_text("")
    result = ark("validate", "--json")
    assert result.returncode == 1
    first, second = json.loads(result.stdout)
    assert first == {
        "file": f"{node.resources}/toy1.toml",
        "resource": "toy1",
        "ok": True,
        "error": None,
    }
    assert (second["ok"], "plugin" in second["error"]) == (False, True)


def test_a_node_without_resources_is_no_error(node: ToyNode, ark_here) -> None:
    (node.resources / "toy1.toml").unlink()
    result = ark_here("validate")
    assert (result.returncode, result.stdout) == (0, "")
    assert "there is no resource file yet" in result.stderr


def test_a_plugin_that_dies_spoils_no_other_s_answer_and_the_order_stays(
    node: ToyNode, ark
) -> None:
    """Many are asked at once, and told in the order of their names."""
    for name in ("a", "b", "z"):
        node.configure(name, host=f"H{name}")
    (node.resources / "b.toml").write_text('plugin = "toy-exits"\nlogical_host = "Hb"\n')
    library = node.prefix / "lib"
    (library / "x-1.dist-info").mkdir(parents=True)
    (library / "x-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: x\nVersion: 1\n")
    (library / "x-1.dist-info/entry_points.txt").write_text("[arkcore.plugins]\ntoy-exits = x:X\n")
    (library / "x.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
    result = ark("validate", "--json", PYTHONPATH=str(library))
    found = {each["resource"]: each["error"] for each in json.loads(result.stdout)}
    assert [*found] == ["a", "b", "toy1", "z"]
    assert found.pop("b") == "the plugin's process was ended by SIGKILL"
    assert found == {"a": None, "toy1": None, "z": None}


def test_a_record_names_the_libraries_that_were_loaded_before_the_fork(node: ToyNode, ark) -> None:
    import msgspec
    import pluggy

    assert ark("validate").returncode == 0
    record = json.loads((node.prefix / "var/lib/ark/records/toy1.json").read_text())
    assert {msgspec.__file__, pluggy.__file__} <= {*record["made_from"]}


# The configuration of the product itself.

CHECK = """
from arkcore import Finding, Level
def ark_check_configuration(ctx, default):
    yield Finding("app.conf", Level.WARN, "old", "renew it")
    yield Finding("app.conf", Level.{level}, "line 3 is " + ctx.logical_host, "mend line 3")
"""


def test_a_wrong_configuration_of_the_product_is_told_with_its_advice(node: ToyNode, ark) -> None:
    node.hooks(CHECK.format(level="FAIL"))
    result = ark("validate")
    path = node.resources / "toy1.toml"
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"ark: {path}: app.conf: old; renew it",
        f"ark: {path}: app.conf: line 3 is LHOST1; mend line 3",
    ]
    assert not node.processes()


def test_a_right_one_is_ok_and_a_check_that_raises_is_the_plugin_s_fault(
    node: ToyNode, ark
) -> None:
    node.hooks(CHECK.format(level="OK"))
    assert ark("validate").returncode == 0
    node.hooks("def ark_check_configuration(ctx, default): return {}['x']")
    result = ark("validate")
    assert result.returncode == 1
    assert "plugin toy: ark_check_configuration raised KeyError: 'x' (" in result.stderr
    assert "hooks.py, line 1)" in result.stderr


def test_a_preflight_of_one_resource_asks_its_plugin_alone(node: ToyNode, ark) -> None:
    assert ark("preflight", "toy1").returncode == 0
    node.hooks(CHECK.format(level="FAIL"))
    result = ark("preflight", "toy1", "--json")
    assert (result.returncode, json.loads(result.stdout)) == (
        1,
        {
            "toy1": [
                ["app.conf", "warn", "old", "renew it"],
                ["app.conf", "fail", "line 3 is LHOST1", "mend line 3"],
            ]
        },
    )
    assert "line 3 is LHOST1" in ark("preflight", "toy1").stdout
    assert ark("preflight", "toy1", "--export", "-").returncode == 2
    assert ark("preflight", "nosuch").returncode == 1
