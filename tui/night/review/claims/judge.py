"""All claims of a night with their verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec.structs import replace

from tui.model.events import SourceRef
from tui.model.evidence.claims import (
    Claim,
    ClaimKind,
    ClaimSource,
    EndState,
    JudgedClaims,
    UnknownEnd,
)
from tui.model.evidence.log import CommitRecord, EvidenceLog
from tui.model.records import ProgressFile, RepositoryChanges
from tui.model.snapshot import NightSnapshot
from tui.night.review.claims.facts import ClaimVerdict, combine
from tui.night.review.claims.languages.detect import ENGLISH, sentence_language
from tui.night.review.claims.languages.foreign import Reader, UnreadCounter
from tui.night.review.claims.night_facts import Case, NightFacts
from tui.night.review.claims.scoring import score
from tui.night.review.claims.sections import (
    IsNew,
    line_ref,
    new_lines,
    newly_done_tasks,
    squeezed,
)
from tui.night.review.claims.statement import Statement
from tui.night.review.claims.statements import commit_statements, find_statements
from tui.system.lazy_pattern import lazy

_MOST_CLAIMS = 400
_MOST_FINAL = 300
_REVERTS = lazy(r"\s*Revert \"(?P<subject>[^\n]*)\"")
_REVERTED_ID = lazy(r"This reverts commit ([0-9a-f]{40})")
_NOTHING = Statement(ClaimKind.NOT_DONE, "")
_REMOVALS = (ClaimKind.FILE_REMOVED, ClaimKind.CODE_REMOVED)


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
    end_state: EndState | None = None,
) -> JudgedClaims:
    """The night's claims, those of the last message first, then in the order of the sources; pure.

    `progress` and `notes_text` are the files as they stand, `progress_before` and `notes_before`
    as they were when the night began, if that is known: what stood there already is no claim of
    this night. `commit_messages` are pairs of commit id and whole message, oldest first. Without
    `end_state` nothing is known of how the repository stands.
    """
    before = progress_before or snapshot.first_progress
    night = NightFacts(evidence, changes, progress, end_state or UnknownEnd(), snapshot.run.cwd)
    judge = _ClaimJudge(snapshot, night, before)
    ticks = list(judge.ticked_tasks(before))
    weak = sum(claim.verdict != "verified" and not claim.is_only_words for claim in ticks)
    claims = [
        *islice(judge.final_messages(weak), _MOST_FINAL),
        *ticks,
        *judge.progress_remarks(),
        *judge.notes(notes_text, notes_before or evidence.first_notes),
        *judge.commits(commit_messages),
    ]
    return JudgedClaims(tuple(claims[:_MOST_CLAIMS]), judge.unread.texts())


class _ClaimJudge:
    """The claims of one night, by where they stand."""

    def __init__(
        self, snapshot: NightSnapshot, night: NightFacts, before: ProgressFile | None
    ) -> None:
        self._snapshot = snapshot
        self._night = night
        self._evidence, self._changes = night.evidence, night.changes
        self._progress, self._index = night.progress, night.index
        self.unread = UnreadCounter()
        self._is_new_progress: IsNew = lambda line: False
        if night.progress is not None:
            old = before.text if before is not None else ""
            now, source = night.progress.text, night.progress.source
            self._is_new_progress = new_lines(now, old, source, night.changes, night.evidence)

    def _all_messages(self, messages: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
        """Commit messages from the surest source that has any."""
        if messages:
            return messages
        changes = self._changes
        if changes is not None and (changes.base or changes.messages):
            # What was undone, or is somebody else's, makes no claim of this night.
            aside = [(one.sha, one.subject) for one in changes.elsewhere]
            return [*changes.messages, *aside]
        if self._snapshot.commits:
            return [(commit.sha, commit.subject) for commit in self._snapshot.commits]
        return [(record.sha, record.subject) for record in self._evidence.commits if record.subject]

    # --- where claims stand ---

    def final_messages(self, weak: int) -> Iterator[Claim]:
        """Claims in the last words of every turn, the newest first, each once.

        `weak` is the number of ticked tasks that are not verified.
        """
        seen: set[str] = set()
        taken_back: frozenset[str] = frozenset()
        for message in reversed(self._evidence.statements):
            self.unread.add(message.text, message.ref)
        for message in reversed(self._evidence.statements):
            statements = tuple(find_statements(message.text, "final message"))
            new = [one for one in statements if _words(one) not in seen]
            new = list({(_words(one), one.kind): one for one in reversed(new)}.values())[::-1]
            case = Case(_NOTHING, message.number, taken_back=taken_back)
            for statement, verdict in self._score_all(new, case, weak):
                kind = statement.kind
                yield verdict.claim(statement.text, "final message", message.ref, message.at, kind)
            seen.update(map(_words, new))
            taken_back |= frozenset(_names_taken_back(statements))

    def ticked_tasks(self, before: ProgressFile | None) -> Iterator[Claim]:
        """Tasks that were ticked in this night."""
        is_new = self._is_new_progress
        ticked = newly_done_tasks(self._evidence, self._progress, before, is_new)
        text = self._progress.text if self._progress is not None else ""
        main = Reader(text).language if ticked else ENGLISH
        for title, (at, where) in ticked.items():
            language = sentence_language(title, main) or main
            statement = Statement(ClaimKind.TASK_DONE, title, work=title, language=language)
            place = self._index.position_at(at)
            verdict = score(self._night, Case(statement, place, "progress"))
            if verdict is not None:
                yield verdict.claim(title, "progress", where, at, statement.kind)

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
        if source == "notes":
            self.unread.add(text, SourceRef(path, 0) if path else None, is_new)
        new = (each for each in find_statements(text, source) if is_new(lines[each.line - 1]))
        for statement, verdict in self._score_all(
            new, Case(_NOTHING, self._written_at(path, at), source)
        ):
            where = line_ref(path, lines, statement.line) if path else None
            yield verdict.claim(statement.text, source, where, at, statement.kind)

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
        every = self._all_messages(messages)
        reverted = frozenset(_reverted(every))
        for sha, message in every:
            record = self._find_commit_record(sha, message)
            at = times.get(sha)
            place = record.number if record is not None else self._index.position_at(at)
            edits = self._index.edits_between(last, place)
            named = (self._night.inside(edit.path) for edit in edits if edit.path)
            case = Case(_NOTHING, place, "commit", sha, tuple(dict.fromkeys(named)))
            if record is not None:
                last = place
                at = at if at is not None else record.at
            # The commit where the repository is known, else the command that made it.
            where = record.ref if record is not None else None
            if sha and (is_known or record is None):
                where = SourceRef(f"git:{sha}", 0)
            # What a later commit reverts, the night itself took back.
            if sha not in reverted and _subject(message) not in reverted:
                yield from self._commit_claims(message, case, where, at)

    def _commit_claims(
        self, message: str, case: Case, where: SourceRef | None, at: float | None
    ) -> Iterator[Claim]:
        for statement, verdict in self._score_all(commit_statements(message), case):
            text = f"{case.sha[:7]} {statement.text}".strip()
            yield verdict.claim(text, "commit", where, at, statement.kind)

    def _find_commit_record(self, sha: str, message: str) -> CommitRecord | None:
        """The shell command that made a commit."""
        subject = _subject(message)
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
        self, statements: Iterable[Statement], like: Case, weak: int = 0
    ) -> Iterator[tuple[Statement, ClaimVerdict]]:
        """Statements with their verdicts, made where `like` was; several of the same words are one."""
        judged: dict[tuple[int, str], tuple[Statement, ClaimVerdict]] = {}
        for statement in statements:
            verdict = score(self._night, replace(like, statement=statement), weak)
            if verdict is None:
                continue
            key = (statement.line, statement.text)
            if key in judged:
                verdict = combine(judged[key][1], verdict)
            judged[key] = (statement, verdict)
        yield from judged.values()


def _subject(message: str) -> str:
    return message.strip().partition("\n")[0].strip()


def _reverted(messages: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Ids and subjects of commits that others revert."""
    for _, message in messages:
        match = _REVERTS.match(message)
        if match is not None:
            yield match["subject"].strip()
            yield from _REVERTED_ID.findall(message)


def _words(statement: Statement) -> str:
    """A clause by which it is known when it is said again."""
    return squeezed(statement.text.lower())


def _names_taken_back(statements: Iterable[Statement]) -> Iterator[str]:
    """Names of files and code that are said to be removed, or to have another name."""
    for statement in statements:
        subject = statement.subject
        if statement.kind in _REMOVALS:
            yield from (path.rstrip("/").rsplit("/", 1)[-1] for path in subject.paths)
            yield from (name.removesuffix("()") for name in subject.symbols)
        elif statement.kind == ClaimKind.FILE_RENAMED:
            yield subject.old_path.rsplit("/", 1)[-1]
