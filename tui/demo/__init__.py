"""The demonstration: a simulated agent that speaks Claude Code's stream-json and does real work.

`python -m tui.demo.agent` takes the place of `claude` where no model is wanted: in the
demonstration and, with stories of their own, in tests. It needs the standard library only and
imports nothing else of the application.

| environment | flag | meaning |
|---|---|---|
| `OVERNIGHT_AGENT_STORY` | `--story` | `name key=value …`; see `agent` |
| `OVERNIGHT_DEMO_PACE` | | multiplies the pauses of a story; 0 for none (1) |
| `OVERNIGHT_DEMO_HEARTBEAT` | | seconds between a tool's heartbeats (30) |
| `OVERNIGHT_DEMO_CLOCK_SCALE` | | stamps run so many times faster (1) |
| `OVERNIGHT_DEMO_EPOCH`, `_ANCHOR` | | where simulated time begins; see `simulator.timing` |
| `CLAUDE_CONFIG_DIR` | | transcripts, session entries, and the story's memory |
"""

from __future__ import annotations
