"""What the pages for one's desk post: macros and signatures."""

from typing import Any

from django import forms
from django.contrib.auth.models import User

from agents.local_model.errors import MalformedTemplate
from agents.local_model.slots import validate_template
from agents.models import Category
from review.models import Macro, Queue

LONGEST_MACRO = 10_000
TEAM, MINE = "team", "mine"


def problem_with(text: str) -> str:
    """Return what is wrong with a macro's slots, in a sentence; "" when nothing is."""
    try:
        validate_template(text)
    except MalformedTemplate as error:
        return str(error)
    return ""


class MacroForm(forms.ModelForm):  # type: ignore[type-arg]
    """A macro. Whose it is can be chosen by who runs the team; others write their own."""

    name = forms.CharField(max_length=80, error_messages={"required": "Give it a name."})
    text = forms.CharField(max_length=LONGEST_MACRO, error_messages={"required": "Write its text."})
    queue = forms.ModelChoiceField(
        Queue.objects.all(), required=False, empty_label="Every queue", to_field_name="slug"
    )
    category = forms.ChoiceField(required=False)
    whose = forms.ChoiceField(
        choices=[(MINE, "Only you"), (TEAM, "The whole team")], required=False
    )

    class Meta:
        model = Macro
        fields = ("name", "text", "queue", "category")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        named = Category.objects.order_by("name").values_list("slug", "name")
        self.fields["category"].choices = [("", "Every category"), *named]  # type: ignore[attr-defined]
        if not user.has_perm("review.manage_team"):
            del self.fields["whose"]
        elif self.instance.pk:
            self.initial["whose"] = MINE if self.instance.owner_id else TEAM
        else:
            self.initial["whose"] = TEAM
        if self.instance.queue:
            self.initial["queue"] = self.instance.queue.slug

    def clean_text(self) -> str:
        """Return the text with one kind of line end. Its slots must be whole."""
        text = str(self.cleaned_data["text"]).replace("\r\n", "\n").replace("\x00", "")
        if problem := problem_with(text):
            raise forms.ValidationError(problem)
        return text

    def clean(self) -> dict[str, Any]:
        """Say whose it is, and refuse a name that is taken."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        self.instance.owner = self._owner(data)
        if data.get("name"):
            same = Macro.objects.filter(
                name=data["name"], queue=data.get("queue"), owner=self.instance.owner
            )
            if same.exclude(pk=self.instance.pk).exists():
                self.add_error("name", "There is a macro of this name already.")
        return data

    def _owner(self, data: dict[str, Any]) -> User | None:
        if "whose" not in self.fields:
            return self.user
        if data.get("whose") == TEAM:
            return None
        return self.instance.owner or self.user


class SignatureForm(forms.Form):
    """A person's signatures: one for every queue, and one for each of theirs."""

    def __init__(self, *args: Any, queues: list[Queue], texts: dict[int | None, str]) -> None:
        super().__init__(*args)
        self.queues: dict[str, Queue | None] = {"every": None}
        self.queues |= {f"queue-{queue.pk}": queue for queue in queues}
        for name, queue in self.queues.items():
            self.fields[name] = forms.CharField(
                required=False,
                max_length=500,
                label=queue.name if queue else "Every queue",
                initial=texts.get(queue.pk if queue else None, ""),
                error_messages={"max_length": "A signature has at most 500 characters."},
            )

    def texts(self) -> dict[Queue | None, str]:
        """Return the signatures by queue; the form must be valid."""
        return {
            queue: str(self.cleaned_data[name]).replace("\r\n", "\n")
            for name, queue in self.queues.items()
        }
