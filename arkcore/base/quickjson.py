"""JSON for small files of ours, without the `json` package's own import.

That import brings `re` and costs every healthy check three milliseconds, a tenth of its whole time.
The interpreter's C scanner, which `json` itself uses, does the reading; where an interpreter lacks
it, `json` does.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

if TYPE_CHECKING:
    # The stubs know the scanner's and the quoter's older shapes only.
    def _quoted(text: str) -> str: ...

    def _make_scanner(settings: object) -> Callable[[str, int], tuple[Any, int]]: ...

    _fast = True
else:
    try:
        from _json import encode_basestring_ascii as _quoted
        from _json import make_scanner as _make_scanner

        _fast = True
    except ImportError:  # an interpreter without the C accelerator
        _fast = False


#: No number that we write has more characters: nanoseconds of a boot clock have twenty.
_LONGEST_NUMBER = 32


class _Settings:
    """What the scanner asks of a decoder: plain JSON."""

    def __init__(self) -> None:
        self.strict = True
        self.object_hook = None
        self.object_pairs_hook = None
        self.parse_float: Callable[[str], float] = float
        self.parse_int: Callable[[str], int] = int
        self.parse_constant: Callable[[str], Any] = float
        self.memo: dict[str, str] = {}


class _PlainSettings(_Settings):
    """The same, for what holds only numbers that can be reckoned with."""

    def __init__(self) -> None:
        super().__init__()
        self.parse_float = _finite
        self.parse_int = _short
        self.parse_constant = _refused


def _finite(text: str) -> float:
    number = float(text)
    return number if abs(number) < float("inf") else _refused(text)


def _short(text: str) -> int:
    return int(text) if len(text) <= _LONGEST_NUMBER else _refused(text)


def _refused(text: str) -> Any:
    raise ValueError(f"{text[:_LONGEST_NUMBER]}: not a number to reckon with")


def loads(data: bytes) -> Any:
    """The value in `data`. `ValueError` where it is not JSON, `RecursionError` where too deep."""
    return _loaded(data, _Settings())


def loads_plain(data: bytes) -> Any:
    """As :func:`loads`; `ValueError` also for NaN, infinity and numbers of endless digits."""
    return _loaded(data, _PlainSettings())


def _loaded(data: bytes, settings: _Settings) -> Any:
    text = data.decode("utf-8").strip()
    if not _fast:
        import json

        return json.loads(
            text,
            parse_float=settings.parse_float,
            parse_int=settings.parse_int,
            parse_constant=settings.parse_constant,
        )
    try:
        value, end = _make_scanner(settings)(text, 0)
    except (StopIteration, SystemError):
        # The scanner looks for its error's class in a module that is not loaded here.
        raise ValueError("not JSON") from None
    if end != len(text):
        raise ValueError(f"more than one value: character {end}")
    return value


def dumps(value: Any) -> str:
    """`value` (mappings, sequences, text, numbers, booleans, None) as JSON on one line.

    `TypeError` for anything else.
    """
    if not _fast:
        import json

        return json.dumps(value)
    return _encoded(value)


def _encoded(value: Any) -> str:
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(k)}: {_encoded(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_encoded, value)) + "]"
    raise TypeError(f"{type(value).__name__} is not JSON")


def _number(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)
