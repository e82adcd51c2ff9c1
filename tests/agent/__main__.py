"""The simulated agent with the stories of the tests: `python tests/agent/__main__.py -p …`."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run by its path: the project that the agent works on has a package `tests` of its own.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    from tests.agent.stories import main

    sys.exit(main())
