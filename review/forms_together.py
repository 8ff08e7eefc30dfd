"""What the item page posts where several people work on one ticket."""

from django import forms


class ChoiceForm(forms.Form):
    """Which of two texts to go on from, under the claim."""

    claim_token = forms.UUIDField()
    choice = forms.ChoiceField(choices=[(word, word) for word in ("mine", "new", "both")])
