"""Facts about words and credentials that one module alone may hold, checked over the source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# What a fact looks like in source, the one module that holds it, and what else may look so, and why.
FACTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "what a credential looks like": (
        r"gh\[?p|github_pat|glpat|\bxox|AKIA|AIza|sk-ant|\bhf_|npm_\[|PRIVATE KEY-|eyJ|ya29|whsec",
        "tui/system/credentials/shapes.py",
        (),
    ),
    "how commands print": (
        r"sys\.std(?:out|err)\.write\(|\bwrite_out\(|\bjson_text\(",
        "tui/commands/context.py",
        (
            "tui/cli.py",  # help and version, and the one line of an error, cleaned there
            "tui/commands/act/hooks.py",  # what a hook says of itself must import next to nothing
            "tui/commands/observe/doctor.py",  # its lines carry colours of its own
            "tui/commands/observe/review.py",  # exports, escaped where they are rendered
            "tui/commands/observe/status.py",  # what follows flushes each line
            "tui/commands/watch.py",  # the first screen
            "tui/system/standard_streams.py",  # where the text of all of them goes
            "tui/monitor/loading.py",  # figures between two of our processes
            "tui/runner/agent/fork.py",  # an id between two of our processes
            "tui/runner/run_context.py",  # the supervisor's own log
            "tui/system/sanitize.py",  # its definition
        ),
    ),
    "what hides a credential": (r'= "\[hidden\]"', "tui/system/credentials/values.py", ()),
    "how a terminal's sequences are read": (
        r"\\x1b\[?\(|\\x1b\\\\?\[|Color\.from_ansi",
        "tui/system/sgr.py",
        (),
    ),
    "a moment in local time": (
        r"\bstrftime\(",
        "tui/system/format.py",
        (
            "tui/runner/run_context.py",  # the format of the original system's log
            "tui/store/runs.py",  # the id of a run, which is a file's name
        ),
    ),
    "a duration": (
        r"divmod\([^)\n]*, 60\)|// 60\b",
        "tui/system/format.py",
        ("tui/night/review/export/wording.py",),  # the offset of a time zone
    ),
    "a size": (r'\("KiB"|"kB"|\} kB\b', "tui/system/format.py", ()),
    "an amount of money": (r"\$\{[^{}\n]*:,?\.\d+f\}", "tui/system/format.py", ()),
    "a plural": (
        r"(?:[!=]= 1|> 1) else (?:f?[\"'][^\"'\n<]*s|[^\n<]*[\"']s)[\"']|\(s\)[\"']",
        "tui/system/format.py",
        (),
    ),
    "a text cut short": (
        r"(?:- 1|\d\d)\] ?\+ ?[\"']…|(?:- 1|\d\d)\]\}…[\"']",
        "tui/system/format.py",
        (),
    ),
    "bars for values": (r"▁▂▃▄▅▆▇█", "tui/system/format.py", ()),
    "a verdict in words": (r"Look before keeping", "tui/model/labels.py", ()),
    "an ending in words": (r"All tasks done|A limit ended it", "tui/model/labels.py", ()),
    "a risk in words": (
        r"[\"'](?:test weakened|fetched into a shell|fetch \| shell)[\"']",
        "tui/model/labels.py",
        (),
    ),
    "a kind of time in words": (
        r"[\"'](?:running tools|in tools|not running|rate limited)[\"']",
        "tui/model/labels.py",
        (),
    ),
    "a moment in words": (r"words to the agent", "tui/model/labels.py", ()),
    "a state in words": (
        r"[\"'](?:waiting for API|running a tool)[\"']",
        "tui/model/labels.py",
        (),
    ),
    "how a line of shell is split": (
        r"\(\?:;\|&&\|\\\|",
        "tui/night/evidence/shell_parser.py",
        (),
    ),
    "how sure a cost is": (
        r"[\"']estimate[\"']: ?[\"']|as the CLI says",
        "tui/model/labels.py",
        (),
    ),
}


def sources() -> Iterator[tuple[str, str]]:
    """Every module but the demonstration, which imports nothing of the application."""
    for top in ("tui", "widgets"):
        for path in sorted((ROOT / top).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith("tui/demo/"):
                yield name, path.read_text("utf-8")


def holders(pattern: str, texts: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, text in texts.items():
        match = re.search(pattern, text)
        if match is not None:
            found[name] = f"line {text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
    return found


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return dict(sources())


@pytest.mark.parametrize("fact", FACTS)
def test_one_module_holds_it(fact: str, texts: dict[str, str]) -> None:
    pattern, home, others = FACTS[fact]
    found = holders(pattern, texts)
    assert home in found, "the pattern no longer finds it where it is"
    assert not {name: at for name, at in found.items() if name not in (home, *others)}
    assert set(others) <= set(found), "an exception that nobody needs"
