"""Redis may be away at any moment: nothing that was asked is refused for it."""

import pytest
from channels.layers import channel_layers
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from config.celery import app
from review.models import ReviewItem, Verdict
from tests.builders import DRAFT, make_item
from tests.review.test_api import TICKET, Api

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("static_files", "no_redis"),
]


@pytest.fixture
def no_redis(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = "/nonexistent/redis.sock"
    layer = settings.CHANNEL_LAYERS["default"]
    config = layer["CONFIG"] | {"hosts": [{"address": f"unix://{gone}"}]}
    settings.CHANNEL_LAYERS = {"default": layer | {"CONFIG": config}}
    channel_layers.backends = {}
    monkeypatch.setattr(app.conf, "broker_url", f"redis+socket://{gone}")
    monkeypatch.setattr(app.conf, "broker_write_url", f"redis+socket://{gone}")
    app.pool.force_close_all()
    monkeypatch.setattr(app, "_pool", None)


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
