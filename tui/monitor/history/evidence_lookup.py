"""What stands at a place that a review names."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Sequence
from pathlib import Path

from tui.feeds.follow.generation import line_start
from tui.model.events import AgentEvent, AssistantMessage, SourceRef, UserMessage
from tui.model.records import FileChange, Hunk
from tui.model.rows import DetailPart, EventDetail
from tui.store.layout import is_journal
from tui.store.project_files import describe_link, reading_base
from tui.system.errors import OvernightError
from tui.system.files import regular_file
from tui.system.sanitize import clean, clean_bytes, clean_line

COMMIT_BYTES = 2 << 20
_LINE = 8 << 20
_BEFORE, _AFTER = 24 << 10, 40 << 10
_GIT = "git"


def detail_of(ref: SourceRef, project: Path, named: Collection[str] = ()) -> EventDetail:
    """Everything about the place, or a sentence where it is gone or changed. Never fails.

    `named` are the files that a person named: only they are followed out of the project.
    """
    if is_commit(ref):
        return commit_detail(project, sha_of(ref))
    base = reading_base(project, ref.source, named)
    try:
        line = _line_at(ref, base)
    except OSError as error:
        return _unreadable(ref, error, base)
    if line is None:
        return _gone(ref, "The file is shorter than it was; this place is no longer in it.")
    if line.lstrip()[:1] != b"{":
        return _in_text(ref, base)
    if ref.uuid and ref.uuid.encode() not in line:
        return _gone(ref, "The file was rewritten; this record is no longer where it was.")
    if is_journal(ref.source):
        return _journal_entry(ref, line, base)
    return _event(ref, base)


def is_commit(ref: SourceRef) -> bool:
    """Whether the place is a commit rather than a byte of a file."""
    return ref.source.partition(":")[0] == _GIT


def sha_of(ref: SourceRef) -> str:
    """The commit's id."""
    return ref.source.partition(":")[2] or ref.uuid or ""


def text_detail(path: str, text: str, project: Path, named: Collection[str] = ()) -> EventDetail:
    """The file round the line that holds the text; from its beginning when none does."""
    base = reading_base(project, path, named)
    try:
        with regular_file(path, follow=True, inside=base) as (descriptor, _):
            data = os.read(descriptor, _LINE)
    except OSError as error:
        return _unreadable(SourceRef(path, 0), error, base)
    offset = data.find(text.encode("utf-8", "replace"))
    return _in_text(SourceRef(path, max(0, offset)), base)


# --- events and journal entries ---


def _line_at(ref: SourceRef, base: str) -> bytes | None:
    with regular_file(ref.source, follow=True, inside=base) as (descriptor, status):
        size = status.st_size
        if ref.offset >= size and size:
            return None
        data = os.pread(descriptor, min(_LINE, size - ref.offset), ref.offset)
    return data.partition(b"\n")[0]


def _journal_entry(ref: SourceRef, line: bytes, base: str) -> EventDetail:
    from tui.monitor.rows.journal_rows import journal_detail
    from tui.store.journal import JournalDecoder

    entries = JournalDecoder(ref.source).decode(line + b"\n", ref.offset)
    return journal_detail(entries[0], ref) if entries else _in_text(ref, base)


def _event(ref: SourceRef, base: str) -> EventDetail:
    """The event, or the call that it answers: one page has both."""
    from tui.monitor.loading import rows_around

    index = rows_around(ref.source, ref.offset, 3, base)
    row = index.row_of(ref.source, ref.offset) if index is not None else None
    if index is None or row is None:
        return _in_text(ref, base)
    record = index.record(row)
    if isinstance(record, AgentEvent) and isinstance(record.body, UserMessage):
        # At the lowest verbosity a result has no row of its own: its place leads to the call.
        index.level = 1
        call = index.row_of(ref.source, ref.offset)
        if call is not None and _answers(record.body, index.record(call)):
            return index.detail(call)
        index.level = 3
    return index.detail(row)


def _answers(message: UserMessage, call: object) -> bool:
    if not isinstance(call, AgentEvent) or not isinstance(call.body, AssistantMessage):
        return False
    calls = {tool.id for tool in call.body.tools}
    return any(result.tool_use_id in calls for result in message.results)


# --- plain files ---


