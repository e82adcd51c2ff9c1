"""Where sessions lie: a project, folders of transcripts, folders that are gone, the whole machine."""

from __future__ import annotations
