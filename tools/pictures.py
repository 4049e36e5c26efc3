"""Draws docs/pictures/*.svg: concepts from a real rewrite of examples/shop.yaml, scaling from a
figure of the benchmark.

Run by `make docs`; a test holds the files against what this would draw. What is shown of a rewrite
comes from `tools/scenes.py`, so from the report; here it only gets a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from service.findings import Evidence, Leans, Role, Verdict
from service.render import svg as drawing
from service.render.svg import box, dot, text, wire
from tools import scaling
from tools.scenes import Box, Card, Gate, Scene, report_of, scenes_of

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "shop.yaml"
FOLDER = ROOT / "docs" / "pictures"

_LANE = 11
_PORT = 19
_STEP = 26
_STAGES = {
    "before": ("Before", "one Pod, no controller"),
    "expand": ("1  expand", "controllers, names, labels"),
    "add": ("2  add", "new workloads beside it"),
    "switch": ("3  switch", "new Pods join the Service"),
    "contract": ("4  contract", "the old copy leaves"),
}


def pictures() -> dict[str, str]:
    """The text of each picture, by file name."""
    scenes = scenes_of(EXAMPLE)
    return {
        "overview.svg": overview(scenes[0], scenes[-1]),
        "stages.svg": stages(scenes),
        "evidence.svg": evidence(),
        "scaling.svg": scaling.picture(),
    }


def overview(before: Scene, after: Scene) -> str:
    """What goes in and what comes out, side by side."""
    width, column, top = 860, 318, 62
    left, right = 30, width - 30 - column
    drawn = [
        _Column(before, left, top, column, roles=True),
        _Column(after, right, top, column, roles=False),
    ]
    height = max(each.bottom for each in drawn) + 30
    middle, gap = (left + column + right) / 2, right - left - column
    parts = [
        text(left, 38, "One Pod", "ink", size=16, bold=True),
        text(right, 38, "A workload for each application", "ink", size=16, bold=True),
        *(part for each in drawn for part in each.parts()),
        text(middle, height / 2 - 14, "podsplit", "ink", size=14, anchor="middle", bold=True),
        wire(
            [(middle - gap / 2 + 26, height / 2), (middle + gap / 2 - 26, height / 2)], "gate-line"
        ),
        text(middle, height / 2 + 22, "verified", "muted", size=12, anchor="middle"),
    ]
    return drawing.document(
        width, height, "One Pod, and what becomes of it", _told([before, after]), parts
    )


def stages(scenes: tuple[Scene, ...]) -> str:
    """The set before, and after each stage."""
    column, gap, top = 207, 18, 76
    width = 24 * 2 + column * len(scenes) + gap * (len(scenes) - 1)
    drawn = [
        _Column(scene, 24 + place * (column + gap), top, column, roles=False)
        for place, scene in enumerate(scenes)
    ]
    height = max(each.bottom for each in drawn) + 24
    parts = []
    for each in drawn:
        title, note = _STAGES[each.scene.name]
        parts += [
            text(each.x, 36, title, "ink", size=15, bold=True),
            text(each.x, 56, note, "muted", size=12),
            *each.parts(),
        ]
    return drawing.document(width, height, "The stages of a rewrite", _told(scenes), parts)


def _told(scenes: tuple[Scene, ...] | list[Scene]) -> str:
    """The same in words, for who doesn't see it."""
    return " ".join(
        f"{_STAGES[scene.name][0]}: "
        + "; ".join(
            f"{each.kind} {each.name} with {', '.join(card.name for card in each.cards)}"
            for each in scene.boxes
        )
        + f"; Service {scene.gate.name} reaches "
        + ", ".join(
            f"{scene.boxes[arrow.box].cards[arrow.card].name} of {scene.boxes[arrow.box].name} on"
            f" {scene.gate.ports[arrow.port].split()[0]}"
            for arrow in sorted(scene.arrows, key=lambda arrow: arrow.port)
        )
        + "."
        for scene in scenes
    )


