"""The NAV of a day as a small picture for a tile: one line, broken at its gaps, without axes or words.

An image carries no script and no style of the page, so its colours are its own; what it shows is said beside it.
"""

from collections.abc import Sequence
from urllib.parse import quote

from dash_app.render.theme import LINE, MUTED, TEXT

Point = tuple[float, float]

WIDTH, HEIGHT = 400, 100
PAD = 6  # so that the line is whole where it is highest, and the dot at its end
MOST_POINTS = 400
DOT_SHARE = 0.985  # of the width: the newest point, with room for its dot


def build_sparkline(points: Sequence[Point], gaps: Sequence[Sequence[float]], *, is_old: bool) -> str:
    """The address of the picture; empty where there is no line to draw. An old one is grey and goes on in dots."""
    points = points[-MOST_POINTS:]
    if len(points) < 2:
        return ""
    places = _place(points)
    color = MUTED if is_old else LINE
    stretches = "".join(f'<path d="{_path(part)}"/>' for part in _split(points, places, gaps))
    end_x, end_y = places[-1]
    tail = f'<path d="M{end_x:.1f} {end_y:.1f}H{WIDTH}" stroke-dasharray="1 5"/>' if is_old else ""
    dot = f'<path d="M{end_x:.1f} {end_y:.1f}h0" stroke="{color if is_old else TEXT}" stroke-width="7"/>'
    style = 'fill="none" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"'
    # A tile stretches it to its own shape; its lines keep their width.
    scale = f'viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
    lines = (stretches + tail + dot).replace("<path", '<path vector-effect="non-scaling-stroke"')
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" {scale}><g {style} stroke="{color}">{lines}</g></svg>'
    return f"data:image/svg+xml,{quote(picture)}"


def _place(points: Sequence[Point]) -> list[Point]:
    (first_at, _), (last_at, _) = points[0], points[-1]
    low, high = min(nav for _, nav in points), max(nav for _, nav in points)
    wide, tall = (last_at - first_at) or 1.0, high - low
    across, up = (WIDTH - PAD) * DOT_SHARE - PAD, HEIGHT - 2 * PAD
    # A NAV that does not move is a line in the middle.
    return [
        (PAD + across * (at - first_at) / wide, PAD + up * ((high - nav) / tall if tall else 0.5)) for at, nav in points
    ]


def _split(points: Sequence[Point], places: list[Point], gaps: Sequence[Sequence[float]]) -> list[list[Point]]:
    """Stretches between the gaps."""
    starts = sorted(end for _, end in (gap for gap in gaps if len(gap) == 2))
    stretches: list[list[Point]] = [[]]
    for (at, _), place in zip(points, places, strict=True):
        while starts and at >= starts[0]:
            starts.pop(0)
            if stretches[-1]:
                stretches.append([])
        stretches[-1].append(place)
    return [stretch for stretch in stretches if stretch]


def _path(places: Sequence[Point]) -> str:
    x, y = places[0]
    return f"M{x:.1f} {y:.1f}" + "".join(f"L{x:.1f} {y:.1f}" for x, y in places[1:] or [(x, y)])
