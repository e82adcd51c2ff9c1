"""A part of the night, to be drawn over all columns of the strip."""

from __future__ import annotations

from msgspec.structs import replace

from tui.night.timeline import TimeBucket, TimelineGap, Timeline

MOST = 6
"""Times that the night can be halved."""


def part(timeline: Timeline, level: int, around: float | None) -> Timeline:
    """The night halved `level` times, round a moment (its middle if there is none)."""
    start, end = timeline.start, timeline.end
    if level <= 0 or start is None or end is None or end <= start:
        return timeline
    length = max(timeline.resolution * 8, (end - start) / 2**level)
    middle = (start + end) / 2 if around is None else around
    low = max(start, min(middle - length / 2, end - length))
    high = min(end, low + length)
    return replace(
        timeline,
        start=low,
        end=high,
        buckets=tuple(
            _cut(bucket, timeline.resolution, low, high)
            for bucket in timeline.buckets
            if bucket.start + timeline.resolution > low and bucket.start < high
        ),
        gaps=tuple(
            TimelineGap(max(low, gap.start), min(high, gap.end), gap.kind)
            for gap in timeline.gaps
            if gap.end > low and gap.start < high
        ),
        marks=tuple(mark for mark in timeline.marks if low <= mark.at <= high),
    )


def _cut(bucket: TimeBucket, length: float, low: float, high: float) -> TimeBucket:
    """The bucket with only its share of what lies between."""
    share = (min(high, bucket.start + length) - max(low, bucket.start)) / length
    if share >= 1:
        return bucket
    return TimeBucket(bucket.start, tuple(seconds * share for seconds in bucket.seconds))
