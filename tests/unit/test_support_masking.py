"""What a bundle hides: known secrets in every form, and what looks like one."""

from __future__ import annotations

import base64
import html
import json
import shlex
import tomllib
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkcore.support.masking import MASK, Masker
from arkcore.support.toml_text import masked_toml

#: Any text that may be a secret, and any that may stand around it.
secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=24)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
#: A text that is quoted nowhere by accident, and holds no sign of its own.
plain = st.text("ghijklmnopQRSTUV0123456789_!%+", min_size=8, max_size=24)

#: A busy machine is slow, which is no failure.
some = settings(max_examples=40, deadline=None)
few = settings(max_examples=10, deadline=None)


class TestKnown:
    @given(secrets, texts, texts)
    @some
    def test_a_known_text_is_nowhere_whatever_stands_around_it(
        self, secret: str, before: str, after: str
    ) -> None:
        assert secret not in Masker([secret]).text(f"{before}{secret}{after}")

    @given(st.lists(secrets, min_size=2, max_size=4), texts)
    @some
    def test_none_of_many_is_left_where_they_overlap(self, known: list[str], between: str) -> None:
        told = Masker(known).text(between.join([*known, *known]))
        assert [each for each in known if each in told] == []

    @given(secrets)
    @some
    def test_it_is_found_as_programs_quote_it(self, secret: str) -> None:
        forms = [
            json.dumps(secret),
            json.dumps(secret, ensure_ascii=False),
            json.dumps({"message": json.dumps(secret)}),
            repr(secret),
            repr([repr(secret)]),
            shlex.quote(secret),
            html.escape(secret),
            quote(secret),
            base64.b64encode(secret.encode()).decode(),
        ]
        masker = Masker([secret])
        for form in forms:
            told = masker.text(f"<<{form}>>")
            inner = form.strip("\"'[]={}")
            assert len(inner) < 8 or inner not in told

    @given(plain, texts)
    @some
    def test_it_is_nowhere_in_json_which_stays_json(self, secret: str, text: str) -> None:
        masker = Masker([secret])
        value = {"a": [f"{text}{secret}", 1, None], f"k{secret}": {"b": secret}}
        told = masker.json(json.dumps(value).encode())
        assert secret.encode() not in told
        assert json.loads(told)["a"][1:] == [1, None]

    @pytest.mark.parametrize(
        "data",
        [b'{"a": "\\ud800"}', b'{"a": "\xff"}', b"[" * 900 + b"]" * 900, b"[" * 99_999],
        ids=["half-a-pair", "no-text", "deep", "deeper"],
    )
    def test_no_json_is_too_strange(self, data: bytes) -> None:
        for told in (Masker().json(data), Masker().json_lines(data)):
            assert b"".join(told.split()) == b"".join(data.split())

    def test_it_is_found_in_the_encodings_of_japanese_products(self) -> None:
        for encoding in ("utf-8", "euc_jp", "shift_jis"):
            data = "接続: ひみつの言葉 で拒否".encode(encoding)
            told = Masker(["ひみつの言葉"]).data(data)
            assert "ひみつの言葉".encode(encoding) not in told
            assert told.startswith("接続: ".encode(encoding))

    def test_each_long_line_of_a_secret_of_many_lines_is_found(self) -> None:
        told = Masker(["first-line-x\nsecond-line-y"]).text("| first-line-x\n| second-line-y\n")
        assert told == f"| {MASK}\n| {MASK}\n"

    def test_bytes_that_are_no_text_stay_as_they_are(self) -> None:
        assert Masker(["hunter2x"]).data(b"\xff\xfe\x00 hunter2x") == b"\xff\xfe\x00 ***"


SHAPES = [
    "password={}",
    "Password: {}",
    'db_password = "{}"',
    "DB_PASS={}",
    "MYSQL_PWD={}",
    "PGPASSWORD='{}' psql",
    "パスワード：{}",
    '{{"api_key": "{}"}}',
    '{{\\"token\\": \\"{}\\"}}',
    "['--password', '{}', 'x']",
    "prog --db-password {} --host h",
    "prog --secret={} x",
    "mysql -u root -p{} db",
    "sshpass -p {} ssh host",
    "jbspassmgr -u user -p {}",
    "curl -s -u admin:{} http://h/",
    "redis-cli -h h -a {} ping",
    "ldapsearch -x -w {} -b dc",
    "openssl rsa -passin pass:{}",
    "postgresql://user:{}@db/x",
    "Authorization: Bearer {}",
    "Set-Cookie: id={}",
    "export AWS_SECRET_ACCESS_KEY={}",
]


