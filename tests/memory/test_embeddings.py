import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from memory import embeddings
from memory.embeddings import DIMENSIONS, embed


@given(st.lists(st.text(max_size=40), max_size=5))
def test_vectors_are_of_unit_length_or_zero(texts: list[str]) -> None:
    vectors = embed(texts)
    assert vectors.shape == (len(texts), DIMENSIONS)
    assert vectors.dtype == np.float32
    for length in np.linalg.norm(vectors, axis=1):
        assert length == pytest.approx(1, abs=1e-4) or length == 0


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00"])
def test_a_text_without_words_resembles_nothing(text: str) -> None:
    assert not embed([text]).any()


def test_a_lone_surrogate_breaks_nothing() -> None:
    assert np.isfinite(embed(["refund \ud800 please"])).all()


def test_likeness_of_sense_shows_in_the_vectors() -> None:
    refund, money, coffee = embed(
        ["the refund has not arrived", "my money was not returned", "the coffee tastes bitter"]
    )
    assert refund @ money > refund @ coffee + 0.2


def test_a_text_has_one_vector_in_whatever_company() -> None:
    texts = ["where is my parcel", "refund", "a much longer message about a broken machine"]
    assert embed(texts) == pytest.approx(np.vstack([embed([text]) for text in texts]), abs=1e-6)


def test_threads_share_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings._load.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        models = list(pool.map(lambda _: embeddings._model(), range(16)))
    assert len({id(model) for model in models}) == 1


def test_it_needs_no_network_and_loads_nothing_until_asked() -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*_): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from memory.embeddings import embed\n"
        "assert 'model2vec' not in sys.modules\n"
        "print(embed(['hello']).shape)\n"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("(1, 256)\n", "")
