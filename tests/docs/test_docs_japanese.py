"""The Japanese of the pages and messages: one spelling of each word, one width of each sign."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")

#: What must not be written, and what is written instead. The spellings are those of the cluster
#: guide and of JP1's manuals: a word in -er, -or or -ar ends in a long vowel (クラスター), and
#: ディレクトリ, ライブラリ and リカバリ do not.
SPELLINGS = {
    "アクティブ系|運用系|現用系|実行系": "稼働系",
    "スタンバイ系|予備系": "待機系",
    "相互待機": "相互スタンバイ",
    "クラスタ(?!ー|イ|リ)": "クラスター",
    "マネージャ(?!ー)|マネジャ": "マネージャー",
    "サーバ(?!ー)": "サーバー",
    "ユーザ(?!ー)": "ユーザー",
    "パラメ(ー)?タ(?!ー)|パラメター": "パラメーター",
    "コンテナ(?!ー)": "コンテナー",
    "コンピュータ(?!ー)": "コンピューター",
    "ブラウザ(?!ー)": "ブラウザー",
    "フィルタ(?!ー|リ)": "フィルター",
    "ドライバ(?!ー)": "ドライバー",
    "スケジューラ(?!ー)": "スケジューラー",
    "コンパイラ(?!ー)": "コンパイラー",
    "ハンドラ(?!ー)": "ハンドラー",
    "インタープリタ(?!ー)|インタプリタ": "インタープリター",
    "プロセッサ(?!ー)|プロセサ": "プロセッサー",
    "オブザーバ(?!ー)|監視者": "オブザーバー",
    "ワーカ(?!ー)": "ワーカー",
    "ランチャ(?!ー)": "ランチャー",
    "ベンダ(?!ー)": "ベンダー",
    "タイマ(?!ー)": "タイマー",
    "ディスクリプタ(?!ー)": "ディスクリプター",
    "フェイルオーバ(?!ー)|フェールオーバ": "フェイルオーバー",
    "フェールバック": "フェイルバック",
    "インタフェース|インターフェイス": "インターフェース",
    "ディレクトリー|フォルダ": "ディレクトリ",
    "ライブラリー": "ライブラリ",
    "リカバリー": "リカバリ",
    "メモリ(?!ー)": "メモリー",
    "エントリ(?!ー)": "エントリー",
    "デーモーン|ディーモン": "デーモン",
    "データー": "データ",
    "タイムアップ|タイム・アウト": "タイムアウト",
    "プロセス・|プロセスー": "プロセス",
    "ヴァージョン|同じ版|の版を|版をまたい": "バージョン",
    "稼動": "稼働",
    "メンテナンス": "保守",
    "判定不能の時計": "判定不能タイマー",
    "チェック(?!ポイント)": "確認",
    "レポート": "報告書",
    "フレームワーク|当方|われわれ|我々": "Generic ARK",
    "誰にも|誰(も|が)見|尋ね": "問い合わせる",
    "背後|裏で": "バックグラウンド",
    "代役": "模擬プログラム",
    "適合性キット|適合テスト": "適合試験キット",
    "下さい": "ください",
    "恐れ": "おそれ",
    "出来(る|ます|ない)": "できる",
    "全て": "すべて",
    "既に": "すでに",
    "及び(?!ま)|並びに": "および",
    "又は|若しくは": "または",
    "わか(る|ら|り)": "分かる",
}


def _written() -> list[tuple[str, str]]:
    """Every line with Japanese in it, of the pages, the messages and the templates: where, what."""
    files = [
        *ROOT.glob("docs/ja/*.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("arkcore/**/*"),
        *ROOT.glob("plugins/*/README*.md"),
        *ROOT.glob("plugins/*/src/**/*"),
        *ROOT.glob("tests/rigs/jp1_cluster/*.py"),
    ]
    lines = []
    for file in sorted(files):
        if file.suffix in {".md", ".py", ".in", ".j2", ".html"}:
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                if JAPANESE.search(line):
                    lines.append((f"{file.relative_to(ROOT)}:{number}", line))
    return lines


@pytest.fixture(scope="module")
def written() -> list[tuple[str, str]]:
    found = _written()
    assert len(found) > 2500
    return found


def _holding(written: list[tuple[str, str]], pattern: str) -> list[str]:
    sought = re.compile(pattern)
    return [f"{where}: {found[0]}" for where, line in written if (found := sought.search(line))]


def test_each_word_has_one_spelling(written: list[tuple[str, str]]) -> None:
    wrong = {right: _holding(written, pattern) for pattern, right in SPELLINGS.items()}
    assert {right: found for right, found in wrong.items() if found} == {}


def test_a_message_has_a_blank_beside_a_narrow_bracket(written: list[tuple[str, str]]) -> None:
    messages = [(where, line) for where, line in written if ".md:" not in where]
    assert _holding(messages, r"[ぁ-ヿ一-龠]\(|\)[ぁ-ヿ一-龠]") == []


#: How no line of a page is set, and what is wrong with it.
_SETTING = {
    "a narrow bracket beside Japanese": r"[ぁ-ヿ一-龠]\(|\)[ぁ-ヿ一-龠、。]",
    "a wide letter, digit or sign": r"[０-９Ａ-Ｚａ-ｚ！？；％＝／＋～]",
    "a narrow kana": r"[\uff61-\uff9f]",
    "no blank between Japanese and Latin": r"[ぁ-ヿ一-龠][A-Za-z0-9]|[A-Za-z0-9][ぁ-ヿ一-龠]",
    "a blank or a second stop beside a stop": r"[、。]{2}|[、。] [ぁ-ヿ一-龠]| [、。]",
}


def test_the_pages_are_set_as_japanese_is() -> None:
    """Code and the targets of links are none of the text."""
    wrong = []
    for page in [
        *ROOT.glob("docs/ja/*.md"),
        *ROOT.glob("README.ja.md"),
        *ROOT.glob("plugins/*/README.ja.md"),
    ]:
        text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
        text = re.sub(r"^ {4}.*|(?<=\])\([^)\n]*\)", "", text, flags=re.M)
        text = re.sub(r"`+[^`\n]*`+", "x", text)
        for what, pattern in _SETTING.items():
            for found in re.finditer(pattern, text):
                seen = text[max(found.start() - 20, 0) : found.end() + 20]
                wrong.append(f"{page.relative_to(ROOT)}: {what}: {seen}")
    assert wrong == []


#: What is the same in a README of either language: headings, code, a row's key and its cells.
_SAME = {
    "headings": r"^#+ ",
    "code": r"^(?: {4}\S.*|```\w*\n(?:.*\n)*?```)$",
    "keys": r"^\| (`[^`]+`) \|",
}
READMES = [
    ".",
    *(f"plugins/{path.parent.name}" for path in sorted(ROOT.glob("plugins/*/README.md"))),
]


@pytest.mark.parametrize("directory", READMES)
def test_every_readme_says_the_same_in_both_languages(directory: str) -> None:
    place = ROOT / directory
    english = (place / "README.md").read_text(encoding="utf-8")
    japanese = (place / "README.ja.md").read_text(encoding="utf-8")
    assert "(README.ja.md)" in english
    assert "(README.md)" in japanese
    for what, pattern in _SAME.items():
        here, there = (re.findall(pattern, text, re.M) for text in (english, japanese))
        assert here == there, what
    cells = [
        [line.count("|") for line in text.splitlines() if line[:1] == "|"]
        for text in (english, japanese)
    ]
    assert cells[0] == cells[1]
    for link in re.findall(r"\]\(([^)#]+)", japanese):
        assert (place / link).exists(), link
