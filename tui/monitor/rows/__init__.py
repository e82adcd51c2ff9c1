"""Records as rows of the events pane, and as pages of detail."""

from __future__ import annotations
