"""Redis may be away at any moment: nothing that was asked is refused for it."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from channels.layers import channel_layers
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from config.celery import app
from review import claims
from review.hints import hints
from review.models import Comment, Notification, ReviewItem, Verdict
from tests.builders import DRAFT, make_item
from tests.review.test_api import TICKET, Api

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("static_files", "no_redis"),
]


@pytest.fixture(params=["gone", "hanging"])
def no_redis(
    request: pytest.FixtureRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[None]:
    gone = str(tmp_path / "redis.sock")
    silent = socket.socket(socket.AF_UNIX)  # it takes connections and never answers
    if request.param == "hanging":
        silent.bind(gone)
        silent.listen()
    layer = settings.CHANNEL_LAYERS["default"]
    config = layer["CONFIG"] | {"hosts": [{"address": f"unix://{gone}"}]}
    settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": config}}
    channel_layers.backends = {}
    monkeypatch.setattr(app.conf, "broker_url", f"redis+socket://{gone}")
    monkeypatch.setattr(app.conf, "broker_write_url", f"redis+socket://{gone}")
    app.pool.force_close_all()
    monkeypatch.setattr(app, "_pool", None)
    yield
    silent.close()
    hints.settle(5)


def test_a_ticket_is_accepted(installed: object) -> None:
    assert Api("submit").post("/tickets", TICKET).status_code == 202


def test_an_item_is_claimed_edited_and_sent(ada: User) -> None:
    item = make_item()
    client = Client()
    client.force_login(ada)
    assert client.get("/").status_code == 200
    assert client.post(f"/items/{item.pk}/claim/").status_code == 302
    item = ReviewItem.objects.get()
    form = {
        "claim_token": str(item.claim_token),
        "revision": item.revision,
        "digest": item.digest,
        "text": DRAFT,
    }
    assert client.post(f"/items/{item.pk}/send/", form).status_code == 302
    assert Verdict.objects.count() == 1


def test_colleagues_comment_and_take_over_and_nobody_waits(ada: User, grace: User) -> None:
    item = make_item()
    claims.claim(item, grace)
    client = Client()
    client.force_login(ada)
    began = time.perf_counter()
    client.post(f"/items/{item.pk}/comments/", {"body": "@grace, I take this one."})
    client.post(f"/items/{item.pk}/take-over/")
    client.get(f"/items/{item.pk}/presence/")
    client.get(f"/presence/?items={item.pk}")
    # Before, each of the two hints of a request waited for Redis for seconds.
    assert time.perf_counter() - began < 3
    assert Comment.objects.count() == 1
    assert ReviewItem.objects.get().claimed_by == ada
    assert {one.kind for one in Notification.objects.filter(user=grace)} == {
        "mentioned",
        "taken_over",
    }
