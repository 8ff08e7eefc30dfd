"""The rules an agent comes with, row by row, in every language they speak."""

import gzip
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agents.models import Agent
from agents.policies import default_rules
from agents.rule_facts import facts_of
from agents.rule_sentences import sentence
from agents.rules import Facts, caught

pytestmark = pytest.mark.django_db

COMPANY = {
    "refund_limit": 200,
    "currency": "EUR",
    "hours": "Mon–Fri 08:00–20:00; Sat 10:00–16:00",
    "time_zone": "Europe/Berlin",
}
OPEN, CLOSED = "2026-11-30T12:00:00+00:00", "2026-11-29T12:00:00+00:00"


@pytest.fixture
def agent(installed: Agent) -> Agent:
    installed.company = COMPANY
    return installed


def facts(text: str, at: str = OPEN, segment: str = "", **known: object) -> Facts:
    conversation = {
        "subject": "",
        "customer": {"name": "Ada", "segment": segment},
        "messages": [{"from": "customer", "body": text, "at": at}],
    }
    given = {"category": "delivery", "confidence": 0.95, **known}
    return facts_of(conversation, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is my parcel?", []),
        ("Wo bleibt mein Paket? Vielen Dank im Voraus.", []),
        ("Où est mon colis ?", []),
        ("¿Dónde está mi paquete?", []),
        ("Waar is mijn pakket?", []),
        # Legal threats
        ("After that my lawyer takes over.", ["legal_threat"]),
        ("I will see you in court.", ["legal_threat"]),
        ("We are going to take legal action", ["legal_threat"]),
        ("I am reporting this to Trading Standards.", ["legal_threat"]),
        ("I go to the consumer association.", ["legal_threat"]),
        ("I file a complaint with the data protection office", ["legal_threat"]),
        ("Ich schalte meinen Anwalt ein.", ["legal_threat"]),
        ("Ich werde Sie verklagen!", ["legal_threat"]),
        ("Ich behalte mir rechtliche Schritte vor.", ["legal_threat"]),
        ("Ich wende mich an die Verbraucherzentrale", ["legal_threat"]),
        ("Beschwerde bei der Datenschutzbehörde", ["legal_threat"]),
        ("Mon avocat vous écrira.", ["legal_threat"]),
        ("Je vais saisir la DGCCRF", ["legal_threat"]),
        ("ceci vaut mise en demeure", ["legal_threat"]),
        ("Mi abogado se pondrá en contacto", ["legal_threat"]),
        ("Voy a denunciarles, quiero la hoja de reclamaciones", ["legal_threat"]),
        ("Mijn advocaat neemt contact op", ["legal_threat"]),
        ("Ik stap naar de rechter", ["legal_threat"]),
        ("Ik stel u in gebreke", ["legal_threat"]),
        # Refunds over the limit
        ("I want a refund of 350 EUR", ["refund_over_limit"]),
        ("Ich will mein Geld zurück, 899,00 €!", ["refund_over_limit"]),
        ("Remboursez-moi 1 299,00 €", ["refund_over_limit"]),
        ("Exijo el reembolso de 250 euros", ["refund_over_limit"]),
        ("Ik wil 229 euro terugbetaald", ["refund_over_limit"]),
        ("I want a refund of 150 EUR", []),
        ("The Fjord is 899 EUR, is that so?", []),
        # Chargebacks
        ("I will do a chargeback.", ["chargeback"]),
        ("Dann lasse ich die Lastschrift zurückbuchen", ["chargeback"]),
        ("Je ferai opposition au paiement", ["chargeback"]),
        ("haré un contracargo", ["chargeback"]),
        ("ik laat het terugboeken", ["chargeback"]),
        # Danger
        ("I got a shock from the machine", ["danger"]),
        ("There was smoke and then it caught fire", ["danger"]),
        ("My daughter scalded her arm", ["danger"]),
        ("Es gab einen Kurzschluss, überall Rauch", ["danger"]),
        ("Ich habe mich verbrüht", ["danger"]),
        ("De la fumée sort de la machine", ["danger"]),
        ("Me dio una descarga eléctrica", ["danger"]),
        ("Er komt rook uit de machine", ["danger"]),
        ("The coffee tastes burnt and bitter", []),
        ("Which brand of grinder do you sell?", []),
        # Several at once: all their reasons
        (
            "It gave me an electric shock. Refund my 899 EUR or my lawyer writes.",
            ["danger", "legal_threat", "refund_over_limit"],
        ),
    ],
)
def test_what_customers_write_is_caught(agent: Agent, text: str, expected: list[str]) -> None:
    assert [one.id for one in caught(default_rules(agent), facts(text))] == expected


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        (facts("", confidence=0.79), ["low_confidence"]),
        (facts("", confidence=0.8), []),
        (facts("", confidence=0.1, category="oos"), []),
        (facts("", segment="VIP"), ["vip"]),
        (facts("", segment="trade"), []),
        (facts("", at=CLOSED, urgency="high"), ["urgent_out_of_hours"]),
        (facts("", at=OPEN, urgency="high"), []),
        (facts("", at=CLOSED), []),
    ],
)
def test_what_is_known_of_a_run_is_caught(agent: Agent, about: Facts, expected: list[str]) -> None:
    assert [one.id for one in caught(default_rules(agent), about)] == expected


