from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from review import api, views

urlpatterns = [
    path("", views.inbox_page, name="inbox"),
    path("next/", views.take_next, name="next"),
    path("items/<int:item_id>/", views.item_page, name="item"),
    path("items/<int:item_id>/standing/", views.item_standing, name="item-standing"),
    path("items/<int:item_id>/diff/", views.diff, name="item-diff"),
    path("items/<int:item_id>/claim/", views.claim, name="item-claim"),
    path("items/<int:item_id>/renew/", views.renew, name="item-renew"),
    path("items/<int:item_id>/release/", views.release, name="item-release"),
    path("items/<int:item_id>/send/", views.send, name="item-send"),
    path("items/<int:item_id>/reject/", views.reject, name="item-reject"),
    path("items/<int:item_id>/escalate/", views.escalate, name="item-escalate"),
    path("verdicts/<int:verdict_id>/undo/", views.undo, name="verdict-undo"),
    path("runs/<int:run_id>/", views.run_page, name="run"),
    path("sent/", views.sent_page, name="sent"),
    re_path(r"^api/", csrf_exempt(login_not_required(api.not_found))),
]
