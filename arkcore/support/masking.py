"""Takes secrets out of what goes into a bundle: texts that are known, and what looks like one.

A text that is known is found wherever it stands, also quoted or encoded. Anything else is found by
the name before it, or by its shape. Where it is in doubt, more is hidden than need be.
"""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from urllib.parse import quote, quote_plus

from arkcore.base.text import masked, shown
from arkcore.resources.secrets import SHORTEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MASK = "***"
#: The largest JSON that is read as such, in bytes: what it becomes in memory is far larger.
LARGEST_JSON = 4 << 20
#: A line of a secret of many lines is searched for when it has so many characters.
_LONG_LINE = 8
#: Encodings that a product may write its output in.
_ENCODINGS = ("euc_jp", "shift_jis")

#: In a name, these make what follows it a secret.
_WORDS = (
    r"passw|passwd|passphrase|passcode|pwd|secret|token|credential"
    r"|api[-_]?key|access[-_]?key|private[-_]?key|encryption[-_]?key"
    r"|パスワード|パスフレーズ|暗証番号|秘密鍵"
)
_QUOTED = r"""\\+(?P<q>["']).*?\\+(?P=q)|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?"""
_VALUE = rf"(?:{_QUOTED}|\S+)"
_SEPARATOR = r"""\\*["']?\s{0,8}(?:=>|:=|[:=：＝])\s{0,8}"""

#: `PWD=/root`: the directory where a process works.
_DIRECTORY = re.compile(r"(?:^|[^A-Za-z_]|OLD)PWD=$")
_OPTION = r"(?<![^\s'\"\[(,])--?[\w-]{0,40}?(?:pass|secret|token|credential|-key)[\w-]{0,40}"


class _Rule:
    """A pattern, whose first group stands before the secret, and the signs of a line with one.

    `signs`: in lower case; a line without any of them does not match.
    """

    __slots__ = ("pattern", "signs")

    def __init__(self, pattern: str, *signs: str) -> None:
        self.pattern = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
        self.signs = signs

    def may_match(self, lowered: str) -> bool:
        return any(sign in lowered for sign in self.signs)


_NAMED = _Rule(
    rf"((?:{_WORDS})[\w.-]{{0,64}}{_SEPARATOR}){_VALUE}",
    "passw", "passphrase", "passcode", "pwd", "secret", "token", "credential", "key",
    "パスワード", "パスフレーズ", "暗証番号", "秘密鍵",
)  # fmt: skip
#: Words that are too short for a colon: "pass: 3".
_NAMED_SHORT = _Rule(
    rf"""((?<![a-z0-9])(?:pass|psw|pw)\\*["']?\s{{0,8}}=\s{{0,8}}){_VALUE}""", "pass", "psw", "pw"
)
_SIGNS_OF_OPTIONS = ("pass", "secret", "token", "credential", "-key")
_AS_WORD = _Rule(rf"({_OPTION}[\"']?[\s,\0]{{1,8}}(?!--\w)){_VALUE}", *_SIGNS_OF_OPTIONS)
#: The same where arguments stand without their quotes: up to the next option.
_AS_WORDS = _Rule(rf"({_OPTION}[\"']?\s{{1,8}}(?!--\w))[^\n]+?(?=\s-|$)", *_SIGNS_OF_OPTIONS)
_SHAPES = (
    _Rule(rf"(\bsshpass\b[^\n]{{0,400}}?\s-p\s{{0,4}}){_VALUE}", "sshpass"),
    _Rule(rf"(\bjbs\w*\b[^\n]{{0,400}}?\s-p\s{{0,4}}){_VALUE}", " -p"),
    _Rule(rf"(\bmysql[\w-]*\b[^\n]{{0,400}}?\s-p){_VALUE}", "mysql"),
    _Rule(rf"(\bmariadb[\w-]*\b[^\n]{{0,400}}?\s-p){_VALUE}", "mariadb"),
    _Rule(rf"(\bredis-cli\b[^\n]{{0,400}}?\s-a\s{{0,4}}){_VALUE}", "redis-cli"),
    _Rule(rf"(\bldap\w+\b[^\n]{{0,400}}?\s-w\s{{0,4}}){_VALUE}", "ldap"),
    _Rule(
        r"(\b(?:curl|wget)\b[^\n]{0,400}?\s(?:-u|--user|--proxy-user)[\s=]{0,4}[^\s:]{1,100}:)\S+",
        "curl", "wget",
    ),
    _Rule(r"(\bsmb\w+\b[^\n]{0,400}?\s-U\s{0,4}[^\s%]{1,100}%)\S+", "smb"),
    _Rule(r"(\bpass:)\S+", "pass:"),
    _Rule(r"(://[^\s/:@\"']{0,100}:)[^\s\"']+(?=@)", "://"),
    _Rule(r"(\bauthorization[\"']?\s{0,4}[:=]\s{0,4})[^\n]+", "authorization"),
    _Rule(r"(\bcookie[\"']?\s{0,4}[:=]\s{0,4})[^\n]+", "cookie"),
    _Rule(r"(\bbearer\s{1,4})[\w+/.=~-]{6,}", "bearer"),
    # The shapes of crypt(3), of a JSON web token, and of tokens that name their maker.
    _Rule(r"()\$(?:1|2[abxy]?|5|6|7|y|gy|sha1|argon2\w{0,2})\$[./\w$=,+-]{8,}", "$"),
    _Rule(r"()\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*", "eyj"),
    _Rule(r"()\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,})", "gh", "github_pat_"),
    _Rule(r"()\b(?:glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,})", "glpat-", "xox"),
)  # fmt: skip
#: A line without any of these is not looked at: no rule matches it.
_SIGNS = tuple(dict.fromkeys(
    sign
    for rule in (_NAMED, _NAMED_SHORT, _AS_WORD, *_SHAPES)
    for sign in rule.signs
))  # fmt: skip
_KEY_BEGINS = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_KEY_ENDS = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
#: A private key; one whose end was cut off goes on while its lines are long and without blanks.
_PRIVATE_KEY = re.compile(
    rf"({_KEY_BEGINS})(?:.*?(?={_KEY_ENDS})|(?:[^\n]*\n[^\n]*[A-Za-z0-9+/=]{{16,}}\s*?(?=\n|\Z))*)",
    re.DOTALL,
)
#: The rest of one whose beginning was cut off.
_END_OF_KEY = re.compile(
    rf"^()(?:[^\n]*[A-Za-z0-9+/=]{{16,}}[ \t\r]*\n){{1,200}}(?=[^\n]*{_KEY_ENDS})", re.MULTILINE
)


