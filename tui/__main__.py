"""`python -m tui` is `overnight-tui`."""

from __future__ import annotations

from tui.cli import main

raise SystemExit(main())
