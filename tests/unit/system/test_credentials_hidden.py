"""Every kind of credential in the one table is hidden in whatever we write for others to read."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import pytest

from tests.secret_texts import PLANTED
from tests.unit.night.review.review_sample import sample
from tui.monitor.history.export_files import Format, export_of, text_of
from tui.night.review.export.blocks import with_texts
from tui.night.review.export.redacted import Redactor
from tui.runner.notify.message_text import (
    compose,
    inert_line,
    message_text,
    status_line,
    without_credentials,
)
from tui.store.journal import JournalWriter
from tui.system.credentials.find import find_credentials
from tui.system.credentials.hide import hide_credentials
from tui.system.credentials.shapes import PATTERNS

# Put together here, so that no scanner of this source takes them for keys.
R36 = "a9Bq7Zt2Lm4Xc8Vn1Kd6Rf3Hs5Gj0Pw2YeQu"
R72 = R36 + R36[::-1]
SAMPLES: dict[str, tuple[str, ...]] = {
    "hook": ("https://hooks.slack.com/" + "services/T0000AAAA/B0000BBBB/" + R36[:24],),
    "aws": tuple(front + "Q7ZT2LM4XC8VN1KD" for front in ("AKIA", "ASIA", "ABIA", "ACCA")),
    "github": (*(f"gh{kind}_{R36}" for kind in "pousr"), "github_pat_" + R72),
    "gitlab": tuple(f"gl{kind}-{R36}" for kind in ("pat", "rt", "dt", "ptt", "cbt", "soat")),
    "slack": (
        "xoxb-" + "71829304-" + R36,
        "xapp-" + "1-" + R36,
        "hooks.slack.com/services/" + "T0A_A/B0B_B/" + R36,
    ),
    "google": ("AIza" + R36[:35], "GOCSPX-" + R36[:28], "ya29." + R36),
    "stripe": ("sk_live_" + R36, "rk_live_" + R36, "whsec_" + R36),
    "anthropic": ("sk-ant-" + "api03-" + R36,),
    "openai": ("sk-" + R36, "sk-proj-" + R36),
    "private": (
        "-----BEGIN RSA " + f"PRIVATE KEY-----\n{R72}\n{R72}\n-----END RSA PRIVATE KEY-----",
    ),
    "jwt": (f"eyJ{R36[:20]}.eyJ{R36[:20]}.{R36[:30]}",),
    "npm": ("npm_" + R36,),
    "pypi": ("pypi-" + "AgE" + R72,),
    "huggingface": ("hf_" + R36[:34],),
    "sendgrid": ("SG." + R36[:22] + "." + R72[:43],),
    "discord": ("discord.com/api/webhooks/" + "1829304718293/" + R72,),
    "telegram": ("1829304718:" + "AA" + R36[:33], "1829304718:" + "AA" + R36[:32] + "-"),
    "digitalocean": tuple(f"do{kind}_v1_" + "0a9b8c7d" * 8 for kind in "oprt"),
    "azure": ("AccountKey=" + R72 + R36[:14] + "==",),
    "ntfy": ("tk_" + R36,),
    "url": ("postgres://app:" + R36[:14] + "@db.internal/x",),
    "query": ("https://example.org/x?sig=" + R36,),
    "authorization": ("Authorization: Basic " + R36, "x-api-key: " + R36),
    "bearer": ("Bearer " + R36, "Thebearer " + R36),
    "dumped": ("STRIPE_PASS=" + R36,),
    "named": tuple(
        f"{name} {operator} {quote}{R36}{quote}"
        for name in (
            *("signingKey", "encryption-key", "access-key", "private_key", "authkey"),
            *("my_secret", "token", "passphrase", "password_for_the_database", "credential"),
        )
        for operator in (":", "=", ":=", "=>")
        for quote in ('"', "'", "`")
    ),
}
CASES = [(kind, text) for kind, texts in SAMPLES.items() for text in texts]


def leaks(shown: str) -> bool:
    """Whether six characters of a secret's random part are still there."""
    secret = (R36, R36[::-1], "Q7ZT2LM4XC8VN1KD", "0a9b8c7d0a9b")
    return any(part[i : i + 6] in shown for part in secret for i in range(len(part) - 5))


def test_every_kind_has_a_sample() -> None:
    assert {*SAMPLES, *(one.kind for one in PLANTED)} == {one.kind for one in PATTERNS}


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_the_review_knows_the_samples(kind: str, text: str) -> None:
    """Of the kinds that are only hidden it need not know any."""
    pattern = next(one for one in PATTERNS if one.kind == kind)
    found = {one.kind for one in find_credentials(text, ".env")}
    assert kind in found or not pattern.found
    assert leaks(text)


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_a_text_hides_it_in_any_place(kind: str, text: str) -> None:
    for shown in (text, f"x {text}", f"({text})", f'"{text}", and more', f"one\n{text}\ntwo"):
        assert not leaks(hide_credentials(shown)), shown


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_export_hides_it(kind: str) -> None:
    texts = cycle(SAMPLES[kind])
    review = with_texts(sample(), lambda text: f"{text[:7]} {next(texts)}")
    for keep_places in (False, True):
        export = export_of(review, Redactor(keep_places=keep_places), (), {"events": next(texts)})
        formats: tuple[Format, ...] = ("json",) if keep_places else ("markdown", "html", "json")
        for format in formats:
            assert not leaks(text_of(export, format)), format


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_a_notification_hides_it(kind: str, text: str) -> None:
    words = inert_line(without_credentials(f"the agent said {text} and went on"))
    message = compose("stall", [("id-1", 0.0, words)], project="bot", run="r")
    for shown in (
        message_text(message),
        message_text(message, "discord"),
        message_text(message, "slack"),
        status_line(message),
    ):
        assert not leaks(shown.replace("\\", ""))


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_the_journal_hides_it(tmp_path: Path, kind: str, text: str) -> None:
    journal = JournalWriter(tmp_path / "journal.jsonl", lambda: 0.0)
    journal.write("run_started", {"run": "r1", "goal": f"use {text}"})
    journal.write("request", {"verb": "inject", "arguments": {"text": text, "mode": "soft"}})
    journal.write("inject", {"text": text, "mode": "soft"}, id="i1")
    journal.write("injection", {"state": "failed", "detail": text, "doing": text}, id="i1")
    journal.write("note", {"text": f"{text} again"})
    journal.write("stop", {"by": "person", "reason": text})
    journal.write("continuation", {"open": [text, f"b {text}"]})
    shown = (tmp_path / "journal.jsonl").read_text()
    assert not leaks(shown)
    assert shown.count("[hidden]") >= 9
    assert '"run":"r1"' in shown


@pytest.mark.parametrize(("kind", "text"), CASES)
def test_in_a_long_text_it_is_hidden_too(kind: str, text: str) -> None:
    """Of a long text only the lines are searched in which something can be."""
    lines = "\n".join(f"    line_{number} = call(other, {number})" for number in range(150))
    for planted in (text, text.replace("_", "\\u005f"), text.replace("-", "&#45;")):
        shown = hide_credentials(f"{lines}\n{planted}\n{lines}")
        assert not leaks(shown)
        assert shown.startswith(lines)
        assert shown.endswith(lines)
