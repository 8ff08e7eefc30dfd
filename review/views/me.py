"""How a person has their console."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from review import signatures
from review.forms_macros import SignatureForm
from review.models import Queue
from review.requests import ReviewerRequest


@require_http_methods(["GET", "POST"])
@permission_required("review.decide", raise_exception=True)
def me_page(request: ReviewerRequest) -> HttpResponse:
    """Show the person's signatures, and keep them."""
    every = request.user.has_perm("review.view_every_queue")
    queues = Queue.objects.all() if every else request.user.queues.all()
    texts = {row.queue_id: row.text for row in request.user.signatures.all()}
    form = SignatureForm(request.POST or None, queues=list(queues), texts=texts)
    if request.method == "POST" and form.is_valid():
        signatures.keep(request.user, form.texts())
        messages.success(request, "Your signatures are saved.")
        return redirect("me")
    status = 422 if form.errors else 200
    return render(request, "review/me.html", {"form": form}, status=status)
