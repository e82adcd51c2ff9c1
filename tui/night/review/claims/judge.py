"""All claims of a night with their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from tui.model.events import SourceRef
from tui.model.evidence import CommitRecord, EvidenceLog
from tui.model.records import ProgressFile, RepositoryChanges
from tui.model.review import Claim, ClaimSource, Trust
from tui.model.snapshot import NightSnapshot
from tui.night.review.claims.evidence_index import ChangedWork, EvidenceIndex, extract_terms
from tui.night.review.claims.scoring import ClaimScorer, ClaimVerdict
from tui.night.review.claims.statements import Statement, commit_statements, find_statements

Fresh = Callable[[str], bool]


def _squeezed(line: str) -> str:
    return " ".join(line.split())


def new_lines(
    text: str, before: str, path: str, changes: RepositoryChanges | None, written: bool
) -> Fresh:
    """Says of a line whether it is new in this night; without any knowledge none is.

    The file as it was decides, else the repository's difference, else that a tool wrote the whole
    file in this night.
    """
    if before and before != text:
        old = {_squeezed(line) for line in before.split("\n")}
        return lambda line: _squeezed(line) not in old
    added = _added(path, changes)
    if added is not None:
        return lambda line: _squeezed(line) in added
    return lambda line: written


def _added(path: str, changes: RepositoryChanges | None) -> set[str] | None:
    """The lines that the night added to the file; None where nothing is known of it."""
    if changes is None or not path:
        return None
    for file in changes.files:
        if path == file.path or path.endswith("/" + file.path):
            return {_squeezed(line) for hunk in file.hunks for line in hunk.added}
    return set() if changes.base else None


def agent_wrote(testimony: EvidenceLog, path: str) -> bool:
    """Whether a tool wrote the whole file in this night."""
    name = path.rsplit("/", 1)[-1]
    return bool(name) and any(
        edit.tool == "Write" and edit.path.endswith(name) for edit in testimony.edits
    )


def newly_done_tasks(
    testimony: EvidenceLog, progress: ProgressFile | None, before: ProgressFile | None, fresh: Fresh
) -> dict[str, tuple[int, float | None, SourceRef]]:
    """Tasks that this night ticked and that still are: title to line, time and place."""
    if progress is None:
        return {}
    done_before = None
    if before is not None and before.text != progress.text:
        done_before = {task.title for task in before.tasks if task.state == "done"}
    seen = {tick.title: tick for tick in testimony.done_tasks}
    lines = progress.text.split("\n")
    found: dict[str, tuple[int, float | None, SourceRef]] = {}
    for task in progress.tasks:
        if task.state != "done" or task.title in found:
            continue
        tick = seen.get(task.title)
        line = lines[task.line - 1] if 0 < task.line <= len(lines) else ""
        new = fresh(line) if done_before is None else task.title not in done_before
        if tick is None and not (new and line):
            continue
        at = tick.at if tick is not None else progress.at
        found[task.title] = (task.line, at, line_ref(progress.source, lines, task.line))
    return found


def line_ref(source: str, lines: list[str], number: int) -> SourceRef:
    """Where a line stands: the file and the line's byte offset."""
    offset = sum(len(line.encode("utf-8", "replace")) + 1 for line in lines[: max(0, number - 1)])
    return SourceRef(source, offset)


_WORST: dict[Trust, int] = {"unverified": 0, "partial": 1, "verified": 2}
_MOST = 400


