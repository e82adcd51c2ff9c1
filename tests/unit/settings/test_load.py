"""Where settings come from, what is refused, and how it is said."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from tests.shared_data import REPOSITORY, shared
from tui.settings.load import load
from tui.settings.original_sections import ACCEPTED_AND_UNUSED, NO_LONGER_USED
from tui.settings.own_sections import SKIP_PERMISSIONS, ModelPrice
from tui.settings.settings import FILE, LoadedSettings, Settings
from tui.settings.units import LIMIT, OUTSIDE, PROGRAM, Secret
from tui.system.errors import SettingsError
from widgets.themes import NAMES


def given(
    project: Path,
    text: str = "",
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
    *,
    trusted: bool = False,
) -> LoadedSettings:
    file = project / FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return load(
        project, flags=flags or {}, environ=environ or {}, is_trusted=lambda digest: trusted
    )


def trusting(project: Path, text: str, environ: Mapping[str, str] | None = None) -> LoadedSettings:
    """The same where the person trusts the file."""
    return given(project, text, environ, trusted=True)


def owning(project: Path, text: str, environ: Mapping[str, str] | None = None) -> LoadedSettings:
    """The same as the person's own file, and no file in the project."""
    file = project / "home/.config/overnight-tui/config.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return load(project, environ={"HOME": str(project / "home"), **(environ or {})})


def asked(loaded: LoadedSettings) -> dict[str, str]:
    return {ask.key: ask.power for ask in loaded.asks}


