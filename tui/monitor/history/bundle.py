"""A review with all that it rests on in one file, which tells by itself whether a byte of it was changed.

It is a zip file without compression, written in one way only: names in order, no times. `manifest.json` has
size and SHA-256 of every other member, `manifest.sha256` its own, `manifest.sig` the signature of whoever made
it. Checking packs the members again: what differs anywhere, also between them, is found.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tui import __version__
from tui.model.records import FileChange, RepositoryChanges
from tui.model.review import Review
from tui.monitor.history.evidence_lookup import detail_of, file_diff
from tui.monitor.history.export_files import CheckReport, text_of
from tui.night.review.export.redacted import Export, ExportSource
from tui.system.credentials.signatures import Signer, signer_of
from tui.system.format import format_count, format_size_long
from tui.system.sanitize import clean_line

PURPOSE: Final = "review@overnight-tui"
"""The namespace of the signature: one that was made for something else is none for a bundle."""
_FORMAT: Final = 1
_MANIFEST, _DIGEST, _SIGNATURE = "manifest.json", "manifest.sha256", "manifest.sig"
_MOST_RUNS: Final = 40
_LONGEST_OUTPUT: Final = 64 << 10
_LONGEST_DIFF: Final = 16 << 20
_MOST: Final = 64 << 20
_MARKS: Final = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06")
_ABOUT: Final = """\
A review of a night that an agent worked alone, with what it rests on.

review.md, review.html, figures.json   what happened, what is claimed, what supports it, what is risky
diff.patch                            what was changed, as far as it was read; credentials are hidden
tests.txt                             what the runs of tests printed
sources.json                          the files that the review was made from, with their SHA-256

Check it:  overnight-tui review --check FILE
By hand:   sha256sum -c manifest.sha256
           ssh-keygen -Y check-novalidate -n review@overnight-tui -s manifest.sig < manifest.json
