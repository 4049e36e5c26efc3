"""How often verdicts are right, by how sure they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.labelled_pods import LabelledPod
from service.classification.classify import Classification

_EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_SIZE, _MARGIN = 320, 44


@dataclass(frozen=True, slots=True)
class Band:
    """The verdicts whose confidence is between two figures."""

    low: float
    """The least, included."""
    high: float
    """The most; included in the last band."""
    count: int
    """How many there are."""
    right: float
    """The part of them that is right, in [0, 1]."""
    said: float
    """Their mean confidence."""


def bands_of(classified: Iterable[tuple[LabelledPod, Classification]]) -> list[Band]:
    """The bands of the verdicts on all containers but the main ones: whether they belong to the
    main one's application.
    """
    verdicts: list[tuple[float, bool]] = []
    for pod, classification in classified:
        head = classification.groups[0][0].name
        for verdict in classification.verdicts:
            names = (min(verdict.name, head), max(verdict.name, head))
            if verdict.name != head and names in pod.pairs:
                verdicts.append((verdict.confidence, pod.pairs[names] == (verdict.group != 0)))
    bands = []
    for low, high in pairwise(_EDGES):
        own = [item for item in verdicts if low <= item[0] < high or item[0] == high == 1.0]
        if own:
            said, right = (sum(item[place] for item in own) / len(own) for place in (0, 1))
            bands.append(Band(low, high, len(own), right, said))
    return bands


def calibration_picture(bands: Sequence[Band]) -> str:
    """The bands as a picture (SVG): on the line, confidence is right."""

    def place(value: float) -> float:
        return _MARGIN + (value - _EDGES[0]) / 0.5 * (_SIZE - 2 * _MARGIN)

    axis = f"{_MARGIN} {_SIZE - _MARGIN}"
    below, left = _SIZE - _MARGIN + 16, _MARGIN - 8
    ticks = "".join(
        f'<text x="{place(edge):.0f}" y="{below}" text-anchor="middle">{edge:g}</text>'
        f'<text x="{left}" y="{_SIZE - place(edge) + 4:.0f}" text-anchor="end">{edge:g}</text>'
        for edge in _EDGES
    )
    dots = "".join(
        f'<circle cx="{place(band.said):.1f}" cy="{_SIZE - place(max(band.right, 0.5)):.1f}"'
        f' r="{3 + min(band.count, 400) ** 0.5 / 3:.1f}"><title>said {band.said:.2f}, right'
        f" {band.right:.2f}, {band.count} verdicts</title></circle>"
        for band in bands
    )
    words = ", ".join(f"{band.said:.2f} said and {band.right:.2f} right" for band in bands)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" role="img"'
        f' width="{_SIZE}" height="{_SIZE}"><title>Confidence and share of right verdicts:'
        f" {words}</title><style>text{{font:11px sans-serif;fill:#57606a}}circle{{fill:#1f6feb;"
        f"fill-opacity:.7}}path{{fill:none;stroke:#8c959f}}</style>"
        f'<path d="M{_MARGIN} {_MARGIN}V{_SIZE - _MARGIN}H{_SIZE - _MARGIN}"/>'
        f'<path stroke-dasharray="4 4" d="M{axis}L{_SIZE - _MARGIN} {_MARGIN}"/>{ticks}{dots}'
        f'<text x="{_SIZE / 2:.0f}" y="{_SIZE - 8}" text-anchor="middle">confidence</text>'
        f'<text x="{_MARGIN}" y="{_MARGIN - 14}">right</text></svg>\n'
    )
