"""Claims about git: committed, pushed, a pull request opened."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tui.model.evidence.claims import RefState
from tui.model.evidence.log import CommandRecord
from tui.night.review.claims.facts import ClaimVerdict, Fact, Weight, decide, of_several
from tui.night.review.claims.night_facts import Case, NightFacts, clock, is_among
from tui.system.format import format_count, shorten
from tui.system.lazy_pattern import lazy

_EVERYTHING = lazy(
    r"\b(?:everything|all|every)\b(?!\s+(?:tests?|checks?)\b)|\bclean (?:work(?:ing)? )?tree\b",
    re.IGNORECASE,
)
_PUSHES = lazy(
    r"\bgit\b(?:\s+-\S+(?:\s+[^-\s]\S*)?)*\s+push\b|\bgh\s+repo\s+sync\b|\bjj\s+git\s+push\b"
)
_MAY_PUSH = lazy(r"push|publish|deploy|release|\bgh\b|\bglab\b|\bhub\b")
_DRY = lazy(r"\s(?:--dry-run|-n)\b")
_REJECTED = lazy(
    r"\[(?:remote )?rejected\]|failed to push|^fatal:|^error:|Permission denied|Authentication failed"
    r"|could not read (?:Username|from remote)|Could not resolve host|pre-push hook|declined",
    re.MULTILINE,
)
_NOTHING_NEW = lazy(r"Everything up-to-date")
_OPENS = lazy(
    r"\bgh\s+pr\s+create\b|\bglab\s+mr\s+create\b|\bhub\s+pull-request\b|\baz\s+repos\s+pr\s+create\b"
    r"|\bgh\s+api\b.*\bpulls\b|\btea\s+pulls?\s+create\b"
)
_MCP_OPENS = lazy(r"create_(?:pull_request|merge_request)|open_pull_request")
_URL = lazy(r"https?://\S+?/(?:pull|pulls|merge_requests|pullrequest|pull-requests)/(\d+)")
_NUMBER = lazy(r"(?:#|!|/)?(\d+)\Z")
_RESET = lazy(r"\bgit\b.*\breset\b.*--hard|\bgit\b.*\bbranch\s+-D\b|\bgit\b.*\bcheckout\b.*\s-B\b")


def check_committed(night: NightFacts, case: Case) -> ClaimVerdict:
    """The night has a commit, the one that is named, with what is said to be in it."""
    facts = [_has_commit(night), *_ids(night, case), *_in_it(night, case), *_on_branch(night, case)]
    statement = case.statement
    made = len(night.commits)
    if statement.count is not None and "commit" in statement.unit and night.end.is_known:
        fact = f"the night has {statement.count:,.0f} commits"
        why = f"the night has {format_count(made, 'commit')}"
        facts.append(Fact(fact, made == statement.count, Weight.PART, why))
    return decide([fact for fact in facts if fact is not None], _commits_text(night))


def _commits_text(night: NightFacts) -> str:
    made, records = night.commits, night.evidence.commits
    if made:
        sha, message = made[-1]
        subject = shorten(message.strip().partition("\n")[0], 60)
        more = f" and {format_count(len(made) - 1, 'more')}" if len(made) > 1 else ""
        return f"commit {sha[:7]} “{subject}”{more}"
    if records:
        return f"git commit ran{clock(records[-1].at)}"
    return "HEAD has a commit of this night"


def _has_commit(night: NightFacts) -> Fact:
    fact = "HEAD has a commit of this night"
    moved, records = night.end.has_moved, night.evidence.commits
    ref = records[-1].ref if records else None
    if moved:
        return Fact(fact, True, Weight.DECISIVE, ref=ref)
    known = [record for record in records if record.sha]
    elsewhere = [one for one in known if night.end.commit(one.sha).exists]
    if moved is None:
        if records:
            return Fact("a commit was made in the shell", True, Weight.DECISIVE, ref=ref)
        return Fact(
            fact, None, Weight.DECISIVE, "no commit was seen, and the repository is not known"
        )
    if elsewhere and not any(_RESET.search(c.command) for c in night.evidence.commands):
        why = f"commit {elsewhere[-1].sha[:7]} is there, but not in what HEAD holds"
        return Fact(fact, False, Weight.PART, why, elsewhere[-1].ref)
    why = "HEAD has no commit of this night"
    if elsewhere:
        why = f"commit {elsewhere[-1].sha[:7]} was made, but HEAD does not hold it at the end"
    return Fact(fact, False, Weight.DECISIVE, why, ref)


def _ids(night: NightFacts, case: Case) -> tuple[Fact, ...]:
    return of_several([_id(night, sha) for sha in case.statement.subject.shas[:20]])


def _id(night: NightFacts, sha: str) -> Fact:
    state = night.end.commit(sha)
    fact = f"commit {sha[:12]} is of this night, and HEAD holds it"
    record = next(
        (
            r
            for r in night.evidence.commits
            if r.sha and (sha.startswith(r.sha) or r.sha.startswith(sha))
        ),
        None,
    )
    ref = record.ref if record is not None else None
    if state.exists is None:
        why = f"nothing tells whether commit {sha[:12]} exists"
        return Fact(fact, True if record else None, Weight.DECISIVE, why, ref)
    if not state.exists:
        return Fact(fact, False, Weight.DECISIVE, f"there is no commit {sha[:12]}", ref)
    if state.is_reached is False:
        why = f"commit {sha[:12]} exists, but HEAD does not hold it"
        return Fact(fact, False, Weight.PART, why, ref)
    if state.is_of_night is False:
        why = f"commit {sha[:12]} was not made in this night"
        return Fact(fact, False, Weight.DECISIVE, why, ref)
    return Fact(fact, True, Weight.DECISIVE, ref=ref)


def _in_it(night: NightFacts, case: Case) -> Iterator[Fact]:
    """What is said to be in it is not left over in the work tree."""
    statement, left = case.statement, night.end.uncommitted
    if not night.end.is_known:
        return
    named = statement.subject.paths
    if named:
        over = [path for path in named if is_among(path, left)]
        if over:
            why = f"{over[0]} has changes that no commit holds"
            yield Fact(f"{over[0]} is committed", False, Weight.PART, why)
    elif statement.is_of_all or _EVERYTHING.search(statement.text):
        why = f"{format_count(len(left), 'changed file')} in no commit: {shorten(', '.join(left), 60)}"
        yield Fact("no changed file is left uncommitted", not left, Weight.PART, why)


def _on_branch(night: NightFacts, case: Case) -> Iterator[Fact]:
    name = case.statement.subject.ref
    state = night.end.ref(name) if name else None
    if state is None or not state.missing:
        return
    why = f"{format_count(state.missing, 'commit')} of the night not in {state.name}"
    yield Fact(f"{state.name} has the night's commits", False, Weight.PART, why)


# --- pushed ---


def check_pushed(night: NightFacts, case: Case) -> ClaimVerdict:
    """The remote branch, as last seen, holds the night's commits; the answer to the push."""
    remote = _remote(night, case.statement.subject.ref)
    push = _last_push(night)
    answer = _answer(push)
    ref = push.ref if push is not None else None
    where = remote.name if remote is not None else "the remote"
    fact = f"{where} has all of the night's commits"
    went = Fact("the last push ended well", answer, Weight.DECISIVE, _push_text(push), ref)
    if remote is None or remote.missing is None:
        return _without_remote(night, went, push)
    if remote.missing:
        missing = format_count(remote.missing, "commit")
        why = f"{where} lacks {missing} of the night"
        if answer:
            return decide([went, Fact(fact, False, Weight.PART, f"{why} made after the push")])
        why = (
            f"{_push_text(push)}, and {why}" if push is not None else f"no push was seen, and {why}"
        )
        return decide([Fact(fact, False, Weight.DECISIVE, why, ref)])
    if night.end.has_moved is False and not answer:
        why = "the night has no commit, and no push was seen"
        if push is not None:
            why = f"the night has no commit, and {_push_text(push)}"
        return decide(
            [Fact("something of this night was pushed", False, Weight.DECISIVE, why, ref)]
        )
    return decide([Fact(fact, True, Weight.DECISIVE, ref=ref)], fact)


