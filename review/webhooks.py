"""Replies by signed webhook (Standard Webhooks 1.0). The key makes a repetition harmless."""

import base64
import http.client
import json
import urllib.error
import urllib.request
from datetime import timedelta
from typing import Any

from django.utils import timezone
from standardwebhooks import Webhook

from review import attachments
from review.attachments import OutgoingFile
from review.models import Delivery
from review.proposals import told
from review.reports import Report

TIMEOUT_S = 20
GONE = 410


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def post(delivery: Delivery) -> Report:
    """Return what became of one attempt to post the event to its ticket's source."""
    source = delivery.ticket.source
    if not source.webhook_url.startswith(("http://", "https://")):
        return Report(state="failed", detail="The source's webhook is no http or https address.")
    now = timezone.now()
    body = json.dumps(payload(delivery), ensure_ascii=False)
    try:
        signature = Webhook(source.webhook_secret).sign(delivery.idempotency_key, now, body)
    except ValueError:
        return Report(
            state="failed", detail="The source's webhook secret is not whsec_ and base64."
        )
    request = urllib.request.Request(  # noqa: S310 - http or https, see above
        source.webhook_url,
        data=body.encode(),
        headers={
            "content-type": "application/json",
            "webhook-id": delivery.idempotency_key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        },
    )
    try:
        with _opener.open(request, timeout=TIMEOUT_S) as response:
            return Report(state="sent", detail=f"The webhook answered {response.status}.")
    except urllib.error.HTTPError as error:
        with error:
            return _refused(error)
    except (OSError, http.client.HTTPException) as error:
        what = getattr(error, "reason", error)
        return Report(state="retry", detail=f"The webhook could not be reached: {what}"[:300])


def payload(delivery: Delivery) -> dict[str, Any]:
    """Return the event: {type, timestamp, data}."""
    is_reply = delivery.kind == Delivery.Kind.REPLY
    return {
        "type": "ticket.replied" if is_reply else "item.decided",
        "timestamp": delivery.verdict.created_at.isoformat(),
        "data": _replied(delivery) if is_reply else _decided(delivery),
    }


def _replied(delivery: Delivery) -> dict[str, Any]:
    ticket, verdict = delivery.ticket, delivery.verdict
    return {
        "ticket_id": ticket.pk,
        "external_id": ticket.external_id,
        "reply": verdict.final.content if verdict.final else "",
        "customer": {"email": ticket.customer.email},
        "attachments": [_file(file) for file in attachments.outgoing(verdict)],
    }


def _file(file: OutgoingFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "content_type": file.content_type,
        "size": len(file.data),
        "sha256": file.sha256,
        "content": base64.b64encode(file.data).decode(),
    }


def _decided(delivery: Delivery) -> dict[str, Any]:
    item = delivery.verdict.item
    return {
        "ticket_id": delivery.ticket.pk,
        "external_id": delivery.ticket.external_id,
        "item_id": item.pk,
        "run_id": item.run_id,
        "verdicts": told(item, delivery.verdict.revision),
    }


def _refused(error: urllib.error.HTTPError) -> Report:
    detail = f"The webhook answered {error.code}."
    if error.code == GONE:
        return Report(state="failed", detail=f"{detail} It is gone; set a new address.")
    after = error.headers.get("Retry-After", "")
    return Report(
        state="retry",
        detail=detail,
        retry_after=timedelta(seconds=min(int(after), 86400))
        if after.isdecimal() and len(after) < 9
        else None,
    )
