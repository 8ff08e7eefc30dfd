"""Whether a comparison speaks for its candidate, and how that is said. Pure."""

from dataclasses import dataclass
from typing import Literal

from review.overview.statistics import Share
from review.overview.words import usd, whole
from review.staging.statistics import Discordance, Estimate, share_difference

# A candidate that may lose more than this share of the drafts that succeed is not promoted lightly.
MARGIN = 0.05
# Below this many replies that were sent nothing is concluded, whatever they say.
LEAST_PAIRS = 30

Word = Literal["pass", "fail", "few"]


@dataclass(frozen=True, kw_only=True)
class Score:
    """What the gate looks at: how many drafts succeed under live and under the candidate.

    is_over: whether every shadow run has ended. errors: shadow runs that failed, of those that
    ended, and live's beside them. edits_fewer: in all, where both drafted; None where nowhere.
    usd_less_a_day: None where a price is unknown or nothing was paid.
    """

    live: Share
    candidate: Share
    differs: Discordance
    is_over: bool
    errors: Share
    live_errors: int = 0
    edits_fewer: int | None = None
    usd_less_a_day: float | None = None

    @property
    def difference(self) -> Estimate | None:
        """The candidate's share of success less live's."""
        return share_difference(self.differs)


@dataclass(frozen=True, kw_only=True)
class Gate:
    """pass, fail or few (too few to tell), with the reason as a sentence."""

    word: Word
    reason: str

    @property
    def is_open(self) -> bool:
        """Whether a promotion needs no further reason."""
        return self.word == "pass"


def gate_of(score: Score) -> Gate:
    """Return whether the candidate may go live on this score alone.

    It passes when it is not worse by more than the margin, by the interval's lower end; it fails
    when it is worse, or when more of its runs fail than of live's and more than one in twenty.
    """
    found = score.difference
    if not score.is_over:
        return Gate(word="few", reason="Not all of its shadow runs have ended.")
    if score.errors.part > score.live_errors and score.errors.part > MARGIN * score.errors.whole:
        told = f"{whole(score.errors.part)} of {whole(score.errors.whole)} shadow runs failed"
        return Gate(word="fail", reason=f"{told}, {whole(score.live_errors)} of live's.")
    if found is None or found.pairs < LEAST_PAIRS:
        so_far = "none" if found is None else whole(found.pairs)
        reason = f"Too few to tell: {LEAST_PAIRS} sent replies are needed, there are {so_far}."
        return Gate(word="few", reason=reason)
    if found.high < 0:
        return Gate(word="fail", reason=f"Worse: {_told(score, found)}.")
    if found.low < -MARGIN:
        return Gate(word="few", reason=f"Too few to tell: {_told(score, found)}.")
    better = "Better" if found.low > 0 else "No worse"
    return Gate(word="pass", reason=f"{better}: {_told(score, found)}.")


def summary_of(score: Score) -> str:
    """Return the gate in one line: `gate: 212 of 240, 9 edits fewer, $0.90 a day less`."""
    if not score.candidate.whole:
        return "gate: nothing to compare yet"
    parts = [f"gate: {whole(score.candidate.part)} of {whole(score.candidate.whole)}"]
    if score.edits_fewer is not None:
        edits = abs(score.edits_fewer)
        word = "fewer" if score.edits_fewer > 0 else "more"
        said = f"{whole(edits)} edit{'' if edits == 1 else 's'} {word}"
        parts.append(said if edits else "as many edits")
    if score.usd_less_a_day:
        word = "less" if score.usd_less_a_day > 0 else "more"
        parts.append(f"{usd(abs(score.usd_less_a_day))} a day {word}")
    return ", ".join(parts)


def points(value: float) -> str:
    """Return a difference of shares in points: `+1.7`, `−1.9`, `0.0`."""
    return signed(value * 100)


def signed(value: float, places: int = 1) -> str:
    """Return the number with its sign, a true minus; nothing before what rounds to nothing."""
    text = f"{abs(value):.{places}f}"
    sign = "" if not float(text) else "+" if value > 0 else "\N{MINUS SIGN}"
    return sign + text


def _told(score: Score, found: Estimate) -> str:
    return (
        f"{whole(score.candidate.part)} of {whole(score.candidate.whole)} succeed against "
        f"{whole(score.live.part)}; difference {points(found.value)} points, "
        f"95\N{NO-BREAK SPACE}% interval {points(found.low)} to {points(found.high)}"
    )
