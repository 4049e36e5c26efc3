"""A few shapes of SVG, in colours that hold on light and dark pages.

Pictures bring their own background, so that they can be read whatever page they stand on; which of
the two sets of colours is used is the reader's own choice, by `prefers-color-scheme`. Every colour
is a class, as not every viewer knows CSS variables.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

SANS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Helvetica, Arial, 'DejaVu Sans',"
    " sans-serif"
)
MONO = (
    "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono',"
    " monospace"
)

# Each with its colour on light pages and on dark ones.
_FILLS = {
    "page": ("#ffffff", "#0d1117"),
    "box": ("#f6f8fa", "#151b23"),
    "ink": ("#1f2328", "#f0f6fc"),
    "muted": ("#59636e", "#9198a1"),
    "gate": ("#f5f0ff", "#1d1633"),
    "gate-ink": ("#6639ba", "#c297ff"),
    "g0": ("#ddf4ff", "#0f2947"),
    "g0-ink": ("#0550ae", "#79c0ff"),
    "g1": ("#fff1e5", "#3a1f0b"),
    "g1-ink": ("#953800", "#ffa657"),
    "fresh": ("#1a7f37", "#238636"),
    "g0-full": ("#0969da", "#4493f8"),
    "g1-full": ("#bc4c00", "#f0883e"),
    "g2-full": ("#1a7f37", "#3fb950"),
    "g3-full": ("#8250df", "#ab7df8"),
    "on-fresh": ("#ffffff", "#ffffff"),
}
_STROKES = {
    "page-line": ("#d1d9e0", "#3d444d"),
    "box-line": ("#c4ccd4", "#4a525c"),
    "bridge": ("#ffffff", "#0d1117"),
    "rule": ("#d1d9e0", "#3d444d"),
    "gate-line": ("#8250df", "#ab7df8"),
    "g0-line": ("#0969da", "#4493f8"),
    "g1-line": ("#bc4c00", "#f0883e"),
}


def css() -> str:
    """The rules that every picture needs: in its own text, or once in a page of several."""

    def rules(which: int) -> str:
        fills = [f".{name}{{fill:{colours[which]}}}" for name, colours in _FILLS.items()]
        return "".join(
            [*fills, *(f".{name}{{stroke:{colours[which]}}}" for name, colours in _STROKES.items())]
        )

    fonts = f"text{{font-family:{SANS}}}.mono{{font-family:{MONO}}}.b{{font-weight:600}}"
    return f"{fonts}{rules(0)}@media(prefers-color-scheme:dark){{{rules(1)}}}"


def number(value: float) -> str:
    """A coordinate, as short as it can be."""
    return f"{value:.1f}".removesuffix(".0")


def text(
    x: float,
    y: float,
    content: str,
    style: str,
    *,
    size: float = 13,
    anchor: str = "start",
    mono: bool = False,
    bold: bool = False,
) -> str:
    """A line of text; `y` is its base line."""
    classes = " ".join([style, *(["mono"] if mono else []), *(["b"] if bold else [])])
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return (
        f'<text x="{number(x)}" y="{number(y)}" class="{classes}"'
        f' font-size="{number(size)}"{where}>{escape(content, quote=False)}</text>'
    )


def label(x: float, y: float, kind: str, name: str, ink: str) -> str:
    """What something is, and its name, one behind the other however wide the reader's fonts are."""
    classes, size = ("muted mono", 11.5) if ink == "muted" else (f"{ink} mono b", 13)
    return (
        f'<text x="{number(x)}" y="{number(y)}" font-size="11.5" class="muted">{escape(kind)} '
        f'<tspan class="{classes}" font-size="{number(size)}">{escape(name)}</tspan></text>'
    )


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    fill: str,
    line: str = "",
    *,
    radius: float = 8,
    dashed: bool = False,
) -> str:
    """A rectangle with round corners."""
    stroke = (
        f' stroke-width="1.25"{" stroke-dasharray=" + chr(34) + "5 3" + chr(34) if dashed else ""}'
        if line
        else ""
    )
    return (
        f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        f' rx="{number(radius)}" class="{" ".join(filter(None, [fill, line]))}"{stroke}/>'
    )


def wire(points: Iterable[tuple[float, float]], line: str, *, radius: float = 7) -> str:
    """A line along right angles with round corners, and an arrow's head at its end."""
    corners = list(points)
    steps = [f"M{number(corners[0][0])} {number(corners[0][1])}"]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        enter, leave = _towards(corner, before, radius), _towards(corner, after, radius)
        steps.append(
            f"L{enter[0]} {enter[1]}Q{number(corner[0])} {number(corner[1])} {leave[0]} {leave[1]}"
        )
    end_x, end_y = corners[-1]
    steps.append(f"L{number(end_x)} {number(end_y)}")
    way = "".join(steps)
    head = (
        f"M{number(end_x - 5)} {number(end_y - 4)}L{number(end_x)}"
        f" {number(end_y)}L{number(end_x - 5)} {number(end_y + 4)}"
    )
    return (
        f'<path d="{way}{head}" class="{line}" fill="none" stroke-width="1.75"'
        ' stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _towards(
    corner: tuple[float, float], other: tuple[float, float], most: float
) -> tuple[str, str]:
    """The point on the way from a corner to another point, at most half way."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy) or 1.0
    reach = min(most, length / 2) / length
    return number(corner[0] + dx * reach), number(corner[1] + dy * reach)


def mark(x: float, y: float, group: int) -> str:
    """What tells the groups of containers apart, by form as well as by colour: a disc for the
    first, then a square, a diamond and a triangle.
    """
    style = f'class="g{group % 4}-full"'
    forms = (
        f'<circle cx="{number(x)}" cy="{number(y)}" r="5" {style}/>',
        f'<rect x="{number(x - 4.5)}" y="{number(y - 4.5)}" width="9" height="9" {style}/>',
        f'<path d="M{number(x)} {number(y - 6)}l6 6l-6 6l-6 -6Z" {style}/>',
        f'<path d="M{number(x)} {number(y - 5.5)}l5.5 10h-11Z" {style}/>',
    )
    return forms[group % 4]


def dot(x: float, y: float, fill: str) -> str:
    """A small disc."""
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="3" class="{fill}"/>'


def line(x1: float, y1: float, x2: float, y2: float, style: str, *, width: float = 1.25) -> str:
    """A straight line."""
    return (
        f'<path d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}" class="{style}"'
        f' fill="none" stroke-width="{number(width)}"/>'
    )


def area(points: Iterable[tuple[float, float]], floor: float, fill: str, style: str) -> str:
    """A curve, and what is below it down to a floor."""
    corners = list(points)
    way = "L".join(f"{number(x)} {number(y)}" for x, y in corners)
    closed = (
        f"M{number(corners[0][0])} {number(floor)}L{way}L{number(corners[-1][0])} {number(floor)}Z"
    )
    return (
        f'<path d="{closed}" class="{fill}"/><path d="M{way}" class="{style}" fill="none"'
        ' stroke-width="1.75" stroke-linejoin="round"/>'
    )


def document(
    width: float, height: float, title: str, description: str, parts: Iterable[str]
) -> str:
    """A whole picture."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(width)}"'
        f' height="{number(height)}" '
        f'viewBox="0 0 {number(width)} {number(height)}" role="img" aria-labelledby="t d">\n'
        f'<title id="t">{escape(title)}</title>\n<desc'
        f' id="d">{escape(description)}</desc>\n<style>{css()}</style>\n'
        f"{box(0.6, 0.6, width - 1.2, height - 1.2, 'page', 'page-line', radius=10)}"
        f"\n{body}\n</svg>\n"
    )