class Masker:
    """Hides secrets in texts, and counts how many it has hidden.

    `known`: texts that nothing may show. `names`: of options and variables whose values are secret.
    """

    def __init__(self, known: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        found = {each for text in known for each in _forms(text)}
        self.known = tuple(sorted(found, key=lambda each: (-len(each), each)))
        self.count = 0
        self._names = frozenset(names)
        alternatives = "|".join(sorted(map(re.escape, self._names)))
        self._named = re.compile(rf"((?<![\w.-])(?:{alternatives or '(?!)'}){_SEPARATOR}){_VALUE}")
        self._signs = (*_SIGNS, *(name.lower() for name in self._names))

    def text(self, text: str, *, words: bool = False) -> str:
        """`text` with its secrets masked. `words`: command lines in it stand without quotes."""
        text = self.without_known(text)
        if "PRIVATE KEY" in text:
            text = self._hide(_END_OF_KEY, self._hide(_PRIVATE_KEY, text))
        if self._is_suspect(text):
            lines = text.split("\n")
            text = "\n".join([
                self._line(line, words) if self._is_suspect(line) else line for line in lines
            ])  # fmt: skip
        # What was put in may have joined two parts.
        return self.without_known(text)

    def data(self, data: bytes, *, words: bool = False) -> bytes:
        """The same of bytes in any encoding: what is no UTF-8 stays as it is."""
        text = data.decode("utf-8", "surrogateescape")
        return self.text(text, words=words).encode("utf-8", "surrogateescape")

    def without_known(self, text: str) -> str:
        """`text` without the texts that are known, and nothing else masked."""
        # Again while anything is found: a mask and what stands beside it may form a text anew.
        # Each is longer than the mask, so it ends.
        while any(each in text for each in self.known):
            self.count += sum(text.count(each) for each in self.known)
            text = masked(text, self.known)
        return text

    def tree(self, value: Any, *, secret: bool = False) -> Any:
        """The same of what JSON or TOML holds. `secret`: all of it is."""
        if isinstance(value, dict):
            return {
                self.text(str(key)): self.tree(each, secret=secret or self.is_secret(str(key)))
                for key, each in value.items()
            }
        if isinstance(value, list):
            found, before = [], ""
            for each in value:
                hidden = secret or self.takes_secret(before)
                found.append(self.tree(each, secret=hidden))
                before = each if isinstance(each, str) else ""
            return found
        if secret and value is not None and not isinstance(value, bool):
            self.count += 1
            return MASK
        return self.text(value) if isinstance(value, str) else value

    def is_secret(self, name: str) -> bool:
        """Whether what bears this name is a secret."""
        if name in self._names:
            return True
        whole = f"{name}=x"
        return bool(
            _NAMED.pattern.search(whole) or _NAMED_SHORT.pattern.search(whole)
        ) and name not in (
            "PWD",
            "OLDPWD",
        )

    @staticmethod
    def takes_secret(argument: str) -> bool:
        """Whether the word after this one of a command line is a secret."""
        return _AS_WORD.pattern.match(f"{argument} x") is not None

    def json(self, data: bytes) -> bytes:
        """JSON `data` with its secrets masked, still JSON; as :meth:`data` where it is none."""
        try:
            if len(data) > LARGEST_JSON:
                return self.data(data)
            text = json.dumps(self.tree(json.loads(data)), ensure_ascii=False, indent=1)
        except (ValueError, RecursionError):
            return self.data(data)
        # JSON may hold half a surrogate pair, which UTF-8 does not: it stays as it is escaped.
        return self.without_known(f"{text}\n").encode("utf-8", "backslashreplace")

    def json_lines(self, data: bytes) -> bytes:
        """The same of one JSON value a line."""
        found = []
        for line in data.split(b"\n"):
            try:
                if len(line) > LARGEST_JSON:
                    raise ValueError("too large")
                made = json.dumps(self.tree(json.loads(line)), ensure_ascii=False)
                found.append(self.without_known(made).encode("utf-8", "backslashreplace"))
            except (ValueError, RecursionError):
                found.append(self.data(line))
        return b"\n".join(found)

    def _is_suspect(self, text: str) -> bool:
        lowered = text.lower()
        return any(sign in lowered for sign in self._signs)

    def _line(self, line: str, words: bool) -> str:
        lowered = line.lower()
        if self._names:
            line = self._hide(self._named, line)
        for rule in (_NAMED, _NAMED_SHORT, _AS_WORDS if words else _AS_WORD, *_SHAPES):
            if rule.may_match(lowered):
                meant = _is_no_directory if rule is _NAMED else None
                line = self._hide(rule.pattern, line, meant)
        return line

    def _hide(
        self,
        pattern: re.Pattern[str],
        text: str,
        meant: Callable[[re.Match[str]], bool] | None = None,
    ) -> str:
        def replaced(match: re.Match[str]) -> str:
            value = match[0][len(match[1]) :]
            if value.strip("\\\"'") == MASK or (meant is not None and not meant(match)):
                return match[0]
            self.count += 1
            quote = value[:1] if value[:1] in "\"'" and value[-1:] == value[:1] != value else ""
            return f"{match[1]}{quote}{MASK}{quote}"

        return pattern.sub(replaced, text)


def _is_no_directory(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 4) : match.start(1)] + match[1]
    value = match[0][len(match[1]) :]
    return not (value.startswith("/") and _DIRECTORY.search(before))


