from __future__ import annotations

from pathlib import Path

import pytest
from support import ToyNode


@pytest.fixture
def extended(node: ToyNode) -> dict[str, str]:
    """Another distribution's commands: a group, a command, a broken one, one named as ours."""
    library = node.prefix / "lib"
    place = library / "x_extra-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: x-extra\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text(
        "[arkcore.commands]\n"
        "show = x_extra:app\n"
        "greet = x_extra:greet\n"
        "broken = x_extra_broken:app\n"
        "validate = x_extra_broken:app\n"
    )
    (library / "x_extra.py").write_text(
        "import click\n"
        "@click.group()\n"
        "def app(): pass\n"
        "@app.command()\n"
        "def one(): print('one')\n"
        "@app.command()\n"
        "def two(): print('two')\n"
        "@click.command()\n"
        "@click.argument('name')\n"
        "def greet(name):\n"
        "    'Greet somebody.'\n"
        "    print(f'hello {name}')\n"
    )
    touched = node.prefix / "touched"
    (library / "x_extra_broken.py").write_text(
        f"open({str(touched)!r}, 'w').close()\nraise RuntimeError('not today')\n"
    )
    return {"PYTHONPATH": str(library)}


def test_a_group_and_a_command_become_ours(ark, extended: dict[str, str]) -> None:
    assert ark("show", "two", **extended).stdout == "two\n"
    assert ark("greet", "you", **extended).stdout == "hello you\n"


def test_help_lists_them_and_tells_a_broken_one_in_one_line(ark, extended: dict[str, str]) -> None:
    result = ark("--help", **extended)
    assert result.returncode == 0
    assert "Greet somebody." in result.stdout
    assert "validate" in result.stdout
    assert result.stderr == (
        "ark: command broken (x-extra 1.0, x_extra_broken:app) cannot be loaded: "
        "RuntimeError: not today\n"
    )


def test_a_broken_one_is_one_line_and_exit_code_1(ark, extended: dict[str, str]) -> None:
    result = ark("broken", **extended)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("ark: command broken ")
    assert result.stderr.count("\n") == 1


def test_none_is_imported_that_is_not_called(node: ToyNode, ark, extended: dict[str, str]) -> None:
    assert ark("validate", **extended).returncode == 0  # ours, whoever else is called so
    assert ark("greet", "you", **extended).returncode == 0
    assert not Path(node.prefix / "touched").exists()


@pytest.mark.parametrize(
    "value", ["!!!", "", "no such thing", "x_extra:", "x_extra", "x_extra:print"]
)
def test_a_malformed_one_is_one_line_and_hides_no_other(
    ark, extended: dict[str, str], value: str
) -> None:
    place = Path(extended["PYTHONPATH"]) / "x_odd-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: x-odd\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text(f"[arkcore.commands]\nodd = {value}\n")
    assert ark("greet", "you", **extended).stdout == "hello you\n"
    result = ark("odd", **extended)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith(f"ark: command odd (x-odd 1.0, {value}) cannot be loaded: ")
