"""A bundle says by itself whether it is as it was made, and who signed it."""

from __future__ import annotations

import base64
import io
import subprocess
import zipfile
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.night.review.review_sample import hostile, sample
from tui.model.records import FileChange, Hunk, RepositoryChanges
from tui.monitor.history.bundle import PURPOSE, BundleParts, check_bundle, is_bundle, pack_bundle
from tui.monitor.history.export_files import export_of
from tui.night.review.export.redacted import Redactor
from tui.system.credentials.signatures import find_key, sign, signer_of
from tui.system.errors import RefusedError, UsageError

SECRET = "AKIA" + "Z7QX3MPL5WNRT2VK"
REDACT = Redactor((), "/home/pat", "pat", "owl")


def parts() -> BundleParts:
    hunk = Hunk(1, 1, ("-a", f'+key = "{SECRET}"'))
    changes = RepositoryChanges(
        "b" * 40, "e" * 40, "", (FileChange("app.py", "modified", 1, 1, (hunk,)),)
    )
    return BundleParts(export_of(sample(), REDACT, ()), changes, (("pytest (green)", "2 passed"),))


@cache
def unsigned() -> bytes:
    return pack_bundle(parts(), REDACT, None)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    folder = tmp_path / ".ssh"
    folder.mkdir(mode=0o700)
    file = folder / "id_ed25519"
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "pat", "-f", str(file))
    subprocess.run(words, check=True)
    return file


def test_what_stands_in_it() -> None:
    with zipfile.ZipFile(io.BytesIO(unsigned())) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        patch, tests = archive.read("diff.patch").decode(), archive.read("tests.txt").decode()
    assert {"figures.json", "review.md", "review.html", "diff.patch", "sources.json"} < names
    assert patch.startswith(
        "diff --git a/app.py b/app.py\n--- a/app.py\n+++ b/app.py\n@@ -1,1 +1,1 @@"
    )
    assert SECRET not in patch
    assert tests == "== pytest (green)\n2 passed"


def test_the_same_review_gives_the_same_bytes() -> None:
    assert unsigned() == pack_bundle(parts(), REDACT, None)


def test_a_whole_one_agrees_and_says_that_nobody_signed_it() -> None:
    report = check_bundle(unsigned())
    assert report.agrees
    assert "not signed" in report.lines[-1]


@given(st.integers(0, 1 << 30), st.integers(1, 255))
def test_any_changed_byte_is_found(place: int, by: int) -> None:
    data = bytearray(unsigned())
    data[place % len(data)] ^= by
    assert is_bundle(bytes(data))
    assert not check_bundle(bytes(data)).agrees


@given(st.integers(0, 1 << 30), st.binary(min_size=1, max_size=40))
def test_bytes_that_came_or_went_are_found(place: int, more: bytes) -> None:
    data, at = unsigned(), place % len(unsigned())
    assert not check_bundle(data[:at] + more + data[at:]).agrees
    assert not check_bundle(data[:at] + data[at + len(more) :]).agrees


@given(st.binary(max_size=200))
def test_bytes_that_are_none_are_no_error(data: bytes) -> None:
    assert not check_bundle(data).agrees
    assert not check_bundle(b"PK\x03\x04" + data).agrees


def repacked(data: bytes, name: str, content: bytes | None) -> bytes:
    """The bundle with a member of that content, or without it, its manifest as it was."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        members = {one: old.read(one) for one in old.namelist()}
        members |= {name: content} if content is not None else {}
        for one in sorted(members):
            if one != name or content is not None:
                entry = zipfile.ZipInfo(one, (1980, 1, 1, 0, 0, 0))
                entry.create_system, entry.external_attr = 3, 0o644 << 16
                new.writestr(entry, members[one])
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("review.md", b"all is well", "changed: review.md"),
        ("extra.txt", b"", "added: extra.txt"),
        ("diff.patch", None, "missing: diff.patch"),
        ("manifest.json", b"{}", "changed: its manifest"),
        ("manifest.sha256", None, "damaged: its manifest is missing"),
    ],
)
def test_what_was_exchanged_is_named(name: str, content: bytes | None, words: str) -> None:
    report = check_bundle(repacked(unsigned(), name, content))
    assert not report.agrees
    assert words in report.lines[0]


def test_a_signed_one_names_its_key(
    key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_key() == key
    data = pack_bundle(parts(), REDACT, lambda manifest: sign(manifest, key, PURPOSE))
    report = check_bundle(data)
    assert report.agrees
    assert "signed by your own key, ED25519 SHA256:" in report.lines[-1]
    public = key.with_suffix(".pub")
    (key.parent / "allowed_signers").write_text(f"pat@example.com {public.read_text()}")
    public.unlink()
    assert "signed by pat@example.com, " in check_bundle(data).lines[-1]
    (key.parent / "allowed_signers").unlink()
    assert "this machine does not know" in check_bundle(data).lines[-1]


def test_a_signature_of_other_bytes_or_for_another_purpose_is_none(key: Path) -> None:
    made = sign(b"one", key, PURPOSE)
    assert signer_of(b"one", made, PURPOSE) is not None
    assert signer_of(b"two", made, PURPOSE) is None
    assert signer_of(b"one", made, "file") is None
    assert signer_of(b"one", base64.b64encode(b"x"), PURPOSE) is None


def test_a_manifest_signed_by_nobody_that_carries_another_signature(key: Path) -> None:
    other = sign(b"another manifest", key, PURPOSE)
    report = check_bundle(repacked(unsigned(), "manifest.sig", other))
    assert (report.agrees, "wrong signature" in report.lines[-1]) == (False, True)


def test_a_key_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no key"):
        find_key(str(tmp_path / "none"))
    file = tmp_path / "key"
    file.write_text("no key")
    with pytest.raises(RefusedError, match="signed nothing"):
        sign(b"x", file, PURPOSE)


def test_hostile_texts_stay_texts() -> None:
    data = pack_bundle(
        BundleParts(export_of(hostile(), REDACT, ()), RepositoryChanges()), REDACT, None
    )
    assert check_bundle(data).agrees
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert all(b"\x1b" not in archive.read(name) for name in archive.namelist())
