"""Every address of the site. Pages and API belong to `review`; health is the site's own."""

from django.urls import include, path

from config import health
from review.api import api

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/", api.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("review.urls")),
]
