"""Resource files: what is taken; all else is refused in one line that says what to change."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from arkcore.base.errors import ArkError, ConfigurationError, PluginError
from arkcore.base.paths import Paths
from arkcore.base.text import shown
from arkcore.resources import record
from arkcore.resources.names import check_resource_name, resource_names
from arkcore.resources.recording import validate_and_record
from arkcore.resources.requirements import dependents
from arkcore.resources.resource import Resource
from arkcore.resources.validation import validate

TOY = 'plugin = "toy"\nlogical_host = "LHOST1"\n'
HOME = '[options]\nhome = "/srv/toy"\n'


@pytest.fixture
def put(paths: Paths) -> Callable[..., str]:
    """Write the file of a resource."""

    def put(text: str | bytes, name: str = "toy1") -> str:
        path = Path(paths.resource_file(name))
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(0o644)
        return str(path)

    return put


def refusal(paths: Paths, name: str = "toy1") -> str:
    """The one line with which the resource is refused."""
    with pytest.raises(ArkError) as caught:
        validate_and_record(paths, name)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert text.isprintable()
    return text


# What is taken.


def test_a_file_that_says_little_has_the_defaults(paths: Paths, put: Callable[..., str]) -> None:
    put(TOY + HOME)
    resource = validate(paths, "toy1")
    assert resource.logical_host == "LHOST1"
    assert (resource.requires, resource.mount_points) == ((), ())
    assert resource.timers["restore.process"] == 480
    assert (resource.ras.detail, resource.ras.quickcheck) == ("guide", "every")


def test_the_file_comes_before_the_plugin_s_defaults_and_these_before_the_engine_s(
    paths: Paths, put: Callable[..., str]
) -> None:
    put(TOY + "[timers]\nforce_stop_wait = 7\n" + HOME)
    timers = validate(paths, "toy1").timers
    assert timers["force_stop_wait"] == 7
    assert timers["quickcheck.confirm"] == 0.2
    assert timers["recover.process"] == 12


def test_the_resource_file_s_ras_settings_come_before_the_node_s(
    paths: Paths, put: Callable[..., str]
) -> None:
    Path(paths.node_file).write_text('[ras]\ndetail = "full"\nquickcheck = "changes"\n')
    put(TOY + '[ras]\nquickcheck = "every"\n' + HOME)
    ras = validate(paths, "toy1").ras
    assert (ras.detail, ras.quickcheck) == ("full", "every")


# What is refused, and how.


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "plugin: missing; it must be given, as text"),
        ('plugin = "toy"\n', "logical_host: missing; it must be given, as text"),
        ("plugin = 1\n", "plugin = 1: must be text"),
        ('plugin = "nosuch"\nlogical_host = "L"\n', "plugin = 'nosuch': unknown plugin 'nosuch'"),
        (TOY, "options.home: missing; where the application lives"),
        (TOY + "colour = 1\n" + HOME, "colour: unknown key; allowed: plugin, logical_host"),
        (TOY + HOME + "size = 1\n", "options.size: unknown key; allowed: home, number"),
        (TOY + HOME + 'number = "1"\n', "options.number = '1': Expected `int`, got `str`"),
        (TOY + HOME + "number = 10\n", "options.number = 10: allowed: from 1 up to 9"),
        (TOY + HOME + 'colour = "x"\n', "options.colour = 'x': allowed: 'red', 'blue'"),
        (TOY + HOME + "words = [1]\n", "options.words = [1]: Expected `str`, got `int`"),
        (TOY + "options = 1\n", "options: must be a table, [options]"),
        (TOY + "timers = 1\n" + HOME, "timers: must be a table, [timers]"),
        (TOY + "[timers]\nrestore.process = 0\n" + HOME, "timers.restore.process = 0: allowed:"),
        (TOY + '[ras]\ndetail = "much"\n' + HOME, "ras.detail = 'much': allowed: 'guide', 'full'"),
        (TOY + "requires = 'x'\n" + HOME, "requires = 'x': must be a list of texts"),
        (
            TOY + "requires = ['x']\n" + HOME,
            "requires = 'x': no such resource here; there are: none",
        ),
        (
            TOY + "requires = ['toy1']\n" + HOME,
            "requires = 'toy1': a resource cannot require itself",
        ),
        (TOY + "mount_points = ['m']\n" + HOME, "mount_points = 'm': must be an absolute path"),
        ("plugin = \n", "not TOML: Invalid value"),
        (b"plugin = '\xff'\n", "not UTF-8: invalid start byte at byte 10"),
        ('"a\\nb\\u001b[2J" = 1\n', r"a\nb\x1b[2J: unknown key"),
        (TOY + '[timers]\n"a\\nb" = 1\n' + HOME, r"timers.'a\nb': unknown key"),
        ("x = 1" + "0" * 5000 + "\n", "not TOML: Exceeds the limit"),
        ("x = " + "[" * 5000 + "\n", "not TOML: "),
        (TOY + "timers." + ".".join("a" * 2000) + " = 1\n", ""),
    ],
)
def test_a_wrong_file_is_refused_naming_file_key_value_and_what_is_allowed(
    paths: Paths, put: Callable[..., str], text: str | bytes, told: str
) -> None:
    where = put(text)
    assert refusal(paths).startswith(f"{where}: {told}")


def test_a_missing_file_is_refused(paths: Paths) -> None:
    where = paths.resource_file("toy1")
    assert refusal(paths) == f"{where}: there is no such resource file"


def test_a_directory_in_the_file_s_place_is_refused(paths: Paths) -> None:
    os.mkdir(paths.resource_file("toy1"), 0o755)
    assert refusal(paths).endswith("cannot be read: Is a directory")


def test_a_wrong_node_file_is_refused_by_its_own_name(
    paths: Paths, put: Callable[..., str]
) -> None:
    put(TOY + HOME)
    Path(paths.node_file).write_text("[log]\nstderr = 'loud'\n")
    assert refusal(paths).startswith(f"{paths.node_file}: log.stderr = 'loud': allowed: 'debug'")


@pytest.mark.parametrize("value", ["4", "1001", "true", "20.0", "'20'"])
def test_a_number_of_the_node_file_has_its_range(
    paths: Paths, put: Callable[..., str], value: str
) -> None:
    put(TOY + HOME)
    Path(paths.node_file).write_text(f"[log]\nblackboxes = {value}\n")
    assert refusal(paths).startswith(f"{paths.node_file}: log.blackboxes = ")
    assert refusal(paths).endswith(": allowed: whole numbers from 5 to 1000")


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_what_is_not_a_number_is_in_no_range(
    paths: Paths, put: Callable[..., str], install: Callable[..., Path], number: str
) -> None:
    install(
        "ark-floats",
        "floats = floats_plugin:Floats",
        {
            "floats_plugin": plugin(
                "Floats", "floats", "    x: float = option(1.0, minimum=0, maximum=2)"
            )
        },
    )
    where = put(f'plugin = "floats"\nlogical_host = "L"\n[options]\nx = {number}\n')
    assert refusal(paths) == f"{where}: options.x = {number}: allowed: from 0 up to 2"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../x", "-t", ".hidden", "a b", "a\n", "é", "x" * 201]
)
def test_a_resource_name_that_is_no_plain_word_is_refused(paths: Paths, name: str) -> None:
    with pytest.raises(ConfigurationError, match="resource name"):
        validate_and_record(paths, name)


@pytest.mark.parametrize("name", ["a", "lkjp1_base", "A-1.b_c", "_x", "x" * 200])
def test_a_resource_name_of_letters_digits_and_some_signs_is_taken(name: str) -> None:
    assert check_resource_name(name) == name


def test_files_with_other_names_are_no_resources(paths: Paths, put: Callable[..., str]) -> None:
    put("")
    for name in ("x.toml.bak", ".x.toml", "x y.toml", "README"):
        Path(paths.resources, name).write_text("")
    assert resource_names(paths) == ["toy1"]


# Logical hosts.


@pytest.mark.parametrize("host", ["L", "LVMRH5LKB", "a.b-c_d", "x" * 20])
def test_a_logical_host_that_is_a_host_name_is_taken(
    paths: Paths, put: Callable[..., str], host: str
) -> None:
    put(f'plugin = "toy"\nlogical_host = "{host}"\n' + HOME)
    assert validate(paths, "toy1").logical_host == host


@pytest.mark.parametrize("host", ["-x", "a b", "a/b", "ホスト", ".", "a\\nb"])
def test_a_logical_host_that_is_no_host_name_is_refused(
    paths: Paths, put: Callable[..., str], host: str
) -> None:
    put(f'plugin = "toy"\nlogical_host = "{host}"\n' + HOME)
    assert "logical_host = " in refusal(paths)


def test_a_logical_host_longer_than_the_application_allows_is_refused(
    paths: Paths, put: Callable[..., str]
) -> None:
    put(f'plugin = "toy"\nlogical_host = "{"x" * 21}"\n' + HOME)
    assert "21 bytes; the toy allows at most 20" in refusal(paths)


def test_two_logical_hosts_that_the_application_cannot_tell_apart_are_refused(
    paths: Paths, put: Callable[..., str]
) -> None:
    put('plugin = "toy"\nlogical_host = "LOGICALH1"\n' + HOME)
    put('plugin = "toy"\nlogical_host = "LOGICALH2"\n' + HOME, "toy2")
    told = refusal(paths)
    assert "its first 8 bytes are those of 'LOGICALH2' (resource toy2)" in told


def test_one_logical_host_with_two_resources_of_an_exclusive_plugin_is_refused(
    paths: Paths, put: Callable[..., str]
) -> None:
    put(TOY + HOME)
    put(TOY + HOME, "toy2")
    assert "resource toy2 protects the same logical host" in refusal(paths)


def test_one_logical_host_with_two_resources_is_refused_where_nothing_is_declared(
    paths: Paths, put: Callable[..., str]
) -> None:
    text = 'plugin = "right"\nlogical_host = "LHOST1"\n[options]\nroot = "/r"\ndata = "/d"\n'
    put(text)
    put(text, "toy2")
    assert "resource toy2 protects the same logical host" in refusal(paths)


def test_one_logical_host_may_have_two_resources_of_a_plugin_that_declares_it(
    paths: Paths, put: Callable[..., str]
) -> None:
    for name in ("toy1", "toy2"):
        put('plugin = "toy-several"\nlogical_host = "LHOST1"\n' + HOME, name)
    assert validate(paths, "toy1").logical_host == "LHOST1"


def test_a_broken_neighbour_does_not_hinder(paths: Paths, put: Callable[..., str]) -> None:
    put(TOY + HOME)
    put("][", "toy2")
    put("logical_host = 7", "toy3")
    assert validate(paths, "toy1").name == "toy1"


# Requirements.


def test_resources_that_require_each_other_in_a_circle_are_refused(
    paths: Paths, put: Callable[..., str]
) -> None:
    for number in (1, 2, 3):
        host, needs = f"H{number}", f"toy{number % 3 + 1}"
        text = f'plugin = "toy"\nlogical_host = "{host}"\nrequires = ["{needs}"]\n{HOME}'
        put(text, f"toy{number}")
    assert "toy1 is required in turn, in a circle" in refusal(paths)


def test_dependents_come_farthest_first(paths: Paths, put: Callable[..., str]) -> None:
    put("", "base")
    put("requires = ['base']", "middle")
    put("requires = ['middle', 'base']", "top")
    put("requires = ['other']", "stranger")
    assert dependents(paths, "base") == ["top", "middle"]


def test_dependents_in_a_circle_come_to_an_end(paths: Paths, put: Callable[..., str]) -> None:
    put("requires = ['b']", "a")
    put("requires = ['a']", "b")
    assert set(dependents(paths, "a")) == {"b"}


# Plugins.


def plugin(name: str, entry: str, options: str = "    pass", body: str = "") -> str:
    """The source of a plugin that does nothing, with some options and some lines of its own."""
    return f"""
