"""What one node answers about itself: what `--export` writes and `--peer` reads."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time

import msgspec

from arkcore.base.errors import ConfigurationError, MachineError
from arkcore.base.finding import Finding, Level
from arkcore.base.text import elided, json_shown, shown
from arkcore.base.trusted import open_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, BinaryIO

FORMAT = 3
#: How often a value is hashed: so slowly that a short password in an export takes long to guess.
_ROUNDS = 20_000
#: Bytes; the answers of a node with hundreds of resources have fewer.
_LARGEST = 1 << 24
#: Seconds since the epoch that a calendar can show.
_LATEST = 1e11


class Found(msgspec.Struct, frozen=True):
    """A finding as it is written."""

    check: str
    level: Level
    seen: str
    advice: str = ""
    number: str = ""

    @classmethod
    def of(cls, finding: Finding) -> Found:
        return cls(finding.check, finding.level, finding.seen, finding.advice, finding.number)

    def finding(self) -> Finding:
        return Finding(self.check, self.level, self.seen, self.advice, number=self.number)


class DiskAnswer(msgspec.Struct, frozen=True):
    """A logical host's disk; `size` in bytes, 0 where it is not seen."""

    device: str
    size: int
    identity: str


class ResourceAnswer(msgspec.Struct, frozen=True):
    """A resource of the site on this node.

    `title`: the product's name. `keys`: a digest of each value of its file, so that no secret
    leaves the node. `error`: why its file cannot be used. `state`: LifeKeeper's word, "" where it
    is not told. `restored` and `recovered`: when the RAS log last tells of one that went well, in
    seconds since the epoch; `first_restored`: when it first does. `launchers`: why a program that
    LifeKeeper calls for the resource does not start, "" where all do or none can be found.
    """

    plugin: str
    title: str
    logical_host: str
    written: bool
    keys: dict[str, str] = {}
    error: str = ""
    state: str = ""
    restored: float = 0.0
    recovered: float = 0.0
    first_restored: float = 0.0
    launchers: str = ""


class ZoneAnswer(msgspec.Struct, frozen=True):
    """A time zone: its name, "" where it has none, and a digest of its rules, "" for UTC.

    `missing`: the file that should hold the rules and cannot be read.
    """

    name: str = "UTC"
    rules: str = ""
    missing: str = ""


class LanAnswer(msgspec.Struct, frozen=True):
    """A node on one LAN: by which interface, in which network, with which MTU in bytes."""

    interface: str
    network: str
    mtu: int


class Around(msgspec.Struct, frozen=True):
    """What surrounds the products on a node, for the pair to be compared.

    `lans`: by the word in the site file. `hardware`: the hardware address of each interface.
    `owners`: of each logical host's address, the hardware addresses that answered for it.
    `libraries`: their versions. `check_interval`: LifeKeeper's, in seconds; None where it is not
    installed. `at_boot`: whether the cluster software begins at boot; "" where that is not known.
    """

    zone: ZoneAnswer = ZoneAnswer()
    lans: dict[str, LanAnswer] = {}
    hardware: list[str] = []
    owners: dict[str, list[str]] = {}
    libraries: dict[str, str] = {}
    check_interval: float | None = None
    at_boot: str = ""


class Answers(msgspec.Struct, frozen=True):
    """All of it. `taken_at`: this node's clock when it was written, seconds since the epoch.

    `salt`: what all digests were made with, so that none of them can be looked up. `site`,
    `node_file`: a digest of each value. `virtual`: of each logical host's address in use,
    "here" or "elsewhere". `offset`: seconds the clock is known to be off its source.
    """

    format: int
    salt: str
    node: str
    taken_at: float
    site: dict[str, str]
    node_file: dict[str, str]
    versions: dict[str, str]
    addresses: list[str]
    virtual: dict[str, str]
    disks: dict[str, DiskAnswer]
    mounted: list[str]
    time_source: str
    offset: float | None
    manager_installed: bool
    resources: dict[str, ResourceAnswer]
    findings: list[Found]
    around: Around = Around()


def _written(value: object) -> str:
    """A level as it is written: msgspec knows the enumerations of Python alone."""
    if isinstance(value, Level):
        return value.value
    raise NotImplementedError(type(value).__name__)


