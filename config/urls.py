"""Every address of the site. Pages and API belong to `review`; health is the site's own."""

from allauth.account import views as account
from django.contrib import admin
from django.urls import include, path

from config import health
from review.api import api

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("accounts/signup/", account.signup, name="account_signup"),
    path("", include("review.urls")),
]