def refusal(
    project: Path,
    text: str = "",
    environ: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> str:
    with pytest.raises(SettingsError) as caught:
        given(project, text, environ, flags)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    assert ".." not in sentence.replace("...", "")
    return sentence


# --- sources ---


def test_without_a_file_everything_is_default(tmp_path: Path) -> None:
    loaded = load(tmp_path, environ={})
    assert loaded.settings == Settings()
    assert set(loaded.origin.values()) == {"default"}
    assert loaded.path is None
    assert loaded.digest == ""
    assert asked(loaded) == {}


def test_every_key_has_an_origin(tmp_path: Path) -> None:
    settings = Settings()
    keys = set()
    for name in settings.__struct_fields__:
        section = getattr(settings, name)
        inside = section.__struct_fields__ if isinstance(section, msgspec.Struct) else None
        keys |= {f"{name}.{key}" for key in inside} if inside else {name}
    assert set(load(tmp_path, environ={}).origin) == keys


def test_flags_beat_environment_beats_file_beats_default(tmp_path: Path) -> None:
    text = "budget:\n  max_cost_usd: 11\nsession:\n  max_runtime_hours: 1\n  max_idle_minutes: 2\n"
    environ = {
        "OVERNIGHT_BUDGET_MAX_COST_USD": "12",
        "OVERNIGHT_SESSION_MAX_RUNTIME_HOURS": "2.5",
    }
    loaded = given(tmp_path, text, environ, {"budget.max_cost_usd": 13, "agent.model": None})
    assert loaded.settings.budget.max_cost_usd == 13
    assert loaded.settings.session.max_runtime_hours == 2.5
    assert loaded.settings.session.max_idle_minutes == 2
    assert loaded.settings.session.checkpoint_interval_minutes == 15
    shown = {key: loaded.origin[key] for key in loaded.where}
    assert shown == {
        "budget.max_cost_usd": "flag",
        "session.max_runtime_hours": "environment",
        "session.max_idle_minutes": "file",
    }
    assert loaded.where["session.max_idle_minutes"] == f"{FILE}:5"
    assert loaded.where["session.max_runtime_hours"] == "OVERNIGHT_SESSION_MAX_RUNTIME_HOURS"
    assert loaded.path == tmp_path / FILE


def test_digest_changes_with_the_file(tmp_path: Path) -> None:
    first = given(tmp_path, "budget: {}\n").digest
    assert len(first) == 64
    assert given(tmp_path, "budget: {}\n").digest == first
    assert given(tmp_path, "budget: {} \n").digest != first


def test_a_wrong_value_is_said_even_when_a_flag_overrides_it(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "budget: {max_cost_usd: lots}", flags={"budget.max_cost_usd": 3})
    assert sentence.startswith(f"{FILE}:1: budget.max_cost_usd is 'lots'")


def test_the_original_file_loads_as_it_is(tmp_path: Path) -> None:
    text = shared("data", "real", "seed", "config", "overnight.yaml").read_text()
    loaded = given(tmp_path, text)
    recovery = msgspec.structs.replace(Settings().recovery, backoff_jitter_pct=20)
    assert loaded.settings == msgspec.structs.replace(Settings(), recovery=recovery)
    assert sum(origin == "file" for origin in loaded.origin.values()) == 29
    assert set(loaded.unused) == set(ACCEPTED_AND_UNUSED) - set(NO_LONGER_USED)  # a key of ours
    assert asked(loaded) == {}


def test_empty_file_and_empty_sections_are_fine(tmp_path: Path) -> None:
    for text in ("", "\ufeff", "# only words\n", "---\n", "budget:\nsession:\n  # nothing yet\n"):
        assert given(tmp_path, text).settings == Settings()


# --- sentences ---


def test_type_names_line_key_found_and_allowed(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "session: {}\nbudget:\n\n  max_cost_usd: lots\n")
    assert sentence == (
        f"{FILE}:4: budget.max_cost_usd is 'lots'; "
        "it takes a number from 0.001 to 1000000 (USD), or null."
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budget: {max_cost_usd: -1}", "is -1; it takes a number from"),
        ("budget: {max_cost_usd: .nan}", "is nan; it takes"),
        ("budget: {max_cost_usd: .inf}", "is inf; it takes"),
        ("budget: {max_cost_usd: true}", "is true; it takes"),
        ("budget: {max_cost_usd: {a: 1}}", "is a mapping; it takes"),
        ("budget: {max_cost_usd: '12'}", "is '12'; it takes"),
        ("budget: {alerts_pct: 50}", "is 50; it takes a list of numbers from 0 to 100"),
        (
            "budget: {alerts_pct: [50, lots]}",
            "member 2, is 'lots'; it takes a number",
        ),
        ("budget: 3", "budget is 3; it takes its own keys"),
        ("recovery: {max_restarts: 2.5}", "is 2.5; it takes a whole number from 0 to 100"),
        ("recovery: {max_restarts: }", "is empty; it takes"),
        ("session: {keep_runs: 3}", "is 3; it takes a whole number from 7"),
        ("enforcement: {require_p0: 'true'}", "is 'true'; it takes true or false"),
        ("enforcement: {require_p0: 1}", "is 1; it takes true or false"),
        ("notifications: {quiet_hours: 23:00-25:00}", "it takes text like 22:30-07:00"),
        ("notifications: {urls: [nowhere]}", "is something else; it takes"),
        ("paths: {progress_file: 12}", "if '12' is meant, put it in quotes"),
        ("paths: {progress_file: ''}", "is empty; it takes text"),
        ('paths: {progress_file: "a\\0b"}', "holds the character U+0000"),
        ('agent: {model: "a\\nb"}', "holds the character U+000A"),
        ("agent: {command: []}", "agent.command is an empty list; it takes a command line"),
        ('agent: {command: "\'open"}', "cannot be split into words: no closing quotation"),
        ("agent: {env: {A-B: x}}", "the name 'A-B', which no environment variable can have"),
        ("agent: {env: {A: [1]}}", "agent.env for 'A' is something else; it takes text"),
        ("stalls: {loop_action: stop}", "is 'stop'; it takes end, interrupt, notice or nudge"),
        ("stalls: {disabled_detectors: monologue}", "is 'monologue'; it takes a list of refused_"),
        ("stalls: {disabled_detectors: [x]}", "member 1, is 'x'; it takes refused_calls, same_"),
        ("stalls: {detector_counts: 3}", "is 3; it takes for each detector three whole numbers"),
        ("stalls: {detector_counts: {loops: [1, 2, 3]}}", "unknown key 'loops'; it takes refused_"),
        ("stalls: {detector_counts: {monologue: 3}}", "'monologue' is 3; it takes three whole"),
        ("stalls: {detector_counts: {monologue: [1, 2]}}", "is a list; it takes three whole"),
        ("stalls: {detector_counts: {monologue: [1, 2, 3, 4]}}", "is a list; it takes three"),
        ("stalls: {detector_counts: {monologue: [0, 1, 2]}}", "member 1, is 0; it takes a whole"),
        ("stalls: {detector_counts: {monologue: [1, a, 3]}}", "member 2, is 'a'; it takes a whole"),
        (
            "stalls: {detector_counts: {monologue: [3, 3, 8]}}",
            "stalls.detector_counts for 'monologue' is [3, 3, 8]; it takes three whole numbers from 1 to "
            "1000, each above the one before.",
        ),
        ("stalls: {loop_nudge: 2}", "loop_notice (3) must not be above stalls.loop_nudge (2)"),
        ("prices: {m: {input: 1}}", "prices for 'm': output is empty; it takes a number from 0"),
        ("prices: {m: 3}", "prices for 'm' is 3; it takes input, output"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, text: str, words: str) -> None:
    sentence = refusal(tmp_path, text)
    assert words in sentence
    assert sentence.startswith(f"{FILE}:1: ")


def test_choices_get_a_did_you_mean(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "logging: {level: DEBUGG}")
    assert sentence.endswith("did you mean DEBUG?")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("stalls: {disabled_detectors: [monolog]}", "monologue"),
        ("stalls: {detector_counts: {same_eror: [1, 2, 3]}}", "same_error"),
    ],
)
def test_detectors_get_a_did_you_mean(tmp_path: Path, text: str, meant: str) -> None:
    assert refusal(tmp_path, text).endswith(f"; did you mean {meant}?")


