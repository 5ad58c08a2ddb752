"""The libraries that ours need, and theirs in turn: both servers have the same of each."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution

from arkcore.base.language import say
from arkcore.plugin.discovery import installed
from arkcore.survey.answers import differing
from arkcore.survey.check import Check

TYPE_CHECKING = False
if TYPE_CHECKING:
    from arkcore.base.finding import Finding
    from arkcore.survey.answers import Answers

LIBRARIES = Check("pair 8", "same libraries on both servers", "ライブラリの一致")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def libraries_of() -> dict[str, str]:
    """The version of each distribution that ours need here, by its plain name; without ours."""
    ours = {_plain(source.distribution) for source in installed()} | {"arkcore"}
    found: dict[str, str] = {}
    ahead = sorted(ours)
    seen: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            here = distribution(name)
        except PackageNotFoundError:
            continue  # for another Python, or what pip itself would have refused
        if name not in ours and not name.startswith("ark-"):
            found[name] = here.version
        ahead += [_plain(match[0]) for each in here.requires or () if "extra ==" not in each
                  and (match := _NAME.match(each))]  # fmt: skip
    return found


def _plain(name: str) -> str:
    """A distribution's name as its index knows it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def check_libraries(here: Answers, there: Answers) -> Finding:
    mine, theirs = here.around.libraries, there.around.libraries
    names = differing(mine, theirs)
    if not names:
        return LIBRARIES.ok(say(f"all {len(mine)} are the same", f"{len(mine)} 個すべて同じです"))
    nothing = say("not installed", "なし")
    told = "; ".join(
        f"{name}: {here.node} {mine.get(name, nothing)}, {there.node} {theirs.get(name, nothing)}"
        for name in names
    )
    return LIBRARIES.warn(
        told,
        say("install from the same files on both servers, best with the versions of "
            "constraints.txt: what was tested on one is then what runs on the other",
            "両サーバーに同じファイルからインストールしてください "
            "(constraints.txt のバージョンを推奨)。一方で試験したものが他方でも動くことになります"),
    )  # fmt: skip
