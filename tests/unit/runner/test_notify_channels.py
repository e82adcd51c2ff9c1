"""Which channels the settings mean, and what each service is sent."""

from __future__ import annotations

import json
import os
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.unit.runner.notify_scene import Post, serving, until
from tui.runner.notify import channels as notify_channels
from tui.runner.notify.channels import NotifyChannel, channel_problems, configured_channels
from tui.runner.notify.delivery_rules import SendOutcome
from tui.runner.notify.http_services import SendOptions, send
from tui.runner.notify.message_text import compose
from tui.runner.notify.outbox import SenderOrder
from tui.settings.settings import Settings
from tui.settings.units import Secret

NO_TMUX = {"PATH": ""}
MESSAGE = compose("needs_you", [("id-1", 0.0, "a *login* <is> needed")], project="bot", run="r1")


def configured(**told: Any) -> Settings:
    settings = Settings()
    changed = msgspec.structs.replace(settings.notifications, **told)
    return msgspec.structs.replace(settings, notifications=changed)


def meant(url: str) -> list[tuple[str, str, str]]:
    found = configured_channels(configured(urls=(Secret(url),)), NO_TMUX)
    return [(one.name, one.service, one.url) for one in found]


@pytest.mark.parametrize(
    ("url", "service", "address"),
    [
        ("ntfy://topic", "ntfy", "https://ntfy.sh/topic"),
        ("ntfys://Topic", "ntfy", "https://ntfy.sh/Topic"),
        ("ntfy://me:pw@topic", "ntfy", "https://me:pw@ntfy.sh/topic"),
        ("ntfys://me:pw@ntfy.example.org:8443/t", "ntfy", "https://me:pw@ntfy.example.org:8443/t"),
        ("ntfy://ntfy.example.org/t", "ntfy", "https://ntfy.example.org/t"),
        ("ntfy://127.0.0.1:81/t", "ntfy", "http://127.0.0.1:81/t"),
        ("https://ntfy.sh/topic", "ntfy", "https://ntfy.sh/topic"),
        (
            "https://hooks.slack.com/services/T/B/x",
            "slack",
            "https://hooks.slack.com/services/T/B/x",
        ),
        ("https://discord.com/api/webhooks/1/x", "discord", "https://discord.com/api/webhooks/1/x"),
        ("https://example.org/hook", "json", "https://example.org/hook"),
        ("mailto://me:pw@example.org", "apprise", "mailto://me:pw@example.org"),
        ("ntfy://topic?priority=5", "apprise", "ntfy://topic?priority=5"),
        ("https://[broken", "json", "https://[broken"),
    ],
)
def test_urls_and_what_they_mean(url: str, service: str, address: str) -> None:
    assert [(kind, where) for _, kind, where in meant(url)] == [(service, address)]


def test_several_topics_are_several_channels_with_names_of_their_own() -> None:
    assert [name for name, _, _ in meant("ntfys://host.example/a/b/c")] == [
        "ntfy",
        "ntfy-2",
        "ntfy-3",
    ]


def test_channels_and_orders_do_not_show_their_urls() -> None:
    settings = configured(
        discord_webhook=Secret("https://discord.com/api/webhooks/1/top-secret"),
        slack_webhook=Secret("https://hooks.slack.com/services/T/B/top-secret"),
        urls=(Secret("tgram://top-secret/chat"),),
    )
    channels = configured_channels(settings, NO_TMUX)
    assert [one.name for one in channels] == ["discord", "slack", "tgram"]
    shown = f"{channels!r} {channels} {SenderOrder(channels)!r} {SenderOrder(channels)}"
    assert "top-secret" not in shown


# --- what is sent ---


def test_discord_gets_text_in_which_nobody_is_mentioned() -> None:
    with serving() as service:
        assert (
            send(NotifyChannel("d", "discord", service.url()), MESSAGE, SendOptions()).result
            == "sent"
        )
        body = service.taken[0].json
    assert body["allowed_mentions"] == {"parse": []}
    assert body["flags"] == 4
    assert "a \\*login\\* \\< is\\> needed" in body["content"]
    assert "id-1" in body["content"]


def test_slack_gets_plain_text() -> None:
    with serving() as service:
        assert (
            send(NotifyChannel("s", "slack", service.url()), MESSAGE, SendOptions()).result
            == "sent"
        )
        body = service.taken[0].json
    assert "a *login* &lt; is&gt; needed" in body["text"]
    assert (body["mrkdwn"], body["unfurl_links"], body["unfurl_media"]) == (False, False, False)


@pytest.mark.parametrize(
    ("login", "header"), [("me:p%40ss@", "Basic me:p@ss"), ("tk_4711@", "Bearer tk_4711"), ("", "")]
)
def test_ntfy_gets_text_and_a_login(login: str, header: str) -> None:
    with serving() as service:
        url = f"http://{login}127.0.0.1:{service.port}/topic"
        assert send(NotifyChannel("n", "ntfy", url), MESSAGE, SendOptions()).result == "sent"
        taken = service.taken[0]
    assert taken.path == "/topic"
    assert taken.headers["priority"] == "high"
    assert "a *login* < is> needed" in taken.body.decode()
    kind, _, words = taken.headers.get("authorization", "").partition(" ")
    shown = b64decode(words).decode() if kind == "Basic" else words
    assert f"{kind} {shown}".strip() == header


# --- Apprise ---