def test_detectors_are_switched_off_and_given_counts(tmp_path: Path) -> None:
    text = "{disabled_detectors: [monologue], detector_counts: {same_error: [4, 6, 9]}}"
    stalls = trusting(tmp_path, f"stalls: {text}").settings.stalls
    assert stalls.disabled_detectors == ("monologue",)
    assert stalls.detector_counts == {"same_error": (4, 6, 9)}
    environ = {
        "OVERNIGHT_STALLS_DISABLED_DETECTORS": "monologue, same_test",
        "OVERNIGHT_STALLS_DETECTOR_COUNTS": '{"same_error": [4, 6, 9]}',
    }
    stalls = given(tmp_path, environ=environ).settings.stalls
    assert stalls.disabled_detectors == ("monologue", "same_test")
    assert stalls.detector_counts == {"same_error": (4, 6, 9)}


@pytest.mark.parametrize("word", ["notice", "nudge", "interrupt", "end"])
def test_the_words_of_the_steps_by_itself(tmp_path: Path, word: str) -> None:
    assert (
        trusting(tmp_path, f"stalls: {{loop_action: {word}}}").settings.stalls.loop_action == word
    )


def test_acting_alone_is_opt_in() -> None:
    assert Settings().stalls.loop_action == "notice"


@pytest.mark.parametrize(
    ("text", "line", "meant"),
    [
        ("budget:\n  max_cots_usd: 3\n", 2, "budget.max_cost_usd"),
        ("\nbugdet: {}\n", 2, "budget"),
        ("max_cost_usd: 3\n", 1, "budget.max_cost_usd"),
        ("session:\n  max_cost_usd: 3\n", 2, "budget.max_cost_usd"),
        ("screen:\n  slow-link: on\n", 2, "screen.slow_link"),
        ("screen:\n  Theme: on\n", 2, "screen.theme"),
    ],
)
def test_unknown_keys_get_a_did_you_mean(tmp_path: Path, text: str, line: int, meant: str) -> None:
    sentence = refusal(tmp_path, text)
    assert sentence.startswith(f"{FILE}:{line}: there is no setting ")
    assert sentence.endswith(f"; did you mean {meant}?")


