"""A settings file may be anything: it gives settings or one sentence, within bounds."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.settings.describe import all_fields
from tui.settings.layers import variable_of
from tui.settings.load import load
from tui.settings.settings import FILE, LoadedSettings
from tui.settings.sources import MAX_BYTES
from tui.settings.yaml_file import LocatedValue, parse
from tui.system.errors import SettingsError

KEYS = list(all_fields())


def outcome(data: bytes, environ: dict[str, str] | None = None) -> LoadedSettings | str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        file.parent.mkdir()
        file.write_bytes(data)
        try:
            return load(Path(folder), environ=environ or {})
        except SettingsError as error:
            sentence = str(error)
            assert sentence
            assert sentence.isprintable(), repr(sentence)
            assert len(sentence) < 700
            return sentence


def sentence_of(data: bytes) -> str:
    got = outcome(data)
    assert isinstance(got, str), got
    return got


# --- what is not YAML, or too much of it ---


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a: [1\nb: 2", ":2: this is not valid YAML"),
        (b"a: 1\n\tb: 2", "this is not valid YAML"),
        (b"\x00\x01\x02", ":1: this is not valid YAML: control characters are not allowed"),
        (b"ok: 1\n\xff\xfe", ":2: the file is not UTF-8 text"),
        ("budget: {}".encode("utf-16"), "the file is not UTF-8 text"),
        (b"- a\n- b", ":1: the file must hold sections"),
        (b"just words", "the file must hold sections"),
        (b"budget: {}\n---\nbudget: {}", "this is not valid YAML: but found another document"),
        (b"budget: {}\nbudget: {}", f":2: 'budget' was set before at {FILE}:1"),
        (b"budget:\n  max_cost_usd: 1\n  max_cost_usd: 2", ":3: 'max_cost_usd' was set before"),
        (b"? [a]\n: b", "a key must be a plain word"),
        (b"agent: {command: !!python/object/apply:os.system [echo]}", "has no place here"),
        (b"agent: {model: !!python/name:os.system x}", "has no place here"),
        (b"agent: {model: !!bool maybe}", "'maybe' cannot be read as true or false"),
        (b"agent: {model: !!int x}", "'x' cannot be read as a whole number"),
        (b"budget: {max_cost_usd: " + b"9" * 5000 + b"}", "cannot be read as a whole number"),
        (b"a: &a [*a]", "unfolds from an alias"),
        (b"[" * 100_000, ":1: nested too deep for a settings file"),
        (b"a: " + b"{a: " * 500, ":1: nested too deep for a settings file"),
        (b"x: [" + b"1," * 30_000 + b"]", "too many values"),
        (b"a: &a x\nb: [" + b"*a," * 60 + b"]", "too many values or aliases"),
        (b"#" * (MAX_BYTES + 1), "is larger than 256 KiB"),
    ],
)
def test_refused_in_one_sentence(data: bytes, words: str) -> None:
    begin = time.perf_counter()
    assert words in sentence_of(data)
    assert time.perf_counter() - begin < 10


def test_aliases_that_double_are_stopped() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 7)]
    assert "unfolds from an alias" in sentence_of("\n".join(lines).encode())


def test_a_few_aliases_are_fine() -> None:
    data = b"session: {max_idle_minutes: &n 12}\nbudget: {max_cost_usd: *n}"
    got = outcome(data)
    assert isinstance(got, LoadedSettings)
    assert got.settings.budget.max_cost_usd == 12


def test_long_texts_of_dollar_braces_and_commas_are_quick() -> None:
    begin = time.perf_counter()
    for inside in (b"${a:-" * 40_000, b"${X:-" + b"," * 200_000 + b"}", b"${a:-" * 3_900):
        data = b"agent: {model: '" + inside + b"', allowed_tools: '" + inside[:19_000] + b"'}"
        outcome(data)
    assert time.perf_counter() - begin < 10


# --- what is not a file ---


def test_a_folder_a_pipe_and_a_loop_are_refused(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.parent.mkdir()
    file.mkdir()
    with pytest.raises(SettingsError, match=r"is not a regular file"):
        load(tmp_path, environ={})
    file.rmdir()
    os.mkfifo(file)
    with pytest.raises(SettingsError, match="is not a regular file"):
        load(tmp_path, environ={})
    file.unlink()
    file.symlink_to(file.name)
    with pytest.raises(SettingsError, match="cannot be read: Too many levels"):
        load(tmp_path, environ={})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / FILE
    file.parent.mkdir()
    file.write_text("")
    file.chmod(0)
    with pytest.raises(SettingsError, match="Permission denied"):
        load(tmp_path, environ={})


def test_config_being_a_file_counts_as_missing(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("")
    assert load(tmp_path, environ={}).path is None


# --- without the C parser ---


def test_the_python_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(found: Any) -> Any:
        if isinstance(found, LocatedValue):
            return (plain(found.value), found.where, found.text)
        if isinstance(found, dict):
            return {key: plain(value) for key, value in found.items()}
        return [plain(item) for item in found] if isinstance(found, list) else found

    data = (Path(__file__).parents[3] / FILE).read_bytes()
    with_c = plain(parse(data, FILE))
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert plain(parse(data, FILE)) == with_c
    for hostile in (b"[" * 100_000, b"a: &a [*a]", b'a: "\\ud800"', b"a: \x01"):
        sentence_of(hostile)


# --- anything at all ---

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["on", "no", "${A}", "${B:-3}", "1e3", "0x_", "12:30", "https://x/y", "-"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_give_settings_or_a_sentence(data: bytes) -> None:
    outcome(data)


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet="ab:{}[]&*!|>-#'\"\n\t %@${}01.", max_size=60))
def test_any_text_like_yaml_gives_settings_or_a_sentence(text: str) -> None:
    outcome(text.encode())


@settings(deadline=None, max_examples=300)
@given(
    key=st.sampled_from(KEYS),
    value=VALUES,
    variable=st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), max_size=12),
)
def test_any_value_of_any_key_gives_settings_or_a_sentence(
    key: str, value: object, variable: str
) -> None:
    section, dot, name = key.partition(".")
    content = {section: {name: value}} if dot else {section: value}
    outcome(yaml.safe_dump(content).encode(), {"A": variable})


@settings(deadline=None, max_examples=300)
@given(
    key=st.sampled_from(KEYS),
    text=st.text(st.characters(), max_size=30)
    | st.sampled_from(["[", "[1]", "{", '{"A": null}', "[" * 5000, "'"]),
)
def test_any_variable_gives_settings_or_a_sentence(key: str, text: str) -> None:
    outcome(b"", {variable_of(key): text})


@settings(deadline=None, max_examples=100)
@given(name=st.text(st.characters(), max_size=30), text=st.text(max_size=5))
def test_any_variable_name_gives_settings_or_a_sentence(name: str, text: str) -> None:
    got = outcome(b"", {"OVERNIGHT_" + name: text})
    if isinstance(got, LoadedSettings):
        assert all(notice.isprintable() for notice in got.notices)
