"""What the diff of the editor shows, and that each change can be put back."""

from hypothesis import given
from hypothesis import strategies as st

from review.changes import Piece, pieces
from review.edits import compare

LONG = " ".join(f"word{number}" for number in range(200))
WORDS = st.lists(
    st.sampled_from(["Hello", "Ada", "soon", "🙂", "é", "\n\n", ",", "–"]), max_size=30
)


def shown(draft: str, text: str) -> tuple[Piece, ...]:
    return pieces(compare(draft, text).segments)


def test_only_the_places_that_changed_are_shown_of_a_long_draft() -> None:
    found = shown(LONG, LONG.replace("word100", "another"))
    assert [piece.kind for piece in found] == ["fold", "same", "change", "same", "fold"]
    assert sum(len(piece.text) for piece in found) < 200
    assert (found[2].deleted, found[2].inserted) == ("word100", "another")
    assert not found[1].text.startswith("ord")  # whole words


def test_a_short_draft_is_shown_whole() -> None:
    assert "".join(piece.text for piece in shown("Hello Ada, soon.", "Hello Bob, soon.")) == (
        "Hello , soon."
    )


def test_places_are_counted_as_browsers_count_them() -> None:
    *_, change, _ = shown("🙂 one two", "🙂 one 2 two")
    assert change.start == len("🙂 one ".encode("utf-16-le")) // 2


@given(WORDS.map(" ".join), WORDS.map(" ".join))
def test_putting_every_change_back_gives_the_draft(draft: str, text: str) -> None:
    units = text.encode("utf-16-le")
    for piece in reversed(shown(draft, text)):
        if piece.kind == "change":
            start, size = piece.start * 2, len(piece.inserted.encode("utf-16-le"))
            assert units[start : start + size].decode("utf-16-le") == piece.inserted
            units = units[:start] + piece.deleted.encode("utf-16-le") + units[start + size :]
    assert units.decode("utf-16-le") == draft