def test_a_key_like_nothing_is_refused_without_a_guess(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, "xyzzy: 1")
    assert "did you mean" not in sentence
    assert "config --defaults" in sentence


def test_hostile_keys_and_values_are_shown_harmlessly(tmp_path: Path) -> None:
    for text in ('"a\\e]0;x\\a": 1', 'screen: {theme: "\\u202e\\e[2J"}', '"\\u200b": {}'):
        assert refusal(tmp_path, text).isprintable()


def test_a_secret_is_not_repeated_in_a_sentence(tmp_path: Path) -> None:
    for text in (
        "notifications: {slack_webhook: hunter2}",
        "notifications: {urls: [hunter2]}",
        'notifications: {slack_webhook: "https://hunter2\\0"}',
        "notifications: {urls: {hunter2: hunter2}}",
    ):
        assert "hunter2" not in refusal(tmp_path, text)


# --- values as people write them ---


def test_null_means_no_limit(tmp_path: Path) -> None:
    loaded = trusting(tmp_path, "budget: {max_cost_usd: null}\nsession: {max_runtime_hours: ~}")
    assert loaded.settings.budget.max_cost_usd is None
    assert loaded.settings.session.max_runtime_hours is None


def test_bare_on_and_off_are_words_where_words_are_wanted(tmp_path: Path) -> None:
    screen = given(tmp_path, "screen: {slow_link: on, ascii: off}").settings.screen
    assert (screen.slow_link, screen.ascii) == ("on", "off")
    assert given(tmp_path, "screen: {ascii: no}").settings.screen.ascii == "off"


def test_choices_ignore_case(tmp_path: Path) -> None:
    loaded = given(tmp_path, "logging: {level: debug}\nscreen: {theme: DARK}")
    assert loaded.settings.logging.level == "DEBUG"
    assert loaded.settings.screen.theme == "dark"


def test_skipping_permissions_must_be_said_in_words(tmp_path: Path) -> None:
    for word in ("yes", "true", "on", "1", '"yes"'):
        assert f'"{SKIP_PERMISSIONS}"' in refusal(tmp_path, f"agent: {{skip_permissions: {word}}}")
    for word in ("no", "false"):
        agent = given(tmp_path, f"agent: {{skip_permissions: {word}}}").settings.agent
        assert agent.skip_permissions == "no"
    agent = trusting(tmp_path, f"agent:\n  skip_permissions: {SKIP_PERMISSIONS}").settings.agent
    assert agent.skip_permissions == SKIP_PERMISSIONS


def test_a_command_is_a_list_or_is_split_without_a_shell(tmp_path: Path) -> None:
    agent = trusting(tmp_path, "agent: {command: claude --name 'a b; $(x)'}").settings.agent
    assert agent.command == ("claude", "--name", "a b; $(x)")
    agent = trusting(tmp_path, "agent: {extra_args: [--count, 5, on]}").settings.agent
    assert agent.extra_args == ("--count", "5", "on")


def test_agent_environment_takes_what_looks_like_numbers(tmp_path: Path) -> None:
    agent = trusting(tmp_path, "agent: {env: {RETRIES: 15, FAST: on, NAME: 'x y'}}").settings.agent
    assert {name: value.reveal() for name, value in agent.env.items()} == {
        "RETRIES": "15",
        "FAST": "on",
        "NAME": "x y",
    }


