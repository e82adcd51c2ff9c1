"""What a project's own file may set without trust: nothing with power, whatever it holds."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from tests.unit.settings.test_describe import fitting
from tui.settings.describe import SettingField, all_fields, effective_text
from tui.settings.load import load
from tui.settings.notices import ignored_notices
from tui.settings.settings import FILE, LoadedSettings, Settings
from tui.settings.units import ADDS, FEWER, HARMLESS, HIGHER, INSIDE, LOWER, OFF, ON, STRICTER
from tui.system.errors import SettingsError

FIELDS = list(all_fields().values())
SECRET = "topsecret-from-the-environment"


def loaded(
    folder: Path,
    project: str = "",
    user: str = "",
    *,
    trusted: bool = False,
    **environ: str,
) -> LoadedSettings:
    """The settings with these two files."""
    home = folder / "home"
    for file, text in (
        (folder / "project" / FILE, project),
        (home / ".config/overnight-tui/config.yaml", user),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return load(
        folder / "project",
        environ={"HOME": str(home), **environ},
        is_trusted=lambda digest: trusted,
    )


# --- every key is decided about ---


def test_every_setting_says_what_a_project_may_do_with_it() -> None:
    undecided = [field.key for field in FIELDS if field.power is None]
    assert undecided == [], "say `documented(sentence, POWER, FREE)` for each"


def test_what_is_free_fits_the_kind_of_the_setting() -> None:
    kinds = {
        LOWER: {"integer", "number"},
        HIGHER: {"integer", "number"},
        ON: {"switch"},
        OFF: {"switch"},
        ADDS: {"list"},
        FEWER: {"list"},
        STRICTER: {"choice"},
        INSIDE: {"text"},
    }
    for field in FIELDS:
        if field.free:
            assert field.kind in kinds[field.free], field.key
        if field.free == STRICTER:
            assert sorted(field.order) == sorted(field.choices), field.key


def test_a_setting_that_nobody_decided_about_needs_trust(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import msgspec

    plain = all_fields()["screen.theme"]
    forgotten = {**all_fields(), "screen.theme": msgspec.structs.replace(plain, power=None)}
    monkeypatch.setattr("tui.settings.layers.all_fields", lambda: forgotten)
    assert loaded(tmp_path, "screen: {theme: dark}").settings == Settings()


def test_what_runs_reaches_or_sends_is_never_free() -> None:
    """The keys of the settings by which a file could do harm at once; a list that only grows."""
    never = {
        *("agent.command", "agent.extra_args", "agent.env", "agent.sandbox", "agent.model"),
        *("agent.fallback_model", "session.baseline_tests", "prices", "stalls.step_back"),
        *("session.test_command",),
        *("notifications.discord_webhook", "notifications.slack_webhook", "notifications.urls"),
        *("notifications.timeout_seconds", "notifications.quiet_hours", "checkpoints.max_file_mib"),
        *("checkpoints.max_untracked_mib", "checkpoints.time_budget_seconds"),
    }
    assert {field.key for field in FIELDS if field.power and not field.free} >= never


# --- the property ---


def looser(field: SettingField, value: Any, below: Any) -> bool:
    """Whether a value does more than the one below, said a second time and without the policy's code."""

    def high(number: Any) -> float:
        return float("inf") if number is None else number

    if field.power == HARMLESS or value == below:
        return False
    if field.free == LOWER:
        return high(value) > high(below)
    if field.free == HIGHER:
        return high(value) < high(below)
    if field.free in (ON, OFF):
        return bool(value is not (field.free == ON))
    if field.free == FEWER:
        return not set(value).issubset(below)
    if field.free == ADDS:
        return not set(below).issubset(value) or any(word.startswith("-") for word in value)
    if field.free == STRICTER:
        return field.order.index(value) > field.order.index(below)
    if field.free == INSIDE:
        return value is not None and (
            os.path.isabs(value)
            or value[:1] == "~"
            or any(part[:1] == "." and part != "." for part in value.split("/"))
        )
    return True


def as_yaml(values: dict[str, Any]) -> str:
    """A file with these values, by dotted key; JSON is YAML."""
    sections: dict[str, Any] = {}
    for key, value in values.items():
        section, dot, name = key.partition(".")
        if dot:
            sections.setdefault(section, {})[name] = value
        else:
            sections[section] = value
    return json.dumps(sections, ensure_ascii=True)


