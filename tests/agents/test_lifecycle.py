"""Which status follows which, and what work each allows: one row a decision."""

import pytest

from agents import lifecycle

CANNOT = "without, an agent cannot go live."
WHOLE = {"job": "Answer.", "metric": "Few edits."}


@pytest.mark.parametrize(
    ("before", "after", "fields", "said"),
    [
        ("draft", "staging", WHOLE, ""),
        ("draft", "live", WHOLE, ""),
        ("draft", "paused", WHOLE, "An agent that is a draft cannot become paused."),
        ("staging", "live", WHOLE, ""),
        ("staging", "draft", WHOLE, ""),
        ("staging", "paused", WHOLE, ""),
        ("live", "paused", WHOLE, ""),
        ("live", "staging", WHOLE, ""),
        ("live", "draft", WHOLE, "An agent that is live cannot become a draft."),
        ("paused", "live", WHOLE, ""),
        ("paused", "staging", WHOLE, ""),
        ("paused", "draft", WHOLE, ""),
        ("paused", "paused", WHOLE, "It is paused already."),
        ("live", "gone", WHOLE, "An agent that is live cannot become gone."),
        ("draft", "staging", {"job": "", "metric": ""}, ""),
        ("live", "paused", {"job": "", "metric": ""}, ""),
        (
            "draft",
            "live",
            {"job": "", "metric": "Few edits."},
            "Write its job in one sentence first: without, an agent cannot go live.",
        ),
        (
            "paused",
            "live",
            {"job": "", "metric": ""},
            "Write its job and its success metric in one sentence first: " + CANNOT,
        ),
    ],
)
def test_a_status_follows_or_is_refused_with_a_sentence(
    before: str, after: str, fields: dict[str, str], said: str
) -> None:
    assert lifecycle.refusal(before, after, **fields) == said


@pytest.mark.parametrize(
    ("status", "in_staging", "work"),
    [
        ("live", False, "allowed"),
        ("live", True, "allowed"),
        ("staging", False, "not_live"),
        ("staging", True, "allowed"),
        ("draft", False, "not_live"),
        ("draft", True, "not_live"),
        ("paused", False, "paused"),
        ("paused", True, "paused"),
    ],
)
def test_only_what_is_live_works_and_what_is_on_staging_works_unseen(
    status: str, in_staging: bool, work: str
) -> None:
    assert lifecycle.work(status, in_staging=in_staging) == work


def test_a_live_agent_without_an_owner_is_warned_of() -> None:
    assert lifecycle.warning("live", has_owner=False)
    assert not lifecycle.warning("live", has_owner=True)
    assert not lifecycle.warning("paused", has_owner=False)