def test_prices_are_read_whole(tmp_path: Path) -> None:
    text = "prices:\n  some.model-1: {input: 1, output: 2, cache_write_5m: 3, cache_write_1h: 4,"
    loaded = trusting(tmp_path, text + " cache_read: 0}\n")
    assert loaded.settings.prices == {
        "some.model-1": ModelPrice(
            input=1, output=2, cache_write_5m=3, cache_write_1h=4, cache_read=0
        )
    }
    sentence = refusal(tmp_path, text + " cache_read: 0, cache_reed: 1}\n")
    assert sentence.endswith("did you mean cache_read?")
    assert "cache_read is 'x'" in refusal(tmp_path, text + " cache_read: x}\n")


# --- expansion ---


def test_variables_expand_and_become_numbers(tmp_path: Path) -> None:
    text = "budget: {max_cost_usd: '${COST:-12.5}'}\nagent: {model: '${WHO}-${WHICH:-1}'}"
    loaded = owning(tmp_path, text, {"WHO": "opus"})
    assert loaded.settings.budget.max_cost_usd == 12.5
    assert loaded.settings.agent.model == "opus-1"
    assert owning(tmp_path, text, {"COST": "3", "WHO": "x"}).settings.budget.max_cost_usd == 3


def test_an_unset_variable_is_nothing(tmp_path: Path) -> None:
    text = "notifications: {slack_webhook: '${NO_SUCH}', urls: ['${NO_SUCH}', 'ntfy://a']}"
    loaded = owning(tmp_path, text)
    assert loaded.settings.notifications.slack_webhook is None
    assert loaded.settings.notifications.urls == (Secret("ntfy://a"),)
    with pytest.raises(SettingsError, match=r"is empty because \$NO_SUCH is not set; it takes"):
        owning(tmp_path, "budget: {warning_threshold_pct: '${NO_SUCH}'}")


def test_what_is_no_variable_stays_as_it_is(tmp_path: Path) -> None:
    text = "agent: {model: '$HOME ${1} ${A-b} $${ ${unclosed'}"
    assert trusting(tmp_path, text).settings.agent.model == "$HOME ${1} ${A-b} $${ ${unclosed"


def test_webhook_variables_give_the_defaults_of_their_keys(tmp_path: Path) -> None:
    environ = {"DISCORD_WEBHOOK_URL": "https://discord.com/api/x"}
    for text in ("", "notifications: {discord_webhook: '${DISCORD_WEBHOOK_URL}'}"):
        loaded = given(tmp_path, text, environ)
        assert loaded.settings.notifications.discord_webhook == Secret("https://discord.com/api/x")
        assert loaded.origin["notifications.discord_webhook"] == "environment"
        assert loaded.where["notifications.discord_webhook"] == "DISCORD_WEBHOOK_URL"
        assert asked(loaded) == {}
    text = "notifications: {discord_webhook: 'https://a/b'}"
    assert owning(tmp_path, text).settings.notifications.discord_webhook == Secret("https://a/b")
    loaded = trusting(tmp_path, text, environ)
    assert loaded.settings.notifications.discord_webhook == Secret("https://a/b", of_project=True)


def test_a_foreign_variable_that_does_not_fit_is_only_a_notice(tmp_path: Path) -> None:
    loaded = given(tmp_path, environ={"SLACK_WEBHOOK_URL": "a-token"})
    assert loaded.settings == Settings()
    assert len(loaded.notices) == 1
    assert loaded.notices[0].startswith("SLACK_WEBHOOK_URL: ")
    assert "a-token" not in loaded.notices[0]


# --- the environment ---


