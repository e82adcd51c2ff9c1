"""A scripted agent: it speaks Claude Code's stream-json and does real work in a git repository.

`python -m tui.demo.agent` takes the place of `claude` where no model is wanted: in the
demonstration and in tests. It needs the standard library only and imports no other room.

| environment | flag | meaning |
|---|---|---|
| `OVERNIGHT_AGENT_STORY` | `--story` | `name key=value …` or a JSON file of steps; see `director` |
| `OVERNIGHT_DEMO_PACE` | `--pace` | multiplies the pauses of a story; 0 for none (1) |
| `OVERNIGHT_DEMO_HEARTBEAT` | | seconds between a tool's heartbeats (30) |
| `OVERNIGHT_DEMO_CLOCK_SCALE` | `--clock-scale` | stamps run so many times faster (1) |
| `OVERNIGHT_DEMO_EPOCH`, `_ANCHOR` | | where simulated time begins; see `timing` |
| `OVERNIGHT_DEMO_PLANTS` | | where the planted night lists what it planted |
| `CLAUDE_CONFIG_DIR` | | transcripts, session entries, and the story's memory |
"""

from __future__ import annotations
