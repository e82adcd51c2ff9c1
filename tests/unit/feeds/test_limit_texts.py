"""What the words of a usage limit say, in the wordings of all versions."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.feeds.claude.limit_texts import read_limit, window_of

AT = datetime(2026, 11, 30, 11, 0, tzinfo=UTC).timestamp()
ZONES = sorted(name for name in available_timezones() if "/" in name)


def moment(text: str, at: float | None = AT, zone: str = "UTC") -> str | None:
    """The reset that is read, in UTC."""
    resets = read_limit(text, at, ZoneInfo(zone)).resets_at
    return None if resets is None else datetime.fromtimestamp(resets, UTC).isoformat()[:16]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Claude AI usage limit reached|1796040000", "2026-11-30T12:00"),
        ("Claude AI usage limit reached|1796040000000", "2026-11-30T12:00"),
        ("You've hit your limit · resets 7pm", "2026-11-30T19:00"),
        ("Weekly limit reached ∙ resets 7:30 PM", "2026-11-30T19:30"),
        ("Weekly limit reached • resets 7:30\u202fp.m.", "2026-11-30T19:30"),
        ("You've hit your limit · resets 19:30", "2026-11-30T19:30"),
        ("You've hit your limit · resets 12am", "2026-12-01T00:00"),
        ("You've hit your limit · resets 12pm", "2026-11-30T12:00"),
        ("You've hit your limit · resets 1am (Europe/Paris)", "2026-12-01T00:00"),
        ("You've hit your session limit · resets 8:40am (America/Toronto)", "2026-11-30T13:40"),
        ("You're out of extra usage · resets 2pm (America/Denver)", "2026-11-30T21:00"),
        ("You've hit your limit · resets 9pm (Asia/Calcutta)", "2026-11-30T15:30"),
        (
            "Claude usage limit reached. Your limit will reset at 1pm (Etc/GMT+5).",
            "2026-11-30T18:00",
        ),
        ("You've hit your limit · resets 3pm (GMT+2)", "2026-11-30T13:00"),
        ("You've hit your limit · resets 3pm (UTC-03:30)", "2026-11-30T18:30"),
        ("Opus weekly limit reached ∙ resets Dec 3, 1pm", "2026-12-03T13:00"),
        ("You've hit your weekly limit · resets Dec 4 at 3pm (Asia/Tokyo)", "2026-12-04T06:00"),
        ("You've hit your weekly limit · resets Jan 2, 2027, 9am (UTC)", "2027-01-02T09:00"),
        ("You've hit your weekly limit · resets Jan 2, 9am", "2027-01-02T09:00"),
        ("You've hit your weekly limit · resets Mon 12:00am", "2026-12-07T00:00"),
        ("You've hit your weekly limit · resets Mon 1pm", "2026-11-30T13:00"),
        ("You've hit your weekly limit · resets Sunday 12:00am", "2026-12-06T00:00"),
        ("You've hit your Opus limit · resets Tue at 5pm (America/New_York)", "2026-12-01T22:00"),
        ("You've hit your weekly limit · resets Thursday, 9:30", "2026-12-03T09:30"),
        ("You will regain access on 2026-12-01 at 00:00 UTC.", "2026-12-01T00:00"),
        ("Limits will reset at 11:30 AM. View your usage details.", "2026-11-30T11:30"),
        ("You've hit your limit · resets in 1h 30m", "2026-11-30T12:30"),
        ("Usage limit reached. It resets 2026-11-30T15:13:03Z", "2026-11-30T15:13"),
        ("You've hit your monthly spend limit · your session limit resets 3pm", "2026-11-30T15:00"),
    ],
)
def test_when_it_resets(text: str, expected: str) -> None:
    assert moment(text) == expected


def test_a_weekday_without_an_hour_is_over_with_that_day() -> None:
    limit = read_limit("You've hit your weekly limit · resets Monday", AT, UTC)
    assert (limit.resets_at, limit.words) == (None, "resets Monday")
    assert limit.latest == datetime(2026, 11, 30, 23, 59, tzinfo=UTC).timestamp()


def test_an_hour_that_is_over_is_tomorrows_and_the_minute_that_began_is_now() -> None:
    assert moment("You've hit your limit · resets 10am") == "2026-12-01T10:00"
    assert moment("You've hit your limit · resets 11am", AT + 30.0) == "2026-11-30T11:00"
    assert moment("You've hit your limit · resets 11am", AT + 90.0) == "2026-12-01T11:00"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Weekly limit reached ∙ resets Dec 4", "resets Dec 4"),
        ("You've hit your limit · resets 3pm (Mars/Base)", "resets 3pm (Mars/Base)"),
        ("You've hit your limit · resets 11:59 PM PT", "resets 11:59 PM PT"),
        ("You've hit your limit · resets 5", "resets 5"),
        ("You've hit your limit · resets 25:00", "resets 25:00"),
        ("You've hit your limit · resets 13pm", "resets 13pm"),
        ("You've hit your limit · resets Feb 31, 3pm", "resets Feb 31, 3pm"),
        # The clock of a server whose zone nobody tells.
        (
            "Usage limit reached for 5 hour. Your limit will reset at 2026-11-30 15:13:03",
            "resets 2026-11-30 15:13:03",
        ),
        # Five hours are over sooner: it was said too late, or by another zone's clock.
        ("Session limit reached ∙ resets 7pm", "resets 7pm"),
        ("5-hour limit reached ∙ resets 10am", "resets 10am"),
    ],
)
def test_what_is_ambiguous_is_no_moment_and_keeps_its_words(text: str, words: str) -> None:
    notice = read_limit(text, AT, UTC)
    assert (notice.resets_at, notice.words) == (None, words)


def test_a_text_without_a_reset() -> None:
    notice = read_limit("You've hit your limit", AT, UTC)
    assert (notice.window, notice.resets_at, notice.words, notice.latest) == ("", None, "", None)


def test_the_latest_moment_is_kept_where_the_moment_is_not_known() -> None:
    day = read_limit("Weekly limit reached ∙ resets Dec 4", AT, UTC).latest
    assert day == datetime(2026, 12, 4, 23, 59, tzinfo=UTC).timestamp()
    late = read_limit("Session limit reached ∙ resets 7pm", AT, UTC).latest
    assert late is not None and 5 * 3600 <= late - AT < 5.5 * 3600


def test_without_a_time_of_its_own_only_a_whole_moment_is_read() -> None:
    assert read_limit("You've hit your limit · resets 3pm (UTC)", None).resets_at is None
    assert moment("limit reached|1796040000", None) == "2026-11-30T12:00"


def test_a_clock_without_a_zone_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        resets = read_limit("You've hit your limit · resets 9pm", AT).resets_at
    finally:
        monkeypatch.undo()
        time.tzset()
    assert resets == datetime(2026, 11, 30, 12, 0, tzinfo=UTC).timestamp()


BERLIN = ZoneInfo("Europe/Berlin")


def test_an_hour_that_comes_twice_is_ambiguous_until_the_first_is_over() -> None:
    text = "You've hit your limit · resets 2:30am"
    before = datetime(2026, 10, 25, 0, 30, tzinfo=BERLIN).timestamp()
    assert read_limit(text, before, BERLIN).resets_at is None
    between = datetime(2026, 10, 25, 2, 40, tzinfo=BERLIN).timestamp()
    second = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=BERLIN).timestamp()
    assert read_limit(text, between, BERLIN).resets_at == second
    assert read_limit("weekly limit · resets Oct 25, 2:30am", before, BERLIN).resets_at is None


def test_an_hour_that_is_left_out_is_tomorrows() -> None:
    before = datetime(2026, 3, 29, 0, 30, tzinfo=BERLIN).timestamp()
    resets = read_limit("You've hit your limit · resets 2:30am", before, BERLIN).resets_at
    assert resets == datetime(2026, 3, 30, 2, 30, tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("5-hour limit reached ∙ resets 3pm", "five_hour"),
        ("Session limit reached ∙ resets 3pm", "five_hour"),
        ("You've hit your monthly spend limit · your session limit resets 3pm", "five_hour"),
        ("Weekly limit reached ∙ resets 3pm", "weekly"),
        ("Opus weekly limit reached ∙ resets Dec 3, 1pm", "Opus weekly"),
        ("You've hit your Sonnet limit · resets 3pm", "Sonnet weekly"),
        ("You've reached your Aria 6 limit.", "Aria weekly"),
        ("You've hit your org's monthly usage limit · resets Dec 1, 12am", "monthly"),
        ("You're out of extra usage · resets 3pm", "extra usage"),
        ("Claude AI usage limit reached|1796040000", ""),
        ("You've hit your limit · resets 3pm", ""),
    ],
)
def test_which_limit_it_is(text: str, window: str) -> None:
    assert read_limit(text, AT, UTC).window == window


@pytest.mark.parametrize(
    ("code", "window"),
    [
        ("five_hour", "five_hour"),
        ("seven_day", "weekly"),
        ("seven_day_opus", "Opus weekly"),
        ("seven_day_overage_included", "weekly"),
        ("overage", "extra usage"),
        ("lunar", "lunar"),
        ("", ""),
    ],
)
def test_the_windows_of_events(code: str, window: str) -> None:
    assert window_of(code) == window


def clock(local: datetime, style: int) -> str:
    """A time of day as some version writes it."""
    if style == 2:
        return local.strftime("%H:%M")
    hour, minute = local.hour % 12 or 12, f":{local.minute:02}" if local.minute else ""
    half = "pm" if local.hour >= 12 else "am"
    return f"{hour}{minute}{half}" if style == 0 else f"{hour}:{local.minute:02} {half.upper()}"


def is_unique(local: datetime) -> bool:
    return local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset()


times = st.integers(1_600_000_000 // 60, 2_000_000_000 // 60).map(lambda minute: minute * 60.0)


@given(times, st.sampled_from(ZONES), st.integers(0, 2), st.integers(1, 22 * 60), st.booleans())
def test_a_clock_gives_the_moment_back(
    at: float, zone: str, style: int, ahead: int, named: bool
) -> None:
    local = datetime.fromtimestamp(at + ahead * 60, ZoneInfo(zone))
    behind = f" ({zone})" if named else ""
    text = f"You've hit your limit · resets {clock(local, style)}{behind}"
    found = read_limit(text, at, UTC if named else ZoneInfo(zone)).resets_at
    assert found == at + ahead * 60 or (found is None and not is_unique(local))


@given(
    times, st.sampled_from(ZONES), st.integers(0, 2), st.integers(0, 40 * 1440), st.integers(0, 3)
)
def test_a_date_gives_the_moment_back(
    at: float, zone: str, style: int, ahead: int, form: int
) -> None:
    local = datetime.fromtimestamp(at + ahead * 60, ZoneInfo(zone))
    date = f"{local:%b} {local.day}" + (f", {local.year}" if form % 2 else "")
    between = ", " if form < 2 else " at "
    text = f"Weekly limit reached ∙ resets {date}{between}{clock(local, style)} ({zone})"
    found = read_limit(text, at, UTC).resets_at
    assert found == at + ahead * 60 or (found is None and not is_unique(local))


@given(times, st.integers(0, 2), st.timedeltas(timedelta(0), timedelta(days=3)))
def test_a_span_gives_the_moment_back(at: float, form: int, span: timedelta) -> None:
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    words = (f"{hours}h {minutes}m", f"{hours} hours, {minutes} minutes", f"{hours}hr{minutes}min")
    found = read_limit(f"Fast limit reached · resets in {words[form]}", at).resets_at
    assert found == at + (hours * 60 + minutes) * 60


@given(st.text(max_size=80), st.floats(allow_nan=False) | st.none())
def test_no_text_makes_it_raise(text: str, at: float | None) -> None:
    for words in (text, f"resets {text}", f"resets Dec {text}", f"resets 3pm ({text})"):
        read_limit(words, at)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99999))
def test_no_number_makes_it_raise(hour: int, minute: int, year: int) -> None:
    read_limit(f"resets Feb {hour}, {year}, {hour}:{minute:02}pm", AT)
    read_limit(f"resets {hour}:{minute:02} (UTC+{hour}:{minute:02})", AT)
    read_limit(f"resets {year:04}-{hour:02}-{minute:02} {hour:02}:{minute:02}Z", AT)
