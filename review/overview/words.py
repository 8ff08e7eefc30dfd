"""How the overview writes numbers, shares, durations and money. Pure."""

from decimal import Decimal

from review.overview.statistics import Share

# Between a number and its unit: narrow, and no line ends there.
THIN = "\N{NARROW NO-BREAK SPACE}"
NBSP = "\N{NO-BREAK SPACE}"
# With fewer cases a percentage promises more than it knows, so the count is said instead.
LEAST_FOR_PERCENT = 20


def whole(number: int) -> str:
    """Return `1,204`."""
    return f"{number:,}"


def percent(ratio: float) -> str:
    """Return `86 %`; never 0 % or 100 % of what is not quite so."""
    rounded = round(ratio * 100)
    if rounded == 0 and ratio > 0:
        return f"under 1{THIN}%"
    if rounded == 100 and ratio < 1:
        return f"over 99{THIN}%"
    return f"{rounded}{THIN}%"


def share(of: Share) -> str:
    """Return `86 %`, `2 of 3` where there are few cases, `–` without any."""
    if of.ratio is None:
        return "–"
    if of.whole < LEAST_FOR_PERCENT:
        return f"{of.part} of {of.whole}"
    return percent(of.ratio)


def interval(of: Share) -> str:
    """Return `84–88`, the 95 % interval in percent; nothing without a case."""
    if not of.whole:
        return ""
    low, high = of.interval
    return f"{round(low * 100)}–{round(high * 100)}"


def chance(p: float) -> str:
    """Return `p = 0.003`."""
    said = "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.01 else f"p = {p:.2f}"
    return said.replace(" ", NBSP)


def duration(seconds: float | None) -> str:
    """Return `310 ms`, `2.1 s`, `14 min`, `1 h 20 min`, `3 days`; `–` when there is none."""
    if seconds is None:
        return "–"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}{THIN}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}{THIN}s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{THIN}min"
    if minutes < 24 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours}{THIN}h" + (f" {rest}{THIN}min" if rest and hours < 10 else "")
    days = seconds / 86400
    return f"{days:.1f}{THIN}days" if days < 10 else f"{days:.0f}{THIN}days"


def usd(amount: float) -> str:
    """Return an amount in dollars, four places below a cent."""
    money = Decimal(str(amount))
    return f"${money:.4f}" if 0 < money < Decimal("0.01") else f"${money:,.2f}"


def many(number: int, one: str, more: str = "") -> str:
    """Return `1 reply` or `4 replies`."""
    return f"{whole(number)} {one if number == 1 else more or one + 's'}"
