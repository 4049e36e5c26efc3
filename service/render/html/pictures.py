"""Workloads as SVG: the containers of each, and the Services that lead to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from service.render import svg
from service.render.topology import Box, Card

_ENTRY_WIDTH, _SERVICE_WIDTH, _WORKLOAD_WIDTH = 124.0, 158.0, 266.0
"""The widths of the columns: Ingresses and routes (where there are any), Services, workloads."""
_MARGIN, _LANES = 8.0, 60.0
"""The space around everything, and that between two columns, where the arrows run."""
_HEAD, _ROW, _PORT, _GAP = 32.0, 42.0, 22.0, 16.0
"""Heights: of a box's title, of a container, of a port; and the space between boxes."""
_MOST_ROWS = 30
"""Containers that are drawn of a workload."""
_MOST_ARROWS = 40
"""Ports of Services that are drawn of a workload."""
_MOST_TEXT = 34
"""Characters of a line in a box."""

Groups = Mapping[str, tuple[int, str]]
"""The group and the role of each container, by its name."""


def picture(boxes: Sequence[Box], groups: Groups, title: str, prefix: str) -> str:
    """Some workloads with their Services, and what leads to those.

    Args:
        boxes: the workloads.
        groups: what each container is.
        title: what the picture is of.
        prefix: makes the ids in it differ from those of other pictures of a page.
    """
    has_entries = any(box.entries for box in boxes)
    services_at = _MARGIN + (_ENTRY_WIDTH + _LANES if has_entries else 0)
    workloads_at = services_at + _SERVICE_WIDTH + _LANES
    width = workloads_at + _WORKLOAD_WIDTH + _MARGIN
    parts: list[str] = []
    targets: dict[tuple[int, str | None], float] = {}
    bottom = _MARGIN
    for index, box in enumerate(boxes):
        ends: dict[str | None, float] = {}
        parts += _workload(box, groups, workloads_at, bottom, ends)
        targets |= {(index, name): y for name, y in ends.items()}
        bottom += _height(box) + _GAP
    services: _Rows = {}
    entries: _Rows = {}
    for index, box in enumerate(boxes):
        for service, port, container in box.arrows[:_MOST_ARROWS]:
            end = targets.get((index, container), targets[index, None])
            services.setdefault(service, {}).setdefault(port, []).append(end)
    gates = _Gates(services_at, _SERVICE_WIDTH, workloads_at)
    drawn = list(gates.drawn(services))
    for box in boxes:
        for entry, path, service, port in box.entries:
            led = entries.setdefault(entry, {}).setdefault(path or "every path", [])
            row = gates.rows.get((service, port))
            if row is not None and row not in led:
                led.append(row)
    ways_in = _Gates(_MARGIN, _ENTRY_WIDTH, services_at)
    drawn += ways_in.drawn(entries)
    height = max(bottom, gates.bottom, ways_in.bottom) - _GAP + _MARGIN
    body = "\n".join([*parts, *drawn])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {svg.number(width)}'
        f' {svg.number(height)}" role="img" aria-labelledby="{prefix}t {prefix}d">\n'
        f'<title id="{prefix}t">{escape(title)}</title>\n'
        f'<desc id="{prefix}d">{escape(described(boxes, groups))}</desc>\n{body}\n</svg>'
    )


def described(boxes: Sequence[Box], groups: Groups) -> str:
    """What a picture shows, for those who don't see it."""
    told = []
    for box in boxes:
        names = ", ".join(
            f"{name} ({groups[name][1]})" if name in groups else name for name in box.containers
        )
        told.append(f"{box.title} holds {names}.")
        if box.init_containers:
            told.append(f"Before them run {', '.join(box.init_containers)}.")
        told += [
            f"Port {port} of {service} leads to {container or 'whoever listens there'}."
            for service, port, container in box.arrows[:_MOST_ARROWS]
        ]
        told += [
            f"{entry} leads from {path or 'every path'} to port {port} of {service}."
            for entry, path, service, port in box.entries
        ]
    return " ".join(dict.fromkeys(told))


