"""The defaults file, the settings in force and the README's table all come from one definition."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tests.shared_data import REPOSITORY, shared
from tui.settings.describe import (
    SettingField,
    all_fields,
    defaults_yaml,
    effective_text,
    markdown_table,
)
from tui.settings.load import load
from tui.settings.notices import notices_of
from tui.settings.original_sections import ACCEPTED_AND_UNUSED
from tui.settings.settings import FILE, LoadedSettings, Settings
from tui.system.errors import SettingsError


def written(project: Path, text: str) -> Path:
    file = project / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return project


def loaded_as_own(home: Path, text: str) -> LoadedSettings:
    """The settings of a person with that file, in a project without one."""
    file = home / ".config/overnight-tui/config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return load(home, environ={"HOME": str(home)})


def test_the_file_in_the_repository_is_the_generated_one() -> None:
    held = (REPOSITORY / FILE).read_text()
    assert held == defaults_yaml(), f"write `overnight-tui config --defaults` to {FILE}"


@pytest.mark.parametrize("environ", [{}, {"DISCORD_WEBHOOK_URL": "https://discord.com/api/x"}])
def test_the_defaults_file_loads_back_to_the_defaults(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    without = load(tmp_path, environ=environ)
    loaded = load(written(tmp_path, defaults_yaml()), environ=environ)
    assert loaded.settings == without.settings
    from_file = {key for key, origin in loaded.origin.items() if origin == "file"}
    webhooks = {"notifications.discord_webhook", "notifications.slack_webhook"}
    assert from_file == set(loaded.origin) - webhooks


def test_a_simple_loader_of_sections_and_keys_can_read_it() -> None:
    content: dict[str, Any] = yaml.safe_load(defaults_yaml())
    assert list(content) == list(Settings.__struct_fields__)
    assert content.pop("prices_file") is None
    assert all(isinstance(section, dict) for section in content.values())
    assert content["notifications"]["discord_webhook"] == "${DISCORD_WEBHOOK_URL}"
    for section in content.values():
        for value in section.values():
            assert not isinstance(value, dict) or not value


def test_it_has_every_section_key_and_value_of_the_original() -> None:
    original = yaml.safe_load(
        shared("data", "real", "seed", "config", "overnight.yaml").read_text()
    )
    ours = yaml.safe_load(defaults_yaml())
    for section, values in original.items():
        for key, value in values.items():
            if f"{section}.{key}" not in (*ACCEPTED_AND_UNUSED, "recovery.backoff_jitter_pct"):
                assert ours[section][key] == value, f"{section}.{key}"


def test_what_nothing_reads_is_accepted_with_a_notice_and_shown_nowhere_else(
    tmp_path: Path,
) -> None:
    text = "enforcement: {ric_mode: [whatever], require_p2: true}\npaths: {state_file: x}\n"
    environ = {"OVERNIGHT_LOGGING_FORMAT": "text"}
    loaded = load(written(tmp_path, text), environ=environ)
    assert loaded.unused == ("enforcement.ric_mode", "paths.state_file", "logging.format")
    assert loaded.settings.enforcement.require_p2
    assert notices_of(loaded) == [
        "Accepted and without effect, as only the original system reads them: "
        "enforcement.ric_mode, paths.state_file, logging.format."
    ]
    assert f"# {notices_of(loaded)[0]}" in effective_text(loaded)
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    for key in ACCEPTED_AND_UNUSED:
        assert readme.count(f"`{key}`") == 1
        section, _, name = key.partition(".")
        assert name not in yaml.safe_load(defaults_yaml())[section]


def test_the_old_place_of_runs_is_accepted_and_does_nothing(tmp_path: Path) -> None:
    for where in (".", "~", "..", ".overnight"):
        loaded = load(written(tmp_path, f"paths: {{run_dir: '{where}'}}\n"), environ={})
        assert loaded.settings == Settings()
        (notice,) = notices_of(loaded)
        assert notice.startswith("paths.run_dir does nothing any more: runs are kept outside")


def test_every_setting_is_documented() -> None:
    text = defaults_yaml()
    table = markdown_table()
    for field in all_fields().values():
        assert field.sentence.endswith("."), field.key
        assert f"{field.name}:" in text
        assert table.count(f"| `{field.key}` |") == 1
        if field.kind in ("integer", "number"):
            assert field.low is not None, field.key
            assert field.high is not None, field.key
    assert max(map(len, text.splitlines())) <= 104


def test_the_table_is_markdown() -> None:
    for row in markdown_table().splitlines():
        assert row.replace("\\|", "").count("|") == 6, row


def test_every_default_is_within_its_own_range(tmp_path: Path) -> None:
    for key, field in all_fields().items():
        default = field.default
        if field.variable or default is None:
            continue
        section, dot, name = key.partition(".")
        settings = load(tmp_path, flags={key: default}, environ={}).settings
        got = getattr(getattr(settings, section), name) if dot else getattr(settings, section)
        assert got == default, key


def test_settings_in_force_show_values_and_where_they_are_from(tmp_path: Path) -> None:
    project = written(tmp_path, "session:\n  max_idle_minutes: 12.5\n")
    loaded = load(
        project, environ={"OVERNIGHT_AGENT_MODEL": "opus"}, flags={"budget.max_cost_usd": 3}
    )
    rows = [row.split("#") for row in effective_text(loaded).splitlines()]
    found = {row[0].strip(): row[1].strip() for row in rows if len(row) == 2 and row[0]}
    assert found["max_idle_minutes: 12.5"] == f"{FILE}:2"
    assert found["model: opus"] == "OVERNIGHT_AGENT_MODEL"
    assert found["max_cost_usd: 3"] == "the command line"
    assert found["fallback_model: null"] == "default"


def test_settings_in_force_are_a_file_that_gives_the_same_settings(tmp_path: Path) -> None:
    flags = {
        "agent.model": 'odd: "text" # \u202e\x85\U0001f600\U000e0041'.replace("\x85", ""),
        "agent.extra_args": ["-x", "null", "a, b", "12", "~", "it's", ""],
        "budget.alerts_pct": [12.5, 100],
        "stalls.step_back": "first\n\n  indented {evidence}\n",
        "paths.events": "naïve/пут\u200bь.jsonl",
    }
    flagged = load(tmp_path, flags=flags, environ={})
    text = effective_text(flagged)
    assert text.replace("\n", "").isprintable()
    again = loaded_as_own(tmp_path, text)
    assert again.settings == flagged.settings


WORDS = ("null", "True", "off", "12", ".5", "~", "- a", "a: b", "[", "22:30", "a #b")
TEXTS = st.sampled_from(WORDS) | st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=12
)


def fitting(field: SettingField) -> st.SearchStrategy[Any]:
    """Values that the field takes, as a flag gives them."""
    plain: st.SearchStrategy[Any] = st.just(field.example) if field.example else TEXTS
    if field.kind == "switch":
        plain = st.booleans()
    elif field.kind == "integer":
        plain = st.integers(int(field.low or 0), int(field.high or 0))
    elif field.kind == "number":
        plain = st.floats(field.low, field.high)
    elif field.kind == "choice":
        plain = st.sampled_from(field.choices)
    elif field.kind == "structure":
        plain = st.fixed_dictionaries({part.name: fitting(part) for part in field.parts})
    elif field.rising and field.item is not None:
        plain = st.lists(fitting(field.item), min_size=3, max_size=3, unique=True).map(sorted)
    elif field.item is not None:
        members = fitting(field.item)
        names = st.sampled_from(field.names) if field.names else TEXTS
        tables = st.dictionaries(names, members, max_size=3)
        plain = st.lists(members, min_size=1, max_size=4) if field.kind == "list" else tables
    return st.none() | plain if field.optional else plain


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_whatever_is_in_force_loads_back_from_how_it_is_shown(data: st.DataObject) -> None:
    shown = [field for field in all_fields().values() if not field.secret]
    field = data.draw(st.sampled_from(shown))
    value = data.draw(fitting(field))
    with tempfile.TemporaryDirectory() as folder:
        try:
            first = load(Path(folder), flags={field.key: value}, environ={})
        except SettingsError:  # text that says nothing, or a limit above the next one
            reject()
        text = effective_text(first)
        assert text.replace("\n", "").isprintable()
        again = loaded_as_own(Path(folder), text)
    assert again.settings == first.settings


def test_secrets_are_masked_in_what_is_shown(tmp_path: Path) -> None:
    text = """
notifications:
  slack_webhook: https://hooks.slack.com/services/hunter2
  urls: ['tgram://hunter2/1']
agent: {env: {TOKEN: hunter2}}
"""
    shown = effective_text(loaded_as_own(tmp_path, text))
    assert "hunter2" not in shown
    assert "https://hooks.slack.com/…" in shown
    assert "TOKEN" in shown


def test_notices_are_shown(tmp_path: Path) -> None:
    shown = effective_text(load(tmp_path, environ={"OVERNIGHT_OATS": "x"}))
    assert "# OVERNIGHT_OATS names no setting and was ignored." in shown