from arkcore import Application, Status, StatusReport, SupportClass, hookimpl, option
class Options:
{options}
class {name}:
    @hookimpl
    def ark_application(self): return Application(name="{entry}", title="t", options=Options)
    @hookimpl
    def ark_status(self, ctx): return StatusReport(Status.STOPPED)
    @hookimpl
    def ark_processes(self, ctx): return []
    @hookimpl
    def ark_start(self, ctx): pass
    @hookimpl
    def ark_stop(self, ctx): pass
{body}
"""


FAULTS = {
    "raises": "    @hookimpl\n    def ark_application(self): raise ValueError('a\\tb')",
    "none": "    @hookimpl\n    def ark_application(self): return None",
    "other-name": "    @hookimpl\n    def ark_application(self): "
    "return Application(name='x', title='t', options=Options)",
    "other-api": "    @hookimpl\n    def ark_application(self): "
    "return Application(name='odd', title='t', options=Options, api=2)",
    "timer": "    @hookimpl\n    def ark_application(self): "
    "return Application(name='odd', title='t', options=Options, timers={'restore.proces': 1})",
    "class-c": "    @hookimpl\n    def ark_application(self): return Application(name='odd', "
    "title='t', options=Options, support=SupportClass.UNPROTECTED)",
}


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("raises", "plugin odd: ark_application raised ValueError: a"),
        ("none", "plugin odd: ark_application returned NoneType, not an arkcore.Application"),
        ("other-name", "plugin odd: its application calls itself 'x'"),
        ("other-api", "plugin odd: made for api 2; this arkcore speaks api 1"),
        ("timer", "plugin odd: timers.restore.proces: unknown key"),
        ("class-c", "plugin odd: its vendor's support class is (c)"),
    ],
)
def test_a_plugin_whose_declaration_is_wrong_is_told_to_its_author(
    paths: Paths, put: Callable[..., str], install: Callable[..., Path], fault: str, told: str
) -> None:
    source = plugin("Odd", "odd", body=FAULTS[fault])
    install("ark-odd", "odd = odd_plugin:Odd", {"odd_plugin": source})
    put('plugin = "odd"\nlogical_host = "L"\n')
    with pytest.raises(PluginError) as caught:
        validate(paths, "toy1")
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("    x = option(1)", "options.x: no type is declared for it: x: TYPE = option(...)"),
        ("    x: 'Nosuch' = option(1)", "the types of the plugin's options cannot be read"),
        ("    x: int", "options.x: declared without option(...): x: int"),
        ("    x: int = option('a')", "options.x: its default 'a': Expected `int`, got `str`"),
        ("    x: str = option()", "options.x: its default None: Expected `str`, got `null`"),
        ("    x: int = option(7, minimum=10, maximum=5)", "options.x: its minimum 10 is above "),
        ("    x: int = option(7, minimum=10)", "options.x: its default 7: allowed: from 10"),
        ("    x: str = option('', maximum=5)", "options.x: a minimum or maximum is for int and "),
        ("    x: str = option('red', choices=('blue',))", "options.x: its default 'red': allowed"),
        ("    x: set[int] = option({1})", "options.x: its plugin declares a type that cannot be "),
        ("    x: str = option('', kind='port')", "options.x: a port is declared as int"),
        ("    x: str = option('', kind='colour')", "options.x: kind 'colour': allowed: path, "),
        ("    x: str = option('a', kind='path')", "options.x: its default 'a': must be an abs"),
        ("    x: int = option(1, secret=True)", "options.x: its plugin declares a secret of "),
    ],
)
def test_options_declared_in_a_way_that_cannot_be_checked_are_told_to_the_plugin_s_author(
    paths: Paths,
    put: Callable[..., str],
    install: Callable[..., Path],
    options: str,
    told: str,
) -> None:
    install("ark-odd", "odd = odd_plugin:Odd", {"odd_plugin": plugin("Odd", "odd", options)})
    put('plugin = "odd"\nlogical_host = "L"\n[options]\nx = 2020-01-01\n')
    with pytest.raises(PluginError) as caught:
        validate(paths, "toy1")
    assert str(caught.value).startswith(f"plugin odd: {told}")
    assert len(str(caught.value).splitlines()) == 1


KINDS = """
    path: str = option("", kind="path")
    address: str = option("127.0.0.1", kind="address", unique="listen")
    port: int = option(0, kind="port", unique="listen")
    run_as: str = option("", kind="user")