def _lines_of(box: Box) -> list[str]:
    """What stands in a box below its containers: those that aren't drawn."""
    rest = len(box.containers) - _MOST_ROWS
    return [f"and {rest} more"] if rest > 0 else []


def _height(box: Box) -> float:
    lines = len(_lines_of(box)) + bool(box.init_containers)
    return _HEAD + _ROW * min(len(box.containers), _MOST_ROWS) + _PORT * lines + 4


def _workload(
    box: Box, groups: Groups, x: float, top: float, ends: dict[str | None, float]
) -> Iterator[str]:
    """A workload; where its arrows end is put into `ends`, by container, None for the whole."""
    yield svg.box(x, top, _WORKLOAD_WIDTH, _height(box), "box", "box-line", radius=8)
    kind, _, name = box.title.partition("/")
    yield svg.label(x + 12, top + 21, kind, _short(name), "ink")
    ends[None] = top + 16
    y = top + _HEAD
    if box.init_containers:
        words = f"first: {', '.join(box.init_containers)}"
        yield svg.text(x + 12, y + 12, _short(words), "muted", size=11.5)
        y += _PORT
    shared = Counter(volume for card in box.cards for volume in card.volumes)
    for container, card in list(zip(box.containers, box.cards, strict=True))[:_MOST_ROWS]:
        yield from _container(x, y, container, card, groups.get(container, (0, "")), shared)
        ends[container] = y + 14
        y += _ROW
    for words in _lines_of(box):
        yield svg.text(x + 12, y + 12, words, "muted", size=11.5)


def _container(
    left: float,
    y: float,
    name: str,
    card: Card,
    known: tuple[int, str],
    shared: Mapping[str, int],
) -> Iterator[str]:
    group, role = known
    x = left + 18
    yield svg.mark(x, y + 10, group)
    yield svg.text(x + 14, y + 14, _short(name), "ink", mono=True, bold=True, size=12.5)
    yield svg.text(left + _WORKLOAD_WIDTH - 12, y + 14, role, "muted", size=11.5, anchor="end")
    # A volume that somebody else mounts as well is what holds containers together.
    volumes = (f"shares {item}" if shared[item] > 1 else item for item in card.volumes)
    facts = [card.image, *card.ports, *(f"({volume})" for volume in volumes)]
    yield svg.text(x + 14, y + 29, _short("  ".join(filter(None, facts))), "muted", size=11)


_Rows = dict[str, dict[str, list[float]]]
"""The rows of boxes, with the heights at which the arrow of each ends."""


class _Gates:
    """A column of boxes, each with rows that arrows lead from to the column at its right."""

    def __init__(self, left: float, width: float, target: float) -> None:
        self._left = left
        self._width = width
        self._target = target
        self.bottom = _MARGIN
        """Where it ends."""
        self.rows: dict[tuple[str, str], float] = {}
        """The height of each row."""

    def drawn(self, boxes: _Rows) -> Iterator[str]:
        """The boxes and their arrows."""
        lane, edge = self._target - 14, self._left + self._width
        for title, own in boxes.items():
            height = _HEAD + _PORT * len(own)
            yield svg.box(
                self._left, self.bottom, self._width, height, "gate", "gate-line", radius=8
            )
            kind, _, name = title.partition("/")
            fits = int(self._width / 7.4 - len(kind))
            words = _short(name, max(fits, 4))
            yield svg.label(self._left + 10, self.bottom + 21, kind, words, "gate-ink")
            y = self.bottom + _HEAD
            for row, ends in own.items():
                words = _short(row, int(self._width / 8))
                yield svg.text(self._left + 10, y + 13, words, "ink", mono=True, size=12)
                self.rows[title, row] = y + 9
                for end in ends:
                    way = [(edge, y + 9), (lane, y + 9), (lane, end), (self._target - 2, end)]
                    straight = [way[0], way[-1]]
                    yield svg.wire(way if abs(end - y - 9) > 1 else straight, "gate-line")
                lane = max(lane - 7, edge + 8)
                y += _PORT
            self.bottom += height + _GAP


def _short(text: str, most: int = _MOST_TEXT) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
