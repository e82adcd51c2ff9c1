"""All claims of a night with their verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tui.model.events import SourceRef
from tui.model.evidence.claims import Claim, ClaimKind, ClaimSource, Trust
from tui.model.evidence.log import CommitRecord, EvidenceLog
from tui.model.records import ProgressFile, RepositoryChanges
from tui.model.snapshot import NightSnapshot
from tui.night.review.claims.evidence_index import ChangedWork, EvidenceIndex, extract_terms
from tui.night.review.claims.scoring import ClaimScorer, ClaimVerdict
from tui.night.review.claims.sections import (
    IsNew,
    line_ref,
    new_lines,
    newly_done_tasks,
    squeezed,
)
from tui.night.review.claims.statement import Statement
from tui.night.review.claims.statements import commit_statements, find_statements

_WORST_FIRST: dict[Trust, int] = {
    "contradicted": -1,
    "unverified": 0,
    "partial": 1,
    "verified": 2,
}
_MOST_CLAIMS = 400


def judge_claims(
    snapshot: NightSnapshot,
    evidence: EvidenceLog,
    progress: ProgressFile | None,
    notes_text: str,
    commit_messages: Sequence[tuple[str, str]],
    changes: RepositoryChanges | None,
    *,
    progress_before: ProgressFile | None = None,
    notes_before: str = "",
) -> tuple[Claim, ...]:
    """The night's claims, those of the last message first, then in the order of the sources; pure.

    `progress` and `notes_text` are the files as they stand, `progress_before` and `notes_before`
    as they were when the night began, if that is known: what stood there already is no claim of
    this night. `commit_messages` are pairs of commit id and whole message, oldest first.
    """
    before = progress_before or snapshot.first_progress
    judge = _ClaimJudge(snapshot, evidence, progress, before, changes)
    ticks = list(judge.ticked_tasks(before))
    weak = sum(claim.verdict != "verified" for claim in ticks)
    claims = [
        *judge.final_messages(weak),
        *ticks,
        *judge.progress_remarks(),
        *judge.notes(notes_text, notes_before or evidence.first_notes),
        *judge.commits(commit_messages),
    ]
    return tuple(claims[:_MOST_CLAIMS])


class _ClaimJudge:
    """The claims of one night, by where they stand."""

    def __init__(
        self,
        snapshot: NightSnapshot,
        evidence: EvidenceLog,
        progress: ProgressFile | None,
        before: ProgressFile | None,
        changes: RepositoryChanges | None,
    ) -> None:
        self._snapshot = snapshot
        self._evidence = evidence
        self._progress = progress
        self._changes = changes
        self._index = EvidenceIndex(evidence)
        cwd = snapshot.run.cwd
        self._root = cwd.rstrip("/") + "/" if cwd else ""
        edited = (edit.path.removeprefix(self._root) for edit in evidence.edits)
        self._scorer = ClaimScorer(self._index, ChangedWork(edited, changes), progress)
        self._is_new_progress: IsNew = lambda line: False
        if progress is not None:
            old = before.text if before is not None else ""
            source = progress.source
            self._is_new_progress = new_lines(progress.text, old, source, changes, evidence)

    def _all_messages(self, messages: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Commit messages from the surest source that has any."""
        if messages:
            return messages
        if self._changes is not None and self._changes.messages:
            return self._changes.messages
        if self._snapshot.commits:
            return [(commit.sha, commit.subject) for commit in self._snapshot.commits]
        return [(record.sha, record.subject) for record in self._evidence.commits if record.subject]

    # --- where claims stand ---

    def final_messages(self, weak: int) -> Iterator[Claim]:
        """Claims in the last words of every turn, the newest first, each once.

        `weak` is the number of ticked tasks that are not verified.
        """
        seen: set[str] = set()
        for message in reversed(self._evidence.statements):
            statements = find_statements(message.text, "final message")
            for statement, verdict in self._score_all(statements, message.number, weak):
                words = squeezed(statement.text.lower())
                if words not in seen:
                    seen.add(words)
                    yield verdict.claim(statement.text, "final message", message.ref, message.at)

    def ticked_tasks(self, before: ProgressFile | None) -> Iterator[Claim]:
        """Tasks that were ticked in this night."""
        is_new = self._is_new_progress
        ticked = newly_done_tasks(self._evidence, self._progress, before, is_new)
        for title, (at, where) in ticked.items():
            verdict = self._scorer.score_work(title) or self._score_by_task_id(title)
            if verdict is not None:
                yield verdict.claim(title, "progress", where, at)

    def progress_remarks(self) -> Iterator[Claim]:
        """Remarks about tests in the progress file that are new in this night."""
        known, is_new = self._progress, self._is_new_progress
        if known is not None:
            yield from self._file_claims(known.text, "progress", known.source, known.at, is_new)

    def notes(self, text: str, before: str) -> Iterator[Claim]:
        """Claims in the notes that are new in this night."""
        evidence = self._evidence
        text, path = text or evidence.notes, evidence.notes_source
        is_new = new_lines(text, before, path, self._changes, evidence)
        yield from self._file_claims(text, "notes", path, evidence.notes_at, is_new)

    def _file_claims(
        self, text: str, source: ClaimSource, path: str, at: float | None, is_new: IsNew
    ) -> Iterator[Claim]:
        lines = text.split("\n")
        new = (each for each in find_statements(text, source) if is_new(lines[each.line - 1]))
        for statement, verdict in self._score_all(new, self._written_at(path, at)):
            where = line_ref(path, lines, statement.line) if path else None
            yield verdict.claim(statement.text, source, where, at)

    def _written_at(self, path: str, at: float | None) -> float:
        """When the file was last edited, as far as that was seen; else its own time."""
        name = path.rsplit("/", 1)[-1]
        for edit in reversed(self._evidence.edits if name else ()):
            if edit.path.endswith(name):
                return edit.number
        return self._index.position_at(at)

    def commits(self, messages: Sequence[tuple[str, str]]) -> Iterator[Claim]:
        """Claims in the night's commit messages."""
        times = {commit.sha: commit.at for commit in self._snapshot.commits}
        is_known = self._changes is not None and bool(self._changes.base)
        last = 0.0
        for sha, message in self._all_messages(messages):
            at = times.get(sha)
            record = self._find_commit_record(sha, message)
            place = record.number if record is not None else self._index.position_at(at)
            edits = self._index.edits_between(last, place)
            paths = tuple(dict.fromkeys(edit.path for edit in edits if edit.path))
            if record is not None:
                last = place
                at = at if at is not None else record.at
            # The commit where the repository is known, else the command that made it.
            where = SourceRef(f"git:{sha}", 0) if sha and (is_known or record is None) else None
            where = where or (record.ref if record is not None else None)
            statements = commit_statements(message)
            for statement, verdict in self._score_all(statements, place, commit_paths=paths):
                yield verdict.claim(f"{sha[:7]} {statement.text}".strip(), "commit", where, at)

    def _find_commit_record(self, sha: str, message: str) -> CommitRecord | None:
        """The shell command that made a commit."""
        subject = message.strip().split("\n", 1)[0].strip()
        for record in self._evidence.commits:
            if record.sha and sha.startswith(record.sha):
                return record
        for record in self._evidence.commits:
            beginning = record.subject.rstrip("…").strip()
            if not record.sha and beginning and subject.startswith(beginning):
                return record
        return None

    # --- judging ---

    def _score_all(
        self,
        statements: Iterable[Statement],
        place: float,
        weak: int = 0,
        commit_paths: tuple[str, ...] | None = None,
    ) -> Iterator[tuple[Statement, ClaimVerdict]]:
        """Statements with their verdicts; several in one sentence are one claim."""
        judged: dict[tuple[int, str], tuple[Statement, ClaimVerdict]] = {}
        for statement in statements:
            verdict = self._score(statement, place, weak, commit_paths)
            if verdict is None:
                continue
            key = (statement.line, statement.text)
            if key in judged:
                verdict = _combine(judged[key][1], verdict)
            judged[key] = (statement, verdict)
        yield from judged.values()

    def _score(
        self, statement: Statement, place: float, weak: int, commit_paths: tuple[str, ...] | None
    ) -> ClaimVerdict | None:
        if statement.kind == ClaimKind.TESTS_PASS:
            return self._scorer.score_tests(statement, place)
        if statement.kind == ClaimKind.ALL_DONE:
            return self._scorer.score_all_done(weak)
        work, is_commit = statement.work, commit_paths is not None
        verdict = self._scorer.score_work(work, commit_paths or (), not is_commit, statement.about)
        return verdict or self._score_by_task_id(work)

    def _score_by_task_id(self, what: str) -> ClaimVerdict | None:
        """A task that is named by its id only: by the task's title, or the commits that name it."""
        for task_id in extract_terms(what).task_ids[:1]:
            for task in self._progress.tasks if self._progress is not None else ():
                if task_id in task.title and extract_terms(task.title):
                    return self._scorer.score_work(task.title)
            return self._scorer.score_task_id(self._paths_of_task(task_id))
        return None

    def _paths_of_task(self, task_id: str) -> tuple[str, ...]:
        """The source files edited before the commits that name a task, since the commit before."""
        last = 0
        paths: list[str] = []
        for record in self._evidence.commits:
            if task_id in record.subject:
                paths += [e.path for e in self._index.edits_between(last, record.number) if e.path]
            last = record.number
        return tuple(dict.fromkeys(path.removeprefix(self._root) for path in paths))


def _combine(verdict: ClaimVerdict, other: ClaimVerdict) -> ClaimVerdict:
    """Two verdicts of one sentence: the worse one decides and stands first."""
    worse, better = sorted((verdict, other), key=lambda each: _WORST_FIRST[each.trust])
    why = worse.why if better.trust == "verified" else f"{worse.why}; {better.why}"
    return ClaimVerdict(worse.trust, why, tuple(dict.fromkeys((*worse.evidence, *better.evidence))))
