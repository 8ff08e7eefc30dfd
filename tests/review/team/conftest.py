"""A Monday, a lead, and what every page of the team is asked with."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from review.decisions import Seen
from review.models import ReviewItem
from tests.builders import make_person

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def clock(static_files: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def lea(installed: object) -> User:
    return make_person("lea", "lead")


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def seen(item: ReviewItem) -> Seen:
    assert item.claim_token is not None
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


def at(path: str, user: User) -> str:
    response = logged_in(user).get(path)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())
