"""What is on record stays as it was written, whoever asks the database."""

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.utils import DatabaseError

from review import decisions
from review.claims import claim
from review.decisions import Seen
from tests.builders import DRAFT, make_item, make_ticket
from tests.environment import HOME

pytestmark = pytest.mark.django_db

APPEND_ONLY = (
    "review_message",
    "review_assessment",
    "review_verdict",
    "review_auditentry",
    "evals_label",
)


@pytest.fixture
def decided(ada: User) -> None:
    item = claim(make_item(), ada)
    assert item.claim_token is not None
    seen = Seen(claim_token=item.claim_token, revision=item.revision, digest=item.digest)
    decisions.send(item.pk, ada, seen, text=DRAFT, category="delivery")


def refused(statement: str) -> str:
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    return str(caught.value)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_a_row_on_record_is_neither_changed_nor_deleted(decided: None, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        (rows,) = cursor.fetchone()
    assert rows, "there is something to protect"
    assert "append-only" in refused(f"UPDATE {table} SET id = id")
    assert "append-only" in refused(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "table", ["review_reviewpayload", "agents_runpayload", "evals_labelpayload"]
)
def test_content_only_changes_by_erasing(decided: None, table: str) -> None:
    assert "erasing" in refused(f"UPDATE {table} SET content = '\"other\"'")
    assert "erasing" in refused(f"DELETE FROM {table}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE review_verdict CASCADE",
        "ALTER TABLE review_verdict DISABLE TRIGGER ALL",
        "DROP TRIGGER refuse_change ON review_verdict",
        "ALTER FUNCTION refuse_change() RENAME TO allow_change",
        "SET ROLE countersign_owner",
    ],
)
def test_the_applications_role_cannot_lift_the_guard(installed: object, statement: str) -> None:
    make_ticket()
    name = connection.settings_dict["NAME"]
    with psycopg.connect(HOME.database_url("countersign", name)) as application:
        assert application.execute("SELECT count(*) FROM review_message").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(statement)