class _Column:
    """One scene: the Service, below it the workloads, and at the left the lines between them."""

    def __init__(self, scene: Scene, x: float, y: float, width: float, *, roles: bool) -> None:
        self.scene = scene
        self.x = x
        self._roles = roles
        self._left = x + _LANE * len(scene.gate.ports) + 4
        self._width = x + width - self._left
        self._y = y
        self._tops: list[float] = []
        below = y + self._gate_height + 18
        for each in scene.boxes:
            self._tops.append(below)
            below += self._box_height(each) + 14
        self.bottom = below - 14

    @property
    def _gate_height(self) -> float:
        return 50 + _PORT * len(self.scene.gate.ports)

    def _card_height(self, card: Card) -> float:
        return (66 if self._roles else 48) + _PORT * len(card.ports)

    def _box_height(self, each: Box) -> float:
        return (
            38
            + sum(self._card_height(card) + 8 for card in each.cards)
            + (26 if _volumes(each) else 2)
        )

    def _card_top(self, place: int, card: int) -> float:
        return (
            self._tops[place]
            + 36
            + sum(self._card_height(each) + 8 for each in self.scene.boxes[place].cards[:card])
        )

    def _row(self, place: int, card: int, row: int) -> float:
        """The middle of a port's row."""
        top = self._card_top(place, card)
        return (
            top
            + self._card_height(self.scene.boxes[place].cards[card])
            - 14
            - _PORT * (len(self.scene.boxes[place].cards[card].ports) - 1 - row)
        )

    def parts(self) -> Iterator[str]:
        """Its shapes, the lowest first."""
        yield from self._gate(self.scene.gate)
        for place, each in enumerate(self.scene.boxes):
            yield from self._box(place, each)
        yield from self._wires()

    def _gate(self, gate: Gate) -> Iterator[str]:
        x, y = self._left, self._y
        yield box(x, y, self._width, self._gate_height, "gate", "gate-line")
        yield drawing.label(x + 12, y + 20, "Service", gate.name, "gate-ink")
        yield text(x + 12, y + 37, gate.selector, "muted", size=10, mono=True)
        for index, port in enumerate(gate.ports):
            yield text(x + 12, y + 57 + _PORT * index, port, "ink", size=12, mono=True)

    def _box(self, place: int, each: Box) -> Iterator[str]:
        x, y = self._left, self._tops[place]
        yield box(
            x,
            y,
            self._width,
            self._box_height(each),
            "box",
            "box-line",
            radius=10,
            dashed=each.kind == "Pod",
        )
        yield drawing.label(x + 12, y + 23, each.kind, each.name, "ink")
        if each.fresh:
            yield box(x + self._width - 50, y - 9, 38, 18, "fresh", radius=9)
            yield text(
                x + self._width - 31, y + 4, "new", "on-fresh", size=11, anchor="middle", bold=True
            )
        for card, shown in enumerate(each.cards):
            yield from self._card(self._card_top(place, card), shown, place, card)
        if names := _volumes(each):
            yield drawing.label(
                x + 12, y + self._box_height(each) - 12, "volume", ", ".join(names), "muted"
            )

    def _card(self, top: float, card: Card, place: int, index: int) -> Iterator[str]:
        x, width, group = self._left + 10, self._width - 20, f"g{min(card.verdict.group, 1)}"
        yield box(
            x,
            top,
            width,
            self._card_height(card),
            group,
            f"{group}-line",
            dashed=card.verdict.role is Role.SIDECAR,
        )
        yield text(x + 12, top + 21, card.name, f"{group}-ink", mono=True, bold=True)
        yield text(x + 12, top + 38, card.image, "muted", size=11, mono=True)
        if self._roles:
            yield text(x + 12, top + 56, _role(card.verdict), "ink", size=12)
        for row, port in enumerate(card.ports):
            yield text(
                x + 12, self._row(place, index, row) + 4, f"port {port}", "ink", size=11, mono=True
            )

    def _wires(self) -> Iterator[str]:
        # The first port takes the outer lane and is drawn last, over the lanes that it crosses.
        for arrow in reversed(self.scene.arrows):
            group = f"g{min(self.scene.boxes[arrow.box].cards[arrow.card].verdict.group, 1)}"
            start = self._y + 53 + _PORT * arrow.port
            lane = self._left - 5 - _LANE * (len(self.scene.gate.ports) - 1 - arrow.port) - 4
            end = self._row(arrow.box, arrow.card, arrow.row)
            if lane < self._left - 9:
                yield drawing.line(lane + 4, end, self._left - 3, end, "bridge", width=6)
            yield wire(
                [(self._left, start), (lane, start), (lane, end), (self._left + 9, end)],
                f"{group}-line",
            )
            yield dot(self._left, start, f"{group}-ink")