def test_variables_are_read_as_the_type_wants(tmp_path: Path) -> None:
    prices = '{"m": {"input":1,"output":2,"cache_write_5m":1,"cache_write_1h":1,"cache_read":0}}'
    settings = given(
        tmp_path,
        environ={
            "OVERNIGHT_ENFORCEMENT_CONTINUOUS_MODE": "No",
            "OVERNIGHT_RECOVERY_MAX_RESTARTS": " 7 ",
            "OVERNIGHT_BUDGET_ALERTS_PCT": "10, 20",
            "OVERNIGHT_BUDGET_MAX_COST_USD": "none",
            "OVERNIGHT_AGENT_ALLOWED_TOOLS": "Bash(git add, git commit),Edit",
            "OVERNIGHT_AGENT_EXTRA_ARGS": '["--a b", "c"]',
            "OVERNIGHT_AGENT_ENV": '{"A": "1"}',
            "OVERNIGHT_NOTIFICATIONS_URLS": "mailto://a?to=b,c ntfy://d,ntfy://e",
            "OVERNIGHT_PRICES": prices,
            "OVERNIGHT_SESSION_MAX_IDLE_MINUTES": "",
        },
    ).settings
    assert settings.enforcement.continuous_mode is False
    assert settings.recovery.max_restarts == 7
    assert list(settings.budget.alerts_pct) == [10, 20]
    assert settings.budget.max_cost_usd is None
    assert settings.agent.allowed_tools == ("Bash(git add, git commit)", "Edit")
    assert settings.agent.extra_args == ("--a b", "c")
    assert settings.agent.env == {"A": Secret("1")}
    urls = [url.reveal() for url in settings.notifications.urls]
    assert urls == ["mailto://a?to=b,c", "ntfy://d", "ntfy://e"]
    assert settings.prices["m"].output == 2
    assert settings.session.max_idle_minutes == 30


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, environ={"OVERNIGHT_BUDGET_MAX_COST_USD": "lots"})
    assert sentence.startswith("OVERNIGHT_BUDGET_MAX_COST_USD: budget.max_cost_usd is 'lots'; it")


@pytest.mark.parametrize("name", ["OVERNIGHT_BUDGET_MAX_COTS_USD", "OVERNIGHT_BUGDET_MAX_COST_USD"])
def test_a_misspelt_variable_gets_a_did_you_mean(tmp_path: Path, name: str) -> None:
    sentence = refusal(tmp_path, environ={name: "12"})
    assert sentence == (
        f"{name}: there is no such setting; did you mean OVERNIGHT_BUDGET_MAX_COST_USD?"
    )


def test_a_variable_of_a_section_that_is_like_nothing_is_refused(tmp_path: Path) -> None:
    assert "no such setting" in refusal(tmp_path, environ={"OVERNIGHT_BUDGET_Q": "1"})


def test_variables_of_other_use_are_left_alone(tmp_path: Path) -> None:
    environ = {"OVERNIGHT_SHARED": "/x", "OVERNIGHT_DEMO_PACE": "3", "OVERNIGHT_RUN_ID": "a"}
    loaded = given(tmp_path, environ=environ)
    assert loaded.settings == Settings()
    assert loaded.notices == ()
    foreign = given(tmp_path, environ={"OVERNIGHT_OATS": "porridge"})
    assert foreign.notices == ("OVERNIGHT_OATS names no setting and was ignored.",)


def test_overnight_agent_names_the_agent(tmp_path: Path) -> None:
    text = "agent: {command: claude}"
    loaded = given(tmp_path, text, {"OVERNIGHT_AGENT": "python agent.py --loop"})
    assert loaded.settings.agent.command == ("python", "agent.py", "--loop")
    assert loaded.where["agent.command"] == "OVERNIGHT_AGENT"
    program = tmp_path / "my agent"
    program.write_text("#!/bin/sh\n")
    loaded = given(tmp_path, text, {"OVERNIGHT_AGENT": str(program)})
    assert loaded.settings.agent.command == (str(program),)


# --- flags ---


