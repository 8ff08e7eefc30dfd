"""Who looks at the pages of admins."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.models import Agent
from tests.builders import make_person


@pytest.fixture
def jo(installed: Agent) -> User:
    """An admin."""
    return make_person("jo", "admin")


@pytest.fixture
def page(jo: User) -> Client:
    """The console, an admin logged in."""
    client = Client()
    client.force_login(jo)
    return client
