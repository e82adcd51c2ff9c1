"""What is known of a night: records go into `fold.Fold`, a frozen `model.Night` comes out."""

from __future__ import annotations
