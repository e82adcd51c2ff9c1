"""`review --bundle`: writes a review with all that it rests on, signed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.commands.context import print_notes
from tui.monitor.history.bundle import PURPOSE, BundleParts, pack_bundle, read_outputs
from tui.monitor.history.export_files import build_redactor, write_export
from tui.monitor.history.review_loader import changes_of
from tui.system.credentials.signatures import find_key, sign
from tui.system.errors import UsageError
from tui.system.paths import path_text

if TYPE_CHECKING:
    from tui.model.review import Review
    from tui.night.review.export.redacted import Export
    from tui.settings.settings import Settings


def write_bundle(
    review: Review, export: Export, project: Path, settings: Settings, name: str
) -> None:
    """Writes the bundle and says by which key it is signed, or that it is not."""
    if name == "-":
        raise UsageError("a bundle is no text to print; give --bundle a file")
    redact = build_redactor(settings)
    parts = BundleParts(
        export, changes_of(project, review, settings), tuple(read_outputs(review, project))
    )
    key = find_key(settings.review.signing_key)
    signed = None if key is None else lambda data: sign(data, key, PURPOSE)
    write_export(name, pack_bundle(parts, redact, signed))
    print_notes(f"wrote {path_text(name)}")
    if key is None:
        print_notes(
            "not signed: there is no SSH key in ~/.ssh; make one (ssh-keygen -t ed25519), or name one "
            "in review.signing_key"
        )
    else:
        print_notes(f"signed with {path_text(str(key))}")
