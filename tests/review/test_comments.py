"""Internal comments: kept without secrets, said to those who are meant, and to nobody else."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from review import comments, notifications
from review.errors import CommentTooLong, EmptyComment
from review.models import Comment, Notification
from tests.builders import make_item, make_person, make_queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]


def _client(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_mention_notifies_who_may_see_the_ticket_and_names_who_may_not(
    ada: User, grace: User
) -> None:
    outsider = make_person("olga", "reviewer", make_queue("billing"))
    manager = make_person("mona", "manager")
    item = make_item()
    posted = comments.post(
        item, ada, "@grace, @mona. and (@olga): please look, @ada too; mail a@grace.example"
    )
    assert {person.username for person in posted.mentioned} == {"grace", "mona"}
    assert posted.blind == ["olga"]
    told = Notification.objects.filter(kind="mentioned")
    assert {one.user for one in told} == {grace, manager}
    assert not Notification.objects.filter(user__in=[outsider, ada]).exists()
    assert "Parcel" not in told[0].text


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@Grace look", ["grace"]),
        ("thanks @grace.", ["grace"]),
        ("thanks @g.hopper.", ["g.hopper"]),
        ("@grace @grace", ["grace"]),
        ("mail@grace", []),
        ("@@grace", []),
        ("@nobody", []),
    ],
)
def test_whom_a_text_mentions(ada: User, grace: User, text: str, named: list[str]) -> None:
    make_person("g.hopper")
    assert [person.username for person in comments.mentioned_in(text)] == named


def test_a_secret_in_a_comment_is_not_stored(ada: User) -> None:
    comments.post(make_item(), ada, "Their card is 4111 1111 1111 1111, call them.")
    (comment,) = Comment.objects.select_related("body")
    assert "4111" not in str(comment.body.content)
    assert "call them" in str(comment.body.content)


def test_an_empty_or_endless_comment_is_not_stored(ada: User) -> None:
    item = make_item()
    with pytest.raises(EmptyComment):
        comments.post(item, ada, " \x00\n")
    with pytest.raises(CommentTooLong):
        comments.post(item, ada, "x" * 5001)
    assert not Comment.objects.exists()


def test_comments_on_the_page_are_text_and_only_for_who_sees_the_queue(
    ada: User, grace: User
) -> None:
    item = make_item()
    address = f"/items/{item.pk}/comments/"
    said = _client(ada).post(address, {"body": "<b hx-get=/x>@grace</b>"}, follow=True)
    assert "&lt;b hx-get=/x&gt;@grace" in said.content.decode()
    assert "Posted." in said.content.decode()
    assert "@grace" in _client(grace).get(address).content.decode()
    outsider = _client(make_person("olga", "reviewer", make_queue("billing")))
    assert outsider.get(address).status_code == 404
    assert outsider.post(address, {"body": "Hello"}).status_code == 404
    assert outsider.get(f"/items/{item.pk}/people/?q=g").status_code == 404


def test_completion_offers_colleagues_who_see_the_item(ada: User, grace: User) -> None:
    make_person("greta", "reviewer", make_queue("billing"))
    page = _client(ada).get(f"/items/{make_item().pk}/people/?q=gr").content.decode()
    assert 'data-name="grace"' in page
    assert "greta" not in page


def test_the_bell_counts_until_a_notification_is_opened(ada: User, grace: User) -> None:
    item = make_item()
    for text in ("@grace one", "@grace two"):
        comments.post(item, ada, text)
    client = _client(grace)
    assert "2 new" in client.get("/notifications/bell/").content.decode()
    newest = notifications.newest(grace)[0].notification
    opened = client.get(f"/notifications/{newest.pk}/")
    assert opened.headers["Location"] == f"/items/{item.pk}/"
    assert notifications.unread_count(grace) == 1
    assert _client(ada).get(f"/notifications/{newest.pk}/").status_code == 404
    client.post("/notifications/read/")
    assert "new" not in client.get("/notifications/bell/").content.decode()


def test_a_notification_of_an_item_out_of_sight_tells_nothing_of_it(ada: User, grace: User) -> None:
    comments.post(make_item(subject="Secret plans"), ada, "@grace")
    grace.queues.clear()
    page = _client(grace).get("/notifications/").content.decode()
    assert "An item you may not see any more" in page
    assert "Secret plans" not in page
