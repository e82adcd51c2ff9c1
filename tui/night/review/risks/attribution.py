"""Which commit and call made a change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from tui.model.events import SourceRef
from tui.model.records import FileChange, RepositoryChanges
from tui.model.snapshot import NightSnapshot
from tui.night.evidence.evidence_log import RiskyCall
from tui.night.review.risks.diff_view import RiskFinding, hunk_lines
from tui.system.lazy_pattern import lazy

# Commits have times in whole seconds.
_SLACK = 2.0
_SEPARATORS = lazy(r"[\W_]+")


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


class ChangeAttribution:
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
            elif not call.is_error:
                self._edits[call.text.rpartition("/")[2]].append(call)

    def commit(self, finding: RiskFinding) -> str:
        """The commit that made the change a finding rests on; "" for what none holds."""
        if finding.ref is not None:
            call = next((call for call in self._shell if call.ref == finding.ref), None)
            return self._commit_of_call(call) if call is not None else ""
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
        edit = _last(self._edits_of(finding.path), span)
        shell = None
        if finding.by_shell or edit is None:
            shell = _last(self._commands_naming(finding.path), span)
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
        return _CommitSpan(
            self._times.get(before),
            self._times.get(commit),
            self._call_of_commit(before),
            self._call_of_commit(commit),
        )

    def _call_of_commit(self, commit: str) -> SourceRef | None:
        """The shell call that made a commit, by the subject it names."""
        subject = self._subjects.get(commit, "")
        if len(subject) < 6:
            return None
        made = (call for call in self._shell if subject in self._commit_texts.get(id(call), ""))
        return next((call.ref for call in made), None)

    def _commit_of_call(self, call: RiskyCall) -> str:
        """The commit that a shell call made."""
        text = self._commit_texts.get(id(call), "")
        made = (sha for sha, subject in self._subjects.items() if subject and subject in text)
        return next(made, "")

    def _edits_of(self, path: str) -> list[RiskyCall]:
        """Edits of the path; calls name it from the root, the diff from the top of the tree."""
        named = self._edits.get(path.rpartition("/")[2], [])
        return [c for c in named if c.text == path or c.text.endswith("/" + path)]

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
    fitting = late or early
    return fitting[-1] if fitting else None


def _line(finding: RiskFinding) -> int:
    if finding.hunk is None:
        return 0
    for line in hunk_lines(finding.hunk):
        if finding.line and line.sign + line.text == finding.line:
            return line.number
    return finding.hunk.new_start
