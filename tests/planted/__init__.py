"""Everything of ours, planted wherever a repository can put it: nothing is believed, written or started."""

from __future__ import annotations
