"""What tests of staging start from."""

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from agents.models import Agent
from tests.agents.conftest import provider
from tests.builders import make_person

__all__ = ["provider"]


@pytest.fixture
def no_undo(settings: Settings) -> None:
    """A verdict stands at once."""
    settings.UNDO_WINDOW_S = 0


@pytest.fixture
def boss(installed: Agent) -> User:
    return make_person("boss", "admin")


@pytest.fixture
def agent(installed: Agent) -> Agent:
    return installed