def _read(kind: type, value: object) -> object:
    if kind is Level:
        return Level(value)
    raise NotImplementedError(kind.__name__)


def encode(answers: Answers) -> bytes:
    text = msgspec.json.format(msgspec.json.encode(answers, enc_hook=_written), indent=1).decode()
    return f"{json_shown(text)}\n".encode()


def decode(data: bytes, where: str) -> Answers:
    """What a peer wrote. `ConfigurationError` where `data` is no such answers."""
    again = "make it anew on the other node: ark preflight --export FILE"
    try:
        answers = msgspec.json.decode(data, type=Answers, dec_hook=_read)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        told = shown(str(error))
        raise ConfigurationError(f"{where}: not the answers of a node: {told}; {again}") from error
    _refuse_impossible_numbers(answers, f"{where}: not the answers of a node", again)
    if answers.format != FORMAT:
        raise ConfigurationError(
            f"{where}: format {answers.format}; this ark reads {FORMAT}: install the same version "
            f"on both nodes, then {again}"
        )
    return answers


def _refuse_impossible_numbers(answers: Answers, what: str, again: str) -> None:
    """`ConfigurationError` for a number that no node can have written."""
    times = {"taken_at": answers.taken_at}
    for name, resource in answers.resources.items():
        times[f"resources.{name}.restored"] = resource.restored
        times[f"resources.{name}.recovered"] = resource.recovered
        times[f"resources.{name}.first_restored"] = resource.first_restored
    sizes = {f"disks.{name}.size": disk.size for name, disk in answers.disks.items()}
    sizes |= {f"around.lans.{name}.mtu": lan.mtu for name, lan in answers.around.lans.items()}
    times["around.check_interval"] = answers.around.check_interval or 0.0
    offset = 0.0 if answers.offset is None else abs(answers.offset)
    for most, numbers in ((_LATEST, times), (1 << 63, sizes), (_LATEST, {"offset": offset})):
        for key, number in numbers.items():
            if not 0 <= number < most:  # not NaN either
                told = elided(f"{shown(key)} = {number!r}", 120)
                raise ConfigurationError(f"{what}: {told}; allowed: 0 to {most:g}; {again}")


def read_answers(path: str) -> Answers:
    """The answers in a file, "-" for stdin. `ArkError` where they cannot be had."""
    if path == "-":
        return decode(_bounded(sys.stdin.buffer, "stdin"), "stdin")
    try:
        with open(open_regular(path), "rb") as file:
            return decode(_bounded(file, path), path)
    except OSError as error:
        raise MachineError(
            f"{path}: cannot be read: {error.strerror}; make it on the other node: "
            f"ark preflight --export FILE"
        ) from error


def _bounded(file: BinaryIO, where: str) -> bytes:
    data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ConfigurationError(f"{where}: more than {_LARGEST} bytes; not the answers of a node")
    return data


def new_salt() -> str:
    """A salt for the answers of a node that no peer's answers are compared with."""
    return os.urandom(16).hex()


def digests(values: Mapping[str, Any], salt: str) -> dict[str, str]:
    """A digest of each value, by its dotted key."""
    return {key: _digest(key, value, salt) for key, value in _flat(values, "")}


def _digest(key: str, value: Any, salt: str) -> str:
    # The key too: two options of the same value show that of neither.
    text = json.dumps([key, value], sort_keys=True, default=str)
    return hashlib.pbkdf2_hmac("sha256", text.encode(), salt.encode(), _ROUNDS, 16).hex()


def _flat(values: Any, prefix: str) -> Iterable[tuple[str, Any]]:
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(values, list) and values and all(isinstance(each, dict) for each in values):
        for number, value in enumerate(values, start=1):
            yield from _flat(value, f"{prefix}[{number}]")
    else:
        yield prefix, values


def differing(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """The keys that are not the same on both sides."""
    return sorted(key for key in {*here, *there} if here.get(key) != there.get(key))


def told_time(at: float) -> str:
    return time.strftime("%Y/%m/%d %H:%M:%S", time.localtime(at))
