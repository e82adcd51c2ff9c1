"""Every prompt that the supervisor sends."""

from __future__ import annotations

from tui.control.completion import open_titles
from tui.model.records import ProgressFile
from tui.settings.settings import Settings

_MAX_NAMED = 12
AVOID = (
    "Do not repeat what led to that: read large files and outputs in parts and leave pictures out, and "
    "put otherwise what was refused."
)


def goal_prompt(text: str, settings: Settings) -> str:
    """The first message of a run."""
    paths = settings.paths
    return (
        f"{text.rstrip()}\n\n"
        f"You work alone in this repository and nobody answers questions. Keep {paths.progress_file} "
        "up to date as you go: one line `- [ ] task` for each open task, `- [x] task` for each that "
        f"is done and checked. Put decisions, findings and dead ends into {paths.session_notes}. "
        "If a person is needed, write it under Blockers in the progress file and go on with "
        "something else. Commit finished work in small steps. The work is done when every task is "
        "ticked off."
    )


def planning_prompt(text: str, settings: Settings) -> str:
    """The message of the short first session, which only plans."""
    plan = settings.paths.progress_file
    also = ""
    if settings.session.feature_list:
        also = f" Write the same plan as a JSON list of features to {settings.paths.feature_list}."
    return (
        f"A coding session will follow this one. Its goal: {text.rstrip()}\n\n"
        "Do not implement anything yet. Explore the repository, run the tests that exist, and write "
        f"the plan into {plan}: small tasks, one line `- [ ] task` each, in the order they should "
        f"be done.{also} Put what a newcomer must know into {settings.paths.session_notes}. "
        "Then end your turn."
    )


def resume_prompt(settings: Settings, why: str) -> str:
    """The first message after a crash, to a session that is resumed."""
    return (
        f"The session broke off ({why}) and has been resumed. Whatever ran at that moment was cut "
        "short. Look at what stands: git status, the last commits, "
        f"{settings.paths.progress_file} and {settings.paths.session_notes}. "
        "Then go on with the next open task."
    )


def fresh_session_prompt(text: str, settings: Settings, why: str) -> str:
    """The first message to a fresh session in the middle of a run."""
    return (
        f"{goal_prompt(text, settings)}\n\n"
        f"An earlier session worked on this already; {why}. Read {settings.paths.progress_file} and "
        f"{settings.paths.session_notes} first, look at git status and the last commits, and go on "
        "with the next open task."
    )


def handoff_note_prompt(settings: Settings) -> str:
    """Asks a session whose context is full for a handoff note."""
    return (
        "Your context is filling up, and a fresh session will take over. Hand over now: bring "
        f"{settings.paths.progress_file} up to date, and write into {settings.paths.session_notes} "
        "what you were doing, what you found out, what you tried in vain, and the next step. "
        "Commit what is finished. Then end your turn and start nothing new."
    )


def final_note_prompt(settings: Settings, reason: str) -> str:
    """Asks a session that is being ended for a handoff note."""
    return (
        f"This session ends now ({reason}). Write a hand-over: bring {settings.paths.progress_file} "
        f"up to date and put into {settings.paths.session_notes} where things stand and what comes "
        "next. Then end your turn and start nothing new."
    )


def continue_prompt(progress: ProgressFile, attempt: int, allowed: int) -> str:
    """Has a session go on that ended its turn with open tasks."""
    titles = open_titles(progress)
    named = "\n".join(f"- {title}" for title in titles[:_MAX_NAMED])
    more = f"\n… and {len(titles) - _MAX_NAMED} more" if len(titles) > _MAX_NAMED else ""
    return (
        f"Your turn ended, and {progress.open} of {progress.total} tasks are still open:\n"
        f"{named}{more}\n\n"
        "Go on with the next one. Tick a task off only when it is done and checked. If one cannot "
        "be done, say why under Blockers and take the next. "
        f"(Continuation {attempt} of {allowed} without a task done.)"
    )


def mend_tests_prompt(green: str) -> str:
    """Has a session mend its tests before anything else."""
    return (
        f"The newest run of all tests has {green}. Mend that before anything else: find what broke them, "
        "repair the cause, and run all tests again. Do not delete, skip or weaken a test. If one cannot be "
        "mended, say why under Blockers."
    )


def after_wait_prompt(settings: Settings, why: str) -> str:
    """Has a session go on after a wait."""
    return (
        f"Your last turn was cut short ({why}); the wait is over. Look at what stands and go on with "
        f"the next open task of {settings.paths.progress_file}."
    )


def after_failed_turn_prompt(settings: Settings, why: str) -> str:
    """Has a session go on whose last turn failed, for a reason that may not come again."""
    return (
        f"Your last turn failed ({why}). {AVOID} Look at what stands and go on with the next open "
        f"task of {settings.paths.progress_file}."
    )
