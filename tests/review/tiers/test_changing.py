"""Changing tiers and routes on staging and live: tried, put on record, promoted, taken back."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from agents import keys
from agents.connections import Connection, connections_of
from agents.errors import CannotConnect
from agents.models import LIVE, STAGING, Agent, Comparison, RouteVersion, TierVersion
from agents.tiers import live_tier, routes
from agents.versions import candidate, in_force
from review.models import AuditEntry
from review.tiers.changing import (
    TierSettings,
    change_routes,
    change_tier,
    change_tiers,
    promote,
    use_again,
    withdraw,
)
from review.tiers.staged import staged_changes
from tests.peers import HttpPeer
from tests.provider import KEY

pytestmark = pytest.mark.django_db


def settings_of(version: TierVersion, **changes: Any) -> TierSettings:
    content = {name: getattr(version, name) for name in TierVersion.CONTENT[3:]}
    return replace(
        TierSettings(
            chain=connections_of(version),
            look_again_on=timezone.localdate() + timedelta(days=90),
            **content,
        ),
        **changes,
    )


def staged(tier: int, by: User, **changes: Any) -> TierVersion:
    """The tier's new version on staging."""
    before = in_force(TierVersion, STAGING, tier=tier)
    assert before
    wanted = settings_of(before, **changes)
    return change_tier(tier, STAGING, wanted, based_on=before.pk, reason="To see.", by=by)


def live_routes() -> RouteVersion:
    found = in_force(RouteVersion, LIVE)
    assert found
    return found


def test_a_change_on_staging_leaves_live_as_it_was(jo: User) -> None:
    before = live_tier(2)
    version = staged(2, jo, max_tokens=900, budget_day_usd=Decimal(40))
    assert (version.environment, version.version, version.max_tokens) == (STAGING, 1, 900)
    assert live_tier(2) == before
    assert candidate() == [version]
    (found,) = staged_changes()
    assert [one.name for one in found.differences] == ["Longest answer", "Budget a day"]
    entry = AuditEntry.objects.get(action="tier.changed")
    assert (entry.actor, entry.detail["environment"]) == (jo, STAGING)
    assert ["Budget a day", "none", "$40"] in entry.detail["changes"]


def test_what_staging_has_is_promoted_and_is_no_longer_staged(jo: User) -> None:
    day = timezone.localdate() + timedelta(days=30)
    version = staged(2, jo, temperature=0.7, look_again_on=day)
    live = live_tier(2)
    new = promote(version, beside=live.pk, reason="Fewer edits.", by=jo)
    assert live_tier(2) == new
    assert (new.temperature, new.came_from, new.reason) == (0.7, version, "Fewer edits.")
    assert new.look_again_on == day
    assert staged_changes() == []
    assert not TierVersion.objects.filter(environment=STAGING, is_live=True).exists()
    entry = AuditEntry.objects.get(action="tier.promoted")
    assert (entry.actor, entry.detail["reason"]) == (jo, "Fewer edits.")


def test_a_day_to_look_again_that_has_passed_is_not_carried_on(jo: User) -> None:
    version = staged(2, jo, temperature=0.7)
    yesterday = timezone.localdate() - timedelta(days=1)
    TierVersion.objects.filter(pk=version.pk).update(look_again_on=yesterday)
    version.refresh_from_db()
    new = promote(version, beside=live_tier(2).pk, reason="Fewer edits.", by=jo)
    assert new.look_again_on > timezone.localdate() + timedelta(days=100)


def test_staging_can_be_withdrawn_and_stays_in_the_history(jo: User) -> None:
    version = staged(2, jo, temperature=0.7)
    assert withdraw(version, by=jo)
    assert staged_changes() == []
    assert TierVersion.objects.filter(pk=version.pk).exists()
    assert AuditEntry.objects.get(action="tier.withdrawn").actor == jo
    assert not withdraw(version, by=jo)
    with pytest.raises(CannotConnect, match="Staging has changed meanwhile"):
        promote(version, beside=live_tier(2).pk, reason="Late.", by=jo)


