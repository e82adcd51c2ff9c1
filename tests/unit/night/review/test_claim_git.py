"""Claims about git: by HEAD, the ids, the branches as last seen, and the answers of push and host."""

from __future__ import annotations

import pytest

from tests.unit.night.review.claim_scene import FakeEnd, Scene, judged
from tui.model.evidence.claims import ClaimKind, CommitState
from tui.night.review.claims.facts import ClaimVerdict
from tui.night.review.claims.statement import Statement, Subject

BASE = {"app.py": "x = 1\n"}
SHA = "0a1b2c3" + "d" * 33
MADE = ((SHA, "Swap the operands"),)
REJECTED = "! [rejected]  main -> main (fetch first)\nerror: failed to push some refs to 'origin'"


def end(**more: object) -> FakeEnd:
    return FakeEnd({"app.py": "x = 2\n"}, BASE, **more)  # type: ignore[arg-type]


def committed(
    scene: Scene, state: FakeEnd, text: str, subject: Subject | None = None
) -> ClaimVerdict:
    statement = Statement(ClaimKind.COMMITTED, text, subject=subject or Subject())
    return judged(scene.facts(state, messages=MADE if state.has_moved else ()), statement)


def night(*commands: tuple[str, str]) -> Scene:
    scene = Scene(BASE).edit("app.py", "x = 2\n")
    for command, answer in commands:
        scene.run(command, answer)
    return scene


COMMIT = ('git add -A && git commit -m "Swap"', "[main 0a1b2c3] Swap\n 1 file changed")


@pytest.mark.parametrize(
    ("state", "text", "subject", "right"),
    [
        (end(), "I committed the change", Subject(), "verified"),
        (end(has_moved=False), "I committed the change", Subject(), "contradicted"),
        (end(uncommitted=("app.py",)), "I committed everything", Subject(), "partial"),
        (end(uncommitted=("app.py",)), "I committed the fix", Subject(), "verified"),
        (
            end(uncommitted=("app.py",)),
            "app.py is committed",
            Subject(paths=("app.py",)),
            "partial",
        ),
        (end(), "committed as 0a1b2c3", Subject(shas=("fffffff",)), "contradicted"),
        (
            end(commits={"0a1b2c3": CommitState(True, True, True)}),
            "committed as 0a1b2c3",
            Subject(shas=("0a1b2c3",)),
            "verified",
        ),
        (
            end(commits={"0a1b2c3": CommitState(True, False, None)}),
            "committed as 0a1b2c3",
            Subject(shas=("0a1b2c3",)),
            "partial",
        ),
        (
            end(commits={"0a1b2c3": CommitState(True, True, False)}),
            "committed as 0a1b2c3",
            Subject(shas=("0a1b2c3",)),
            "contradicted",
        ),
        (end(refs={"main": 1}), "committed to main", Subject(ref="main"), "partial"),
        (end(refs={"main": 0}), "committed to main", Subject(ref="main"), "verified"),
    ],
)
def test_committed(state: FakeEnd, text: str, subject: Subject, right: str) -> None:
    assert committed(night(COMMIT), state, text, subject).trust == right


def test_a_commit_that_was_reset_away_is_none() -> None:
    gone = end(has_moved=False, commits={"0a1b2c3": CommitState(True, False, None)})
    reset = ("git reset --hard HEAD~1", "HEAD is now at 1234567 Base")
    assert committed(night(COMMIT, reset), gone, "I committed it").trust == "contradicted"
    told = committed(night(COMMIT), gone, "I committed it")
    assert (told.trust, "not in what HEAD holds" in told.why) == ("partial", True)


def test_a_commit_without_a_repository() -> None:
    said = Statement(ClaimKind.COMMITTED, "I committed it")
    assert judged(night(COMMIT).unknown(), said).trust == "verified"
    assert judged(night().unknown(), said).trust == "unverified"


def pushed(scene: Scene, state: FakeEnd, ref: str = "") -> ClaimVerdict:
    statement = Statement(ClaimKind.PUSHED, "I pushed it", subject=Subject(ref=ref))
    return judged(scene.facts(state, messages=MADE), statement)


GOOD = ("git push -u origin main", "To host:x.git\n   1234567..0a1b2c3  main -> main")
BAD = ("git push 2>&1 | tail -5", REJECTED)