def _forms(text: str) -> set[str]:
    """A secret as it may stand in a file: plain, quoted, escaped, encoded; and its lines."""
    found: set[str] = set()
    lines = text.splitlines()
    for each in (text, *(line for line in lines if len(lines) > 1 and len(line) >= _LONG_LINE)):
        found |= _forms_of_one(each)
    # Nothing that is no longer than the mask: masking it would have no end.
    return {each for each in found if len(each) >= SHORTEST}


def _forms_of_one(text: str) -> set[str]:
    if len(text) < SHORTEST:
        return set()
    escapes: tuple[Callable[[str], str], ...] = (
        lambda each: repr(each)[1:-1],
        # As it is quoted where it stands beside both kinds of quotes.
        lambda each: repr(f"{each}\"'")[1:-4],
        lambda each: each.encode("unicode_escape").decode("ascii"),
        lambda each: each.replace("\\", "\\\\").replace('"', '\\"'),
        lambda each: json.dumps(each)[1:-1],
        lambda each: json.dumps(each, ensure_ascii=False)[1:-1],
        lambda each: html.escape(each, quote=False),
        html.escape,
        shown,
        shlex.quote,
        lambda each: each.replace("'", "'\\''"),
        lambda each: each.replace("'", "'\"'\"'"),
    )
    data = text.encode("utf-8", "surrogatepass")
    once = {text, *(escape(text) for escape in escapes)}
    found = once | {escape(each) for each in once for escape in escapes[:6]}
    found |= {quote(data), quote(data, safe=""), quote_plus(data), data.hex()}
    found |= {
        base64.b64encode(data).decode().rstrip("="),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
    }
    for encoding in _ENCODINGS if not text.isascii() else ():
        try:
            encoded = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        found |= {
            encoded.decode("utf-8", "surrogateescape"),
            encoded.decode("utf-8", "backslashreplace"),
        }
    return found
