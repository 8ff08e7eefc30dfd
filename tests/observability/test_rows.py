"""Rows by hand-written SQL are the rows the ORM would read and write."""

import pytest
from django.contrib.auth.models import User
from django.forms.models import model_to_dict

from agents.evals.models import Label, LabelPayload
from agents.models import Run
from observability.rows import ask, columns, insert, instances, relate
from review.models import AuditEntry, ReviewItem, ReviewPayload, WorkingText
from tests.builders import make_item

pytestmark = pytest.mark.django_db


def test_rows_that_refer_to_each_other_are_written_at_once(ada: User) -> None:
    item = make_item()
    said = LabelPayload(content={"text": "Grüße", "none": None})
    label = Label(
        agent_id=item.run.agent_id, run=item.run, task="draft", expected=said, given_by=ada
    )
    insert(said, label)
    stored = Label.objects.select_related("expected").get()
    assert (stored, stored.expected) == (label, said)
    assert label.expected is said
    assert model_to_dict(stored) == model_to_dict(label)
    assert said.content == LabelPayload.objects.get(pk=said.pk).content
    assert stored.created_at == label.created_at


def test_nothing_and_json_null_are_told_apart(ada: User) -> None:
    insert(ReviewPayload(content=None), AuditEntry(actor=ada, actor_name="ada", action="x"))
    assert ReviewPayload.objects.filter(content__isnull=True).count() == 1
    assert AuditEntry.objects.get(action="x").detail == {}


def test_a_joined_row_gives_what_the_orm_gives(ada: User) -> None:
    item = make_item()
    (row,) = ask(
        f"SELECT {columns(ReviewItem, 'i')}, {columns(Run, 'r')}, {columns(WorkingText, 'w')}"
        " FROM review_reviewitem i JOIN agents_run r ON r.id = i.run_id"
        " LEFT JOIN review_workingtext w ON w.item_id = i.id WHERE i.id = %s",
        [item.pk],
    )
    found, run, working = instances(row, ReviewItem, Run, WorkingText)
    assert model_to_dict(found) == model_to_dict(ReviewItem.objects.get(pk=item.pk))
    assert model_to_dict(run) == model_to_dict(item.run)
    assert working is None
    relate(found, run=run, working=working)
    assert found.run is run
    assert not hasattr(found, "working")
