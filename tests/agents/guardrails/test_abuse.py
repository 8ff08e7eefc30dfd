"""Threats and insults: those aimed at people, and mere anger."""

import pytest

from tests.agents.guardrails.subjects import finds, subject


@pytest.mark.parametrize(
    "message",
    [
        "I know where you live.",
        "I will come over and burn down your office.",
        "You're a bunch of useless idiots",
        "Fuck you and your shop",
        "Ich weiß, wo ihr wohnt!",
        "Ihr seid alle Idioten.",
        "Ich bringe euch um.",
        "Bande d'incapables, allez vous faire foutre",
        "Je vais vous tuer",
        "Sois unos gilipollas",
        "Voy a mataros",
        "Stelletje klootzakken",
        "Ik weet waar jullie wonen",
    ],
)
def test_threats_and_insults_to_staff_are_told(message: str) -> None:
    assert finds("abuse", subject(message=message))


@pytest.mark.parametrize(
    "message",
    [
        "This is a fucking disaster, the third broken machine!",
        "What a shambles. I will go to a lawyer and post it on every site.",
        "I could kill for a coffee. The noise is killing me.",
        "I will kill time until Friday then.",
        "I feel like an idiot for not reading the manual.",
        "Das ist eine Frechheit, ich gehe zum Anwalt!",
        "C'est une honte, je veux parler à un responsable.",
        "Es una vergüenza, quiero mi dinero.",
        "Dit is een schande, ik wil mijn geld terug.",
    ],
)
def test_anger_is_no_abuse(message: str) -> None:
    assert finds("abuse", subject(message=message)) == ""


@pytest.mark.parametrize(
    "draft",
    [
        "Please calm down, it is only a grinder.",
        "That is your own fault.",
        "You idiot.",
        "Selbst schuld.",
        "Calmez-vous, Monsieur.",
        "Es culpa suya.",
        "Doe eens rustig.",
    ],
)
def test_a_rude_draft_is_told(draft: str) -> None:
    assert finds("tone", subject(draft))


@pytest.mark.parametrize(
    "draft",
    [
        "I am sorry, that was our fault and not yours.",
        "Please wait until the machine has cooled down, calmly.",
        "Assess the damage in Scunthorpe, please.",
        "Es tut uns leid, das war unser Fehler.",
    ],
)
def test_a_polite_draft_is_not(draft: str) -> None:
    assert finds("tone", subject(draft)) == ""
