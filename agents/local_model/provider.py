"""The embedded model's answers: what it is asked in a JSON document, it answers in a form.

Pure but for the classifier at hand: no network, no database. It never invents: a draft is a past
reply with its slots filled from the ticket.
"""

import re
from typing import Any

from agents.errors import ModelError
from agents.local_model import training
from agents.local_model.classifier import OUT_OF_SCOPE, Prediction


def respond(form: str, document: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to the document in the named form of agents.triage.schemas.

    Raises NotTrained, and ModelError for a form that the embedded model does not know.
    """
    match form:
        case "Extracted":
            return _extracted(document)
        case "Classified":
            return _classified(document)
        case "Drafted":
            return _drafted(document)
    raise ModelError(f"The embedded model cannot answer in the form {form}.")


def _extracted(document: dict[str, Any]) -> dict[str, Any]:
    return {
        "language": "en",
        "order_numbers": [],
        "products": [],
        "urgency": "normal",
        "urgency_signs": [],
    }


def _classified(document: dict[str, Any]) -> dict[str, Any]:
    """Return the category of the question, or out of scope when the gate says so."""
    classifier = training.loaded(document["agent"])
    (prediction,) = classifier.predict([document["question"]])
    choices = _choices(prediction)
    (category, confidence), *others = choices
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
    replies = document["past_replies"]
    if not replies:
        return {"reply": "", "articles": [], "no_draft_reason": "No past reply."}
    name = document["conversation"]["customer"]["name"].split(" ")[0] or "there"
    text = re.sub(r"\{customer_name\|[^}]*\}", lambda _: name, replies[0]["reply"])
    text = re.sub(r"\{\w+\|([^}]*)\}", r"\1", text)
    return {"reply": text, "articles": replies[0]["articles"], "no_draft_reason": ""}
