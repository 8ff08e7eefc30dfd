"""Who may come in, and what a role may do."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase

# Group → permissions of `review`. The demo's admin is a superuser as well.
ROLES: dict[str, tuple[str, ...]] = {
    "reviewer": ("decide",),
    "lead": ("decide", "view_every_queue", "manage_team"),
    "manager": ("view_every_queue",),
    "admin": ("decide", "view_every_queue", "manage_team", "configure"),
}


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are made by an admin; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: a page after login or logout speaks for itself."""


class PagesNeedLogin(LoginRequiredMiddleware):
    """Every page needs a login; the API asks for a bearer token itself."""

    def process_view(
        self, request: HttpRequest, view_func: Any, view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if request.path_info.startswith("/api/"):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponse:  # type: ignore[override]
        """Answer a page's own request with 401: a login form has no place inside a page."""
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401)
        return super().handle_no_permission(request, view_func)
