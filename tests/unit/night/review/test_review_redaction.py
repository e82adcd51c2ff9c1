"""What leaves the machine: no secret, no home, no name of a person or a machine in a path."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.night.review.review_exports import export_of
from tests.unit.night.review.review_sample import hostile, sample
from tui.model.review import Review
from tui.night.review.export.blocks import with_texts
from tui.night.review.export.html_page import render_html
from tui.night.review.export.markdown_page import render_markdown
from tui.night.review.export.redacted import Redactor, redact_export
from tui.night.review.export.timeline_svg import render_timeline
from tui.night.review.review_json import render_json
from tui.system.credentials.hide import spellings_of

KNOWN = "corr3ct-horse-battery"
REDACT = Redactor(spellings_of([KNOWN]), "/srv/people/robin", "robin", "nightowl.lan")
# Put together here so that no scanner takes this file for a leak.
PLANTED = {
    "known": KNOWN,
    "anthropic": "sk-ant-" + "api03-" + "Ab3_" * 12,
    "github": "ghp_" + "a1B2" * 9,
    "aws": "AKIA" + "IOSFODNN7EXAMPLE",
    "jwt": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0In0." + "dBjftJeZ4CVP",
    "assigned": "DB_PASSWORD=hunter2-hunter2",
    "url": "postgres://me:hunter2-hunter2@db.example.org/x",
    "own home": "/srv/people/robin/x",
    "linux home": "/home/alexandra/x",
    "mac home": "/Users/alexandra/x",
    "windows home": "C:\\Users\\alexandra\\x",
    "encoded home": "/-home-alexandra-work",
    "media": "/media/alexandra/stick",
    "remote": "alexandra@buildbox:/srv/x",
    "user in a path": "/data/robin/x",
    "host in a path": "/net/nightowl/x",
    "host": "nightowl.lan:/srv/x",
}
GONE = (
    KNOWN,
    "Ab3_Ab3_",
    "a1B2a1B2",
    "IOSFODNN7",
    "dBjftJeZ",
    "hunter2",
    "/people/",
    "alexandra",
    "buildbox",
    "/robin",
    "nightowl",
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/srv/people/robin/work/bot", "~/work/bot"),
        ("see /srv/people/robin.", "see ~."),
        ("/srv/people/robinson/x", "/srv/people/robinson/x"),
        ("/home/alexandra/work/bot/a.py", "~/work/bot/a.py"),
        ("/home/alexandra: denied", "~: denied"),
        ("file:///home/alexandra/a", "file:///~/a"),
        ("cd /root/work && ls", "cd ~/work && ls"),
        ("/mnt/c/Users/Alexandra/x", "~/x"),
        ("C:\\Users\\Alexandra\\x", "~\\x"),
        ("~/.claude/projects/-home-alexandra-work-bot", "~/.claude/projects/-~-work-bot"),
        ("~/.claude/projects/-root-work-bot/a.jsonl", "~/.claude/projects/-~-work-bot/a.jsonl"),
        ("/run/media/alexandra/disk", "/run/media/[user]/disk"),
        ("scp x alexandra@buildbox:/srv", "scp x [user]@[host]:/srv"),
        ("git@github.com:some/repo.git", "git@github.com:some/repo.git"),
        ("/data/robin/x and robin@anywhere", "/data/[user]/x and [user]@anywhere"),
        ("//nightowl/share and \\\\NIGHTOWL\\share", "//[host]/share and \\\\[host]\\share"),
        ("nightowl:/srv/x", "[host]:/srv/x"),
        # what is no place of anybody
        ("Robin wrote about a robin", "Robin wrote about a robin"),
        ("src/home/alexandra/page.tsx", "src/home/alexandra/page.tsx"),
        ("https://example.org/home/page", "https://example.org/home/page"),
        ("tests/root/x and /rooted", "tests/root/x and /rooted"),
        ("@pytest.mark.asyncio", "@pytest.mark.asyncio"),
        ("a@b.example", "a@b.example"),
        ("1,204 files, 57 %, 02:14", "1,204 files, 57 %, 02:14"),
    ],
)
def test_places(text: str, left: str) -> None:
    assert REDACT(text) == left


def test_a_machine_of_nobody_keeps_its_words() -> None:
    """`root` at `localhost` with `/` as home would take every path away."""
    nobody = Redactor((), "/", "root", "localhost")
    assert nobody("/var/root-fs/tests at localhost:/x") == "/var/root-fs/tests at localhost:/x"
    assert Redactor()("/srv/x/y") == "/srv/x/y"


def planted() -> Review:
    """The rich night with every planted thing in every one of its texts."""
    everything = " ".join(PLANTED.values())
    return with_texts(sample(), lambda text: f"{text} {everything} {text}")


def leaves(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [one for part in value.values() for one in leaves(part)]
    if isinstance(value, list | tuple):
        return [one for part in value for one in leaves(part)]
    return []


def test_every_text_of_a_review_is_reached() -> None:
    """Compared with what an encoder finds, which knows nothing of our walk."""
    marked = with_texts(sample(), lambda text: f"\x00{text}")
    found = leaves(msgspec.to_builtins(marked))
    chosen = [one for one in found if not one.startswith("\x00")]
    assert {"look", "limit", "high", "green", "killed", "estimate", "verified"} <= set(chosen)
    assert all(re.fullmatch(r"[a-z_ ]{0,19}", one) for one in chosen)
    assert len(found) - len(chosen) > 300


def test_no_planted_secret_leaves_in_any_format() -> None:
    export = redact_export(export_of(planted()), REDACT)
    data = msgspec.to_builtins(export.review)
    whole = msgspec.structs.replace(export, data=data)
    pages = {
        "review": msgspec.json.encode(export).decode(),
        "markdown": render_markdown(whole, 10**8),
        "html": render_html(whole),
        "json": render_json(whole),
        "svg": render_timeline(export.review.timeline, export.review.time),
    }
    for name, page in pages.items():
        for secret in GONE:
            assert secret not in page, (name, secret, page[max(0, page.find(secret) - 60) :][:120])


@pytest.mark.parametrize("name", PLANTED)
def test_each_secret_alone_in_each_text(name: str) -> None:
    """A secret that hides only because another stands beside it would be found here."""
    review = with_texts(sample(), lambda text: f"{text[:7]} {PLANTED[name]}")
    left = msgspec.json.encode(redact_export(export_of(review), REDACT)).decode()
    assert not [secret for secret in GONE if secret in left]


def test_figures_and_our_own_words_stay() -> None:
    review = sample()
    left = redact_export(export_of(review), REDACT).review
    assert (left.verdict, left.cost.usd, left.time, left.tasks) == (
        review.verdict,
        review.cost.usd,
        review.time,
        review.tasks,
    )
    assert [commit.sha for commit in left.commits] == [commit.sha for commit in review.commits]
    assert left.project == "~/work/trading-bot"


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [*PLANTED.values(), "words", "/", "\n", "=", ": ", '"', "a.py", "--x ", "~"]
        ),
        max_size=8,
    )
)
def test_taken_out_once_is_taken_out(parts: list[str]) -> None:
    once = REDACT(" ".join(parts))
    assert REDACT(once) == once
    assert not [secret for secret in GONE if secret in once]


def test_hostile_texts_are_taken_in_stride() -> None:
    assert redact_export(export_of(hostile()), REDACT).review.verdict == "look"