class TestShapes:
    @pytest.mark.parametrize("shape", SHAPES)
    @given(secret=plain)
    @few
    def test_what_looks_like_a_password_is_hidden(self, shape: str, secret: str) -> None:
        line = f"[2026/11/29 12:00:00] : web : LV1 : {shape.format(secret)}"
        told = Masker().text(line)
        assert secret not in told
        assert MASK in told
        assert told.startswith("[2026/11/29 12:00:00] : web : LV1 : ")

    def test_words_of_an_unquoted_command_line_are_hidden_up_to_the_next_option(self) -> None:
        told = Masker().text("  12 1 S - prog --password my long words --host h", words=True)
        assert told == "  12 1 S - prog --password *** --host h"

    def test_a_hash_a_web_token_and_a_private_key_are_hidden(self) -> None:
        hashed = "$6$saltsalt$abcdefghijklmnopqrstuvwxyz"
        token = "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.abcdefgh"
        line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
        key = f"-----BEGIN PRIVATE KEY-----\n{line}\n{line}\n-----END PRIVATE KEY-----\nend"
        told = Masker().text(f"root:{hashed}:1\n{token}\n{key}\n{key[28:]}")
        assert [each for each in (hashed, token, line) if each in told] == []

    def test_the_rest_of_a_key_whose_end_was_cut_off_is_hidden(self) -> None:
        line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC"
        assert line not in Masker().text(f"| -----BEGIN RSA PRIVATE KEY-----\n| {line}\n| {line}")

    @pytest.mark.parametrize(
        "line",
        [
            "[2026/11/29 12:00:00] : web : LV1 : Start failed. jbs_start.cluster returned 1",
            "PWD=/opt/jp1base",
            "the password was refused",
            "the token ring of the compass: 3",
            "[2026/11/29 12:00:00] : web : LV1 : /opt/x/start -p 20240 LV1",
            "see http://host:8080/path",
        ],
    )
    def test_an_ordinary_line_stays_as_it_is(self, line: str) -> None:
        assert Masker().text(line) == line

    def test_what_a_mapping_calls_a_secret_is_hidden_whatever_it_is(self) -> None:
        value = {"password": 12345678, "args": ["--token", "abcdef"], "ok": True}
        told = Masker().tree(value)
        assert told == {"password": MASK, "args": ["--token", MASK], "ok": True}

    def test_a_masked_text_is_masked_no_further(self) -> None:
        masker = Masker(["hunter2x"])
        once = masker.text('password = "hunter2x"')
        count = masker.count
        assert (masker.text(once), masker.count) == (once, count)


def masked(text: str, *options: str) -> str:
    masker = Masker()
    return masked_toml(text, lambda at: at[:1] == ("options",) and at[1] in options, masker)


class TestToml:
    def test_a_secret_is_hidden_and_the_layout_stays(self) -> None:
        text = '# ours\nplugin = "x"\n[options]\ndsn   = "abcd"  # why\nroot = "/"\n'
        assert masked(text, "dsn") == text.replace("abcd", MASK)

    @pytest.mark.parametrize(
        "value",
        [
            '"hunt\\u0065r2x"',
            '"""\nhunter2x"""',
            "'''hunter2x\nmore'''",
            '{ A = "hunter2x", "B c" = \'hunter2x\' }',
            '["hunter2x"]',
            "12345678",
        ],
    )
    def test_a_secret_is_hidden_however_it_is_written(self, value: str) -> None:
        told = masked(f'[options]\n"d\\u0073n" = {value}\nroot = "/srv"\n', "dsn")
        assert [each for each in ("hunt", "12345678") if each in told] == []

    @given(secrets)
    @some
    def test_any_text_at_a_secret_key_is_hidden(self, secret: str) -> None:
        quoted = json.dumps(secret).replace("\\ud", "\\uFFFD\\ud")
        text = f"[options]\nx = 1\ndsn = {quoted}\n"
        try:
            tomllib.loads(text)
        except ValueError:
            pass  # it cannot be read: then nothing of it is shown
        told = masked(text, "dsn")
        assert told in (f'[options]\nx = 1\ndsn = "{MASK}"\n', f"[options]\nx = 1\ndsn = {MASK}\n")

    @pytest.mark.parametrize("broken", ["dsn = hunter2x", 'dsn = "hunter2x', "dsn 'hunter2x'"])
    def test_a_file_that_cannot_be_read_shows_few_values(self, broken: str) -> None:
        text = f'plugin = "x"\n[timers]\nrestore.process = 60\n[options]\n{broken}\n'
        told = masked(text)
        assert "hunter2x" not in told
        assert told.startswith('plugin = "x"\n[timers]\nrestore.process = 60\n')