def test_what_is_grave_is_planned_and_handed_over(agent: Agent) -> None:
    rules = {rule.id: rule for rule in default_rules(agent)}
    planned = {rule.id for rule in rules.values() if rule.outcome == "plan"}
    assert planned == {"legal_threat", "refund_over_limit"}
    assert {rules[one].queue for one in planned} == {"care"}


def test_the_limits_are_the_companys_and_a_row_without_one_is_left_out(agent: Agent) -> None:
    over = next(rule for rule in default_rules(agent) if rule.id == "refund_over_limit")
    assert "an amount is over €200" in sentence(over)
    agent.company = {}
    ids = [rule.id for rule in default_rules(agent)]
    assert ids == ["danger", "legal_threat", "chargeback", "vip", "low_confidence"]


def test_the_line_of_low_confidence_is_the_setting(agent: Agent, settings: object) -> None:
    settings.REVIEW_BELOW_CONFIDENCE = 0.5  # type: ignore[attr-defined]
    row = next(rule for rule in default_rules(agent) if rule.id == "low_confidence")
    assert row.when.confidence_below == 0.5


def test_what_the_resolution_agent_cannot_take_back_says_so(db: None) -> None:
    resolution = Agent(slug="resolution", company=COMPANY)
    about = Facts(category="", text="", tool="refund", effect="irreversible")
    found = caught(default_rules(resolution), about)
    assert [(one.id, one.outcome) for one in found] == [("irreversible", "review")]


def test_the_rules_are_held_against_a_file_of_messages(installed: Agent, tmp_path: Path) -> None:
    installed.company = COMPANY
    installed.save()
    file = tmp_path / "messages.jsonl.gz"
    rows = [{"text": "My lawyer writes."}, {"body": "Hello", "subject": "Anwalt"}, {"message": "?"}]
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    said = StringIO()
    call_command("hold_rules", "triage", str(file), "--json", stdout=said)
    found = json.loads(said.getvalue())[str(file)]
    assert (found["messages"], found["caught"]["legal_threat"]) == (3, 2)
    assert found["caught"]["danger"] == 0
    shown = StringIO()
    call_command("hold_rules", "triage", str(file), "--show", "1", stdout=shown)
    assert "“My lawyer”: My lawyer writes." in shown.getvalue()
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("hold_rules", "triage", str(tmp_path / "missing.jsonl"))


def test_an_agent_without_a_file_has_no_rules(db: None) -> None:
    assert default_rules(Agent(slug="somebody", company={})) == ()