def test_flags_may_be_texts_numbers_paths_and_lists(tmp_path: Path) -> None:
    flags = {
        "session.max_runtime_hours": "1.5",
        "paths.events": tmp_path / "a.jsonl",
        "agent.extra_args": ["--x", "y z"],
        "enforcement.continuous_mode": True,
    }
    settings = given(tmp_path, flags=flags).settings
    assert settings.session.max_runtime_hours == 1.5
    assert settings.paths.events == str(tmp_path / "a.jsonl")
    assert settings.agent.extra_args == ("--x", "y z")


def test_a_wrong_flag_is_said(tmp_path: Path) -> None:
    sentence = refusal(tmp_path, flags={"session.max_runtime_hours": "long"})
    assert sentence.startswith("the command line: session.max_runtime_hours is 'long'; it takes")
    assert "did you mean" in refusal(tmp_path, flags={"session.max_hours": 3})


# --- what a repository may not set by itself ---


def test_powers_name_what_the_file_does_to_its_reader(tmp_path: Path) -> None:
    text = """
agent: {command: ./evil, permission_mode: plan, sandbox: "on", env: {A: b}}
notifications: {urls: ['https://evil/'], bell: false}
budget: {max_cost_usd: 500}
session: {max_runtime_hours: 2, max_idle_minutes: null, max_memory_mib: 100}
paths: {progress_file: ../../x, events: logs/a..b.jsonl, session_notes: /etc/passwd}
"""
    assert asked(given(tmp_path, text)) == {
        "session.max_idle_minutes": "loosens a limit",
        "budget.max_cost_usd": "loosens a limit",
        "notifications.urls": "sends words to another machine",
        "paths.progress_file": OUTSIDE,
        "paths.session_notes": OUTSIDE,
        "agent.command": "runs a program",
        "agent.sandbox": "lets the agent do more without asking",
        "agent.env": "runs a program",
        "agent.permission_mode": "lets the agent do more without asking",
        "notifications.bell": "changes what you are told",
    }


def test_what_the_person_says_is_no_power(tmp_path: Path) -> None:
    environ = {"OVERNIGHT_AGENT_COMMAND": "./mine"}
    loaded = given(
        tmp_path,
        "agent: {command: ./evil}\nbudget: {max_cost_usd: 99}",
        environ,
        {"budget.max_cost_usd": 200},
    )
    assert asked(loaded) == {"agent.command": PROGRAM, "budget.max_cost_usd": LIMIT}
    assert loaded.ignored == {}
    assert loaded.settings.agent.command == ("./mine",)


# --- secrets ---


def test_secrets_do_not_show_themselves(tmp_path: Path) -> None:
    text = """
notifications:
  slack_webhook: https://user:hunter2@hooks.slack.com/services/hunter2?x=hunter2
  urls: ['discord://hunter2/hunter2', 'https://hunter2@a.b#hunter2']
agent: {env: {TOKEN: hunter2}}
"""
    settings = trusting(tmp_path, text).settings
    hook = settings.notifications.slack_webhook
    assert hook is not None
    assert "hunter2" in hook.reveal()
    assert str(hook) == "https://hooks.slack.com/…"
    assert str(settings.notifications.urls[0]) == "discord://…"
    for shown in (repr(settings), f"{hook}", f"{hook!r}", str(settings), f"{hook:>80}"):
        assert "hunter2" not in shown


# --- cost ---


def test_without_a_file_yaml_is_never_imported(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.settings import load\n"
        f"load(Path({str(tmp_path)!r}), environ={{'OVERNIGHT_BUDGET_MAX_COST_USD': '3'}})\n"
        "print('yaml' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True
    )
    assert done.stdout.strip() == "False"


def test_loading_defaults_takes_under_five_milliseconds(tmp_path: Path) -> None:
    load(tmp_path, environ={})
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        load(tmp_path, environ={"HOME": "/x"})
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.005


def test_every_theme_can_be_set(tmp_path: Path) -> None:
    for name in NAMES:
        short = name.removeprefix("overnight-")
        assert given(tmp_path, f"screen: {{theme: {short}}}").settings.screen.theme == short
