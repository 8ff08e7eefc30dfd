import numpy as np
import pytest

from agents.local_model import core, heads
from agents.local_model.classifier import OUT_OF_SCOPE, IntentClassifier
from agents.local_model.errors import NothingToLearn
from tests.agents.local_model.messages import LABELS, STRANGE, TEXTS, UNSEEN


@pytest.fixture(scope="module")
def shop() -> IntentClassifier:
    return IntentClassifier.fit(TEXTS, LABELS)


def test_unseen_wordings_get_their_category(shop: IntentClassifier) -> None:
    assert [p.label for p in shop.predict(list(UNSEEN))] == list(UNSEEN.values())


def test_alternatives_start_with_the_label_and_fall(shop: IntentClassifier) -> None:
    for prediction in shop.predict(list(UNSEEN)):
        assert prediction.alternatives[0] == (prediction.label, prediction.confidence)
        chances = [chance for _, chance in prediction.alternatives]
        assert chances == sorted(chances, reverse=True)
        assert sum(chances) == pytest.approx(1)  # three classes, three alternatives


def test_same_examples_and_seed_give_the_same_predictions(shop: IntentClassifier) -> None:
    again = IntentClassifier.fit(TEXTS, LABELS)
    assert again.predict(list(UNSEEN)) == shop.predict(list(UNSEEN))


def test_a_prediction_does_not_depend_on_its_batch(shop: IntentClassifier) -> None:
    together = shop.predict(list(UNSEEN))
    alone = [shop.predict([text])[0] for text in UNSEEN]
    assert [p.label for p in together] == [p.label for p in alone]
    assert [p.confidence for p in together] == pytest.approx([p.confidence for p in alone])


def test_strange_messages_are_told_without_any_strange_example(shop: IntentClassifier) -> None:
    assert all(p.in_scope < 0.5 for p in shop.predict(STRANGE))
    assert all(p.in_scope > 0.5 for p in shop.predict(list(UNSEEN)))


@pytest.mark.parametrize("copies", [1, 5])  # below and above the number that the gate is fitted on
def test_strange_examples_are_no_category(copies: int) -> None:
    strange = [f"{text} {'please ' * copy}" for text in STRANGE[:5] for copy in range(copies)]
    labels = [*LABELS, *[OUT_OF_SCOPE] * len(strange)]
    classifier = IntentClassifier.fit([*TEXTS, *strange], labels)
    assert OUT_OF_SCOPE not in classifier.labels
    unseen_strange = classifier.predict([STRANGE[5]])[0].in_scope
    assert unseen_strange < min(p.in_scope for p in classifier.predict(list(UNSEEN)))


def test_confidence_comes_from_messages_it_had_not_learnt() -> None:
    random = np.random.default_rng(0)
    meaningless = [str(random.choice(["red", "blue", "green"])) for _ in TEXTS * 3]
    texts = [f"{text} {number}" for number in range(3) for text in TEXTS]
    predictions = IntentClassifier.fit(texts, meaningless).predict(texts)
    # It can learn these labels by heart, and must not be sure of them all the same.
    assert np.mean([p.confidence for p in predictions]) < 0.6


def test_one_category_is_enough() -> None:
    classifier = IntentClassifier.fit(TEXTS[:5], ["card"] * 5)
    (prediction,) = classifier.predict(["where is the card"])
    assert (prediction.label, prediction.confidence) == ("card", 1.0)
    assert prediction.alternatives == (("card", 1.0),)


def test_categories_with_one_example_are_learnt() -> None:
    texts = [*TEXTS, "do you sell gift vouchers", "I found a spelling mistake on your page"]
    classifier = IntentClassifier.fit(texts, [*LABELS, "voucher", "website"])
    (prediction,) = classifier.predict(["do you have gift vouchers"])
    assert prediction.label == "voucher"


def test_nothing_but_single_examples_says_nothing_of_scope() -> None:
    classifier = IntentClassifier.fit(["my card", "my refund"], ["card", "refund"])
    predictions = classifier.predict(["the card", "the refund"])
    assert [p.label for p in predictions] == ["card", "refund"]
    assert {p.in_scope for p in predictions} == {0.5}


def test_no_messages_give_no_predictions(shop: IntentClassifier) -> None:
    assert shop.predict([]) == []


@pytest.mark.parametrize("text", ["", "  \n", "?", "\ud800", "日本語", "a" * 20_000])
def test_odd_messages_get_finite_figures(shop: IntentClassifier, text: str) -> None:
    (prediction,) = shop.predict([text])
    assert 0 <= prediction.confidence <= 1
    assert 0 <= prediction.in_scope <= 1


def test_out_of_scope_examples_alone_teach_nothing() -> None:
    with pytest.raises(NothingToLearn):
        IntentClassifier.fit(STRANGE, [OUT_OF_SCOPE] * len(STRANGE))


def test_blank_examples_teach_nothing() -> None:
    with pytest.raises(NothingToLearn):
        IntentClassifier.fit(["", "  "], ["a", "b"])


def test_labels_have_to_match_the_texts() -> None:
    with pytest.raises(ValueError, match="shorter"):
        IntentClassifier.fit(TEXTS, LABELS[:-1])


def test_many_examples_are_learnt_by_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "NETWORK_FROM", 100)
    monkeypatch.setattr(heads, "_DIMENSIONS", 60)
    monkeypatch.setattr(core, "_ENOUGH_HELD_OUT", 1)
    texts = [f"{text} {polite}" for polite in "abcdefghijklmnopqrst" for text in TEXTS]
    classifier = IntentClassifier.fit(texts, LABELS * 20)
    assert isinstance(classifier.core.head, heads.Committee)
    assert [p.label for p in classifier.predict(list(UNSEEN))] == list(UNSEEN.values())
