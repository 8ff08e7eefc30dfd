"""What the embedded model writes after an action: a fixed text with the facts of its result. Pure.

Every fact comes from what the tool said it did. A language without a text gets no reply, and a
person writes it.
"""

from collections.abc import Mapping
from typing import Any

from agents.local_model.slots import given_name

# greeting with a name, without one; closing
_FRAMES: dict[str, tuple[str, str, str]] = {
    "en": ("Hello {name},", "Hello,", "Kind regards,"),
    "de": ("Guten Tag {name},", "Guten Tag,", "Mit freundlichen Grüßen,"),
    "fr": ("Bonjour {name},", "Bonjour,", "Cordialement,"),
    "es": ("Hola {name}:", "Hola:", "Un cordial saludo,"),
    "nl": ("Hallo {name},", "Hallo,", "Met vriendelijke groet,"),
}
# What was done, what goes back, and where nothing was paid.
_CANCELLED: dict[str, tuple[str, str, str]] = {
    "en": (
        "Your order {order_number} is cancelled, as you asked.",
        "{refunded} {currency} go back to the payment method you used.",
        "Nothing had been paid for it, so there is nothing to pay back.",
    ),
    "de": (
        "Ihre Bestellung {order_number} ist storniert, wie Sie es gewünscht haben.",
        "{refunded} {currency} gehen auf das Zahlungsmittel zurück, mit dem Sie bezahlt haben.",
        "Sie war noch nicht bezahlt, es ist also nichts zu erstatten.",
    ),
    "fr": (
        "Votre commande {order_number} est annulée, comme vous l'avez demandé.",
        "{refunded} {currency} vous sont rendus par le moyen de paiement utilisé.",
        "Elle n'avait pas encore été payée, il n'y a donc rien à rembourser.",
    ),
    "es": (
        "Su pedido {order_number} está cancelado, como nos pidió.",
        "{refunded} {currency} vuelven al medio de pago que utilizó.",
        "Todavía no estaba pagado, así que no hay nada que devolver.",
    ),
    "nl": (
        "Uw bestelling {order_number} is geannuleerd, zoals u vroeg.",
        "{refunded} {currency} gaan terug naar de betaalwijze die u gebruikte.",
        "Er was nog niet betaald, dus er is niets terug te betalen.",
    ),
}
_REFUNDED = {
    "en": (
        "I am sorry that it did not arrive as it should. We have refunded {refunded} {currency} of"
        " order {order_number} to the payment method you used."
    ),
    "de": (
        "Es tut mir leid, dass nicht alles so angekommen ist, wie es sollte. Wir haben Ihnen"
        " {refunded} {currency} der Bestellung {order_number} auf das Zahlungsmittel erstattet,"
        " mit dem Sie bezahlt haben."
    ),
    "fr": (
        "Je suis désolé que tout ne soit pas arrivé comme prévu. Nous avons remboursé"
        " {refunded} {currency} de la commande {order_number} par le moyen de paiement utilisé."
    ),
    "es": (
        "Siento que no haya llegado todo como debía. Hemos reembolsado {refunded} {currency} del"
        " pedido {order_number} al medio de pago que utilizó."
    ),
    "nl": (
        "Het spijt me dat niet alles goed is aangekomen. We hebben {refunded} {currency} van"
        " bestelling {order_number} terugbetaald naar de betaalwijze die u gebruikte."
    ),
}
_READDRESSED = {
    "en": "Your order {order_number} now goes to this address:\n\n{address}",
    "de": "Ihre Bestellung {order_number} geht jetzt an diese Adresse:\n\n{address}",
    "fr": "Votre commande {order_number} part maintenant à cette adresse :\n\n{address}",
    "es": "Su pedido {order_number} va ahora a esta dirección:\n\n{address}",
    "nl": "Uw bestelling {order_number} gaat nu naar dit adres:\n\n{address}",
}


def reply_after(done: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Return the reply that says what was done, "" where there are no words for it.

    done: {tool, result} of the last call that was done. document: as `next_move` takes it.
    """
    language = document["fields"].get("language", "en")
    result = done["result"]
    if language not in _FRAMES or not isinstance(result, Mapping):
        return ""
    try:
        said = _said(done["tool"], language, result)
    except KeyError:  # another shop's tool, which tells less
        return ""
    named, unnamed, closing = _FRAMES[language]
    name = given_name(document["conversation"]["customer"]["name"])
    greeting = named.replace("{name}", name) if name else unnamed
    sender = document.get("support_name") or ""
    return f"{greeting}\n\n{said}\n\n{closing}\n{sender}".strip() if said else ""


def _said(tool: str, language: str, result: Mapping[str, Any]) -> str:
    if tool == "cancel_order":
        cancelled, back, unpaid = _CANCELLED[language]
        money = back if float(result["refunded"]) else unpaid
        return f"{_filled(cancelled, result)} {_filled(money, result)}"
    texts = {"refund_order": _REFUNDED, "change_address": _READDRESSED}.get(tool)
    return _filled(texts[language], result) if texts else ""


def _filled(text: str, result: Mapping[str, Any]) -> str:
    """Return the text with its facts; a fact's own braces are text."""
    parts = text.split("{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        filled += [str(result[name]), rest]
    return "".join(filled)
