"""Sessions in their table, as Django keeps them, read by a statement that is planned once."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from observability.rows import ask, columns, instances

SESSION = f"""
SELECT {columns(Session, "session")} FROM django_session session
WHERE session_key = %s AND expire_date > %s
"""  # noqa: S608 - made of the model's own names


class SessionStore(db.SessionStore):
    """Every request reads its session: this is half of what Django takes for that."""

    def _get_session_from_db(self) -> Session | None:
        for row in ask(SESSION, [self.session_key, timezone.now()]):
            session: Session
            (session,) = instances(row, Session)
            return session
        self._session_key = None
        return None
