"""Hundreds of commands: what is protected is denied however it is written, and nothing else is."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.control.protect.commands import denied, free
from tests.unit.control.protect.scene import RULES, command, make_project
from tui.control.protect.rules import Rules


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("protect"))


def _filled(text: str, project: Path) -> str:
    return text.replace("{project}", str(project)).replace("{above}", str(project)[1:])


@pytest.mark.parametrize("text", denied())
def test_denied(project: Path, text: str) -> None:
    refusal = command(project, _filled(text, project))
    assert refusal is not None
    assert refusal.rule in refusal.reason


@pytest.mark.parametrize("text", free())
def test_free(project: Path, text: str) -> None:
    assert command(project, _filled(text, project)) is None


def test_the_reason_names_rule_and_place(project: Path) -> None:
    refusal = command(project, "make test && /usr/bin/git -C sub push origin")
    assert refusal is not None
    assert refusal.rule == "git push"
    assert "git -C sub push origin" in refusal.reason


# --- the same command in every style of quoting and in every surrounding ---

_WORDS = st.sampled_from([["rm", "-rf", "x"], ["git", "push"], ["cat", ".env"], ["curl", "x"]])
_HARMLESS = st.sampled_from([["rm", "x"], ["git", "status"], ["cat", "sub/x"], ["echo", "curl"]])


@st.composite
def _quoted(draw: st.DrawFn, words: list[str]) -> str:
    return " ".join(draw(_styled(word)) for word in words)


@st.composite
def _styled(draw: st.DrawFn, word: str) -> str:
    cut = draw(st.integers(0, len(word)))
    styles = (
        word,
        f"'{word}'",
        f'"{word}"',
        f'{word[:cut]}""{word[cut:]}',
        f"{word[:cut]}'{word[cut:]}'",
        f'"{word[:cut]}"{word[cut:]}',
        "".join(f"\\{sign}" for sign in word),
        "$'" + "".join(f"\\x{ord(sign):02x}" for sign in word) + "'",
        f"{word[:cut]}\\\n{word[cut:]}" if 0 < cut < len(word) else word,
        f"{word[:cut]}${{nothing:-}}{word[cut:]}",
    )
    return draw(st.sampled_from(styles))


_BEFORE = st.sampled_from(
    (
        *("{}", "a=1 {}", "env A=1 {}", "command {}", "nohup {}", "timeout 5 {}", "nice -n 3 {}"),
        *("sudo -u x {}", "xargs -n1 {}"),
    )
)
_AROUND = st.sampled_from(
    (
        *(
            "{} ",
            "true; {}",
            "(  {} )",
            "{{ {}; }}",
            "true && {}",
            "false || {}",
            "! {}",
            "time {}",
        ),
        *("if {}; then :; fi", "while {}; do :; done", "x=$({})", "f() {{ {}; }}", "echo $({})"),
        *("echo $(( $({}) ))", "# a\n{}", "cat <<E\nx\nE\n{}", "{} | cat", "cat | {}"),
        *("case a in a) {};; esac", "true & {}", "[[ a < b ]] && {}", "( {} ) > /dev/null"),
    )
)


@st.composite
def _placed(draw: st.DrawFn, commands: st.SearchStrategy[list[str]]) -> str:
    text = draw(_BEFORE).format(draw(_quoted(draw(commands))))
    for _ in range(draw(st.integers(0, 2))):
        text = draw(_AROUND).format(text)
    return f"bash -c {shlex.quote(text)}" if draw(st.booleans()) else text


@settings(max_examples=60, deadline=None)
@given(_placed(_WORDS))
def test_a_denied_command_stays_denied(tmp_project: Path, text: str) -> None:
    assert command(tmp_project, text) is not None, text


@settings(max_examples=60, deadline=None)
@given(_placed(_HARMLESS))
def test_a_free_command_stays_free(tmp_project: Path, text: str) -> None:
    assert command(tmp_project, text) is None, text


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=30))
def test_words_in_quotes_are_words(tmp_project: Path, text: str) -> None:
    """Whatever a message says, it runs nothing."""
    said = shlex.quote(f"{text} rm -rf / ; git push")
    assert command(tmp_project, f"git commit -m {said}") is None


@pytest.fixture(scope="module")
def tmp_project(project: Path) -> Path:
    return project


# --- rules of other shapes ---


@pytest.mark.parametrize(
    ("rule", "text", "is_denied"),
    [
        ("git push --force", "git push origin --force", True),
        ("git push --force", "git push -f", True),
        ("git push --force", "git push -uf", True),
        ("git push --force", "git push", False),
        ("git push --force", "git push --force-with-lease", False),
        ("git reset --hard", "git reset -q --hard HEAD~1", True),
        ("git reset --hard", "git reset --har", True),
        ("git reset --hard", "git reset --soft", False),
        ("docker compose down", "docker --context x compose -f y down -v", True),
        ("docker compose down", "docker compose up", False),
        ("npm publish", "npm --silent publish", True),
        ("npm run deploy", "npm run deploy -- --prod", True),
        ("npm run deploy", "npm run deploy:dry", False),
        ("npm run deploy*", "npm run deploy:dry", True),
        ("cargo publish", "cargo +nightly publish", True),
        ("make deploy", "make -j4 test deploy", True),
        ("make deploy", "make test", False),
        ("mkfs*", "mkfs.ext4 /dev/sda", True),
        ("pip install", "python3 -m pip install x", True),
        ("./scripts/deploy.sh", "bash scripts/deploy.sh", True),
        ("./scripts/deploy.sh", "cd scripts && ./deploy.sh now", True),
        ("./scripts/deploy.sh", "{project}/scripts/deploy.sh", True),
        ("./scripts/deploy.sh", ". scripts/deploy.sh", True),
        ("./scripts/deploy.sh", "scripts/other.sh", False),
        ("deploy.sh", "bash scripts/deploy.sh", True),
        ("find -delete", "find . -name x -delete", True),
        ("find -delete", "find . -type d -empty -ls -print", False),
        ("terraform apply", "terraform -chdir=x apply", True),
        ("chmod -R", "chmod --recursive 777 .", True),
        ("rm", "rm x", True),
        ("rm", "rmdir x", False),
        ("rm", "npm rm x", False),
    ],
)
def test_a_beginning(project: Path, rule: str, text: str, is_denied: bool) -> None:
    refusal = command(project, _filled(text, project), Rules(commands=(rule,)))
    assert (refusal is not None) == is_denied


def test_nothing_is_protected_by_default(project: Path) -> None:
    assert command(project, "rm -rf / && cat .env", Rules()) is None


def test_rules_that_are_none_protect_nothing_else(project: Path) -> None:
    rules = Rules(paths=("", "/", "..", "../x", "\0"), commands=("", "  ", "-", "--"))
    assert command(project, "git status; cat sub/x", rules) is None


def test_every_rule_is_heeded(project: Path) -> None:
    rules = RULES._replace(commands=tuple(f"word{n}" for n in range(300)))
    assert command(project, "word299", rules) is not None
