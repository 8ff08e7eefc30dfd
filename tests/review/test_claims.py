"""Claims: one winner, however many ask."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.utils import timezone

from review import claims, errors
from review.models import Assessment, AuditEntry, ReviewItem
from tests.builders import make_item, make_person, make_queue, make_result

ASKING = 200
AT_ONCE = 25


@pytest.mark.django_db(transaction=True)
def test_of_200_concurrent_claims_one_wins(installed: object) -> None:
    queue = make_queue("orders")
    people = [make_person(f"person-{n}", "reviewer", queue) for n in range(ASKING)]
    item = make_item()

    def ask(user: User) -> bool:
        try:
            claims.claim(ReviewItem.objects.get(pk=item.pk), user)
        except errors.ClaimedByAnother:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(AT_ONCE) as pool:
        won = [user for user, got in zip(people, pool.map(ask, people), strict=True) if got]
    item.refresh_from_db()
    assert [item.claimed_by] == won


@pytest.mark.django_db(transaction=True)
def test_people_who_ask_for_the_next_at_once_get_different_items(installed: object) -> None:
    queue = make_queue("orders")
    people = [make_person(f"person-{n}", "reviewer", queue) for n in range(12)]
    for _ in range(12):
        make_item()

    def ask(user: User) -> int | None:
        try:
            item = claims.claim_next(user)
            return item.pk if item else None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(12) as pool:
        given = list(pool.map(ask, people))
    assert None not in given
    assert len(set(given)) == len(people)


@pytest.mark.django_db
def test_next_is_the_urgent_one_then_the_longest_waiting(ada: User) -> None:
    now = timezone.now()
    old, new, urgent = make_item(), make_item(), make_item()
    ReviewItem.objects.filter(pk=old.pk).update(opened_at=now - timedelta(hours=2))
    ReviewItem.objects.filter(pk=new.pk).update(opened_at=now - timedelta(hours=1))
    ReviewItem.objects.filter(pk=urgent.pk).update(priority=ReviewItem.Priority.HIGH)
    assert [claims.claim_next(ada) for _ in range(4)] == [urgent, old, new, None]


@pytest.mark.django_db
def test_a_lapsed_claim_is_free_for_others_and_its_token_void(ada: User, grace: User) -> None:
    item = claims.claim(make_item(), ada)
    token = item.claim_token
    ReviewItem.objects.update(claim_expires_at=timezone.now())
    claims.claim(item, grace)
    assert not claims.renew(item.pk, ada, token)


@pytest.mark.django_db
def test_claiming_again_keeps_the_token_and_extends_the_time(ada: User) -> None:
    item = claims.claim(make_item(), ada)
    token, expires_at = item.claim_token, item.claim_expires_at
    again = claims.claim(item, ada)
    assert again.claim_token == token
    assert again.claim_expires_at is not None
    assert expires_at is not None
    assert again.claim_expires_at > expires_at


@pytest.mark.django_db
def test_a_released_item_is_free(ada: User, grace: User) -> None:
    item = claims.claim(make_item(), ada)
    assert item.claim_token is not None
    assert claims.release(item, ada, item.claim_token)
    assert claims.claim(item, grace).claimed_by == grace


@pytest.mark.django_db
def test_next_is_awake_nobody_elses_and_of_ones_own_queues(ada: User, grace: User) -> None:
    now = timezone.now()
    make_item(make_result(queue="billing"))  # not ada's
    ReviewItem.objects.filter(pk=make_item().pk).update(snoozed_until=now + timedelta(hours=1))
    ReviewItem.objects.filter(pk=make_item().pk).update(assigned_to=grace)
    claims.claim(make_item(), grace)
    woken, handed = make_item(), make_item(make_result(queue="billing"))
    ReviewItem.objects.filter(pk=woken.pk).update(snoozed_until=now, due_at=now)
    ReviewItem.objects.filter(pk=handed.pk).update(assigned_to=ada)
    assert [claims.claim_next(ada) for _ in range(3)] == [woken, handed, None]
    woken.refresh_from_db()
    assert woken.snoozed_until is None
    taken = AuditEntry.objects.filter(action="item.claimed", actor=ada).order_by("pk")
    assert [entry.subject for entry in taken] == [
        f"reviewitem:{item.pk}" for item in (woken, handed)
    ]


@pytest.mark.django_db
def test_who_countersigned_first_is_not_offered_the_item_as_its_second(
    ada: User, grace: User
) -> None:
    item = make_item()
    ReviewItem.objects.update(needs_second=True)
    Assessment.objects.create(item=item, revision=1, reviewer=ada, kind="approve")
    assert claims.claim_next(ada) is None
    assert claims.claim_next(grace) == item


@pytest.mark.django_db(transaction=True)
def test_next_looks_further_than_what_colleagues_are_just_taking(installed: object) -> None:
    ada = make_person("ada", "reviewer", make_queue("orders"))
    *front, last = [make_item() for _ in range(21)]
    with transaction.atomic():
        list(ReviewItem.objects.select_for_update().filter(pk__in=[item.pk for item in front]))

        def ask() -> ReviewItem | None:
            try:
                return claims.claim_next(ada)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(ask).result() == last
