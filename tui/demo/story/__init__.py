"""What the simulated agent plays: the night of the demonstration."""

from __future__ import annotations
