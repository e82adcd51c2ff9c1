"""All risks, sorted, with the commit and call that made each; changes outside the goal."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from tui.model.events import SourceRef
from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Risk, RiskKind, Severity
from tui.model.snapshot import NightSnapshot
from tui.night.evidence.risky_calls import RiskyCall
from tui.night.review.risks import (
    agent_settings,
    command_risks,
    file_risks,
    setup_risks,
    source_risks,
    test_risks,
)
from tui.night.review.risks.agent_settings import SettingsFile
from tui.night.review.risks.commands.changed_files import find_changed_file_risks, script_texts
from tui.night.review.risks.commands.goal import Goal
from tui.night.review.risks.commands.night_facts import NightFacts
from tui.night.review.risks.commands.places import lasting
from tui.night.review.risks.diff_view import (
    SEVERITY_ORDER,
    RiskFinding,
    first_hunk,
    hunk_lines,
    is_prose,
)
from tui.night.review.risks.file_risks import SizeLimits
from tui.night.review.risks.oracle.code_changes import read_code_changes
from tui.night.review.risks.oracle.intent import read_intent
from tui.night.review.risks.oracle.reactions import is_recorded, reactions
from tui.night.review.risks.oracle.reading.file_texts import FileTexts
from tui.night.review.risks.oracle.runners.settings_files import find_runner_risks
from tui.night.review.risks.oracle.weakened import NightContext, find_weakened
from tui.night.review.risks.test_syntax import is_test
from tui.system.credentials.find import cut_credentials
from tui.system.format import format_count
from tui.system.lazy_pattern import lazy

_PATH = (
    r"`?(?P<path>(?:\./)?(?:[\w.@-]+/)+[\w.@*-]*|`[\w.@-]+`"
    r"|[\w-]+\.(?:py|js|ts|go|rs|rb|php|java|toml|json|ya?ml|md))`?"
)
_MORE = rf"(?P<more>(?:\s*(?:,|and|or|und)\s+{_PATH.replace('?P<path>', '?:')})*)"
_FORBIDDEN = lazy(
    r"\b(?:do\s+not|don't|never|must\s+not|without)\s+(?:ever\s+)?"
    r"(?:touch|chang|edit|modify|modifi|delet|remov|alter)\w*\s+(?:(?:anything|any\s+files?|files?|code)\s+(?:in|under|inside|below)\s+)?"
    rf"(?:the\s+)?{_PATH}{_MORE}",
    re.IGNORECASE,
)
_ONLY = lazy(
    r"(?:\b(?:only|just)\s+(?:ever\s+)?(?:touch|change|edit|modify|work\s+(?:in|on|within)|(?:in|under|inside|within))"
    r"|\b(?:stay|keep|remain|limit\s+yourself|restrict\s+\w+)\s+(?:with)?(?:in|inside|to|under)"
    r"|\b(?:nothing|not\s+(?:touch|change|edit|modify)\s+anything|no\s+files?)\s+(?:outside|except|but|other\s+than)(?:\s+of)?)"
    rf"\s+(?:(?:files?|code|changes?)\s+(?:in|under)\s+)?(?:the\s+)?{_PATH}{_MORE}",
    re.IGNORECASE,
)
_EACH = lazy(_PATH)
_ALWAYS_FINE = lazy(
    r"(?:^|/)(?:claude-progress|progress|CHANGELOG|NOTES|session-notes|TODO|\.gitignore)[^/]*$",
    re.IGNORECASE,
)
_OF_THE_SYSTEM = lazy(
    r"^/(?:etc|usr|boot|lib\w*|bin|sbin|opt)/|^(?:/root|/home/[^/]+|/Users/[^/]+|~)/\.(?!claude/(?:plans|projects|todos)/)"
    r"(?:ssh/|aws/|bash|zsh|profile|gitconfig|npmrc|netrc|config/|claude/|local/bin/)"
)
_DELICATE = lazy(
    r"^/(?:etc|usr|boot|lib\w*|bin|sbin)/"
    r"|/\.(?:ssh|aws|bash\w*|zsh\w*|profile|gitconfig|npmrc|netrc)(?:/|$)"
)


_LONGEST_GOAL = 20_000
_WORST_FIRST: tuple[RiskKind, ...] = (
    *("secret", "fetch_to_shell", "destructive", "persistence", "credential_use", "outward"),
    *("force_push", "test_deleted", "test_weakened", "hard_coded", "test_skipped"),
    *("privilege", "no_verify", "permissions", "ci", "outside_goal", "big_deletion", "dependency"),
    *("big_file", "binary", "generated"),
)
_RANK = {kind: number for number, kind in enumerate(_WORST_FIRST)}
# Commits have times in whole seconds.
_SLACK = 2.0
_SEPARATORS = lazy(r"[\W_]+")
USUAL = SizeLimits()


def find_risks(
    changes: RepositoryChanges,
    snapshot: NightSnapshot | None,
    calls: Sequence[RiskyCall],
    goal: str,
    sizes: SizeLimits = USUAL,
    settings: Sequence[SettingsFile] = (),
    tasks: Sequence[str] = (),
    texts: FileTexts | None = None,
) -> tuple[Risk, ...]:
    """The risks, by severity, one for each kind and path, of commands also for each program.

    `calls` are the night's edits and shell calls. `goal` is the text that set the night's task, and
    `tasks` the titles of its tasks when it began: what they ask for is no risk. `settings` are the
    files of Claude Code's own that the night changed. `texts` has whole files; without it tests are
    compared as far as the hunks show them. No secret is shown whole.
    """
    intent = read_intent(goal, tasks)
    runs = snapshot.tests.runs if snapshot is not None else ()
    context = NightContext(
        intent, is_recorded(changes, calls), reactions(changes, calls, runs), texts
    )
    code = read_code_changes(changes)
    cwd = snapshot.run.cwd if snapshot else ""
    asked = Goal(_asked(goal, snapshot))
    facts = NightFacts(asked, cwd, documents=script_texts(changes))
    findings = chain(
        test_risks.find_test_risks(changes, code, texts, asked),
        find_weakened(changes, code, context),
        find_runner_risks(changes),
        file_risks.find_leaked_credentials(changes),
        setup_risks.find_setup_risks(changes, asked),
        source_risks.find_source_risks(changes),
        agent_settings.find_settings_risks(settings),
        file_risks.find_file_risks(changes, sizes),
        _find_outside_area(changes, calls, goal, cwd),
        find_changed_file_risks(changes),
        command_risks.find_command_risks(calls, facts),
    )
    attribution = _ChangeAttribution(changes, snapshot, calls)
    risks = [_risk(finding, attribution) for finding in _worst_of_each(findings)]
    risks.sort(key=lambda risk: (SEVERITY_ORDER[risk.severity], _RANK[risk.kind], risk.path))
    return tuple(risks)


def _asked(goal: str, snapshot: NightSnapshot | None) -> Iterator[str]:
    """What a person set the night to do: the goal, and the tasks that stood there when it began."""
    yield goal
    first = snapshot.first_progress if snapshot is not None else None
    for task in first.tasks if first is not None else ():
        if task.state != "done":
            yield task.title


def _worst_of_each(findings: Iterable[RiskFinding]) -> list[RiskFinding]:
    """The worst finding of each kind and path; a deleted test file is no big deletion too.

    Commands that concern no path are told apart by what they do.
    """
    worst: dict[tuple[RiskKind, str, str], RiskFinding] = {}
    for finding in findings:
        key = finding.kind, finding.path, "" if finding.path else finding.what
        before = worst.get(key)
        if before is None or SEVERITY_ORDER[finding.severity] < SEVERITY_ORDER[before.severity]:
            worst[key] = finding
    for kind, path, _ in list(worst):
        if kind == "test_deleted":
            worst.pop(("big_deletion", path, ""), None)
    return [*worst.values()]


def _risk(finding: RiskFinding, attribution: _ChangeAttribution) -> Risk:
    commit = finding.commit or attribution.commit(finding)
    hunk = finding.hunk
    return Risk(
        kind=finding.kind,
        path=finding.path,
        what=cut_credentials(finding.what),
        ref=finding.ref or attribution.ref(finding, commit),
        severity=finding.severity,
        hunk=file_risks.without_secrets(hunk, finding.path) if hunk is not None else None,
        commit=commit,
    )


# --- outside of the goal ---


def _find_outside_area(
    changes: RepositoryChanges, calls: Sequence[RiskyCall], goal: str, cwd: str = ""
) -> Iterator[RiskFinding]:
    """Files of the system that were edited, and what lies outside of the goal's area.

    Nothing in `cwd`, where the night worked, is a file of the system.
    """
    yield from _system_files(calls, cwd.rstrip("/") + "/" if cwd.strip("/") else "")
    forbidden = _paths(_FORBIDDEN, goal)
    allowed = [path for path in _paths(_ONLY, goal) if path not in forbidden]
    for change in changes.files:
        names = {change.path, change.old_path} - {""}
        hit = next((area for area in forbidden if any(_within(n, area) for n in names)), "")
        if hit:
            words = f"the goal says not to touch {hit}"
            yield RiskFinding("outside_goal", change.path, "high", words, first_hunk(change))
    if allowed:
        yield from _outside_files(changes, allowed, forbidden)


def _outside_files(
    changes: RepositoryChanges, allowed: list[str], forbidden: list[str]
) -> Iterator[RiskFinding]:
    outside: dict[str, list[FileChange]] = {}
    for change in changes.files:
        if any(_within(change.path, area) for area in (*allowed, *forbidden)):
            continue
        if is_test(change.path) or is_prose(change.path) or _ALWAYS_FINE.search(change.path):
            continue
        top = change.path.split("/")[0] + "/" if "/" in change.path else change.path
        outside.setdefault(top, []).append(change)
    for top, members in outside.items():
        path = members[0].path if len(members) == 1 else top
        files = format_count(len(members), "file")
        words = f"{files} outside of {', '.join(allowed[:3])}, which the goal names"
        yield RiskFinding("outside_goal", path, "medium", words, first_hunk(members[0]))


def _system_files(calls: Sequence[RiskyCall], cwd: str) -> Iterator[RiskFinding]:
    seen: set[str] = set()
    for call in calls:
        path = call.text
        if not call.edits or call.is_error or path in seen or not _OF_THE_SYSTEM.search(path):
            continue
        if (cwd and path.startswith(cwd)) or lasting(path) is not None:
            continue  # what acts later is told as that
        seen.add(path)
        severity: Severity = "high" if _DELICATE.search(path) else "medium"
        words = "an edit outside of the repository"
        yield RiskFinding("outside_goal", path, severity, words, ref=call.ref)


def _paths(pattern: re.Pattern[str], goal: str) -> list[str]:
    """The paths the goal names in such a sentence."""
    paths: list[str] = []
    for match in pattern.finditer(goal[:_LONGEST_GOAL]):
        paths.append(match.group("path"))
        paths += [each.group("path") for each in _EACH.finditer(match.group("more") or "")]
    cleaned = (path.strip("`").removeprefix("./").rstrip(".*").rstrip("/") for path in paths)
    return list(dict.fromkeys(path for path in cleaned if path))


def _within(path: str, area: str) -> bool:
    return path == area or path.startswith(area + "/") or path.endswith("/" + area)


# --- which commit and call made a change ---


class _CommitSpan(NamedTuple):
    """From one commit to the next: their times, and the calls that made them if these are known.

    Places in the same file tell more than times, which commits have in whole seconds only.
    """

    since: float | None
    until: float | None
    opening: SourceRef | None
    closing: SourceRef | None

    def after_start(self, call: RiskyCall) -> bool:
        """Whether a call came after the commit before."""
        if self.opening is not None and self.opening.source == call.ref.source:
            return call.ref.offset > self.opening.offset
        return self.since is None or call.at is None or call.at > self.since

    def before_end(self, call: RiskyCall) -> bool:
        """Whether a call came before the commit was made, or made it."""
        if self.closing is not None and self.closing.source == call.ref.source:
            return call.ref.offset <= self.closing.offset
        return self.until is None or call.at is None or call.at <= self.until + _SLACK


class _ChangeAttribution:
    """Who made the changes of one night; where no call is known, a place in the commit or file."""

    def __init__(
        self, changes: RepositoryChanges, snapshot: NightSnapshot | None, calls: Sequence[RiskyCall]
    ) -> None:
        self._changes = changes
        self._files = {change.path: change for change in changes.files}
        self._steps: dict[str, list[FileChange]] = defaultdict(list)
        for step in changes.steps:
            self._steps[step.path].append(step)
        self._times = {commit.sha: commit.at for commit in (snapshot.commits if snapshot else ())}
        self._subjects = {sha: _squeezed(text.split("\n", 1)[0]) for sha, text in changes.messages}
        self._commit_texts = {
            id(call): _squeezed(call.text) for call in calls if "commit" in call.text
        }
        self._edits: dict[str, list[RiskyCall]] = defaultdict(list)
        self._shell: list[RiskyCall] = []
        for call in calls:
            if call.shell:
                self._shell.append(call)
            elif call.edits and not call.is_error:
                self._edits[call.text.rpartition("/")[2]].append(call)

    def commit(self, finding: RiskFinding) -> str:
        """The commit that made the change a finding rests on; "" for what none holds."""
        if finding.ref is not None:
            called = (id(call) for call in self._shell if call.ref == finding.ref)
            text = self._commit_texts.get(next(called, 0), "")
            made = (sha for sha, subject in self._subjects.items() if subject and subject in text)
            return next(made, "")
        steps = self._steps.get(finding.path, ())
        for step in reversed(steps):
            if finding.line and any(finding.line in hunk.lines for hunk in step.hunks):
                return step.commit
        change = self._files.get(finding.path)
        if change is None:
            inside = (c for c in self._changes.files if c.path.startswith(finding.path))
            change = next(inside, None) if finding.path.endswith("/") else None
        return change.commit if change is not None else ""

    def ref(self, finding: RiskFinding, commit: str) -> SourceRef | None:
        """The call that made the change, else its place in the commit or file."""
        if not finding.path:
            return None
        span = self._span(finding.path, commit)
        # Calls name a path from the root, the diff names it from the top of the tree.
        path, below = finding.path, "/" + finding.path
        named = self._edits.get(path.rpartition("/")[2], ())
        edit = _last([c for c in named if c.text == path or c.text.endswith(below)], span)
        shell = None
        if finding.by_shell or edit is None:
            shell = _last(self._commands_naming(path), span)
        best = (shell or edit) if finding.by_shell else (edit or shell)
        if best is not None:
            return best.ref
        sha = commit or self._changes.head
        return SourceRef(f"git:{sha}:{finding.path}", _line(finding), None)

    def _span(self, path: str, commit: str) -> _CommitSpan:
        """Between which points of the night a commit's change of a path was made."""
        before = ""
        for step in self._steps.get(path, ()):
            if step.commit == commit:
                break
            before = step.commit
        calls = (self._call_of_commit(before), self._call_of_commit(commit))
        return _CommitSpan(self._times.get(before), self._times.get(commit), *calls)

    def _call_of_commit(self, commit: str) -> SourceRef | None:
        """The shell call that made a commit, by the subject it names."""
        subject = self._subjects.get(commit, "")
        if len(subject) < 6:
            return None
        made = (call for call in self._shell if subject in self._commit_texts.get(id(call), ""))
        return next((call.ref for call in made), None)

    def _commands_naming(self, path: str) -> list[RiskyCall]:
        """Shell commands that name the path, or at least the file."""
        path = path.rstrip("/")
        name = path.rpartition("/")[2]
        by_path = [call for call in self._shell if path in call.text]
        return by_path or [call for call in self._shell if len(name) > 4 and name in call.text]


def _squeezed(text: str) -> str:
    """Letters and digits only: a subject and the command that quotes it look alike so."""
    return _SEPARATORS.sub("", text)


def _last(calls: Sequence[RiskyCall], span: _CommitSpan) -> RiskyCall | None:
    """The last call within the span; the last before its end if there is none."""
    early = [call for call in calls if span.before_end(call)]
    late = [call for call in early if span.after_start(call)]
    return next(reversed(late or early), None)


def _line(finding: RiskFinding) -> int:
    if finding.hunk is None:
        return 0
    lines = hunk_lines(finding.hunk) if finding.line else ()
    same = (line.number for line in lines if line.sign + line.text == finding.line)
    return next(same, finding.hunk.new_start)
