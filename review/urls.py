from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from review import api
from review.views import (
    claims,
    conversation,
    editor,
    inbox,
    items,
    overview,
    sent,
    tiers,
    trace,
    verdicts,
)

urlpatterns = [
    path("", inbox.inbox_page, name="inbox"),
    path("next/", inbox.take_next, name="next"),
    path("items/<int:item_id>/", items.item_page, name="item"),
    path("items/<int:item_id>/standing/", items.item_standing, name="item-standing"),
    path("items/<int:item_id>/messages/", conversation.conversation_text, name="item-messages"),
    path(
        "items/<int:item_id>/messages/<int:seq>/",
        conversation.conversation_text,
        name="item-message",
    ),
    path("items/<int:item_id>/diff/", editor.diff, name="item-diff"),
    path("items/<int:item_id>/claim/", claims.claim, name="item-claim"),
    path("items/<int:item_id>/renew/", claims.renew, name="item-renew"),
    path("items/<int:item_id>/release/", claims.release, name="item-release"),
    path("items/<int:item_id>/send/", verdicts.send, name="item-send"),
    path("items/<int:item_id>/reject/", verdicts.reject, name="item-reject"),
    path("items/<int:item_id>/escalate/", verdicts.escalate, name="item-escalate"),
    path("verdicts/<int:verdict_id>/undo/", verdicts.undo, name="verdict-undo"),
    path("runs/<int:run_id>/", trace.run_page, name="run"),
    path("sent/", sent.sent_page, name="sent"),
    path("overview/", overview.overview_page, name="overview"),
    path("overview/items/", overview.items_page, name="overview-items"),
    path("tiers/", tiers.tiers_page, name="tiers"),
    path("tiers/connect/", tiers.connect_model, name="tiers-connect"),
    path("tiers/versions/<int:version_id>/use/", tiers.use_version_again, name="tiers-use"),
    re_path(r"^api/", csrf_exempt(login_not_required(api.not_found))),
]
