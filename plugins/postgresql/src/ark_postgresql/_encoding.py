"""The encoding of what PostgreSQL writes: an option, else as its LANG says."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ark_postgresql._options import Options

#: Codesets as locales name them, without case and punctuation, and Python's codecs for them.
_CODECS = {
    "eucjp": "euc_jp",
    "ujis": "euc_jp",
    "sjis": "cp932",
    "shiftjis": "cp932",
    "pck": "cp932",
    "ms932": "cp932",
    "windows31j": "cp932",
}
#: Locales without a codeset that have one all the same (glibc's locale.alias).
_CODESETS = {"ja_jp": "ujis", "ja": "ujis", "japanese": "ujis", "japan": "ujis"}
#: The variables that set the encoding of messages, the strongest first (locale(7)).
_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")


def encoding_of(options: Options) -> str:
    """The codec for the words of the server and its programs.

    UTF-8 where none is known: no byte is lost by that, it is shown as \\xNN.
    """
    if options.encoding:
        return options.encoding
    for name in _VARIABLES:
        if options.env.get(name):
            return codec_of(options.env[name])
    return "utf-8"


def codec_of(locale: str) -> str:
    """The codec for what a program writes under LANG=`locale`."""
    name, _, codeset = locale.partition("@")[0].lower().partition(".")
    codeset = codeset or _CODESETS.get(name, "utf-8")
    codec = _CODECS.get(codeset.replace("-", "").replace("_", ""))
    if codec is not None:
        return codec
    try:
        b"PostgreSQL".decode(codeset)
    except (LookupError, ValueError):
        return "utf-8"
    return codeset