def judge_claims(
    night: NightSnapshot,
    testimony: EvidenceLog,
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
    court = ClaimJudge(night, testimony, progress, commit_messages, changes)
    ticks = list(court.ticked_tasks(progress_before or night.first_progress))
    weak = sum(claim.verdict != "verified" for claim in ticks)
    claims = [
        *court.final_messages(weak),
        *ticks,
        *court.progress_remarks(progress_before or night.first_progress),
        *court.notes(notes_text, notes_before or testimony.first_notes),
        *court.commits(),
    ]
    return tuple(claims[:_MOST])


class ClaimJudge:
    """Everything that is asked again and again while claims are judged."""

    def __init__(
        self,
        night: NightSnapshot,
        testimony: EvidenceLog,
        progress: ProgressFile | None,
        messages: Sequence[tuple[str, str]],
        changes: RepositoryChanges | None,
    ) -> None:
        self._night = night
        self._evidence = testimony
        self._progress = progress
        self._changes = changes
        self._index = EvidenceIndex(testimony)
        home = night.run.cwd.rstrip("/") + "/" if night.run.cwd else ""
        self._home = home
        edited = (edit.path.removeprefix(home) for edit in testimony.edits)
        self._work = ChangedWork(edited, changes)
        self._scorer = ClaimScorer(self._index, self._work, progress)
        self._messages = self._all_messages(messages)

    def _all_messages(self, given: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        if given:
            return list(given)
        if self._changes is not None and self._changes.messages:
            return list(self._changes.messages)
        if self._night.commits:
            return [(commit.sha, commit.subject) for commit in self._night.commits]
        return [(made.sha, made.subject) for made in self._evidence.commits if made.subject]

    # --- where claims stand ---

    def final_messages(self, weak: int) -> Iterator[Claim]:
        """Claims in the last words of every turn, the newest first, each said once."""
        told: set[str] = set()
        for said in reversed(self._evidence.statements):
            found = self._score_all(find_statements(said.text, "final message"), said.number, weak)
            for statement, weight in found:
                words = " ".join(statement.text.lower().split())
                if words not in told:
                    told.add(words)
                    yield _claim(statement.text, weight, "final message", said.ref, said.at)

    def _progress_fresh(self, before: ProgressFile | None) -> Fresh:
        progress = self._progress
        if progress is None:
            return lambda line: False
        old = before.text if before is not None else ""
        written = agent_wrote(self._evidence, progress.source)
        return new_lines(progress.text, old, progress.source, self._changes, written)

    def ticked_tasks(self, before: ProgressFile | None) -> Iterator[Claim]:
        """Tasks that were ticked in this night."""
        fresh = self._progress_fresh(before)
        found = newly_done_tasks(self._evidence, self._progress, before, fresh)
        for title, (_, at, where) in found.items():
            weight = self._scorer.score_work(title, self._index.end)
            if weight is None:
                weight = self._score_by_task_id(title)
            if weight is not None:
                yield _claim(title, weight, "progress", where, at)

    def progress_remarks(self, before: ProgressFile | None) -> Iterator[Claim]:
        """Remarks about tests in the progress file that are new in this night."""
        progress = self._progress
        if progress is not None:
            fresh = self._progress_fresh(before)
            yield from self._of_file(progress.text, "progress", progress.source, progress.at, fresh)

    def notes(self, text: str, before: str) -> Iterator[Claim]:
        """Claims in the notes that are new in this night."""
        testimony = self._evidence
        text = text or testimony.notes
        source = testimony.notes_source
        written = agent_wrote(testimony, source)
        fresh = new_lines(text, before, source, self._changes, written)
        yield from self._of_file(text, "notes", source, testimony.notes_at, fresh)

    def _of_file(
        self, text: str, source: ClaimSource, path: str, at: float | None, fresh: Fresh
    ) -> Iterator[Claim]:
        lines = text.split("\n")
        new = (one for one in find_statements(text, source) if fresh(lines[one.line - 1]))
        place = self._written_at(path, at)
        for statement, weight in self._score_all(new, place, 0):
            where = line_ref(path, lines, statement.line) if path else None
            yield _claim(statement.text, weight, source, where, at)

    def _written_at(self, path: str, at: float | None) -> float:
        """When the file was last edited, as far as that was seen; else its own time."""
        name = path.rsplit("/", 1)[-1]
        for edit in reversed(self._evidence.edits if name else ()):
            if edit.path.endswith(name):
                return edit.number
        return self._index.position_at(at)

    def commits(self) -> Iterator[Claim]:
        """Claims in the night's commit messages."""
        times = {commit.sha: commit.at for commit in self._night.commits}
        last = 0.0
        for sha, message in self._messages:
            at = times.get(sha)
            made = self._find_commit_record(sha, message)
            place = made.number if made is not None else self._index.position_at(at)
            edits = self._index.edits_between(last, place)
            own = tuple(dict.fromkeys(edit.path for edit in edits if edit.path))
            last = place if made is not None else last
            found = self._score_all(commit_statements(message), place, 0, own)
            for statement, weight in found:
                text = f"{sha[:7]} {statement.text}".strip()
                where = self._commit_ref(sha, made)
                when = at if at is not None else (made.at if made is not None else None)
                yield _claim(text, weight, "commit", where, when)

    def _commit_ref(self, sha: str, made: CommitRecord | None) -> SourceRef | None:
        """The commit where the repository is known, else the command that made it."""
        known = self._changes is not None and bool(self._changes.base)
        if made is not None and not (known and sha):
            return made.ref
        return SourceRef(f"git:{sha}", 0) if sha else None

    def _find_commit_record(self, sha: str, message: str) -> CommitRecord | None:
        """The shell command that made a commit."""
        subject = message.strip().split("\n", 1)[0].strip()
        for made in self._evidence.commits:
            if made.sha and sha.startswith(made.sha):
                return made
        for made in self._evidence.commits:
            told = made.subject.rstrip("…").strip()
            if not made.sha and told and subject.startswith(told):
                return made
        return None

    # --- judging ---

    def _score_all(
        self,
        found: Iterable[Statement],
        place: float,
        weak: int,
        own: tuple[str, ...] | None = None,
    ) -> Iterator[tuple[Statement, ClaimVerdict]]:
        """Statements with their weight; several in one sentence are one claim."""
        kept: dict[tuple[int, str], tuple[Statement, ClaimVerdict]] = {}
        for statement in found:
            weight = self._score(statement, place, weak, own)
            if weight is None:
                continue
            key = (statement.line, statement.text)
            before = kept.get(key)
            kept[key] = (statement, weight if before is None else _combine(before[1], weight))
        yield from kept.values()

    def _score(
        self, statement: Statement, place: float, weak: int, own: tuple[str, ...] | None
    ) -> ClaimVerdict | None:
        if statement.kind == "tests":
            return self._scorer.score_tests(statement, place)
        if statement.kind == "everything":
            return self._scorer.score_all_done(weak)
        late = own is None
        weight = self._scorer.score_work(statement.work, place, own or (), late, statement.about)
        return weight if weight is not None else self._score_by_task_id(statement.work)

    def _score_by_task_id(self, what: str) -> ClaimVerdict | None:
        """A task that is named by its number only: by the task's title, or the commits that name it."""
        said = extract_terms(what)
        for identity in said.task_ids:
            for task in self._progress.tasks if self._progress is not None else ():
                if identity in task.title and extract_terms(task.title):
                    return self._scorer.score_work(task.title, self._index.end)
            paths = self._committed_for(identity)
            return self._scorer.score_task_id(paths, self._index.end)
        return None

    def _committed_for(self, identity: str) -> tuple[str, ...]:
        """The source files edited before the commits that name a task, since the commit before."""
        last = 0
        found: dict[str, None] = {}
        for made in self._evidence.commits:
            if identity in made.subject:
                for edit in self._index.edits_between(last, made.number):
                    if edit.path:
                        found[edit.path.removeprefix(self._home)] = None
            last = made.number
        return tuple(found)


def _combine(one: ClaimVerdict, other: ClaimVerdict) -> ClaimVerdict:
    """Two weights of one sentence: the worse one decides and stands first."""
    worse, better = sorted((one, other), key=lambda weight: _WORST[weight.trust])
    why = worse.why if better.trust == "verified" else f"{worse.why}; {better.why}"
    return ClaimVerdict(worse.trust, why, tuple(dict.fromkeys((*worse.evidence, *better.evidence))))


def _claim(
    text: str, weight: ClaimVerdict, source: ClaimSource, where: SourceRef | None, at: float | None
) -> Claim:
    return Claim(text, weight.trust, weight.why, source, where, weight.evidence, at)