def _remote(night: NightFacts, name: str) -> RefState | None:
    """The remote branch that is meant; what is only called "main" is meant there, not here."""
    if not name or name.lower() in ("origin", "upstream", "remote", "github", "gitlab"):
        return night.end.ref("")
    return night.end.ref(name, is_remote=True) or (night.end.ref(name) if "/" in name else None)


def _last_push(night: NightFacts) -> CommandRecord | None:
    pushes = (
        one
        for one in reversed(night.evidence.commands)
        if "push" in one.command and _PUSHES.search(one.command) and not _DRY.search(one.command)
    )
    return next(pushes, None)


def _answer(push: CommandRecord | None) -> bool | None:
    if push is None:
        return None
    if push.is_error or _REJECTED.search(push.output):
        return False
    return None if push.is_error is None or _NOTHING_NEW.search(push.output) else True


def _push_text(push: CommandRecord | None) -> str:
    if push is None:
        return "no push was seen"
    if push.is_refused:
        return f"the push{clock(push.at)} was not let run"
    if _NOTHING_NEW.search(push.output):
        return f"the push{clock(push.at)} had nothing to send"
    words = "failed" if _answer(push) is False else "told no result"
    return f"the push{clock(push.at)} {words}"


def _without_remote(night: NightFacts, went: Fact, push: CommandRecord | None) -> ClaimVerdict:
    """By the push alone: no remote branch was seen, or nobody knows the repository."""
    if push is not None:
        return decide([went], f"the push{clock(push.at)} ended well")
    commands = night.evidence.commands
    is_mentioned = night.end.is_known and night.end.ref("") is None and bool(commands)
    if is_mentioned and not any(_MAY_PUSH.search(f"{c.name} {c.command}") for c in commands):
        why = "no push was seen, and no branch of a remote is known here"
        return decide([Fact("something was pushed", False, Weight.DECISIVE, why)])
    return decide([Fact("something was pushed", None, Weight.BASIS, "no push was seen")])


