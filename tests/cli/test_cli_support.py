"""`ark support`: what is in the bundle, what is not, and that no secret is."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import stat
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ras_writing import RasWriter
from support import ToyNode

from arkcore.base.errors import ArkError
from arkcore.support import asked
from arkcore.support.bundle import write_new
from arkcore.support.files import Found, Unreadable, content_of, files_in
from arkcore.support.masking import Masker
from arkcore.support.peer import read_peer

Ark = Callable[..., subprocess.CompletedProcess[str]]

#: Each is planted somewhere on the node.
OPTION, FROM_FILE, VARIABLE, ARGUMENT = "0ption-s3cret", "f1le-s3cret", "var1able-x", "argum3nt-x"
LOGGED, BOXED, TRACED, PRINTED = "l0gged-x", "b0xed words x", "tr4ced-x", "pr1nted-x"
SHADOW = "$6$salted$sh4dow-line-of-another-file"


def log_of(node: ToyNode) -> Path:
    directory = node.prefix / "var/log/ark"
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.fixture
def planted(node: ToyNode) -> dict[str, bytes]:
    """A node full of secrets: each by where it stands."""
    log = log_of(node)
    (node.resources / "toy1.toml").unlink()
    secret = node.prefix / "secret"
    secret.write_text(f"{FROM_FILE}\n")
    secret.chmod(0o600)
    (node.resources / "web.toml").write_text(
        'plugin = "command"\nlogical_host = "LHOST1"\n[options]\n'
        f'start = ["/opt/start", "--password", "{ARGUMENT}"]\nstop = ["/opt/stop"]\n'
        f'[options.env]\nDB = "{VARIABLE}"\nJP1_HOSTNAME = "LHOST1"\n'
        f'DSN = "{OPTION}"\nKEY = {{ file = "{secret}" }}\n'
    )
    node_file = f'[log]\njson = "{log}/log.json"\ntrace = "{log}/trace.log"\n'
    (node.prefix / "etc/ark/ark.toml").write_text(node_file)
    writer = RasWriter().check(1)
    writer.told("Restore start.", f"| DB_PASS={LOGGED} DB={VARIABLE}x", "Restore completed.")
    writer.write(log / "ras.log")
    with gzip.open(log / "ras.log-20251101.gz", "wt") as part:
        part.write(f"[2025/11/01 12:00:00] : web : LHOST1 : | dsn {OPTION} {FROM_FILE}\n")
    (log / "blackbox").mkdir()
    (log / "blackbox/web-20261129-120000-1-000001.txt").write_text(
        f"web: late\n  12 1 S - prog --password {BOXED} --host h {FROM_FILE}\n"
    )
    (log / "output").mkdir()
    (log / "output/web.start").write_text(f"PGPASSWORD={PRINTED}\nurl postgresql://u:{PRINTED}@h\n")
    record = {"text": "x\n", "record": {"message": f"token: {TRACED}", "time": {"timestamp": 1}}}
    (log / "log.json").write_text(f"{json.dumps(record)}\n")
    (log / "trace.log").write_text(f"[2026/11/29 12:00:00] : web : LHOST1 : call({OPTION!r})\n")
    state = node.prefix / "run/ark/resources/web"
    state.mkdir(parents=True)
    (state / "verdict.json").write_text(json.dumps({"reason": f"refused {VARIABLE}"}))
    return {name: name.encode() for name in (
        OPTION, FROM_FILE, VARIABLE, ARGUMENT, LOGGED, "b0xed", TRACED, PRINTED,
    )}  # fmt: skip


def taken(ark: Ark, node: ToyNode, *words: str) -> dict[str, bytes]:
    """The members of a bundle, without the first directory, and those of its names."""
    path = node.prefix / "bundle.tar.gz"
    made = ark("support", "-o", str(path), *words)
    assert made.returncode == 0, made.stderr
    return members_of(path)


def members_of(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            member.name.partition("/")[2]: archive.extractfile(member).read()
            for member in archive.getmembers()
        }


class TestSecrets:
    def test_no_planted_secret_is_in_any_member(
        self, ark_here: Ark, node: ToyNode, planted, monkeypatch
    ) -> None:
        # One of each kind: the plugins that are installed for other tests take long.
        monkeypatch.setattr(asked, "_ANSWERS", {"status": ("status", True)})
        monkeypatch.setattr(asked, "_OTHERS", {"disk-space": ("df", "-lPT")})
        members = taken(ark_here, node)
        assert json.loads(members["answers/status.json"])[0]["resource"] == "web"
        assert {name for name in members if name.startswith("files/var/log/ark/")} == {
            "files/var/log/ark/ras.log",
            "files/var/log/ark/ras.log-20251101",
            "files/var/log/ark/blackbox/web-20261129-120000-1-000001.txt",
            "files/var/log/ark/output/web.start",
            "files/var/log/ark/log.json",
            "files/var/log/ark/trace.log",
        }
        shown = [
            (where, secret)
            for where, data in members.items()
            for secret in planted.values()
            if secret in data or secret in where.encode()
        ]
        assert shown == []
        assert b'JP1_HOSTNAME = "***"' in members["files/etc/ark/resources/web.toml"]
        assert b" : LHOST1 : Restore start." in members["files/var/log/ark/ras.log"]

    def test_none_is_listed_either(self, ark_here: Ark, node: ToyNode, planted) -> None:
        (log_of(node) / f"{OPTION}.txt").write_text("x")
        for words in ((), ("--json",)):
            told = ark_here("support", "--list", "--files-only", *words)
            assert told.returncode == 0
            assert [each for each in planted if each in told.stdout + told.stderr] == []

    def test_a_secret_that_cannot_be_read_is_told(self, ark_here: Ark, node: ToyNode, planted):
        (node.prefix / "secret").chmod(0o644)
        told = ark_here("support", "--list", "--files-only").stdout
        assert "its value is not known, and so not searched" in told
        assert "0644 lets others in" in told

    def test_options_nobody_can_tell_of_are_not_shown(self, ark_here: Ark, node: ToyNode) -> None:
        node.configure(plugin="not-here", options={"anything": "0ther-s3cret"})
        members = taken(ark_here, node, "--files-only")
        text = members["files/etc/ark/resources/toy1.toml"].decode()
        assert "0ther-s3cret" not in text
        assert 'logical_host = "LHOST1"' in text
        assert b"no text of [options] is shown" in members["index.txt"]


class TestContents:
    def test_the_index_tells_of_every_member(self, ark_here: Ark, node: ToyNode, planted) -> None:
        members = taken(ark_here, node, "--files-only")
        index = json.loads(members["index.json"])
        assert [each["name"] for each in index["members"]] == [
            name for name in members if name not in ("index.txt", "index.json")
        ]
        assert all(each["bytes"] == len(members[each["name"]]) for each in index["members"])
        for name in members:
            assert name in ("index.txt", "index.json") or name in members["index.txt"].decode()

    def test_it_tells_what_failed(self, ark_here: Ark, node: ToyNode) -> None:
        writer = RasWriter()
        writer.told("Restore start.", "Starting.", 3, "Start failed. It is STOPPED.",
                    "Restore failed. It is STOPPED.")  # fmt: skip
        writer.write(log_of(node) / "ras.log")
        members = taken(ark_here, node, "--files-only")
        assert b"Reason: It is STOPPED." in members["why.txt"]
        assert members["why.txt"].strip() in members["index.txt"]

    def test_ark_reads_the_unpacked_files_as_a_node(
        self, ark: Ark, node: ToyNode, planted, tmp_path: Path
    ) -> None:
        taken(ark, node, "--files-only")
        with tarfile.open(node.prefix / "bundle.tar.gz") as archive:
            archive.extractall(tmp_path / "out", filter="data")
        [top] = (tmp_path / "out").iterdir()
        told = ark("log", ARK_PREFIX=str(top / "files"))
        assert told.returncode == 0, told.stderr
        assert "Restore" in told.stdout

    def test_a_period_takes_its_lines_alone(self, ark_here: Ark, node: ToyNode) -> None:
        lines = [f"[2026/11/{day} 12:00:00] : a : H : on {day}\n" for day in (10, 11, 12)]
        (log_of(node) / "ras.log").write_text("".join(lines))
        words = ("--since", "2026-11-11", "--until", "2026-11-12", "--files-only")
        members = taken(ark_here, node, *words)
        assert members["files/var/log/ark/ras.log"].decode() == lines[1]
        index = json.loads(members["index.json"])
        [entry] = [each for each in index["members"] if each["name"].endswith("ras.log")]
        assert entry["note"] == "2 lines outside the period are left out"

    def test_what_is_too_much_is_cut_at_a_line_and_named(
        self, ark_here: Ark, node: ToyNode
    ) -> None:
        line = f"[2026/11/29 12:00:00] : a : H : {'x' * 67}\n"
        (log_of(node) / "ras.log").write_text(line * 4_000)
        for number in range(8):
            (log_of(node) / "output").mkdir(exist_ok=True)
            (log_of(node) / f"output/r{number}.start").write_text("y" * 99 + "\n" + "z\n" * 150_000)
        members = taken(ark_here, node, "--files-only", "--size", "1")
        assert sum(map(len, members.values())) < (1 << 20) + 65536
        assert members["files/var/log/ark/ras.log"].startswith(b"[2026/11/29")
        text = members["index.txt"].decode()
        assert "ras.log: cut: the last " in text
        assert "r7.start: left out: the bundle has its 1048576 bytes (--size)" in text

    def test_list_writes_nothing(self, ark_here: Ark, node: ToyNode, monkeypatch) -> None:
        monkeypatch.chdir(node.home)
        before = sorted(node.prefix.rglob("*"))
        told = ark_here("support", "--dry-run", "--files-only")
        assert "files/etc/ark/resources/toy1.toml" in told.stdout
        assert sorted(node.prefix.rglob("*")) == before


class TestWriting:
    def test_it_is_a_new_file_for_this_user_alone(self, ark_here: Ark, node: ToyNode) -> None:
        directory = node.prefix / "out"
        directory.mkdir()
        told = ark_here("support", "-o", str(directory), "--files-only")
        [path] = directory.iterdir()
        assert f"written: {path}" in told.stdout
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    @pytest.mark.parametrize("lay", [Path.touch, lambda path: path.symlink_to("elsewhere")])
    def test_what_is_there_is_not_written_over(self, tmp_path: Path, lay) -> None:
        path = tmp_path / "there.tar.gz"
        lay(path)
        with pytest.raises(ArkError, match="it is there already"):
            write_new(str(path), b"x")
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("nameless", [True, False])
    def test_a_full_disk_leaves_nothing(self, tmp_path: Path, monkeypatch, nameless: bool) -> None:
        if not nameless:
            monkeypatch.setattr(os, "O_TMPFILE", 0o200000 | os.O_NOFOLLOW | os.O_EXCL | os.O_CREAT)
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space")))
        with pytest.raises(ArkError, match="cannot be written: No space"):
            write_new(str(tmp_path / "new.tar.gz"), b"x")
        assert list(tmp_path.iterdir()) == []

    def test_where_everybody_can_write_it_goes_home(
        self, ark_here: Ark, node: ToyNode, monkeypatch, tmp_path: Path
    ) -> None:
        open_to_all = tmp_path / "open"
        open_to_all.mkdir()
        open_to_all.chmod(0o1777)
        monkeypatch.chdir(open_to_all)
        account = type("Account", (), {"pw_dir": str(node.home)})
        monkeypatch.setattr("pwd.getpwuid", lambda _: account)
        told = ark_here("support", "--files-only")
        assert f"written: {node.home}/ark-support-" in told.stdout
        assert list(open_to_all.iterdir()) == []

    def test_stdout_gets_the_archive_and_stderr_the_list(self, ark: Ark, node: ToyNode) -> None:
        from support import PROGRAMS

        made = subprocess.run(
            [PROGRAMS / "ark", "support", "-o", "-", "--files-only"],
            env={"ARK_PREFIX": str(node.prefix), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            timeout=60,
        )
        with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
            assert any(name.endswith("/index.json") for name in archive.getnames())
        assert b"files/etc/ark/resources/toy1.toml" in made.stderr


class TestHostileFiles:
    def test_nothing_but_regular_files_beneath_the_directory_is_read(
        self, ark_here: Ark, node: ToyNode
    ) -> None:
        output = log_of(node) / "output"
        elsewhere = node.prefix / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "shadow").write_text(SHADOW)
        output.mkdir()
        os.mkfifo(output / "fifo.start")
        (output / "link.start").symlink_to(elsewhere / "shadow")
        (output / "directory").symlink_to(elsewhere)
        os.link(elsewhere / "shadow", output / "hard.start")
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(output / "socket.start"))
        members = taken(ark_here, node, "--files-only")
        assert not any(SHADOW.encode() in data for data in members.values())
        text = members["index.txt"].decode()
        for name, why in (
            ("fifo.start", "a FIFO"),
            ("link.start", "a link"),
            ("directory", "a link"),
            ("hard.start", "a file with 2 names"),
            ("socket.start", "a socket"),
        ):
            assert f"{output}/{name}: {why}" in text

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a device")
    def test_a_device_is_not_opened(self, tmp_path: Path) -> None:
        os.mknod(tmp_path / "zero", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        [found] = files_in(str(tmp_path))
        assert found.problem == "a device; no regular file"
        with pytest.raises(Unreadable, match="a device"):
            content_of(Found(str(tmp_path), "zero"), 100)

    def test_a_link_that_takes_a_files_place_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "here").mkdir()
        (tmp_path / "here/a.log").write_text("ours\n")
        (tmp_path / "shadow").write_text(SHADOW)
        [found] = files_in(str(tmp_path / "here"))
        (tmp_path / "here/a.log").unlink()
        (tmp_path / "here/a.log").symlink_to(tmp_path / "shadow")
        with pytest.raises(Unreadable, match="a link"):
            content_of(found, 1000)

    @pytest.mark.parametrize("period", [None, lambda _: True])
    def test_a_large_sparse_file_is_not_read_whole(
        self, tmp_path: Path, monkeypatch, period
    ) -> None:
        monkeypatch.setattr("arkcore.support.files._LARGEST", 1 << 22)
        with open(tmp_path / "sparse.log", "wb") as file:
            file.truncate(1 << 31)
            file.seek(0, os.SEEK_END)
            file.write(b"\nthe last line\n")
        [found] = files_in(str(tmp_path))
        content = content_of(found, 1 << 16, period)
        assert content.data == b"the last line\n"
        assert "cut" in content.note

    def test_a_file_that_grows_is_read_to_where_it_ended(self, tmp_path: Path, monkeypatch) -> None:
        path = tmp_path / "a.log"
        path.write_text("one\n")
        [found] = files_in(str(tmp_path))
        opened = os.fstat

        def growing(descriptor: int) -> os.stat_result:
            status = opened(descriptor)
            with open(path, "a") as file:
                file.write("more\n" * 1000)
            return status

        monkeypatch.setattr(os, "fstat", growing)
        assert content_of(found, 1 << 16).data == b"one\n"
        assert len(content_of(found, 1 << 16, lambda _: True).data) < 10_000

    def test_a_packed_part_that_unpacks_to_too_much_is_cut(self, tmp_path: Path) -> None:
        with gzip.open(tmp_path / "ras.log-1.gz", "wb", compresslevel=1) as part:
            part.write(b"zero\n" + b"x" * (1 << 20) + b"\nlast\n")
        [found] = files_in(str(tmp_path))
        content = content_of(found, 100)
        assert content.data == b"zero\nlast\n"
        assert content.note == "1 lines of more than 65536 bytes are left out"

    def test_a_damaged_part_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "ras.log-1.gz").write_bytes(gzip.compress(b"x\n" * 1000)[:-20])
        [found] = files_in(str(tmp_path))
        with pytest.raises(Unreadable, match="cannot be read to its end"):
            content_of(found, 1 << 16)


INDEX = json.dumps({
    "kind": "ark-support", "format": 1, "node": "node2", "taken_at": "2026-11-29T12:00:00+09:00",
    "arkcore": "0.1.0",
}).encode()  # fmt: skip


def archive_of(path: Path, *members: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        for each in (("b/index.json", INDEX), *members):
            if isinstance(each, tarfile.TarInfo):
                archive.addfile(each)
                continue
            member = tarfile.TarInfo(each[0])
            member.size = len(each[1])
            archive.addfile(member, io.BytesIO(each[1]))
    return path


def special(kind: bytes, name: str = "b/files/x", target: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


class TestPeer:
    def test_it_is_put_in_beside(self, ark_here: Ark, node: ToyNode, planted) -> None:
        first = node.prefix / "other.tar.gz"
        assert ark_here("support", "-o", str(first), "--files-only").returncode == 0
        members = taken(ark_here, node, "--files-only", "--peer-bundle", str(first))
        theirs = members_of(first)
        assert {name for name in members if name.startswith("peer/")} == {
            f"peer/{name}" for name in theirs
        }
        index = json.loads(members["index.json"])
        assert index["peer"]["node"] == os.uname().nodename
        assert index["failed_there"] == theirs["why.txt"].decode().splitlines()

    @pytest.mark.parametrize(
        "name",
        ["/etc/x", "b/../../x", "../x", "b//etc/x", "b/./x", "b/x\ny", "b/" + "x/" * 20 + "y",
         "b/\x1b[2J", "x", "b/x y"],
        ids=range(10),
    )  # fmt: skip
    def test_a_name_that_leads_elsewhere_is_refused(self, tmp_path: Path, name: str) -> None:
        path = archive_of(tmp_path / "p.tar.gz", (name, b"x"), ("b/why.txt", b"fine\n"))
        peer = read_peer(str(path), 1 << 20, Masker())
        assert sorted(peer.members) == ["peer/index.json", "peer/why.txt"]
        [refused] = peer.refused
        assert refused.why == "refused: no name that ark support gives"
        assert refused.origin.isprintable()

    @pytest.mark.parametrize(
        "kind",
        [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE],
    )
    def test_what_is_no_file_is_refused(self, tmp_path: Path, kind: bytes) -> None:
        path = archive_of(tmp_path / "p.tar.gz", special(kind, target="/etc/shadow"))
        peer = read_peer(str(path), 1 << 20, Masker())
        assert [each.why for each in peer.refused] == ["refused: no regular file"]
        assert list(peer.members) == ["peer/index.json"]

    def test_a_second_face_of_a_name_is_refused(self, tmp_path: Path) -> None:
        path = archive_of(tmp_path / "p.tar.gz", ("b/a", b"one"), ("c/a", b"two"))
        peer = read_peer(str(path), 1 << 20, Masker())
        assert peer.members["peer/a"] == b"one"
        assert [each.why for each in peer.refused] == ["refused: a second one of this name"]

    def test_what_it_holds_of_a_third_is_left_out(self, tmp_path: Path) -> None:
        path = archive_of(tmp_path / "p.tar.gz", ("b/peer/why.txt", b"x"))
        assert list(read_peer(str(path), 1 << 20, Masker()).members) == ["peer/index.json"]

    def test_its_contents_are_masked_once_more(self, tmp_path: Path) -> None:
        path = archive_of(tmp_path / "p.tar.gz", ("b/x.log", b"hunter2x password=other\n"))
        peer = read_peer(str(path), 1 << 20, Masker(["hunter2x"]))
        assert peer.members["peer/x.log"] == b"*** password=***\n"

    def test_one_that_unpacks_to_too_much_is_refused(self, tmp_path: Path) -> None:
        path = archive_of(tmp_path / "p.tar.gz", ("b/x", b"\0" * (8 << 20)))
        assert path.stat().st_size < 20_000
        with pytest.raises(ArkError, match="unpacks to more than 1048576 bytes"):
            read_peer(str(path), 1 << 20, Masker())

    def test_a_header_that_claims_gigabytes_takes_no_memory(
        self, tmp_path: Path, monkeypatch
    ) -> None:
        monkeypatch.setattr("arkcore.support.peer._MEMBERS", 100)
        path = tmp_path / "p.tar.gz"
        header = special(tarfile.XHDTYPE)
        header.size = 1 << 33
        path.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + b"1" * (4 << 20), 1))
        with pytest.raises(ArkError, match=r"unpacks to more|not a bundle"):
            read_peer(str(path), 1 << 20, Masker())

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"", "not a bundle of ark support"),
            (b"not packed", "not a bundle of ark support"),
            (gzip.compress(b"no archive" * 100), "not a bundle of ark support"),
            (gzip.compress(b"\0" * 10240), "it has no index"),
        ],
        ids=["empty", "unpacked", "no-archive", "no-index"],
    )
    def test_another_file_is_refused_in_one_line(
        self, ark_here: Ark, node: ToyNode, data: bytes, why: str
    ) -> None:
        path = node.prefix / "p.tar.gz"
        path.write_bytes(data)
        out = node.prefix / "out.tar.gz"
        told = ark_here("support", "-o", str(out), "--files-only", "--peer-bundle", str(path))
        assert told.returncode == 1
        assert why in told.stderr
        assert told.stderr.count("\n") == 1
        assert not out.exists()

    def test_a_fifo_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(ArkError, match="not a regular file"):
            read_peer(str(tmp_path / "fifo"), 1 << 20, Masker())


class TestUsage:
    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (("--json",), "--json goes with --list alone"),
            (("--size", "0"), "0 is not in the range 1<=x<=1024"),
            (("--since", "2026-11-12", "--until", "2026-11-11"), "--since must be before --until"),
        ],
    )
    def test_a_wrong_word_is_one_clear_line(self, ark_here: Ark, words, why: str) -> None:
        told = ark_here("support", *words)
        assert told.returncode == 2
        assert why in told.stderr
