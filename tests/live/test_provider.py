"""A real provider answers the triage agent's forms. Needs a key; costs a fraction of a cent."""

import os

import pytest

from agents.models import Agent
from tests.agents.test_runner import executed, queued_run, result_of
from tests.provider import put_on_tiers

pytestmark = pytest.mark.django_db

MODELS = {"OPENAI_API_KEY": "openai/gpt-4o-mini", "ANTHROPIC_API_KEY": "anthropic/claude-haiku-4-5"}


@pytest.mark.parametrize("key", MODELS)
def test_a_real_model_triages_a_ticket(installed: Agent, key: str) -> None:
    if not os.environ.get(key):
        pytest.skip(f"{key} is not set")
    put_on_tiers(MODELS[key])
    run = executed(queued_run())
    assert (run.status, run.error_message) == ("done", "")
    assert result_of(run).category == "delivery"