"""


@pytest.fixture
def kinds(install: Callable[..., Path], put: Callable[..., str]) -> Callable[..., str]:
    """Writes a resource of a plugin with an option of each kind, with these options."""
    install("ark-odd", "odd = odd_plugin:Odd", {"odd_plugin": plugin("Odd", "odd", KINDS)})
    return lambda text, **more: put(f'plugin = "odd"\nlogical_host = "L"\n[options]\n{text}\n')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('path = "etc/app"', "must be an absolute path"),
        ('path = "/etc\\u0000"', "must be an absolute path"),
        ('address = "www.example.com"', "allowed: localhost and IP addresses"),
        ('address = ""', "allowed: localhost and IP addresses"),
        ('address = "fe80::1%eth0"', "allowed: localhost and IP addresses"),
        ("port = 65536", "allowed: from 1 up to 65535"),
        ("port = -1", "allowed: from 1 up to 65535"),
        ('run_as = "a b"', "must be the name of a user"),
    ],
)
def test_a_value_that_is_none_of_its_kind_is_refused(
    paths: Paths, kinds: Callable[..., str], text: str, told: str
) -> None:
    kinds(text)
    assert told in refusal(paths)


def test_a_group_that_no_two_resources_share_is_in_the_meta_data(
    kinds: Callable[..., str],
) -> None:
    from arkcore.managers.ocf_metadata import metadata

    marked = [line for line in metadata("odd").splitlines() if 'unique-group="listen"' in line]
    assert [name for name in ("address", "port") for line in marked if f'"{name}"' in line] == [
        "address",
        "port",
    ]


@pytest.mark.parametrize(
    "text", ["", 'address = "::1"', 'address = "0.0.0.0"', "port = 1", 'path = "/a b"']
)
def test_a_value_of_its_kind_is_taken(paths: Paths, kinds: Callable[..., str], text: str) -> None:
    kinds(text)
    assert validate(paths, "toy1")


@pytest.mark.parametrize(
    ("ours", "theirs", "are_rivals"),
    [
        ("port = 80", "port = 80", True),
        ("port = 80", 'port = 80\naddress = "127.0.0.1"', True),
        ("port = 80", 'port = 80\naddress = "127.0.0.2"', False),
        ("port = 80", "port = 81", False),
    ],
)
def test_two_resources_may_not_share_a_group_of_options(
    paths: Paths, kinds: Callable[..., str], ours: str, theirs: str, are_rivals: bool
) -> None:
    where = Path(kinds(ours))
    other = where.with_name("other1.toml")
    other.write_text(f'plugin = "odd"\nlogical_host = "M"\n[options]\n{theirs}\n')
    other.chmod(0o644)
    if are_rivals:
        wanted = "options.address = '127.0.0.1', options.port = 80: resource other1 has the same"
        assert wanted in refusal(paths)
    else:
        assert validate(paths, "toy1")


def test_a_value_of_a_type_that_nobody_can_record_is_told_to_the_plugin_s_author(
    paths: Paths, put: Callable[..., str], install: Callable[..., Path]
) -> None:
    source = plugin("Odd", "odd", "    x: object = option(1)")
    install("ark-odd", "odd = odd_plugin:Odd", {"odd_plugin": source})
    put('plugin = "odd"\nlogical_host = "L"\n[options]\nx = 2020-01-01\n')
    with pytest.raises(PluginError, match="declares a type that cannot be recorded"):
        validate(paths, "toy1")


def test_a_plugin_s_own_check_of_its_options_that_raises_is_told(
    paths: Paths, put: Callable[..., str], install: Callable[..., Path]
) -> None:
    options = "    x: int = option(1)\n    def check(self): return self.x / 0"
    install("ark-odd", "odd = odd_plugin:Odd", {"odd_plugin": plugin("Odd", "odd", options)})
    put('plugin = "odd"\nlogical_host = "L"\n')
    with pytest.raises(PluginError, match="its options raised ZeroDivisionError"):
        validate(paths, "toy1")


@pytest.mark.parametrize("name", ["toy-unsupported", "toy-misspelt", "toy-broken"])
def test_a_broken_plugin_is_refused_in_one_line(
    paths: Paths, put: Callable[..., str], name: str
) -> None:
    put(TOY.replace("toy", name) + HOME)
    assert f"plugin {name}" in refusal(paths)


# Who may write.


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_a_file_that_others_can_write_is_refused_with_the_remedy(
    paths: Paths, put: Callable[..., str], mode: int
) -> None:
    where = put(TOY + HOME)
    os.chmod(where, mode)
    assert refusal(paths) == (
        f"{where}: mode {mode:04o} lets others write it; allowed is at most 0644 "
        f"(chmod go-w {where})"
    )


@pytest.mark.parametrize("which", ["resources", "etc"])
def test_a_directory_that_others_can_write_is_refused(
    paths: Paths, put: Callable[..., str], which: str
) -> None:
    put(TOY + HOME)
    validate_and_record(paths, "toy1")
    directory = {
        "resources": paths.resources,
        "etc": os.path.dirname(paths.node_file),
    }[which]
    os.chmod(directory, 0o777)
    assert refusal(paths).startswith(f"{directory}: mode 0777 lets others write it")


@pytest.mark.parametrize("which", ["records", "library"])
def test_where_others_can_write_nothing_is_recorded(
    paths: Paths, put: Callable[..., str], capfd: pytest.CaptureFixture[str], which: str
) -> None:
    put(TOY + HOME)
    validate_and_record(paths, "toy1")
    where = paths.record("toy1")
    before = os.stat(where).st_ino
    directory = os.path.dirname(where) if which == "records" else paths.library
    os.chmod(directory, 0o777)
    assert validate_and_record(paths, "toy1").name == "toy1"
    assert (os.stat(where).st_ino, record.load(paths, "toy1")) == (before, None)
    assert (
        f"toy1 is not recorded: {directory}: mode 0777 lets others write it"
        in capfd.readouterr().err
    )


def test_a_node_file_that_others_can_write_is_refused(
    paths: Paths, put: Callable[..., str]
) -> None:
    put(TOY + HOME)
    Path(paths.node_file).write_text("")
    os.chmod(paths.node_file, 0o666)
    assert refusal(paths).startswith(f"{paths.node_file}: mode 0666 lets others write it")


def test_a_file_of_another_user_is_refused(
    paths: Paths, put: Callable[..., str], give_away: Callable[[str], None]
) -> None:
    where = put(TOY + HOME)
    give_away(where)
    assert refusal(paths).startswith(f"{where}: belongs to user id 65534, who could write it")


def test_a_directory_of_another_user_is_refused(
    paths: Paths, put: Callable[..., str], give_away: Callable[[str], None]
) -> None:
    put(TOY + HOME)
    give_away(paths.resources)
    assert refusal(paths).startswith(f"{paths.resources}: belongs to user id 65534")


def test_a_symlink_to_a_file_that_others_can_write_is_refused(
    paths: Paths, put: Callable[..., str], tmp_path: Path
) -> None:
    target = tmp_path / "target.toml"
    target.write_text(TOY + HOME)
    target.chmod(0o666)
    os.symlink(target, paths.resource_file("toy1"))
    assert "lets others write it" in refusal(paths)


# Whatever stands there.

KEYS = st.sampled_from(
    [
        "plugin",
        "logical_host",
        "requires",
        "mount_points",
        "timers",
        "options",
        "ras",
        "home",
        "number",
        "colour",
        "words",
        "restore.process",
        "restore",
        "process",
        "detail",
    ]
) | st.text(max_size=4)
SCALARS = (
    st.sampled_from(["toy", "toy1", "LHOST1", "/srv", "full", "toy-broken", "toy-misspelt"])
    | st.text(max_size=5)
    | st.integers()
    | st.floats()
    | st.booleans()
    | st.dates()
    | st.times()
    | st.datetimes()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
LIKELY = {
    "plugin": st.just("toy") | VALUES,
    "logical_host": st.just("LHOST1") | VALUES,
    "options": st.fixed_dictionaries(
        {"home": st.just("/srv") | VALUES},
        optional={
            "number": st.integers(0, 10) | VALUES,
            "words": st.lists(st.text(max_size=2)) | VALUES,
        },
    ),
}
FILES = st.dictionaries(KEYS, VALUES, max_size=4) | st.fixed_dictionaries(
    LIKELY,
    optional={"timers": VALUES, "ras": VALUES, "requires": VALUES, "mount_points": VALUES},
)


def toml(value: Any) -> str:
    """Any value as TOML, on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(
            each if each.isalnum() and each.isascii() else f"\\U{ord(each):08x}" for each in value
        )
        return f'"{escaped}"'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, int | float):
        return repr(value)
    return str(value.isoformat())


