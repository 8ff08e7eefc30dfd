"""Hostile requests to the agents' pages: numbers that are none, endless ones, JSON without end."""

import json
from typing import Any

import pytest
from django.test import Client

from agents.models import PolicyVersion, TierVersion
from agents.rule_forms import BadRules, parsed_rule
from agents.tiers import live_tier
from tests.review.staging.seeding import stage_tier
from tests.review.test_policy_pages import form as rule
from tests.review.tiers.conftest import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

ENDLESS = "9" * 5_000
STRANGE = ("\x00", ENDLESS, "-1", "²", "NaN", "Infinity", "1e400", "[" * 3_999, "\ud800")
ASKED = {
    "/agents/": ("agent",),
    "/prompts/triage/draft/": ("used", "a", "b", "from"),
    "/policy/triage/": ("of",),
    "/policy/triage/what-if/": ("of", "runs"),
    "/policy/triage/compare/": ("from", "to"),
    "/staging/": ("agent",),
    "/tiers/": ("tier",),
    "/tiers/history/": ("of", "v"),
    "/tiers/2/edit/": ("environment",),
    "/tiers/2/cost/": ("model",),
    "/tiers/routes/cost/": ("task-draft",),
    "/guardrails/": ("agent",),
    "/tools/": ("agent",),
}


@pytest.mark.parametrize("path", ASKED)
def test_any_query_is_answered(page: Client, path: str) -> None:
    for name in ASKED[path]:
        for value in STRANGE:
            given = {name: value.encode("utf-8", "surrogatepass")}
            assert page.get(path, given).status_code in {200, 404}, (name, value[:20])


@pytest.mark.parametrize(
    "versions", ['[["tier",Infinity]]', '[["tier",1e400]]', "[" * 3_999, '[["tier",NaN]]', "[null]"]
)
def test_a_mix_that_no_page_posts_is_refused_with_a_sentence(page: Client, versions: str) -> None:
    stage_tier()
    sent = page.post("/staging/promote/", {"agent": "triage", "versions": versions, "reason": "x"})
    assert sent.status_code == 422
    assert live_tier(2).version == 1


@pytest.mark.parametrize("name", ["confidence_below", "money_above"])
@pytest.mark.parametrize(
    "typed", ["sNaN", "NaN", "Infinity", "1e-99999999", "1e9999999", "1_0", "0,0.1"]
)
def test_a_number_of_a_rule_that_is_none_is_said_to_be(page: Client, name: str, typed: str) -> None:
    typed = typed[:10]  # as long as both fields take
    response = page.post("/policy/triage/rows/new/", rule(**{name: typed}))
    assert response.status_code == 422
    assert f"“{typed}” is no number" in response.content.decode()
    assert not PolicyVersion.objects.exists()


def test_a_limit_of_money_with_endless_zeros_is_no_rule() -> None:
    row: dict[str, Any] = {
        "id": "a",
        "name": "A",
        "reason": "A.",
        "outcome": "second",
        "when": {"money_above": {"amount": "1e-999999999", "currency": "EUR"}},
    }
    with pytest.raises(BadRules, match="A limit of money"):
        parsed_rule(json.loads(json.dumps(row)))


@pytest.mark.parametrize("act", ["remove:", "up:"])
def test_a_row_of_a_tier_that_is_not_there_leaves_the_form_as_typed(page: Client, act: str) -> None:
    typed = fields_of(2, model=["local/countersign", "openai/typed"], endpoint=["", ""])
    for number in (ENDLESS, "7", "-1", "²", ""):
        response = page.post("/tiers/2/edit/", {**typed, "act": act + number})
        assert response.status_code == 200, number[:9]
        assert "openai/typed" in response.content.decode()
    assert TierVersion.objects.count() == 3
