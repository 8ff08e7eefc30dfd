"""Who may come in, and what a role may do."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from observability.rows import ask, columns, instances

# Group → permissions of `review`. The demo's admin is a superuser as well.
ROLES: dict[str, tuple[str, ...]] = {
    "reviewer": ("decide",),
    "lead": ("decide", "view_every_queue", "manage_team", "approve_change", "pause_agents"),
    "manager": ("view_every_queue",),
    "admin": (
        "decide",
        "view_every_queue",
        "manage_team",
        "configure",
        "approve_change",
        "pause_agents",
    ),
}

PERSON = f"""
SELECT {columns(User, "person")}, ARRAY(
    SELECT type.app_label || '.' || permission.codename
    FROM auth_permission permission
    JOIN django_content_type type ON type.id = permission.content_type_id
    WHERE permission.id IN (
        SELECT permission_id FROM auth_user_user_permissions WHERE user_id = person.id
        UNION
        SELECT granted.permission_id FROM auth_group_permissions granted
        JOIN auth_user_groups member ON member.group_id = granted.group_id
        WHERE member.user_id = person.id)
) AS granted
FROM auth_user person WHERE person.id = %s
"""  # noqa: S608 - made of the model's own names


class AccountBackend(ModelBackend):
    """Reads a person and what they may do in one query, where Django takes three a request."""

    def get_user(self, user_id: int) -> User | None:
        """Return the person if their account is active. granted: permissions as has_perm asks."""
        rows = ask(PERSON, [user_id])
        if not rows:
            return None
        (found,) = instances(rows[0], User)
        found.granted = rows[0][-1]
        return found if self.user_can_authenticate(found) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        granted = getattr(user_obj, "granted", None)
        if granted is None or obj is not None or user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        return set(granted)


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