"""


class BundleParts(Struct, frozen=True):
    """What goes into a bundle; `outputs` are runs of tests, each a heading with what it printed."""

    export: Export
    changes: RepositoryChanges
    outputs: tuple[tuple[str, str], ...] = ()


def read_outputs(review: Review, project: Path) -> Iterator[tuple[str, str]]:
    """Heading and output of the newest runs of tests, oldest first, then of what was run again."""
    for run in review.tests.runs[-_MOST_RUNS:]:
        detail = detail_of(run.ref, project)
        text = "\n".join(
            f"{part.title}:\n{part.text}" if part.title else part.text for part in detail.parts
        )
        yield f"{run.command} ({run.verdict})", text[-_LONGEST_OUTPUT:]
    for again in review.proof.runs if review.proof is not None else ():
        yield f"run again: {again.command} (exit {again.code})", again.output


def pack_bundle(
    parts: BundleParts, redact: Callable[[str], str], sign: Callable[[bytes], bytes] | None
) -> bytes:
    """The bytes of a bundle; `sign` makes the signature of its manifest, None leaves it without."""
    export = parts.export
    outputs = "\n\n".join(f"== {title}\n{text}" for title, text in parts.outputs)
    members = {
        "README.txt": _ABOUT,
        "review.md": text_of(export, "markdown"),
        "review.html": text_of(export, "html"),
        "figures.json": text_of(export, "json"),
        "diff.patch": redact("".join(map(_patch, parts.changes.files)))[:_LONGEST_DIFF],
        "tests.txt": redact(outputs) or "No run of tests was seen.\n",
        "sources.json": _json([_source(source) for source in export.sources]),
    }
    data = {name: text.encode("utf-8", "replace") for name, text in members.items()}
    manifest = _json(
        {
            "format": _FORMAT,
            "version": __version__,
            "run": export.review.run_id,
            "made_at": export.made_at,
            "verdict": export.review.verdict,
            "base": parts.changes.base,
            "head": parts.changes.head,
            "members": [
                {"name": name, "size": len(data[name]), "sha256": _sha256(data[name])}
                for name in sorted(data)
            ],
        }
    ).encode()
    data[_MANIFEST] = manifest
    data[_DIGEST] = f"{_sha256(manifest)}  {_MANIFEST}\n".encode()
    if sign is not None:
        data[_SIGNATURE] = sign(manifest)
    return _zipped(data)


def is_bundle(data: bytes) -> bool:
    """Whether these bytes are a bundle, or what is left of one."""
    return any(mark in data for mark in _MARKS)


def check_bundle(data: bytes) -> CheckReport:
    """What of a bundle is as it was made. Needs no network, no project and no trust in its maker."""
    try:
        members = _unzipped(data)
    except (
        zipfile.BadZipFile,
        ValueError,
        OSError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        return CheckReport(False, (f"damaged: it cannot be taken apart ({error})",))
    faults = [*_faults(members)]
    if not faults and _zipped(members) != data:
        faults = ["changed: bytes between its members are not as this program writes them"]
    if faults:
        return CheckReport(False, tuple(faults))
    size = format_size_long(sum(map(len, members.values())))
    whole = f"complete: {format_count(len(members), 'member')}, {size}, each with its digest"
    signature = members.get(_SIGNATURE)
    if signature is None:
        unsigned = "not signed: this shows that nothing was damaged, not who made it"
        return CheckReport(True, (whole, unsigned))
    signer = signer_of(members[_MANIFEST], signature, PURPOSE)
    if signer is None:
        return CheckReport(False, (whole, "wrong signature: it was not made for this manifest"))
    return CheckReport(True, (whole, _describe(signer)))


def _faults(members: Mapping[str, bytes]) -> Iterator[str]:
    """What differs from what the manifest says, in sentences."""
    manifest = members.get(_MANIFEST)
    if manifest is None or _DIGEST not in members:
        yield "damaged: its manifest is missing"
        return
    if members[_DIGEST] != f"{_sha256(manifest)}  {_MANIFEST}\n".encode():
        yield "changed: its manifest is not the one that was written"
        return
    try:
        listed = {str(row["name"]): str(row["sha256"]) for row in json.loads(manifest)["members"]}
    except (ValueError, KeyError, TypeError):
        yield "damaged: its manifest cannot be read"
        return
    for name in sorted({*listed, *members} - {_MANIFEST, _DIGEST, _SIGNATURE}):
        if name not in members:
            yield f"missing: {name}"
        elif name not in listed:
            yield f"added: {name} is not in the manifest"
        elif _sha256(members[name]) != listed[name]:
            yield f"changed: {name} is not what was signed"


def _describe(signer: Signer) -> str:
    if signer.is_own:
        return f"signed by your own key, {signer.kind} {signer.fingerprint}"
    if signer.name:
        return f"signed by {signer.name}, {signer.kind} {signer.fingerprint}"
    key = f"{signer.kind} {signer.fingerprint}"
    return f"signed by {key}, which this machine does not know: ask its maker for that fingerprint"


# --- the container ---


def _zipped(members: Mapping[str, bytes]) -> bytes:
    """The one way in which these members are packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, members[name])
    return out.getvalue()


def _unzipped(data: bytes) -> dict[str, bytes]:
    """The members of a bundle, nothing unpacked to the disk. ValueError for what none could hold."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _MOST:
            raise ValueError("it claims to be larger than any bundle")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise ValueError("its members are compressed")
        return {entry.filename: archive.read(entry) for entry in entries}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _source(source: ExportSource) -> dict[str, object]:
    return {"path": source.path, "size": source.size, "sha256": source.sha256}


def _patch(change: FileChange) -> str:
    """A file's part of the diff, as git writes it as far as the hunks are known."""
    before, after = clean_line(change.old_path or change.path), clean_line(change.path)
    old = "/dev/null" if change.kind == "added" else f"a/{before}"
    new = "/dev/null" if change.kind == "deleted" else f"b/{after}"
    head = f"diff --git a/{before} b/{after}\n"
    diff = next((part.text for part in file_diff(change).parts if part.style == "diff"), "")
    if change.binary:
        return f"{head}Binary files {old} and {new} differ\n"
    rest = "# it goes on; only the beginning was read\n" if change.cut else ""
    return f"{head}--- {old}\n+++ {new}\n{diff}\n{rest}" if diff else head + rest