def test_a_model_that_does_not_answer_changes_nothing(
    jo: User, known_key: str, endpoint: HttpPeer
) -> None:
    chain = (Connection(model="openai/unknown", endpoint=known_key),)
    with pytest.raises(CannotConnect, match="openai/unknown"):
        staged(2, jo, chain=chain)
    assert staged_changes() == []
    assert AuditEntry.objects.count() == 0


def test_every_new_model_is_called_once_and_known_ones_are_not(
    jo: User, known_key: str, endpoint: HttpPeer
) -> None:
    good = Connection(model="openai/good", endpoint=known_key)
    embedded = connections_of(live_tier(2))[0]
    staged(2, jo, chain=(embedded, good))
    assert len(endpoint.requests) == 1, "a new fallback is tried too"
    staged(2, jo, chain=(embedded, good), retries=0)
    assert len(endpoint.requests) == 1
    version = staged(2, jo, chain=(good, embedded))
    assert len(endpoint.requests) == 2, "it is asked first now"
    staged(2, jo, chain=(good, embedded), temperature=1.0)
    assert len(endpoint.requests) == 3, "it is asked otherwise"
    assert version.endpoints == {"openai/good": known_key}


def test_a_promotion_makes_a_call_again(jo: User, known_key: str, endpoint: HttpPeer) -> None:
    version = staged(2, jo, chain=(Connection(model="openai/good", endpoint=known_key),))
    keys.keep_key(known_key, "sk-another")
    with pytest.raises(CannotConnect):
        promote(version, beside=live_tier(2).pk, reason="Fewer edits.", by=jo)
    assert live_tier(2).model == "local/countersign"
    assert [one.version for one in staged_changes()] == [version], "it can be tried again"
    keys.keep_key(known_key, KEY)
    assert promote(version, beside=live_tier(2).pk, reason="Fewer edits.", by=jo).is_live


def test_a_key_is_kept_when_its_model_answered_and_not_before(
    jo: User, no_keys: None, endpoint: HttpPeer
) -> None:
    base = f"{endpoint.url}/v1"
    asked = Connection(model="openai/unknown", endpoint=base, key=KEY)
    with pytest.raises(CannotConnect):
        staged(2, jo, chain=(asked,))
    assert keys.key_of(base) is None
    staged(2, jo, chain=(replace(asked, model="openai/good"),))
    assert keys.key_of(base) == KEY


def test_who_looked_at_an_older_version_is_told(jo: User) -> None:
    seen = live_tier(2)
    wanted = settings_of(seen, temperature=0.9)
    change_tier(2, LIVE, wanted, based_on=seen.pk, reason="First.", by=jo)
    with pytest.raises(CannotConnect, match="version 2 is in force now"):
        change_tier(2, LIVE, wanted, based_on=seen.pk, reason="Second.", by=jo)
    version = staged(3, jo, temperature=0.9)
    live = live_tier(3)
    change_tier(3, LIVE, settings_of(live), based_on=live.pk, reason="Meanwhile.", by=jo)
    with pytest.raises(CannotConnect, match="changed it meanwhile"):
        promote(version, beside=live.pk, reason="Fewer edits.", by=jo)
    (found,) = staged_changes()
    assert found.is_outrun


def test_a_budget_on_a_model_without_a_price_is_refused(
    jo: User, known_key: str, endpoint: HttpPeer
) -> None:
    good = Connection(model="openai/good", endpoint=known_key)
    with pytest.raises(CannotConnect, match="would not hold"):
        staged(2, jo, chain=(good,), budget_day_usd=Decimal(40))
    assert endpoint.requests == [], "refused before it is called"


def test_a_model_is_not_asked_twice(jo: User) -> None:
    embedded = connections_of(live_tier(2))[0]
    with pytest.raises(CannotConnect, match="asked twice"):
        staged(2, jo, chain=(embedded, embedded))


def test_a_way_back_has_every_field_and_its_own_environment(jo: User) -> None:
    first = staged(2, jo, max_tokens=900, retries=3, max_concurrent=4, budget_run_usd=Decimal(1))
    staged(2, jo, max_tokens=800, retries=0, max_concurrent=None, budget_run_usd=None)
    again = use_again(first, reason="Back to version 1: To see.", by=jo)
    assert (again.environment, again.version, again.came_from) == (STAGING, 3, first)
    assert again.content == first.content
    assert live_tier(2).version == 1