def _volumes(each: Box) -> list[str]:
    return list(dict.fromkeys(volume for card in each.cards for volume in card.volumes))


def _role(verdict: Verdict) -> str:
    what = [verdict.role.value]
    if verdict.pattern:
        what.append(f"({verdict.pattern.value})")
    if verdict.role is Role.SIDECAR:
        what.append(f"of {', '.join(verdict.serves)}")
    return f"{' '.join(what)}, {verdict.confidence:.0%} sure".replace("100%", "over 99%")


def evidence() -> str:
    """What was seen of two containers beside the main one, and how it adds up."""
    report = report_of(EXAMPLE)
    [workload] = report.workloads
    shown = [each for each in workload.containers if each.role in (Role.UNRELATED, Role.SIDECAR)]
    shown.sort(key=lambda each: each.role is Role.SIDECAR)
    width, middle, y = 760.0, 440.0, 96.0
    scale = 240 / max(abs(_total(each)) for each in shown)
    parts = [
        text(30, 38, "Apart or together?", "ink", size=16, bold=True),
        text(middle - 12, 68, "apart", "g1-ink", size=13, anchor="end", bold=True),
        text(middle + 12, 68, "together", "g0-ink", size=13, bold=True),
    ]
    for verdict in shown:
        parts += _panel(verdict, y, middle, scale)
        y += _STEP * (len(verdict.evidence) + 2) + 40
    parts.append(drawing.line(middle, 78, middle, y - 52, "rule"))
    told = " ".join(
        f"{each.name}: "
        + "; ".join(f"{seen.signal} {seen.weight:g} {seen.leans.value}" for seen in each.evidence)
        + f"; {_role(each)}."
        for each in shown
    )
    return drawing.document(width, y - 24, "How evidence adds up", told, parts)


def _panel(verdict: Verdict, y: float, middle: float, scale: float) -> Iterator[str]:
    [other] = {each.about for each in verdict.evidence}
    yield text(
        30,
        y + 5,
        f"{verdict.name} and {other}",
        f"g{min(verdict.group, 1)}-ink",
        size=14,
        mono=True,
        bold=True,
    )
    for place, seen in enumerate(verdict.evidence, 1):
        yield text(46, y + _STEP * place + 5, seen.signal, "ink", size=12, mono=True)
        yield from _bar(_signed(seen), y + _STEP * place, middle, scale, sum_up=False)
    foot = y + _STEP * (len(verdict.evidence) + 1) + 8
    yield drawing.line(30, foot - _STEP / 2 - 1, 730, foot - _STEP / 2 - 1, "rule")
    yield text(30, foot + 5, _role(verdict), "ink", size=13, bold=True)
    yield from _bar(_total(verdict), foot, middle, scale, sum_up=True)


def _signed(seen: Evidence) -> float:
    """Positive for together."""
    return seen.weight if seen.leans is Leans.TOGETHER else -seen.weight


def _total(verdict: Verdict) -> float:
    return sum(map(_signed, verdict.evidence))


def _bar(value: float, y: float, middle: float, scale: float, *, sum_up: bool) -> Iterator[str]:
    """A bar from the middle to its side; `y` is its middle line."""
    group, length = "g0" if value > 0 else "g1", abs(value) * scale
    left, right = (middle, middle + length) if value > 0 else (middle - length, middle)
    yield box(
        left, y - 8, length, 16, f"{group}-full" if sum_up else group, f"{group}-line", radius=3
    )
    at, anchor = (right + 8, "start") if value > 0 else (left - 8, "end")
    yield text(
        at,
        y + 4,
        f"{abs(value):.1f}",
        f"{group}-ink",
        size=12,
        anchor=anchor,
        mono=True,
        bold=sum_up,
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, content in pictures().items():
        (FOLDER / file).write_text(content, encoding="utf-8")
