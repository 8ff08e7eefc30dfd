"""The embedded model's answers: what it is asked in a JSON document, it answers in a form.

Pure but for the classifier at hand: no network, no database. It never invents: a draft is a past
reply with its slots filled from the ticket.
"""

from typing import Any

from agents.errors import ModelError


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