def _in_text(ref: SourceRef, base: str) -> EventDetail:
    """The line at the place, then those after and before it."""
    try:
        with regular_file(ref.source, follow=True, inside=base) as (descriptor, _):
            start = line_start(descriptor, max(0, ref.offset - _BEFORE))
            place = line_start(descriptor, ref.offset)
            before = os.pread(descriptor, place - start, start)
            after = os.pread(descriptor, _AFTER, place)
            number = _lines_before(descriptor, place) + 1
    except OSError as error:
        return _unreadable(ref, error, base)
    here, _, rest = after.partition(b"\n")
    parts = [
        DetailPart(f"line {number:,}", clean_bytes(here)),
        DetailPart("after it", clean_bytes(rest).rstrip()),
        DetailPart("before it", clean_bytes(before).rstrip()),
    ]
    facts = (("file", clean_line(ref.source)), ("line", f"{number:,}"))
    title = f"{os.path.basename(ref.source)}: {clean_bytes(here, limit=200).strip()}"
    return EventDetail(clean_line(title, 200), tuple(p for p in parts if p.text), ref, facts)


def _lines_before(descriptor: int, place: int) -> int:
    count, at = 0, 0
    while at < place:
        block = os.pread(descriptor, min(1 << 20, place - at), at)
        if not block:
            break
        count += block.count(b"\n")
        at += len(block)
    return count


def _unreadable(ref: SourceRef, error: OSError, base: str) -> EventDetail:
    if base and error.errno == errno.EXDEV:
        return _gone(ref, describe_link(base, ref.source) + ".")
    return _gone(ref, f"{ref.source} cannot be read: {error.strerror or error}.")


def _gone(ref: SourceRef, reason: str) -> EventDetail:
    return EventDetail("gone", (DetailPart("gone", clean(reason)),), ref)


# --- git ---


def commit_detail(project: Path, sha: str) -> EventDetail:
    """A commit with its message and its diff, as far as `COMMIT_BYTES` reach."""
    from tui.feeds.repo.bounded_git import ReadBudget, run_bounded
    from tui.system.git import Git

    ref = SourceRef(_GIT, 0, sha)
    if not sha or not sha.isalnum():
        return EventDetail("commit", (DetailPart("", "Which commit it was is not known."),), ref)
    shape = "--format=%H%nauthor %an%ndate   %ad%n%n%B%n"
    args = ("show", "--date=iso-local", "--stat", "--patch", "--no-color", shape, sha, "--")
    try:
        out = run_bounded(Git(project), args, ReadBudget(15.0, COMMIT_BYTES))
    except (OvernightError, OSError) as error:
        return EventDetail(f"commit {sha[:7]}", (DetailPart("", clean(str(error))),), ref)
    text = clean_bytes(out.data)
    head, separator, patch = text.partition("\ndiff --git ")
    parts = [DetailPart("", head.strip("\n"))]
    if separator:
        parts.append(DetailPart("diff", "diff --git " + patch, "diff"))
    if not out.is_whole:
        parts.append(DetailPart("", "It goes on; only the beginning is shown."))
    return EventDetail(f"commit {sha[:7]}", tuple(parts), ref)


def diff_detail(
    path: str, heading: str, hunks: Sequence[Hunk], ref: SourceRef | None = None
) -> EventDetail:
    """Pieces of a file's diff."""
    lines: list[str] = []
    for hunk in hunks:
        old = sum(not line.startswith("+") for line in hunk.lines)
        new = sum(not line.startswith("-") for line in hunk.lines)
        place = f"@@ -{hunk.old_start},{old} +{hunk.new_start},{new} @@"
        lines += [f"{place} {hunk.heading}".rstrip(), *hunk.lines]
    title = clean_line(" ".join(filter(None, (path, heading))), 200)
    diff = DetailPart("diff", clean("\n".join(lines)), "diff")
    return EventDetail(title, (diff,), ref or SourceRef(_GIT, 0))


def file_diff(change: FileChange) -> EventDetail:
    """What the night changed in one file."""
    facts = [("change", f"{change.kind}, +{change.insertions:,} -{change.deletions:,} lines")]
    if change.old_path and change.old_path != change.path:
        facts.append(("before", clean_line(change.old_path)))
    if change.old_mode != change.new_mode and change.old_mode and change.new_mode:
        facts.append(("mode", f"{change.old_mode} became {change.new_mode}"))
    facts.append(("commit", change.commit or "not committed"))
    detail = diff_detail(change.path, "", change.hunks)
    parts = list(detail.parts) if change.hunks else []
    if change.binary:
        parts.append(DetailPart("", f"A binary file of {change.size:,} bytes."))
    if change.cut:
        parts.append(DetailPart("", "There is more; only the beginning was read."))
    return EventDetail(detail.title, tuple(parts), detail.ref, tuple(facts))
