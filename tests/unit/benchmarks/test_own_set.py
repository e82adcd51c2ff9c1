"""The project's own labelled episodes: what they are, and that each is judged rightly."""

from __future__ import annotations

import pytest

from benchmarks.stalls import measure
from benchmarks.stuck.builder import PLAYERS, built
from benchmarks.stuck.figures import Measured
from benchmarks.stuck.own_set import own_episodes
from benchmarks.stuck.watching import default_rules
from tui.model.state import StallLevel

NOT_YET: frozenset[str] = frozenset(
    """
    healthy_benchmark_is_repeated
    healthy_day_after_day
    healthy_deployment_moves
    healthy_flaky_test_is_proven
    healthy_flaky_test_is_proven_in_go
    healthy_job_after_job
    healthy_job_is_waited_for
    healthy_queue_drains
    healthy_rows_are_counted
    healthy_service_is_asked
    healthy_service_is_asked_by_a_tool
    healthy_shell_in_the_background
    stuck_a_server_tool_is_refused
    stuck_command_grows
    stuck_command_grows_by_sleeps
    stuck_command_is_not_there
    stuck_commands_are_refused
    stuck_compactions_without_work
    stuck_compiler_says_the_same
    stuck_continuations_without_work
    stuck_disk_is_full
    stuck_edit_finds_no_text
    stuck_five_calls_in_turn
    stuck_four_calls_in_any_order
    stuck_fresh_prompts_do_the_same
    stuck_index_is_locked
    stuck_module_is_missing
    stuck_new_sessions_do_the_same
    stuck_refused_without_times
    stuck_same_call_with_a_counter
    stuck_same_call_with_other_comments
    stuck_says_it_in_other_words
    stuck_says_it_without_times
    stuck_roles_go_round
    stuck_told_to_continue
    stuck_script_test_fails_whatever_is_edited
    stuck_seven_calls_in_turn
    stuck_test_fails_whatever_is_edited
    stuck_three_versions_in_turn
    stuck_tool_server_is_gone
    stuck_writing_is_refused
    """.split()
)


def test_the_set_is_large_and_always_the_same() -> None:
    first, second = own_episodes(), own_episodes()
    assert first == second
    assert sum(one.is_stuck for one in first) >= 40
    assert sum(not one.is_stuck for one in first) >= 50
    assert len({one.data for one in first}) == len(first)


@pytest.mark.parametrize("name", PLAYERS)
def test_an_episode_is_judged_rightly(name: str) -> None:
    episode = built(name)
    measured = measure(episode, default_rules())
    assert isinstance(measured, Measured)
    notice = measured.seen.levels.get(StallLevel.NOTICE)
    if episode.from_step is None:
        is_right = notice is None
    else:
        is_right = notice is not None and notice >= episode.from_step
    if not is_right and name in NOT_YET:
        pytest.xfail("its detector is not there yet")
    shown = measured.seen.shown
    assert is_right, (notice, shown and (shown.detector, shown.evidence))
