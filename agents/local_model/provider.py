"""The embedded model's answers: what it is asked in a JSON document, it answers in a form.

Pure but for the classifier at hand: no network, no database. It never invents: a draft is a past
reply with its slots filled from the ticket.
"""

from typing import Any

from agents.errors import ModelError
from agents.local_model import training
from agents.local_model.classifier import OUT_OF_SCOPE, Prediction
from agents.local_model.drafting import Candidate, DraftRequest, draft
from agents.local_model.extraction import Gazetteer, Product, extract
from agents.local_model.planning import next_move
from agents.local_model.slots import slot_fields


def respond(form: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to the document in the named form, of `agents.triage.schemas` or a move.

    Raises NotTrained, and ModelError for a form that the embedded model does not know.
    """
    match form:
        case "Extracted":
            return _extracted(document)
        case "Classified":
            return _classified(document)
        case "Drafted":
            return _drafted(document)
        case "Move":
            return next_move(document)
        case "Ready":
            return {"ready": True}
        case "Redrafted":
            raise ModelError("The embedded model writes nothing, so it follows no instruction.")
    raise ModelError(f"The embedded model cannot answer in the form {form}.")


def _extracted(document: dict[str, Any]) -> dict[str, Any]:
    gazetteer = Gazetteer(
        products=tuple(
            Product(name=product["name"], aliases=tuple(product["aliases"]))
            for product in document["products"]
        ),
        order_number_patterns=tuple(document["order_number_patterns"]),
    )
    conversation = document["conversation"]
    written = [m["body"] for m in conversation["messages"] if m["from"] == "customer"]
    found = extract([conversation["subject"], *written], gazetteer)
    return {
        "language": found.language,
        "order_numbers": list(found.order_numbers),
        "products": list(found.products),
        "urgency": found.urgency,
        "urgency_signs": list(found.urgency_signs)[:5],
    }


def _classified(document: dict[str, Any]) -> dict[str, Any]:
    """Return the category of the question, or out of scope when the gate says so."""
    (prediction,) = training.loaded(document["agent"]).predict([document["question"]])
    return classification(prediction)


def classification(prediction: Prediction) -> dict[str, Any]:
    """Return the prediction as the answer to the task `classify`."""
    (category, confidence), *others = _choices(prediction)
    return {
        "category": category,
        "confidence": confidence,
        "alternatives": [{"category": slug, "confidence": chance} for slug, chance in others],
    }


def _choices(prediction: Prediction) -> list[tuple[str, float]]:
    """Return the categories with their chances, likeliest first.

    The classifier's chances hold if the message is in scope at all; below the gate's line the
    likeliest is that it is not.
    """
    if prediction.in_scope >= 0.5:
        return list(prediction.alternatives)
    inside = [(slug, chance * prediction.in_scope) for slug, chance in prediction.alternatives]
    return [(OUT_OF_SCOPE, 1 - prediction.in_scope), *inside]


def _drafted(document: dict[str, Any]) -> dict[str, Any]:
    drafted = draft(draft_request(document))
    return {
        "reply": drafted.reply,
        "articles": list(drafted.articles),
        "no_draft_reason": drafted.no_draft_reason,
    }


def draft_request(document: dict[str, Any]) -> DraftRequest:
    """Return what the document of the task `draft` asks for."""
    extracted = document["fields"]
    return DraftRequest(
        candidates=[
            Candidate(
                id=reply["id"],
                reply=reply["reply"],
                similarity=reply["similarity"],
                articles=tuple(reply["articles"]),
                language=reply["language"],
            )
            for reply in document["past_replies"]
        ],
        fields=slot_fields(
            customer_name=document["conversation"]["customer"]["name"],
            order_numbers=extracted["order_numbers"],
            products=extracted["products"],
        ),
        recalled_articles=[article["slug"] for article in document["articles"]],
        language=extracted["language"],
    )