@st.composite
def files(draw: st.DrawFn, most: int) -> dict[str, Any]:
    chosen = draw(st.lists(st.sampled_from(FIELDS), max_size=most, unique_by=lambda f: f.key))
    found = {}
    for field in chosen:
        if field.secret:
            text = st.sampled_from(
                ["https://a.example/x", "https://a.example/${SECRET}", "${SECRET}", "ntfy://t"]
            )
            inside = {"list": st.lists(text), "table": st.dictionaries(st.just("A"), text)}
            found[field.key] = draw(inside.get(field.kind, text))
        else:
            found[field.key] = draw(fitting(field))
    return found


@settings(deadline=None, max_examples=30)
@given(project=files(6), user=files(4))
def test_no_project_file_changes_a_value_with_power(
    project: dict[str, Any], user: dict[str, Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            below = loaded(Path(folder), "", as_yaml(user), SECRET=SECRET)
            got = loaded(Path(folder), as_yaml(project), as_yaml(user), SECRET=SECRET)
        except SettingsError:  # values that do not go together
            reject()
    for field in FIELDS:
        now, before = got.settings.value(field.key), below.settings.value(field.key)
        assert not looser(field, now, before), (field.key, now, before)
        if field.key not in project:
            assert now == before, field.key
    assert not any(SECRET in repr(got.settings.value(key)) for key in project)


@settings(deadline=None, max_examples=40)
@given(project=files(6))
def test_what_a_file_may_not_set_is_named(project: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            got = loaded(Path(folder), as_yaml(project))
            heeded = loaded(Path(folder), as_yaml(project), trusted=True)
        except SettingsError:
            reject()
    text = " ".join(notice.sentence for notice in ignored_notices(got))
    shown = effective_text(got)
    assert len(got.ignored) <= 6  # more would not be named one by one
    for key, power in got.ignored.items():
        assert key in text
        assert power in shown
        assert got.origin[key] == "default"
        assert got.settings.value(key) == all_fields()[key].default or all_fields()[key].variable
    for ask in got.asks:
        if ask.needs == "trust":
            assert heeded.origin[ask.key] == "file"
        else:
            assert ask.key in heeded.ignored


# --- single rules ---


@pytest.mark.parametrize(
    ("user", "project", "cost"),
    [
        ("", "budget: {max_cost_usd: 5}", 5),
        ("", "budget: {max_cost_usd: 51}", 50),
        ("", "budget: {max_cost_usd: null}", 50),
        ("budget: {max_cost_usd: 5}", "budget: {max_cost_usd: 50}", 5),
        ("budget: {max_cost_usd: 5}", "budget: {max_cost_usd: 4}", 4),
        ("budget: {max_cost_usd: null}", "budget: {max_cost_usd: 900}", 900),
    ],
)
def test_a_limit_is_compared_with_what_lies_below(
    tmp_path: Path, user: str, project: str, cost: float
) -> None:
    assert loaded(tmp_path, project, user).settings.budget.max_cost_usd == cost


@pytest.mark.parametrize(
    ("user", "project", "off"),
    [
        ("", "{disabled_detectors: []}", ()),
        ("", "{disabled_detectors: [similar_messages, monologue]}", ("similar_messages",)),
        ("", "{disabled_detectors: [monologue]}", ("similar_messages",)),
        ("{disabled_detectors: [monologue]}", "{disabled_detectors: [same_error]}", ("monologue",)),
    ],
)
def test_a_project_switches_no_detector_off(
    tmp_path: Path, user: str, project: str, off: tuple[str, ...]
) -> None:
    got = loaded(tmp_path, f"stalls: {project}", f"stalls: {user or '{}'}")
    assert got.settings.stalls.disabled_detectors == off


def test_a_project_gives_a_detector_no_counts(tmp_path: Path) -> None:
    text = "stalls: {detector_counts: {monologue: [900, 950, 1000]}}"
    assert loaded(tmp_path, text).settings.stalls.detector_counts == {}
    trusted = loaded(tmp_path, text, trusted=True).settings.stalls.detector_counts
    assert trusted == {"monologue": (900, 950, 1000)}


def test_all_sources_in_their_order_and_where_each_came_from(tmp_path: Path) -> None:
    user = "budget: {max_cost_usd: 20}\nsession:\n  max_idle_minutes: 20\n  max_runtime_hours: 5\n"
    got = loaded(
        tmp_path,
        "budget: {max_cost_usd: 10}\nsession: {max_idle_minutes: 10}",
        user,
        OVERNIGHT_BUDGET_MAX_COST_USD="90",
    )
    assert (got.settings.budget.max_cost_usd, got.origin["budget.max_cost_usd"]) == (
        90,
        "environment",
    )
    assert got.origin["session.max_idle_minutes"] == "file"
    assert got.where["session.max_idle_minutes"] == f"{FILE}:2"
    assert got.origin["session.max_runtime_hours"] == "user"
    assert got.where["session.max_runtime_hours"] == "~/.config/overnight-tui/config.yaml:4"
    assert "# ~/.config/overnight-tui/config.yaml:4" in effective_text(got)


def test_the_persons_own_file_has_every_power(tmp_path: Path) -> None:
    user = """
agent: {command: ./mine, skip_permissions: "yes, run without permission prompts", env: {A: "${X}"}}
paths: {progress_file: ~/progress.txt}
notifications: {urls: ["https://h.example/${X}"], allow_private_addresses: true}
"""
    got = loaded(tmp_path, "", user, X="y").settings
    assert got.agent.command == ("./mine",)
    assert got.agent.skip_permissions.startswith("yes")
    assert got.agent.env["A"].reveal() == "y"
    assert got.notifications.urls[0].reveal() == "https://h.example/y"
    assert not got.notifications.urls[0].of_project
    assert got.notifications.allow_private_addresses


@pytest.mark.parametrize(
    "path",
    ["/etc/x", "~/x", "~", "../x", "a/../../x", ".git/config", ".GIT/x", "a/.claude/x", ".", "./",
     "a/.", "\u200b.git/x"],
)  # fmt: skip
def test_a_path_that_leaves_or_hides_needs_trust(tmp_path: Path, path: str) -> None:
    text = as_yaml({"paths.watchdog_log": path})
    free = path == "a/."  # the same as "a"
    assert (loaded(tmp_path, text).settings.paths.watchdog_log == path) is free


def test_refused_tools_are_added_and_are_never_options(tmp_path: Path) -> None:
    user = "agent: {disallowed_tools: [WebFetch]}"
    got = loaded(tmp_path, "agent: {disallowed_tools: [Bash, WebFetch]}", user)
    assert got.settings.agent.disallowed_tools == ("WebFetch", "Bash")
    text = "agent: {disallowed_tools: [--dangerously-skip-permissions]}"
    got = loaded(tmp_path, text, user)
    assert got.settings.agent.disallowed_tools == ("WebFetch",)
    assert "agent.disallowed_tools" in got.ignored


def test_private_addresses_are_the_persons_own_matter_even_with_trust(tmp_path: Path) -> None:
    text = "notifications: {allow_private_addresses: true}"
    got = loaded(tmp_path, text, trusted=True)
    assert not got.settings.notifications.allow_private_addresses
    (notice,) = ignored_notices(got)
    assert "your own file only" in notice.text
    allowed = "notifications: {allow_private_addresses: true}"
    assert loaded(tmp_path, text, allowed).settings.notifications.allow_private_addresses


def test_variables_are_filled_in_only_where_secrets_are_meant_to_be_and_only_with_trust(
    tmp_path: Path,
) -> None:
    text = """
agent: {model: "${SECRET}", env: {A: "${SECRET}"}}
paths: {progress_file: "${SECRET}"}
screen: {theme: "${SECRET}"}
notifications: {slack_webhook: "https://h.example/${SECRET}"}
"""
    for trusted in (False, True):
        got = loaded(tmp_path, text, trusted=trusted, SECRET=SECRET)
        assert got.settings.agent.model is None
        assert got.settings.paths.progress_file == Settings().paths.progress_file
        assert got.settings.screen.theme == "auto"
        hook = got.settings.notifications.slack_webhook
        if trusted:
            assert hook is not None
            assert hook.reveal() == f"https://h.example/{SECRET}"
            assert hook.of_project
            assert got.settings.agent.env["A"].reveal() == SECRET
        else:
            assert hook is None
            assert got.settings.agent.env == {}
        assert SECRET not in effective_text(got)
        assert SECRET not in repr(got.asks)


def test_a_broken_value_of_an_ignored_key_is_still_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"agent\.command is an empty list"):
        loaded(tmp_path, "agent: {command: []}")


def test_a_value_that_is_asked_for_is_shown_without_its_secrets(tmp_path: Path) -> None:
    text = """
agent: {env: {PATH: /opt/x, API_KEY: hunter2, B: "${C}"}, command: [sh, -c, "a\\u202e b"]}
notifications: {urls: ["https://u:hunter2@h.example/hunter2?${D}"]}
"""
    shown = {ask.key: ask.shown for ask in loaded(tmp_path, text).asks}
    assert shown["agent.env"] == '{PATH: /opt/x, API_KEY: "…", B: "${C}"} with $C'
    assert shown["agent.command"] == '[sh, "-c", "a\\U0000202e b"]'
    assert shown["notifications.urls"] == '["https://h.example/…"] with $D'


# --- the files themselves ---


def test_a_link_out_of_the_project_is_named_and_not_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("budget: {max_cost_usd: 1}\n")
    folder = tmp_path / "project/config"
    folder.mkdir(parents=True)
    for target in (outside, Path("../../outside.yaml")):
        link = folder / "overnight.yaml"
        link.symlink_to(target)
        got = load(tmp_path / "project", environ={})
        link.unlink()
        assert got.settings == Settings()
        assert (got.path, got.digest) == (None, "")
        assert got.notices == (f"{FILE} is a link out of the project, so it was not read.",)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    assert load(tmp_path / "project", environ={}).settings == Settings()


def test_a_link_within_the_project_is_followed(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "real.yaml").write_text("budget: {max_cost_usd: 1}\n")
    (tmp_path / FILE).symlink_to("../real.yaml")
    assert load(tmp_path, environ={}).settings.budget.max_cost_usd == 1


def test_the_bytes_that_are_asked_about_are_the_bytes_that_are_parsed(tmp_path: Path) -> None:
    import hashlib

    text = "agent: {command: ./mine}\n"
    file = tmp_path / FILE
    file.parent.mkdir()
    file.write_text(text)
    asked = []

    def swap(digest: str) -> bool:
        asked.append(digest)
        file.write_text("agent: {command: ./evil}\n")
        return True

    got = load(tmp_path, environ={}, is_trusted=swap)
    assert got.settings.agent.command == ("./mine",)
    assert asked == [hashlib.sha256(text.encode()).hexdigest()] == [got.digest]


def test_a_file_without_power_is_not_asked_about(tmp_path: Path) -> None:
    def asked(digest: str) -> bool:
        raise AssertionError(digest)

    file = tmp_path / FILE
    file.parent.mkdir()
    file.write_text("screen: {theme: dark}\n")
    assert load(tmp_path, environ={}, is_trusted=asked).settings.screen.theme == "dark"


def test_a_file_that_everybody_may_write_is_not_the_persons_own(tmp_path: Path) -> None:
    loaded(tmp_path, "", "budget: {max_cost_usd: 5}")
    file = tmp_path / "home/.config/overnight-tui/config.yaml"
    file.chmod(0o666)
    with pytest.raises(SettingsError, match="writable by everybody"):
        load(tmp_path / "project", environ={"HOME": str(tmp_path / "home")})


def test_a_relative_xdg_folder_is_not_taken_from_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / "x/overnight-tui/config.yaml"
    planted.parent.mkdir(parents=True)
    planted.write_text("agent: {command: ./evil}\n")
    monkeypatch.chdir(tmp_path)
    got = load(tmp_path, environ={"XDG_CONFIG_HOME": "x", "HOME": str(tmp_path / "home")})
    assert got.settings == Settings()


def test_nothing_is_read_from_an_env_file_of_the_project(tmp_path: Path) -> None:
    for name in (".env", ".envrc", "config/.env"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("OVERNIGHT_AGENT=./evil\nOVERNIGHT_BUDGET_MAX_COST_USD=999\n")
    assert load(tmp_path, environ={"HOME": str(tmp_path / "home")}).settings == Settings()


def test_the_program_loads_settings_in_one_place() -> None:
    """Whoever calls `settings.load` does without what the person trusts, and must say why."""
    from tests.shared_data import REPOSITORY

    alone = {
        "tui/store/trust.py",  # the place
        "tui/settings/__init__.py",
        "tui/commands/run.py",  # the demonstration: a project of our own, and nobody's environment
    }
    found = {
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "tui").rglob("*.py")
        if "settings.load import" in path.read_text() or "settings import load" in path.read_text()
    }
    assert found == alone
