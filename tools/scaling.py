"""What the chart's autoscaler does with a day's peak: calculated from the benchmark's figure in
docs/operations.md, and drawn.

The rules are those of the HorizontalPodAutoscaler as Kubernetes documents them (kubernetes.io,
"Horizontal Pod Autoscaling" and its "configurable scaling behavior"): every 15 seconds the replicas
times the utilisation over its target, rounded up; nothing within a tenth of the target; up by 4
Pods or to the double at a time; down only to the most that was wanted in the last 5 minutes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.render import svg as drawing
from service.render.svg import text

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operations.md"

REQUEST = 0.5
"""Cores that a replica asks for: `resources.requests.cpu` of the chart."""
TARGET = 0.8
"""The share of it that the autoscaler aims at."""
LEAST, MOST = 2, 10
"""Replicas: `autoscaling.minReplicas` and `maxReplicas`."""
CORES = 2.0
"""What two workers can use at most."""
PERIOD = 15
"""Seconds between two looks at the Pods; as old is what is seen, and as long does a new Pod take
to serve.
"""
WINDOW = 300
"""Seconds for which a wish for more Pods counts."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The service at one look."""

    minute: float
    """Minutes from the start."""
    rate: float
    """Requests a second."""
    replicas: int
    """Pods that serve."""
    usage: float
    """Cores that each of them uses."""


def per_request() -> float:
    """Seconds of processor time for a rewrite of ten documents, from the table in
    docs/operations.md.
    """
    [found] = re.findall(
        r"^\| 10 \| [\d.]+ ms \| ([\d.]+) ms \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return float(found) / 1000


def peak(minute: float) -> float:
    """Requests a second: a quiet start, a rise within a minute, twenty minutes of it, and quiet
    again.
    """
    quiet, busy = 20.0, 150.0
    rise = min(max(minute - 5, 0.0), 1.0)
    fall = min(max(minute - 26, 0.0), 1.0)
    return quiet + (busy - quiet) * (rise - fall)


def simulated(seconds: float, minutes: int = 40) -> Iterator[Moment]:
    """Each look, with requests that cost so many seconds."""
    replicas = LEAST
    wanted: list[int] = []
    for step in range(minutes * 60 // PERIOD + 1):
        minute = step * PERIOD / 60
        usage = min(peak(minute) * seconds / replicas, CORES)
        yield Moment(minute, peak(minute), replicas, usage)
        ratio = usage / (REQUEST * TARGET)
        wish = replicas if abs(ratio - 1) <= 0.1 else math.ceil(replicas * ratio)
        wanted.append(min(max(wish, LEAST), MOST))
        most = max(wanted[-WINDOW // PERIOD :])
        replicas = (
            min(wanted[-1], max(replicas + 4, 2 * replicas))
            if wanted[-1] > replicas
            else min(replicas, most)
        )


def picture() -> str:
    """Requests, and Pods below them, over time."""
    moments = list(simulated(per_request()))
    width, left, right, minutes = 760.0, 64.0, 730.0, moments[-1].minute
    rates, pods = (60.0, 150.0), (206.0, 316.0)
    top_rate, top_pods = max(each.rate for each in moments), MOST

    def x(minute: float) -> float:
        return left + (right - left) * minute / minutes

    def y(value: float, top: float, band: tuple[float, float]) -> float:
        return band[1] - (band[1] - band[0]) * value / top

    curve = [(x(each.minute), y(each.rate, top_rate, rates)) for each in moments]
    stairs: list[tuple[float, float]] = []
    for each in moments:
        level = y(each.replicas, top_pods, pods)
        stairs += [(x(each.minute), stairs[-1][1])] if stairs else []
        stairs.append((x(each.minute), level))
    parts = [
        text(30, 36, "Requests a second", "g1-ink", bold=True),
        text(30, 186, "Pods", "g0-ink", bold=True),
        *_axis(rates, [(0.0, "0"), (top_rate, f"{top_rate:.0f}")], top_rate, left, right),
        *_axis(pods, [(0.0, "0"), (LEAST, str(LEAST)), (MOST, str(MOST))], top_pods, left, right),
        drawing.area(curve, rates[1], "g1", "g1-line"),
        drawing.area(stairs, pods[1], "g0", "g0-line"),
        *(
            text(x(minute), 338, f"{minute} min", "muted", size=11, anchor="middle")
            for minute in range(0, int(minutes) + 1, 10)
        ),
    ]
    most = max(each.replicas for each in moments)
    told = (
        f"{moments[0].rate:g} requests a second rise to {top_rate:g} for twenty minutes; {LEAST}"
        f" Pods become {most}, and {LEAST} again."
    )
    return drawing.document(width, 356, "The autoscaler at work", told, parts)


def _axis(
    band: tuple[float, float], marks: list[tuple[float, str]], top: float, left: float, right: float
) -> Iterator[str]:
    for value, name in marks:
        height = band[1] - (band[1] - band[0]) * value / top
        yield drawing.line(left, height, right, height, "rule", width=1)
        yield text(left - 8, height + 4, name, "muted", size=11, anchor="end")