# --- pull requests ---


def check_opened(night: NightFacts, case: Case) -> ClaimVerdict:
    """A call that opens a pull request was answered with its address."""
    calls = [
        one
        for one in reversed(night.evidence.commands)
        if _OPENS.search(one.command) or _MCP_OPENS.search(one.name)
    ]
    fact = "a pull request was opened"
    if not calls:
        return decide(
            [Fact(fact, None, Weight.BASIS, "no call that opens a pull request was seen")]
        )
    claimed = _NUMBER.search(case.statement.subject.value)
    good = [(one, url) for one in calls if not one.is_error and (url := _URL.search(one.output))]
    for one, url in good:
        if claimed is None or url.group(1) == claimed.group(1):
            why = f"{shorten(url.group(0), 80)}{clock(one.at)}"
            return decide(
                [Fact(f"{fact}: {url.group(0)}", True, Weight.DECISIVE, ref=one.ref)], why
            )
    if good:
        one, url = good[0]
        why = f"the one that was opened{clock(one.at)} has number {url.group(1)}"
        return decide(
            [
                Fact(
                    f"it has the number {claimed.group(1) if claimed else ''}",
                    False,
                    Weight.DECISIVE,
                    why,
                    one.ref,
                )
            ]
        )
    last = calls[0]
    if last.is_error:
        why = f"the call that opens it{clock(last.at)} failed"
        return decide([Fact(fact, False, Weight.DECISIVE, why, last.ref)])
    holds = True if _MCP_OPENS.search(last.name) else None
    why = f"the call that opens it{clock(last.at)} told no address"
    return decide(
        [Fact(fact, holds, Weight.BASIS, why, last.ref)], f"{last.name}{clock(last.at)} ended well"
    )
