"""Hints: the same news goes out at once, and then no more often than pages can follow."""

from review.hints import Hints

REST_S = 0.3
PATIENCE_S = 5


def test_what_is_said_again_meanwhile_is_said_once_more() -> None:
    sent: list[str] = []
    hints = Hints()

    def add(key: str) -> None:
        hints.add(key, lambda: sent.append(key), rest_s=REST_S)

    add("orders")
    assert hints.settle(PATIENCE_S)
    assert sent == ["orders"]
    add("orders")
    add("orders")
    assert not hints.settle(REST_S / 10)
    add("billing")  # another queue's news does not wait behind it
    assert hints.settle(PATIENCE_S)
    assert sent == ["orders", "billing", "orders"]
