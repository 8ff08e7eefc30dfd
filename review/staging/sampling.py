"""Which live runs a comparison repeats. Pure, and the same whoever asks and how often."""

import hashlib

OF = 10_000


def is_sampled(comparison_id: int, run_id: int, share_percent: int) -> bool:
    """Return whether the run is in the comparison's share of live traffic."""
    hashed = hashlib.sha256(f"{comparison_id}:{run_id}".encode()).digest()
    return int.from_bytes(hashed[:8], "big") % OF < share_percent * OF // 100
