"""What tests of staging start from."""

from tests.agents.conftest import provider

__all__ = ["provider"]
