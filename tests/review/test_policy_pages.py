"""The pages of a policy: who sees and changes what, and its way from a draft into force."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from agents.models import DRAFT, LIVE, STAGING, Agent, PolicyVersion, Promotion
from agents.policies import rules_of
from agents.results import Caught, Plan, PlanOption
from agents.versions import candidate, change, in_force
from review.models import AuditEntry
from tests.builders import make_item, make_person, make_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("static_files")]

PAGE = "/policy/triage/"
HOSTILE = '<script>alert(1)</script>"\u202e'


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def admin(installed: Agent) -> Client:
    return client_of(make_person("jo", "admin"))


@pytest.fixture
def lead(installed: Agent) -> Client:
    return client_of(make_person("lea", "lead"))


def form(**fields: str) -> dict[str, str]:
    return {
        "name": "Parcel of a lawyer",
        "category": "delivery",
        "keywords": "barrister\nlaw firm",
        "outcome": "second",
        "reason": "A lawyer waits for a parcel.",
        "note": "Asked by the lawyers.",
        **fields,
    }


def rules(environment: str) -> list[str]:
    version = in_force(PolicyVersion, environment, agent_id=Agent.objects.get().pk)
    return [rule.id for rule in rules_of(Agent.objects.get(), version)]


def drafted(admin: Client, **fields: str) -> None:
    assert admin.post(f"{PAGE}rows/new/", form(**fields)).status_code == 302


def shown(environment: str, note: str) -> dict[str, Any]:
    """What the form beside the table of this environment posts."""
    version = PolicyVersion.objects.get(environment=environment, is_live=True)
    return {"note": note, "version": version.pk}


def staged(admin: Client) -> None:
    drafted(admin)
    assert admin.post(f"{PAGE}stage/", shown(DRAFT, "Try it.")).status_code == 302


def asked(admin: Client) -> Promotion:
    staged(admin)
    assert admin.post(f"{PAGE}ask/", shown(STAGING, "It works.")).status_code == 302
    return Promotion.objects.get()


@pytest.mark.parametrize(
    ("role", "sees", "edits", "approves"),
    [
        ("reviewer", False, False, False),
        ("manager", True, False, False),
        ("lead", True, False, True),
        ("admin", True, True, True),
    ],
)
def test_each_role_sees_and_does_its_own(
    installed: Agent, admin: Client, role: str, sees: bool, edits: bool, approves: bool
) -> None:
    promotion = asked(admin)
    client = client_of(make_person("someone", role))
    for address in ("/policy/", PAGE, f"{PAGE}what-if/", f"{PAGE}compare/"):
        assert client.get(address).status_code == (200 if sees else 403)
    assert client.get(f"{PAGE}rows/vip/").status_code == (200 if edits else 403)
    allowed = {302, 409, 422}
    for path in ("rows/vip/move/", "rows/vip/remove/", "discard/", "stage/", "unstage/", "ask/"):
        status = client.post(PAGE + path, {"note": "x"}).status_code
        assert (status in allowed) if edits else (status == 403)
    status = client.post(f"{PAGE}approve/{promotion.pk}/").status_code
    assert (status in allowed) if approves else (status == 403)


def test_the_table_says_each_rule_as_a_sentence_by_category(admin: Client) -> None:
    drafted(admin)
    text = admin.get(PAGE).content.decode()
    assert text.index("In every category</th>") < text.index("Delivery</th>")
    assert "When the customer writes “barrister” or “law firm”: two people countersign." in text
    assert "When confidence is below 0.80" in text


def test_a_row_is_saved_in_the_draft_alone(admin: Client) -> None:
    before = rules(LIVE)
    drafted(admin)
    assert rules(DRAFT) == [*before, "parcel_of_a_lawyer"]
    assert rules(LIVE) == before
    text = admin.get(PAGE).content.decode()
    assert "Nothing of the draft is in force." in text
    assert "added" in text
    assert "Parcel of a lawyer" not in admin.get(f"{PAGE}?of=live").content.decode()
    entry = AuditEntry.objects.get(action="policy.drafted")
    assert entry.detail["why"] == "Asked by the lawyers."


def test_a_row_is_edited_moved_and_taken_out(admin: Client) -> None:
    drafted(admin)
    drafted(admin, name="Another", keywords="notary")
    page = admin.get(f"{PAGE}rows/another/")
    seen = page.context["form"]["seen"].value()
    assert "notary" in page.content.decode()
    changed = form(name="Renamed", keywords="", money_above="99,50", currency="eur", seen=seen)
    assert admin.post(f"{PAGE}rows/another/", changed).status_code == 302
    assert "an amount is over €99.50" in admin.get(PAGE).content.decode()
    admin.post(f"{PAGE}rows/another/move/", {"direction": "up"})
    assert rules(DRAFT)[-2:] == ["another", "parcel_of_a_lawyer"]
    admin.post(f"{PAGE}rows/parcel_of_a_lawyer/remove/")
    assert rules(DRAFT)[-1] == "another"
    assert "Renamed" in admin.get(PAGE).content.decode()


def test_a_removed_row_stays_on_the_draft_as_what_would_go(admin: Client) -> None:
    admin.post(f"{PAGE}rows/vip/remove/")
    text = admin.get(PAGE).content.decode()
    assert 'id="rule-vip" data-change="removed"' in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Give it a name"),
        ({"reason": ""}, "Say in a sentence why"),
        ({"note": ""}, "it stands in the history"),
        ({"confidence_below": "much"}, "“much” is no number"),
        ({"confidence_below": "80"}, "A confidence is a number over 0 and up to 1."),
        ({"tools": "teleport"}, "This agent has no tool “teleport”."),
        ({"side": "outside", "week": "nights", "zone": "UTC"}, "“nights” is no opening hours."),
        ({"side": "inside", "week": "Mon 9:00-17:00", "zone": "Mars"}, "is no time zone"),
        ({"keywords": "…"}, "has no letter to look for"),
        ({"category": "moon"}, "moon"),
    ],
)
def test_what_cannot_be_saved_is_said_and_what_was_typed_is_kept(
    admin: Client, fields: dict[str, str], said: str
) -> None:
    response = admin.post(f"{PAGE}rows/new/", form(**{"keywords": "barrister", **fields}))
    text = response.content.decode()
    assert response.status_code == 422
    assert "Nothing was saved." in text
    assert said in text
    assert "barrister" in text or "keywords" in fields
    assert not PolicyVersion.objects.exists()


def test_two_who_edit_one_row_do_not_overwrite_each_other(admin: Client) -> None:
    seen = admin.get(f"{PAGE}rows/vip/").context["form"]["seen"].value()
    first = form(name="First", seen=seen)
    assert admin.post(f"{PAGE}rows/vip/", first).status_code == 302
    late = admin.post(f"{PAGE}rows/vip/", form(name="Second", seen=seen))
    assert late.status_code == 422
    assert "Somebody has changed this row since you opened it" in late.content.decode()
    assert "First" in admin.get(PAGE).content.decode()


def test_staging_is_what_differs_and_is_taken_out_again(admin: Client) -> None:
    staged(admin)
    assert [version.environment for version in candidate()] == [STAGING]
    assert "parcel_of_a_lawyer" in rules(STAGING)
    admin.post(f"{PAGE}unstage/")
    assert candidate() == []


def test_staging_needs_a_note_and_a_draft(admin: Client) -> None:
    assert admin.post(f"{PAGE}stage/", {"note": "x"}).status_code == 409
    drafted(admin)
    response = admin.post(f"{PAGE}stage/", shown(DRAFT, " "))
    assert response.status_code == 422
    assert "Say why in the note" in response.content.decode()


@pytest.mark.parametrize(("deed", "environment"), [("stage", DRAFT), ("ask", STAGING)])
def test_a_page_that_showed_an_older_version_puts_nothing_further(
    admin: Client, deed: str, environment: str
) -> None:
    staged(admin)
    text = admin.get(f"{PAGE}?of={environment}").content.decode()
    seen = shown(environment, "As I read it.")
    assert f'name="version" value="{seen["version"]}"' in text, "the form holds what it shows"
    drafted(admin, name="Another", keywords="notary")
    admin.post(f"{PAGE}stage/", shown(DRAFT, "Two of them."))
    count = PolicyVersion.objects.count()
    for stale in (seen, {"note": "None."}, {"note": "None.", "version": "9" * 5_000}):
        response = admin.post(f"{PAGE}{deed}/", stale)
        assert response.status_code == 409
        assert "This version is not the newest one any more" in response.content.decode()
    assert (PolicyVersion.objects.count(), Promotion.objects.count()) == (count, 0)


def test_a_discarded_draft_is_gone(admin: Client) -> None:
    drafted(admin)
    admin.post(f"{PAGE}discard/")
    assert rules(DRAFT) == rules(LIVE)
    assert "Nothing of the draft is in force." not in admin.get(PAGE).content.decode()


def test_who_asks_may_not_approve_and_another_may(admin: Client, lead: Client) -> None:
    promotion = asked(admin)
    refused = admin.post(f"{PAGE}approve/{promotion.pk}/")
    assert refused.status_code == 403
    assert "Another person must look at it" in refused.content.decode()
    assert "parcel_of_a_lawyer" not in rules(LIVE)
    text = lead.get(PAGE).content.decode()
    assert "asks to put this into force" in text
    assert "Approve, and put it into force" in text
    assert lead.post(f"{PAGE}approve/{promotion.pk}/").status_code == 302
    assert "parcel_of_a_lawyer" in rules(LIVE)
    version = PolicyVersion.objects.get(environment=LIVE)
    assert (version.created_by.username, version.approved_by.username) == ("jo", "lea")  # type: ignore[union-attr]
    assert version.reason == "It works."
    assert candidate() == []
    assert lead.post(f"{PAGE}approve/{promotion.pk}/").status_code == 409
    assert AuditEntry.objects.get(action="policy.approved").detail["asked_by"] == "jo"


def test_what_was_read_beside_other_rules_is_not_approved(admin: Client, lead: Client) -> None:
    promotion = asked(admin)
    change(
        PolicyVersion,
        LIVE,
        {"agent_id": Agent.objects.get(slug="triage").pk},
        lambda _: {"rules": []},
        reason="Somebody else's.",
        by=None,
    )
    stale = lead.post(f"{PAGE}approve/{promotion.pk}/", {"live": ""})
    assert stale.status_code == 409
    assert "Other rules have come into force" in stale.content.decode()
    assert rules(LIVE) == []
    now = PolicyVersion.objects.get(environment=LIVE, is_live=True)
    assert f'name="live" value="{now.pk}"' in lead.get(PAGE).content.decode()
    assert lead.post(f"{PAGE}approve/{promotion.pk}/", {"live": now.pk}).status_code == 302
    assert "parcel_of_a_lawyer" in rules(LIVE)


def test_a_refusal_says_why_and_who_asked_may_take_it_back(admin: Client, lead: Client) -> None:
    promotion = asked(admin)
    assert lead.post(f"{PAGE}refuse/{promotion.pk}/").status_code == 422
    assert lead.post(f"{PAGE}refuse/{promotion.pk}/", {"note": "Too strict."}).status_code == 302
    promotion.refresh_from_db()
    assert (promotion.outcome, promotion.said) == ("refused", "Too strict.")
    admin.post(f"{PAGE}ask/", shown(STAGING, "Once more."))
    again = Promotion.objects.get(outcome="asked")
    assert admin.post(f"{PAGE}ask/", shown(STAGING, "And again.")).status_code == 409
    admin.post(f"{PAGE}refuse/{again.pk}/")
    again.refresh_from_db()
    assert again.outcome == "withdrawn"


def test_one_click_leads_back_and_the_draft_follows(admin: Client, lead: Client) -> None:
    before = rules(LIVE)
    lead.post(f"{PAGE}approve/{asked(admin).pk}/")
    first = PolicyVersion.objects.get(environment=LIVE)
    assert admin.post(f"{PAGE}back/0/").status_code == 302
    assert rules(LIVE) == before == rules(DRAFT)
    assert admin.post(f"{PAGE}back/0/").status_code == 422, "it is so already"
    assert admin.post(f"{PAGE}back/{first.pk}/").status_code == 302
    assert "parcel_of_a_lawyer" in rules(LIVE)
    newest = PolicyVersion.objects.get(environment=LIVE, is_live=True)
    assert (newest.version, newest.came_from, newest.reason) == (
        3,
        first,
        "Back to version 1: It works.",
    )
    assert lead.post(f"{PAGE}back/0/").status_code == 403
    compared = admin.get(f"{PAGE}compare/?from=live&to=2").content.decode()
    assert "removed" in compared
    assert "Parcel of a lawyer" in compared


def test_a_changed_rows_words_are_compared_one_by_one(admin: Client) -> None:
    page = admin.get(f"{PAGE}rows/chargeback/")
    shown = page.context["form"].initial
    kept = {name: str(value or "") for name, value in shown.items()}
    keywords = kept["keywords"].replace("chargeback\n", "") + "\nbank transfer back"
    admin.post(f"{PAGE}rows/chargeback/", kept | {"keywords": keywords, "note": "Banks."})
    text = admin.get(f"{PAGE}compare/?from=live&to=draft").content.decode()
    assert "<ins>bank transfer back</ins>" in text
    assert "<del>chargeback</del>" in text


def test_a_hostile_row_stays_text(admin: Client) -> None:
    drafted(admin, name=HOSTILE[:40], reason=HOSTILE, keywords=HOSTILE)
    for address in (
        PAGE,
        f"{PAGE}what-if/",
        f"{PAGE}compare/",
        f"{PAGE}rows/script_alert_1_script/",
    ):
        response = admin.get(address)
        assert response.status_code == 200
        assert "<script>alert" not in response.content.decode()


def test_the_pages_ask_few_queries(
    admin: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked(admin)
    drafted(admin, name="More", keywords="notary")
    for number in range(5):
        make_item(subject=f"Ticket {number}")
    for address, most in ((PAGE, 22), (f"{PAGE}what-if/", 16), (f"{PAGE}compare/", 14)):
        with django_assert_max_num_queries(most):
            admin.get(address)


def test_tier_3s_part_is_told_and_what_happens_without_a_model(admin: Client) -> None:
    assert (
        "Tier 3 runs on the embedded model, which makes no plans"
        in admin.get(PAGE).content.decode()
    )


PLANNED: dict[str, Any] = {
    "caught": (
        Caught(
            id="legal_threat",
            name="Legal threat",
            outcome="plan",
            sentence="In every category, when the customer writes “my lawyer”.",
            reason="The customer speaks of a lawyer.",
            found="“my lawyer”",
        ),
    ),
    "plan": Plan(
        summary=f"She wants money. {HOSTILE}",
        options=(
            PlanOption(title="Refund", steps=("Check it.",), risks=("Over the limit.",)),
            PlanOption(title="Repair", steps=("Send a label.",), risks=()),
        ),
        recommended=1,
        why="It is owed first.",
        must_not_say=("That it was our fault.",),
    ),
}


def test_the_plan_stands_beside_the_draft_as_text(ada: User) -> None:
    item = make_item(make_result(**PLANNED))
    text = client_of(ada).get(f"/items/{item.pk}/").content.decode()
    for said in ("Plan of tier 3", "Legal threat", "1. Refund", "2. Repair", "recommended"):
        assert said in text
    assert "That it was our fault." in text
    assert "The customer speaks of a lawyer. Legal threat: “my lawyer”." in text
    assert "<script>alert" not in text


def test_without_a_plan_the_person_has_the_rule(ada: User) -> None:
    item = make_item(make_result(caught=PLANNED["caught"]))
    text = client_of(ada).get(f"/items/{item.pk}/").content.decode()
    assert "In every category, when the customer writes “my lawyer”." in text
    assert "There is no plan: tier 3 had no model that makes any." in text
    item = make_item(make_result(caught=PLANNED["caught"], plan_error="Too slow."))
    assert (
        "There is no plan: Too slow." in client_of(ada).get(f"/items/{item.pk}/").content.decode()
    )


def test_an_item_without_such_a_rule_shows_no_plan(ada: User) -> None:
    item = make_item()
    assert "Plan of tier 3" not in client_of(ada).get(f"/items/{item.pk}/").content.decode()


def test_an_agent_that_nobody_knows_is_not_found(admin: Client) -> None:
    assert admin.get("/policy/nobody/").status_code == 404
    assert admin.get(f"{PAGE}rows/nothing/").status_code == 404