def test_a_service_without_apprise_says_what_to_install(tmp_path: Path) -> None:
    if "apprise" in sys.modules or any((Path(one) / "apprise").is_dir() for one in sys.path):
        pytest.skip("Apprise is installed")
    url = "mailto://me:topsecret@example.org"
    (sentence,) = channel_problems(configured(urls=(Secret(url),)))
    assert sentence.startswith("mailto: ")
    assert "pip install 'overnight-tui[notify]'" in sentence
    mail = Post(tmp_path, NotifyChannel("mailto", "apprise", url))
    event = mail.leave()
    mail.drain()
    assert mail.state(event, "mailto") == "failed"
    (entry,) = mail.notified()
    assert "pip install" in entry["why"]
    assert "topsecret" not in json.dumps(entry)


APPRISE = """
import json, os, time
class Apprise:
    def add(self, url):
        self.url = url
        return "bad" not in url
    def notify(self, body, body_format, interpret_escapes):
        if "raise" in self.url: raise RuntimeError(self.url)
        if "hang" in self.url: time.sleep(30)
        with open(os.environ["SAID"], "a") as file: file.write(body)
        return "false" not in self.url
"""


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("some://well", "sent"),
        ("some://bad", "refused"),
        ("some://false", "unsure"),
        ("some://raise-secret", "unsure"),
        ("some://hang", "unsure"),
        ("json://10.0.0.1/x", "refused"),
    ],
)
def test_everything_else_goes_through_apprise(
    url: str, result: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apprise.py").write_text(APPRISE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SAID", str(tmp_path / "said"))
    monkeypatch.delitem(sys.modules, "apprise", raising=False)
    outcome = send(NotifyChannel("some", "apprise", url), MESSAGE, SendOptions(total=0.3))
    sys.modules.pop("apprise", None)
    assert outcome.result == result, outcome
    assert "secret" not in outcome.why
    if result == "sent":
        assert "a *login* < is> needed" in (tmp_path / "said").read_text()


# --- tmux ---

TMUX = """#!{python}
import json, os, sys, time
with open({calls!r}, "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
mode = os.environ.get("FAKE_TMUX", "")
if mode == "none": sys.exit(1)
if sys.argv[1] == "list-clients":
    print("0 /dev/pts/7\\n1 control\\n0 /dev/pts/8")
elif "-d" in sys.argv and mode == "old":
    sys.exit(1)
"""


class FakeTmux:
    """A program named tmux that writes down how it was called."""

    def __init__(self, base: Path, mode: str) -> None:
        self.calls_file = base / "calls"
        self.bin = base / "bin"
        self.bin.mkdir()
        program = self.bin / "tmux"
        program.write_text(TMUX.format(python=sys.executable, calls=str(self.calls_file)))
        program.chmod(0o755)
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        self.environ = {"PATH": path, "FAKE_TMUX": mode, "TMUX": "/nowhere,1,0"}

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()]


def test_tmux_shows_the_text_to_every_client_as_it_is(tmp_path: Path) -> None:
    tmux = FakeTmux(tmp_path, "")
    hostile = "#(touch /tmp/x) #{pane_id} #[fg=red] %H:%M ##[x] ; $(id) -d \x1b[31m"
    shown = compose("stall", [("id", 0.0, hostile)], project="bot", run="r")
    assert notify_channels.show_in_tmux(shown, tmux.environ).result == "sent"
    calls = tmux.calls()
    assert calls[0][0] == "list-clients"
    assert [call[:5] for call in calls[1:]] == [
        ["display-message", "-c", client, "-d", "8000"] for client in ("/dev/pts/7", "/dev/pts/8")
    ]
    dashes, text = calls[1][5:]
    assert dashes == "--"
    assert "##(touch /tmp/x) ##{pane_id} ## [fg=red] %%H:%%M" in text
    assert "\x1b" not in text
    assert text.startswith("overnight: bot: stalled: ")


@pytest.mark.parametrize(("mode", "result", "count"), [("old", "sent", 5), ("none", "nobody", 1)])
def test_tmux_that_is_old_or_has_nobody_attached(
    mode: str, result: str, count: int, tmp_path: Path
) -> None:
    tmux = FakeTmux(tmp_path, mode)
    assert notify_channels.show_in_tmux(MESSAGE, tmux.environ).result == result
    assert len(tmux.calls()) == count


def test_tmux_is_a_channel_only_where_it_may_be(tmp_path: Path) -> None:
    tmux = FakeTmux(tmp_path, "")
    assert [one.name for one in configured_channels(configured(), tmux.environ)] == ["tmux"]
    assert configured_channels(configured(tmux=False), tmux.environ) == ()
    without = {"PATH": tmux.environ["PATH"], "TMUX_TMPDIR": str(tmp_path)}
    assert configured_channels(configured(), without) == ()


def test_a_hanging_tmux_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tmux"
    program.write_text("#!/bin/sh\nexec sleep 30\n")
    program.chmod(0o755)
    monkeypatch.setattr(notify_channels, "_TMUX_SECONDS", 0.2)
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    assert notify_channels.show_in_tmux(MESSAGE, environ).result == "nobody"


def test_an_attempt_that_breaks_is_unsure_and_quotes_nothing(tmp_path: Path) -> None:
    def breaks(channel: NotifyChannel, message: object, conduct: SendOptions) -> SendOutcome:
        raise RuntimeError(channel.url)

    mail = Post(tmp_path, NotifyChannel("hook", "json", "https://example.org/topsecret"))
    mail.sender._send = breaks
    event = mail.leave()
    mail.drain()
    until(lambda: mail.state(event) == "unsure")
    (entry,) = mail.notified()
    assert "RuntimeError" in entry["why"]
    assert "topsecret" not in json.dumps(entry)
