"""What leaves the machine: no credential, no mention, no control sequence, nothing too long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.runner.notify.delivery_rules import (
    Delivery,
    SendOutcome,
    apply_outcome,
    begin_attempt,
    in_quiet_hours,
    message_allowance,
)
from tui.runner.notify.message_text import (
    LIMIT,
    compose,
    inert_line,
    message_text,
    without_credentials,
)
from tui.system.credentials.hide import secret_variables, spellings_of

# Put together here so that no scanner takes this file for a leak.
ANTHROPIC = "sk-ant-" + "api03-" + "Ab3_" * 12
AWS_ID = "AKIA" + "IOSFODNN7EXAMPLE"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
SLACK = "https://hooks.slack.com/services/" + "T0000AAAA/B0000BBBB/" + "c" * 24
DISCORD = "https://discord.com/api/webhooks/" + "123456789012345678/" + "dE_" * 20
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "dBjftJeZ4CVP"
PEM_BODY = "MIIEpAIBAAKCAQEA7" + "b" * 47
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{PEM_BODY}\n{PEM_BODY}\n-----END RSA PRIVATE KEY-----"
PASSWORD = "hunter2-hunter2"
FORMS = {
    "Anthropic key": (f"the key {ANTHROPIC} was refused", [ANTHROPIC[7:]]),
    "AWS pair": (f"id {AWS_ID}, and then {AWS_SECRET}", [AWS_ID, AWS_SECRET]),
    "GitHub, classic": ("push with ghp_" + "a1B2" * 9, ["a1B2a1B2"]),
    "GitHub, fine-grained": ("github_pat_11AAAAAAA0" + "x9Z_" * 12, ["x9Z_x9Z_"]),
    "GitHub, in a URL": ("https://x-access-token:ghs_" + "q7W8" * 9 + "@github.com/a/b", ["q7W8"]),
    "Slack hook": (f"posting to {SLACK} failed", ["B0000BBBB", "c" * 24]),
    "Discord hook": (f"posting to {DISCORD}?wait=true", ["12345678901", "dE_dE_"]),
    "bearer header": ("curl -H 'Authorization: Bearer abc.def-123'", ["abc.def"]),
    "basic auth URL": (f"postgres://me:{PASSWORD}@db.example.org/x", [PASSWORD]),
    "PEM": (f"found {PEM} in a file", [PEM_BODY, "PRIVATE"]),
    ".env dump": (
        f"HOME=/root\nDB_PASSWORD={PASSWORD} and more\nSTRIPE_KEY='x y {PASSWORD}'\nLANG=C",
        [PASSWORD, "and more"],
    ),
    "JWT": (f"cookie {JWT}", [JWT[21:], "eyJ"]),
    "key split by ANSI": (
        f"{ANTHROPIC[:12]}\x1b[1;31m{ANTHROPIC[12:20]}\x1b[0m\u200b{ANTHROPIC[20:]}",
        [ANTHROPIC[12:20], ANTHROPIC[20:30]],
    ),
    "key in an exception": (
        f'ConnectError("POST /services/T0000AAAA/B0000BBBB/{"c" * 24}: api_key={PASSWORD}")',
        ["B0000BBBB", PASSWORD],
    ),
    "key in a crash report": (
        f"  environ = {{'ANTHROPIC_API_KEY': '{PASSWORD}', 'X': 1}}\n  x-api-key: {PASSWORD}",
        [PASSWORD],
    ),
    "key in a config echo": (
        f'notifications:\n  slack_webhook: "{SLACK}"\n  api_token: {PASSWORD}\nmcp.secret = {PASSWORD}',
        ["B0000BBBB", PASSWORD],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_credentials_are_found_in_every_form(form: str) -> None:
    text, secrets = FORMS[form]
    shown = without_credentials(text)
    assert "[hidden]" in shown
    for secret in secrets:
        assert secret not in shown, shown


@pytest.mark.parametrize(
    "text",
    [
        "context: tokens: 120000 of 200000 (60%)",
        "cost $12.40 of $50.00",
        "silent_tool: Bash(pytest -q) without output for 0:12:30",
        "commit 3f786850e387550fdab836ed7e6dc881de23001b adds the bearer of news",
        "see https://example.org/a/b?page=2 and src/keys.py:12",
        "gave up: 5 restarts within 60 min; the last: it ended with code 1",
        "monkey=banana; keyboard: new",
    ],
)
def test_ordinary_words_stay(text: str) -> None:
    assert without_credentials(text) == text


def test_known_secrets_are_found_whatever_their_shape() -> None:
    known = spellings_of(
        ["tgram://4711token4711x/chat-room", "plain words", "mailto://me:pa%20ss@h.org"]
    )
    for text in (
        "url tgram://4711token4711x/chat-room",
        "no host 4711token4711x",
        "plain words",
        "plain%20words",
        "login pa%20ss",
    ):
        assert "[hidden]" in without_credentials(text, known), text


def test_variables_that_sound_secret_are_known() -> None:
    environ = {
        "MY_API_KEY": "value-one-1",
        "NPM_TOKEN": "value-two-2",
        "SHORT_KEY": "abc",
        "SSH_KEY": "/home/me/.ssh/id",
        "LANG": "C.UTF-8-long",
    }
    assert secret_variables(environ) == ["value-one-1", "value-two-2"]


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=300), st.text(max_size=300))
def test_a_key_is_found_in_any_company(before: str, after: str) -> None:
    assert ANTHROPIC[10:40] not in without_credentials(f"{before} {ANTHROPIC} {after}")


@pytest.mark.parametrize(
    "text",
    [
        piece * (20_000 // len(piece))
        for piece in (
            "a",
            "a.b-",
            "key",
            "://",
            "-----BEGIN PRIVATE KEY",
            "A_KEY=",
            "@",
            "eyJ",
            '"',
        )
    ],
)
def test_redaction_takes_no_time_whatever_the_text(text: str) -> None:
    began = time.process_time()
    without_credentials(text)
    assert time.process_time() - began < 2


# --- mentions, markup, length ---

HOSTILE = (
    "@everyone @here <!channel> <!here|x> <@123456789012345678> <@&42> <#99> <@U123ABC> @channel "
    "[click](http://evil.example) <http://evil.example|ok> *b* _i_ `c` ||spoiler|| # head\r\n> quote "
    "\x1b]0;title\x07\x1b[2J\u202egnp.exe \x00 \ud800 &lt;!channel&gt; {{x}} ${HOME} `rm -rf`"
)


def test_nobody_is_mentioned_and_nothing_is_markup() -> None:
    made = compose(
        "stall", [("id-1", 0.0, inert_line(HOSTILE))], project="@everyone", run="<!here>"
    )
    for shown in (message_text(made), message_text(made, "discord"), message_text(made, "slack")):
        for mention in ("@everyone", "@here", "@channel", "<!channel", "<!here", "<@", "<#"):
            assert mention not in shown, shown
        for char in ("\x1b", "\x07", "\x00", "\r", "\u202e", "\ud800"):
            assert char not in shown
        assert shown.count("\n") == 2
    assert "\\[click\\]\\(http" in message_text(made, "discord")
    assert "<" not in message_text(made, "slack")


@settings(deadline=None, max_examples=80)
@given(
    st.text(max_size=3_000), st.sampled_from("\\*&<@#[a🙂"), st.integers(0, 3_000), st.booleans()
)
def test_no_message_is_too_long(text: str, char: str, count: int, repeat: bool) -> None:
    events = [("id-1", 0.0, inert_line(text + char * count))] * 2
    made = compose("limit", events, project=text[:50] or "p", run="r", repeat=repeat)
    for shown in (message_text(made), message_text(made, "discord"), message_text(made, "slack")):
        assert len(shown) <= LIMIT
        assert "id-1" in shown.replace("\\", "")


# --- rules ---


def test_a_repeat_is_never_followed_by_another() -> None:
    one = apply_outcome(begin_attempt(Delivery(), "x", 0), SendOutcome("unsure"), 0, 0.5)
    assert (one.state, one.repeat) == ("pending", True)
    assert (
        apply_outcome(begin_attempt(one, "x", 20), SendOutcome("unsure"), 20, 0.5).state == "unsure"
    )
    assert apply_outcome(begin_attempt(one, "x", 20), SendOutcome("sent"), 20, 0.5).state == "sent"
    busy = apply_outcome(begin_attempt(one, "x", 20), SendOutcome("busy", wait=5), 20, 0.5)
    assert (busy.state, busy.repeat) == ("pending", True), "a busy service took nothing"


@settings(deadline=None)
@given(st.lists(st.sampled_from(["busy", "unreached", "unsure"]), max_size=12), st.floats(0, 1))
def test_every_delivery_comes_to_an_end(results: list[str], draw: float) -> None:
    one, now = Delivery(), 0.0
    for result in results:
        if not one.is_open:
            break
        now = max(now, one.due)
        one = apply_outcome(begin_attempt(one, "x", now), SendOutcome(result), now, draw)  # type: ignore[arg-type]
    assert one.tries <= 6
    assert now <= 3_600
    assert one.state in ("pending", "failed", "unsure")


def test_nothing_is_tried_again_after_an_hour() -> None:
    one, now = Delivery(), 0.0
    while one.is_open:
        now = max(now, one.due)
        one = apply_outcome(begin_attempt(one, "x", now), SendOutcome("busy", wait=600), now, 1.0)
    assert (one.state, one.tries) == ("failed", 5)
    assert now == 4 * 750


@pytest.mark.parametrize(
    ("span", "clock", "quiet"),
    [
        ("22:30-07:00", "22:29", False),
        ("22:30-07:00", "22:30", True),
        ("22:30-07:00", "06:59", True),
        ("22:30-07:00", "07:00", False),
        ("12:00-14:00", "13:00", True),
        ("12:00-14:00", "14:00", False),
        (None, "03:00", False),
    ],
)
def test_quiet_hours(span: str | None, clock: str, quiet: bool) -> None:
    at = time.mktime(time.strptime(f"2026-03-10 {clock}", "%Y-%m-%d %H:%M"))
    assert in_quiet_hours(span, at) is quiet


def test_some_messages_are_kept_for_what_must_be_known() -> None:
    assert [message_allowance("checkpoint", most) for most in (0, 1, 4, 20)] == [0, 1, 3, 17]
    assert message_allowance("needs_you", 20) == 20
