import pytest

from agents.local_model.languages import detect_language


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("Where is my parcel? It should have come on Monday.", "en"),
        ("Wo ist mein Paket? Es sollte am Montag kommen.", "de"),
        ("Où est mon colis ? Il devait arriver lundi.", "fr"),
        ("¿Dónde está mi paquete? Tenía que llegar el lunes.", "es"),
        ("Waar is mijn pakket? Het zou maandag komen.", "nl"),
        ("Dov'è il mio pacco? Doveva arrivare lunedì.", "it"),
        ("Gdzie jest moja paczka? Miała przyjść w poniedziałek.", "pl"),
        ("我的订单在哪里？", "zh"),
        ("Где моя посылка?", "ru"),
    ],
)
def test_sentences_are_recognised(message: str, language: str) -> None:
    assert detect_language([message]) == language


@pytest.mark.parametrize(
    "message",
    [
        *("", "hi", "ok", "Refund?", "status??", "no power", "HCW-123456", "12345", "🙂", "!!!"),
        *("sync phone", "passcode retrieval", "machine broken"),
    ],
)
def test_too_little_to_go_by_counts_as_english(message: str) -> None:
    assert detect_language([message]) == "en"


def test_addresses_and_numbers_say_nothing() -> None:
    assert detect_language(["https://beispiel.example/wo-ist-mein-paket HCW-204702"]) == "en"


def test_several_short_messages_count_together() -> None:
    assert detect_language(["Guten Tag", "die Rechnung fehlt", "bitte schicken"]) == "de"
