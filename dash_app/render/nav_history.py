"""The words around the NAV history: span and change beside the heading, and below it what the line says in figures."""

from typing import Any

from dash_app.figures.nav_marks import count_kinds, find_marks
from dash_app.figures.nav_points import (
    DAY,
    WEEK,
    Period,
    Point,
    deepest_fall_pct,
    find_extremes,
    read_gaps,
    series_points,
    spans,
)
from dash_app.render import html, text
from dash_app.render.components import Child, block, field, show, span
from dash_app.render.readings import (
    NOT_IN_STATE,
    StateDict,
    mapping_at,
    number_at,
    read,
    reason_at,
    value_at,
)
from dash_app.render.theme import tone_of_amount
from state.formatting import fmt_clock, fmt_signed, fmt_usd

# Of the two lines one is on show; the style sheet goes by these names, and a script turns them.
NAMES = {DAY: "of-day", WEEK: "of-week"}
LABELS = {DAY: "24 h", WEEK: "7 d"}
CHANGES = {DAY: "nav.change_24h", WEEK: "nav.change_7d"}

Numbered = list[tuple[int, Point]]  # points, each with its index in the state's series


def render_span(state: StateDict) -> list[html.Element]:
    """`, last 3 h`, the change over it, and two buttons where there are two lines."""
    lines = _lines(state)
    buttons = [_button(period) for period in lines] if WEEK in lines else []
    titles = [_title(state, period, numbered) for period, numbered in lines.items()]
    return [*titles, *([span(buttons, "nav-turn")] if buttons else [])]


def _lines(state: StateDict) -> dict[Period, Numbered]:
    """The lines that have a length, with their points."""
    found = {period: series_points(state, period) for period in (DAY, WEEK)}
    return {period: numbered for period, numbered in found.items() if len(numbered) > 1}


def _title(state: StateDict, period: Period, numbered: Numbered) -> html.Element:
    points = [point for _, point in numbered]
    length = LABELS[period] if spans(points, period) else text.fmt_span(points[-1][0] - points[0][0])
    legend = count_kinds(find_marks(state, points)) if period is DAY else ""
    change = [*_change(state, period, points), f" in {length}, transfers included", legend]
    return span([f", last {length}", " ", span(change, "nav-change")], NAMES[period])


def _button(period: Period) -> html.Element:
    marks: Any = {"data-turn": NAMES[period].removeprefix("of-"), "aria-pressed": str(period is DAY).lower()}
    return html.Button(LABELS[period], type="button", className="nav-button", **marks)


def render_caption(state: StateDict) -> list[html.Element]:
    """Both ends of each line with their times, and the line in words for whoever does not see it."""
    captions = [_caption(state, period, numbered) for period, numbered in _lines(state).items()]
    if captions:
        return captions
    reason = reason_at(state, "nav.series") or NOT_IN_STATE
    marks = {"data-field": "nav.series", "data-unknown": reason}
    return [block(f"NAV history n/a: {reason}", "unknown nav-none", **marks)]


def _caption(state: StateDict, period: Period, numbered: Numbered) -> html.Element:
    points = [point for _, point in numbered]
    said = _facts(state, points, period)
    facts = [span(f"{' · ' if index else ''}{fact}", "nav-fact") for index, fact in enumerate(said)]
    words = [*_in_words(state, period, numbered), span(facts, "nav-facts")]
    return block([_moment(points[0][0]), *words, _moment(points[-1][0])], f"nav-ends {NAMES[period]}")


def _in_words(state: StateDict, period: Period, numbered: Numbered) -> list[html.Element]:
    """What the labels of the chart say, with each figure addressed."""
    high, low = (numbered[place][0] for place in find_extremes([point for _, point in numbered]))
    places = {"from ": numbered[0][0], ", high ": high, ", low ": low, ", last ": numbered[-1][0]}
    values = [(words, field(state, f"{period.series}.{index}.1", fmt_usd)) for words, index in places.items()]
    unit = " index " if value_at(state, "meta.private") is True else " NAV "
    return [span([unit, *(part for pair in values for part in pair), " "], "visually-hidden")]


def _facts(state: StateDict, points: list[Point], period: Period) -> list[str]:
    """The gaps, the deepest fall, and a high above the writer's peak in the words of the card."""
    gaps = read_gaps(state, points, period)
    longest = max((end - start for start, end in gaps), default=0.0)
    count = f"{len(gaps)} gaps, the longest {text.fmt_span(longest)}"
    if (leapt_at := _leapt_at(state, points)) is not None:
        said = f"leaps at {text.fmt_when(mapping_at(state, 'nav'), leapt_at)}: a slip, another unit, or a transfer"
        return [*([count] if len(gaps) > 1 else []), said]
    above, fall = text.history_above_peak(mapping_at(state, "nav")), deepest_fall_pct(points)
    # Below a high that the writer's peak does not know, a fall is not the drawdown that the cards show.
    said = above or (f"deepest fall on this line {fall:.2f} %" if fall else "")
    return [words for words in (count if len(gaps) > 1 else "", said) if words]


def _leapt_at(state: StateDict, points: list[Point]) -> float | None:
    """When the line last leapt by more than a market moves it: then neither a fall nor a change is read from it."""
    at = number_at(state, "nav.history_leap_at")
    return at if at is not None and points[0][0] < at <= points[-1][0] else None


def _moment(at: float) -> html.Element:
    """A time of day, which the browser puts into its own zone."""
    return span(fmt_clock(at), "moment", **{"data-at": str(at)})


def _change(state: StateDict, period: Period, points: list[Point]) -> list[Child]:
    """As the state has it where the log is long enough, else over what there is of the line."""
    path = CHANGES[period]
    if spans(points, period) and number_at(state, f"{path}_pct") is not None:
        usd, pct = read(state, f"{path}_usd", fmt_signed), number_at(state, f"{path}_pct")
        return _signed(show(usd, class_name=tone_of_amount(pct), **{"data-field": f"{path}_usd"}), pct)
    if _leapt_at(state, points) is not None:
        return [field(state, f"{path}_usd", fmt_signed)]
    before, after = points[0][1], points[-1][1]
    # In percent of what there was; of a debt there is no such figure, and of an index no amount.
    pct = 100 * (after / before - 1) if before > 0 else None
    usd_text = "" if value_at(state, "meta.private") is True else fmt_signed(after - before)
    return _signed(span(usd_text, tone_of_amount(after - before)), pct)


def _signed(usd: html.Element, pct: float | None) -> list[Child]:
    return [usd] if pct is None else [usd, " (", span(f"{fmt_signed(pct)} %", tone_of_amount(pct)), ")"]