def taken_or_refused_in_one_line(paths: Paths, content: bytes) -> None:
    where = Path(paths.resource_file("toy1"))
    where.write_bytes(content)
    where.chmod(0o644)
    try:
        assert isinstance(validate_and_record(paths, "toy1"), Resource)
        return
    except (ConfigurationError, PluginError) as error:
        told = str(error)
    assert shown(told) == told
    assert told.startswith((f"{where}: ", "plugin toy-"))


@given(FILES)
@example({"plugin": "toy", "logical_host": "L", "options": {"home": "\x1b"}})
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_mapping_is_a_resource_or_one_line_that_names_the_file(
    paths: Paths, values: dict[str, Any]
) -> None:
    lines = [f"{toml(key)} = {toml(value)}\n" for key, value in values.items()]
    taken_or_refused_in_one_line(paths, "".join(lines).encode())


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_are_a_resource_or_one_line_that_names_the_file(
    paths: Paths, content: bytes
) -> None:
    taken_or_refused_in_one_line(paths, content)


# Bounds.


def test_values_as_large_as_is_allowed_are_taken(paths: Paths, put: Callable[..., str]) -> None:
    put(f'{TOY}{HOME}words = ["{"w" * 390_000}"]\n')
    assert len(validate_and_record(paths, "toy1").options["words"][0]) == 390_000


def test_values_larger_than_every_check_could_read_are_refused(
    paths: Paths, put: Callable[..., str]
) -> None:
    where = put(f'{TOY}{HOME}words = ["{"w" * 400_000}"]\n')
    expected = rf"{where}: its values fill \d{{6}} characters; at most 400000 are allowed"
    assert re.fullmatch(expected, refusal(paths))
