"""How much of the fold's time the detectors take: `python -m benchmarks.stuck.share [STREAM …]`.

Each stream is folded by turns with no detector at all, with each detector alone and with all of them,
in one process; of several rounds the fastest counts. Without a stream: one of believable shape with
streamed deltas, one without, and the project's own episodes, which do little but circle.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace as _replace
from pathlib import Path

from msgspec.structs import replace

from benchmarks.stream import write
from benchmarks.stuck.own_set import own_episodes
from benchmarks.stuck.watching import Rules, default_rules
from tui.feeds.claude.decoder import ClaudeDecoder
from tui.model.stall import DetectorName
from tui.night.fold import NightFold
from tui.night.stuck.detector_set import Conversation, DetectorSet

_BATCH = 1 << 18
_ALL, _NONE, _FRAME = "all detectors", "none", "the frame alone"


class NoDetectors(DetectorSet):
    """Takes everything and looks at nothing."""

    def on_tool_result(self, *_: object, **__: object) -> None:
        """Does nothing."""

    on_text = on_compaction = on_prompt = on_progress = on_not_stuck = on_tool_result


def present_detectors() -> list[DetectorName]:
    """The detectors that there are, in their own order."""
    return [detector.name for detector in Conversation().detectors]


def fold_without(rules: Rules, names: Sequence[str] | None) -> NightFold:
    """A fold in which these detectors are switched off; None: in which nothing looks at anything."""
    limits = replace(rules.limits, disabled_detectors=tuple(names or ()))
    fold = _replace(rules, limits=limits).fold()
    if names is None:
        fold._state.detectors = NoDetectors()
        fold._wire()
    return fold


def seconds(fold: NightFold, batches: Sequence[bytes]) -> float:
    """Processor time to decode and fold these batches of whole lines."""
    decoder, offset = ClaudeDecoder("stream"), 0
    gc.collect()
    began = time.process_time()
    for batch in batches:
        fold.apply(decoder.decode(batch, offset).events)
        offset += len(batch)
    return time.process_time() - began


def batches_of(data: bytes) -> list[bytes]:
    """The lines of a stream in batches of about a quarter of a megabyte."""
    found, start = [], 0
    while start < len(data):
        end = data.find(b"\n", start + _BATCH) + 1 or len(data)
        found.append(data[start:end])
        start = end
    return found


def shares(data: bytes, rounds: int) -> Iterator[tuple[str, float]]:
    """The part of the fold's time that all detectors take which are on, each alone, and each that is off."""
    rules, names, batches = default_rules(), present_detectors(), batches_of(data)
    off = rules.limits.disabled_detectors
    kinds: dict[str, Sequence[str] | None] = {_NONE: None, _ALL: off, _FRAME: names}
    for name in names:
        others = [other for other in names if other != name]
        kinds[name] = [other for other in off if other != name] if name in off else others
    best = dict.fromkeys(kinds, float("inf"))
    for number in range(rounds):
        for kind in kinds if number % 2 else reversed(kinds):
            best[kind] = min(best[kind], seconds(fold_without(rules, kinds[kind]), batches))
    for kind, spent in best.items():
        if kind in names:
            base, title = (_ALL, f"{kind} (off)") if kind in off else (_FRAME, kind)
            yield title, (spent - best[base]) / best[_ALL]
        elif kind != _NONE:
            yield kind, (spent - best[_NONE]) / best[_ALL]
    yield "seconds of the whole fold", best[_ALL]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("streams", type=Path, nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=8)
    given = parser.parse_args()
    streams = {path.name: path.read_bytes() for path in given.streams}
    if not streams:
        with tempfile.TemporaryDirectory() as name:
            for title, partials in (("with deltas", True), ("without deltas", False)):
                path = write(Path(name) / "stream.jsonl", given.megabytes, partials)
                streams[title] = path.read_bytes()
        streams["own episodes"] = b"".join(one.data or b"" for one in own_episodes())
    for title, data in streams.items():
        print(f"{title}: {len(data) / 1e6:.1f} MB")
        for kind, share in shares(data, given.rounds):
            shown = f"{share:8.2f} s" if kind.startswith("seconds") else f"{share:8.1%}"
            print(f"  {kind:<28}{shown}", flush=True)


if __name__ == "__main__":
    main()