def test_a_fallback_that_has_gone_does_not_hold_up_a_way_back(
    jo: User, known_key: str, endpoint: HttpPeer
) -> None:
    embedded = connections_of(live_tier(2))[0]
    good = Connection(model="openai/good", endpoint=known_key)
    first = staged(2, jo, chain=(embedded, good))
    staged(2, jo, chain=(embedded,))
    keys.keep_key(known_key, "sk-another")
    assert use_again(first, reason="Back.", by=jo).models == ["local/countersign", "openai/good"]


def test_all_tiers_take_a_preset_or_none(jo: User, known_key: str, endpoint: HttpPeer) -> None:
    good = Connection(model="openai/good", endpoint=known_key)
    wanted = {tier: settings_of(live_tier(tier), chain=(good,)) for tier in (1, 2)}
    bad = replace(good, model="openai/unknown")
    seen = {tier: live_tier(tier).pk for tier in (1, 2, 3)}
    all_three = {**wanted, 3: settings_of(live_tier(3), chain=(bad,))}
    with pytest.raises(CannotConnect):
        change_tiers(LIVE, all_three, based_on=seen, reason="All.", by=jo)
    assert [live_tier(tier).version for tier in (1, 2, 3)] == [1, 1, 1]
    endpoint.requests.clear()
    change_tiers(LIVE, wanted, based_on=seen, reason="All.", by=jo)
    assert [live_tier(tier).version for tier in (1, 2, 3)] == [2, 2, 1]
    assert len(endpoint.requests) == 1, "one model for both is called once"


def test_routes_change_on_staging_and_are_promoted_and_taken_back(jo: User) -> None:
    before = live_routes()
    moved = {**routes(), "redraft": 3}
    version = change_routes(STAGING, moved, based_on=before.pk, reason="Harder.", by=jo)
    assert routes()["redraft"] == 2
    (found,) = staged_changes()
    assert [(one.name, one.before, one.after) for one in found.differences] == [
        ("redraft", "tier 2", "tier 3")
    ]
    new = promote(version, beside=before.pk, reason="Harder.", by=jo)
    assert routes()["redraft"] == 3
    assert AuditEntry.objects.get(action="routes.promoted").detail["changes"] == [
        ["redraft", "tier 2", "tier 3"]
    ]
    assert staged_changes() == []
    again = use_again(before, reason="Back to version 1.", by=jo)
    assert (again.version, again.came_from, routes()["redraft"]) == (new.version + 1, before, 2)


def test_a_task_moves_only_to_a_tier_that_answers(
    jo: User, known_key: str, endpoint: HttpPeer
) -> None:
    TierVersion.objects.filter(tier=3).update(
        model="openai/unknown", endpoints={"openai/unknown": known_key}
    )
    with pytest.raises(CannotConnect, match="openai/unknown"):
        change_routes(
            LIVE, {**routes(), "draft": 3}, based_on=live_routes().pk, reason="Harder.", by=jo
        )
    assert routes()["draft"] == 2
    change_routes(LIVE, {**routes(), "draft": 1}, based_on=live_routes().pk, reason="So.", by=jo)
    assert len(endpoint.requests) == 1, "no call to a tier that nothing moves to"


def test_plans_stay_on_tier_three(jo: User) -> None:
    with pytest.raises(CannotConnect, match="plan belongs to tier 3"):
        change_routes(
            STAGING, {**routes(), "plan": 1}, based_on=live_routes().pk, reason="Cheap.", by=jo
        )


def test_the_newest_comparison_of_a_candidate_is_found(jo: User, installed: Agent) -> None:
    version = staged(2, jo, temperature=0.7)
    other = staged(1, jo, temperature=0.7)
    mixes = ([["tier", version.pk]], [["tier", other.pk], ["tier", version.pk]], [["routes", 1]])
    made = [
        Comparison.objects.create(agent=installed, versions=mix, reviewed_items=20) for mix in mixes
    ]
    first, second = staged_changes()
    assert (first.comparison, second.comparison) == (made[1], made[1])


def test_an_installation_that_is_staging_itself_has_nothing_to_promote(
    installed: Agent, settings: Any
) -> None:
    settings.ENVIRONMENT = STAGING
    assert staged_changes() == []
