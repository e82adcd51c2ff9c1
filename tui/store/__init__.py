"""Every file that this program writes for itself: where it lies, and whose content is believed."""

from __future__ import annotations
