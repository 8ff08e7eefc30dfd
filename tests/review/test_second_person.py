"""High stakes: two people countersign the same bytes."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from agents.models import Category
from review import attachments, claims, decisions, errors
from review.attachments import NewFile
from review.corrections import Corrections
from review.decisions import Seen
from review.errors import NotTheSecond
from review.models import Assessment, Delivery, ReviewItem, Verdict
from review.second_person import First, Ruling, ruling
from tests.builders import DRAFT, make_item, make_person, make_queue

ADA, GRACE = 1, 2
ADAS = First(reviewer=ADA, marks=["x"])


@pytest.mark.parametrize(
    ("needs_second", "acts", "reviewer", "mark", "first", "expected"),
    [
        (False, True, ADA, "x", None, "settle"),
        (False, True, ADA, "x", ADAS, "settle"),
        (True, False, ADA, "reject:", None, "settle"),
        (True, False, ADA, "reject:", ADAS, "settle"),
        (True, False, GRACE, "reject:", ADAS, "settle"),
        (True, True, ADA, "x", None, "wait"),
        (True, True, GRACE, "x", ADAS, "settle"),
        (True, True, GRACE, "y", ADAS, "wait"),
        (True, True, ADA, "x", ADAS, NotTheSecond),
        (True, True, ADA, "y", ADAS, NotTheSecond),
    ],
)
def test_the_rule(
    needs_second: bool,
    acts: bool,
    reviewer: int,
    mark: str,
    first: First | None,
    expected: Ruling | type[NotTheSecond],
) -> None:
    def ruled() -> Ruling:
        return ruling(
            needs_second=needs_second, acts=acts, reviewer=reviewer, marks=[mark], first=first
        )

    if isinstance(expected, str):
        assert ruled() == expected
    else:
        with pytest.raises(expected):
            ruled()


def high_stakes_item() -> ReviewItem:
    Category.objects.filter(slug="delivery").update(is_high_stakes=True)
    return make_item()


def claimed(item: ReviewItem, user: User) -> Seen:
    item = claims.claim(item, user)
    assert item.claim_token is not None
    return Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)


@pytest.mark.django_db
def test_what_the_first_put_right_is_before_the_second(ada: User, grace: User) -> None:
    item = high_stakes_item()
    right = Corrections(category="invoice", queue="billing")
    decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT, corrections=right)
    taken = claims.claim_next(grace)
    assert taken is not None
    assert taken.working.choices == {"category": "invoice", "queue": "billing"}


@pytest.mark.django_db
def test_the_first_word_is_stored_and_frees_the_item_for_another(ada: User, grace: User) -> None:
    item = high_stakes_item()
    text = DRAFT.replace("Friday", "Monday")
    assert decisions.send(item.pk, ada, claimed(item, ada), text=text) is None
    assert not Verdict.objects.exists()
    assert not Delivery.objects.exists()
    assert claims.claim_next(ada) is None
    taken = claims.claim_next(grace)
    assert taken is not None
    assert taken.working.text == text
    verdict = decisions.send(item.pk, grace, claimed(item, grace), text=text)
    assert verdict is not None
    assert (verdict.kind, verdict.edit_operations, verdict.reviewer) == ("edit", 1, grace)
    assert [one.reviewer for one in Assessment.objects.order_by("pk")] == [ada, grace]
    assert Delivery.objects.get().verdict == verdict


@pytest.mark.django_db
def test_another_text_needs_another_second(ada: User, grace: User) -> None:
    item = high_stakes_item()
    third = make_person("mary", "reviewer", make_queue("orders"))
    decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT)
    assert decisions.send(item.pk, grace, claimed(item, grace), text=DRAFT + " Bye") is None
    with pytest.raises(errors.NotTheSecond):
        decisions.send(item.pk, grace, claimed(item, grace), text=DRAFT + " Bye")
    claims.release(item, grace, claimed(item, grace).claim_token)
    assert decisions.send(item.pk, third, claimed(item, third), text=DRAFT + " Bye") is not None


@pytest.mark.django_db
def test_either_may_reject_alone(ada: User, grace: User) -> None:
    item = high_stakes_item()
    decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT)
    assert decisions.reject(item.pk, grace, claimed(item, grace)).kind == "reject"


@pytest.mark.django_db
@pytest.mark.usefixtures("static_files")
def test_the_pages_say_who_countersigned_and_who_must(
    client: Client, ada: User, grace: User
) -> None:
    item = high_stakes_item()
    client.force_login(ada)
    assert "two people countersign" in client.get(f"/items/{item.pk}/").content.decode()
    text = DRAFT.replace("Friday", "Monday")
    data = {**vars(claimed(item, ada)), "text": text, "then": "stay"}
    client.post(f"/items/{item.pk}/send/", data)
    mine = client.get(f"/items/{item.pk}/").content.decode()
    assert "You countersigned this" in mine
    client.force_login(grace)
    claimed(item, grace)
    page = client.get(f"/items/{item.pk}/").content.decode()
    assert "a second person must" in page
    assert "Monday" in page
    assert "1 edit" in page


def test_a_file_that_came_between_needs_a_second_person_again(ada: User, grace: User) -> None:
    item = high_stakes_item()
    assert decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT) is None
    seen = claimed(item, grace)
    label = NewFile(name="label.pdf", data=b"%PDF", content_type="application/pdf")
    attachments.lay_ready(item.pk, grace, seen.claim_token, [label])
    assert decisions.send(item.pk, grace, seen, text=DRAFT) is None
    assert decisions.send(item.pk, ada, claimed(item, ada), text=DRAFT) is not None