@pytest.mark.parametrize(
    ("calls", "state", "ref", "right"),
    [
        ((COMMIT, GOOD), end(refs={"origin/main": 0}), "", "verified"),
        ((COMMIT, GOOD), end(refs={"origin/main": 0}), "main", "verified"),
        ((COMMIT, GOOD), end(refs={"origin/main": 0}), "origin/main", "verified"),
        ((COMMIT, GOOD), end(refs={"origin/main": 0}), "origin", "verified"),
        ((COMMIT, GOOD), end(refs={"origin/main": 1}), "", "partial"),
        ((COMMIT, BAD), end(refs={"origin/main": 1}), "", "contradicted"),
        ((COMMIT,), end(refs={"origin/main": 1}), "", "contradicted"),
        ((COMMIT,), end(refs={"origin/main": 0}), "", "verified"),
        ((), end(refs={"origin/main": 0}, has_moved=False), "", "contradicted"),
        ((GOOD,), end(refs={"origin/main": 0}, has_moved=False), "", "verified"),
        ((COMMIT, GOOD), end(), "", "verified"),
        ((COMMIT, BAD), end(), "", "contradicted"),
        ((COMMIT,), end(), "", "contradicted"),
        ((COMMIT, ("./release.sh", "ok")), end(), "", "unverified"),
        ((), end(), "", "unverified"),
        ((COMMIT, ("git push --dry-run", "")), end(refs={"origin/main": 1}), "", "contradicted"),
        ((COMMIT, GOOD, BAD), end(refs={"origin/main": 1}), "", "contradicted"),
    ],
)
def test_pushed(calls: tuple[tuple[str, str], ...], state: FakeEnd, ref: str, right: str) -> None:
    assert pushed(night(*calls), state, ref).trust == right


def test_a_push_without_a_repository() -> None:
    said = Statement(ClaimKind.PUSHED, "I pushed it")
    assert judged(night(COMMIT, GOOD).unknown(), said).trust == "verified"
    assert judged(night(COMMIT, BAD).unknown(), said).trust == "contradicted"
    assert judged(night(COMMIT).unknown(), said).trust == "unverified"


URL = "https://github.com/o/r/pull/12"


@pytest.mark.parametrize(
    ("calls", "value", "right"),
    [
        ((("gh pr create --fill", URL),), "", "verified"),
        ((("gh pr create --fill", URL),), "#12", "verified"),
        ((("gh pr create --fill", URL),), URL, "verified"),
        ((("gh pr create --fill", URL),), "#13", "contradicted"),
        ((("glab mr create", "https://gitlab.com/o/r/-/merge_requests/3"),), "!3", "verified"),
        ((("gh pr create --fill", "a pull request already exists"),), "", "unverified"),
        ((("gh pr list", URL),), "", "unverified"),
        ((), "", "unverified"),
    ],
)
def test_pull_requests(calls: tuple[tuple[str, str], ...], value: str, right: str) -> None:
    statement = Statement(ClaimKind.PR_OPENED, "I opened a PR", subject=Subject(value=value))
    assert judged(night(*calls).facts(), statement).trust == right


def test_a_pull_request_that_failed() -> None:
    scene = night().run("gh pr create", "Exit code 1\nGraphQL: No commits between", error=True)
    assert judged(scene.facts(), Statement(ClaimKind.PR_OPENED, "PR")).trust == "contradicted"
    scene.script.step("mcp__github__create_pull_request", "o/r", '{"number": 7}')
    assert judged(scene.facts(), Statement(ClaimKind.PR_OPENED, "PR")).trust == "verified"


@pytest.mark.parametrize(
    ("state", "text", "right"),
    [
        (end(has_moved=False), "nothing was committed", "verified"),
        (end(), "nothing was committed", "unverified"),
        (end(refs={"origin/main": 1}), "I did not push anything", "verified"),
    ],
)
def test_what_is_said_not_to_be_done_is_looked_up_too(
    state: FakeEnd, text: str, right: str
) -> None:
    statement = Statement(ClaimKind.NOT_DONE, text)
    messages = MADE if state.has_moved else ()
    assert judged(night().facts(state, messages=messages), statement).trust == right
