"""Signatures with a person's SSH key, made and checked by `ssh-keygen -Y`, without any network.

A signature says that the bytes are those that a holder of the key signed. Whose key it is, the reader must
know: by its fingerprint, by a key of their own, or by `~/.ssh/allowed_signers` (ssh-keygen(1)).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from tui.system.children.programs import find_program
from tui.system.errors import RefusedError, UsageError
from tui.system.format import shorten
from tui.system.paths import home
from tui.system.sanitize import clean_line

_KEYS = ("id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk")
_SECONDS = 120.0
_GOOD = re.compile(r'^Good ".*" signature with (\S+) key (SHA256:[\w+/=-]+)\s*$', re.MULTILINE)
_MOST = 1 << 20


class Signer(Struct, frozen=True):
    """The key behind a signature; `name` is whose it is as far as this machine knows, or empty."""

    kind: str
    fingerprint: str
    name: str = ""
    is_own: bool = False


def find_key(named: str | None = None, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The key that was named, else the first usual one of this person; None where there is none.

    A key that an agent holds is named by its public half. UsageError: the named file is not there.
    """
    if named:
        key = Path(named).expanduser()
        if not key.is_file():
            raise UsageError(
                f"there is no key {named}; name a private key, or the .pub of one in ssh-agent"
            )
        return key
    folder = home(environ) / ".ssh"
    return next((folder / name for name in _KEYS if (folder / name).is_file()), None)


def sign(data: bytes, key: Path, purpose: str) -> bytes:
    """A signature of the data for that purpose. RefusedError: it could not be made, and why.

    A passphrase is asked for on the terminal, by ssh-keygen itself.
    """
    done = _run(("-Y", "sign", "-q", "-f", str(key), "-n", purpose), data)
    if done.returncode or b"BEGIN SSH SIGNATURE" not in done.stdout:
        why = clean_line(done.stderr.decode("utf-8", "replace"), 200) or "no reason was given"
        raise RefusedError(f"{key} signed nothing: {why}; name another key in review.signing_key")
    return done.stdout


def signer_of(
    data: bytes, signature: bytes, purpose: str, environ: Mapping[str, str] = os.environ
) -> Signer | None:
    """Whose signature it is; None if it is none of these bytes for this purpose."""
    if len(signature) > _MOST:
        return None
    with tempfile.TemporaryDirectory(prefix="overnight-signature-") as folder:
        file = Path(folder, "signature")
        file.write_bytes(signature)
        done = _run(("-Y", "check-novalidate", "-n", purpose, "-s", str(file)), data)
    good = _GOOD.search(done.stdout.decode("utf-8", "replace"))
    if done.returncode or good is None:
        return None
    kind, fingerprint = good.groups()
    known = dict(_known_keys(environ))
    name = known.get(fingerprint)
    return Signer(kind, fingerprint, name or "", name == "")


def _known_keys(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Fingerprints with the names of their holders; a person's own keys have none."""
    folder = home(environ) / ".ssh"
    for line in _lines(folder / "allowed_signers"):
        words = line.split()
        for before, blob in pairwise(words[1:]):
            if _is_key(before, blob):
                yield _fingerprint(blob), clean_line(shorten(words[0], 80))
                break
    for file in sorted(folder.glob("*.pub")):
        for line in _lines(file):
            words = line.split()
            if len(words) > 1:
                yield _fingerprint(words[1]), ""


def _lines(file: Path) -> list[str]:
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _fingerprint(blob: str) -> str:
    """As ssh-keygen prints it; empty for what is no key."""
    try:
        digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    except (binascii.Error, ValueError):
        return ""
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _is_key(kind: str, blob: str) -> bool:
    """Whether a word is a public key of that kind, which its own bytes name."""
    try:
        return base64.b64decode(blob, validate=True)[4 : 4 + len(kind)] == kind.encode()
    except (binascii.Error, ValueError):
        return False


def _run(words: tuple[str, ...], data: bytes) -> subprocess.CompletedProcess[bytes]:
    program = find_program("ssh-keygen")
    if program is None:
        raise RefusedError("ssh-keygen is not installed here; it comes with OpenSSH 8.1 or newer")
    try:
        return subprocess.run(
            (program, *words), input=data, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RefusedError(f"ssh-keygen did not answer: {error}") from error
