"""Workloads as SVG: the containers of each, and the Services that lead to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from service.render import svg
from service.render.topology import Box, Card

_WIDTH = 500.0
_SERVICES, _WORKLOADS = 8.0, 226.0
"""Where the two columns begin."""
_SERVICE_WIDTH, _WORKLOAD_WIDTH = 158.0, 266.0
_HEAD, _ROW, _PORT, _GAP = 32.0, 42.0, 22.0, 16.0
"""Heights: of a box's title, of a container, of a port; and the space between boxes."""
_MOST_ROWS = 30
"""Containers that are drawn of a workload."""
_MOST_TEXT = 34
"""Characters of a line in a box."""

Groups = Mapping[str, tuple[int, str]]
"""The group and the role of each container, by its name."""


def picture(boxes: Sequence[Box], groups: Groups, title: str, prefix: str) -> str:
    """Some workloads with their Services.

    Args:
        boxes: the workloads.
        groups: what each container is.
        title: what the picture is of.
        prefix: makes the ids in it differ from those of other pictures of a page.
    """
    targets: dict[tuple[int, str | None], float] = {}
    parts: list[str] = []
    top = 8.0
    for index, box in enumerate(boxes):
        rows = list(zip(box.containers, box.cards, strict=True))[:_MOST_ROWS]
        rest = len(box.containers) - len(rows)
        first = [f"first: {', '.join(box.init_containers)}"] if box.init_containers else []
        more = [*first, *([f"and {rest} more"] if rest else [])]
        height = _HEAD + _ROW * len(rows) + _PORT * len(more) + 4
        parts.append(svg.box(_WORKLOADS, top, _WORKLOAD_WIDTH, height, "box", "box-line", radius=8))
        kind, _, name = box.title.partition("/")
        parts.append(svg.label(_WORKLOADS + 12, top + 21, kind, _short(name), "ink"))
        targets[index, None] = top + 16
        y = top + _HEAD
        for container, card in rows:
            parts += _container(y, container, card, groups.get(container, (0, "")))
            targets[index, container] = y + 14
            y += _ROW
        for words in more:
            parts.append(svg.text(_WORKLOADS + 12, y + 12, _short(words), "muted", size=11.5))
            y += _PORT
        top += height + _GAP
    left_end, wires = _services(boxes, targets)
    height = max(top, left_end) - _GAP + 8
    body = "\n".join([*parts, *wires])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {svg.number(_WIDTH)}'
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
        told += [
            f"Port {port} of {service} leads to {container or 'whoever listens there'}."
            for service, port, container in box.arrows
        ]
    return " ".join(told)


def _container(y: float, name: str, card: Card, known: tuple[int, str]) -> Iterator[str]:
    group, role = known
    x = _WORKLOADS + 18
    yield svg.mark(x, y + 10, group)
    yield svg.text(x + 14, y + 14, _short(name), "ink", mono=True, bold=True, size=12.5)
    yield svg.text(
        _WORKLOADS + _WORKLOAD_WIDTH - 12, y + 14, role, "muted", size=11.5, anchor="end"
    )
    facts = [card.image, *card.ports, *(f"({volume})" for volume in card.volumes)]
    yield svg.text(x + 14, y + 29, _short("  ".join(filter(None, facts))), "muted", size=11)


def _services(
    boxes: Sequence[Box], targets: Mapping[tuple[int, str | None], float]
) -> tuple[float, list[str]]:
    """The Services at the left with the arrows from their ports, and where they end."""
    ports: dict[str, dict[str, list[float]]] = {}
    for index, box in enumerate(boxes):
        for service, port, container in box.arrows:
            y = targets.get((index, container), targets[index, None])
            ports.setdefault(service, {}).setdefault(port, []).append(y)
    parts: list[str] = []
    top, lane = 8.0, _WORKLOADS - 14
    for service, own in ports.items():
        height = _HEAD + _PORT * len(own)
        parts.append(svg.box(_SERVICES, top, _SERVICE_WIDTH, height, "gate", "gate-line", radius=8))
        kind, _, name = service.partition("/")
        parts.append(svg.label(_SERVICES + 10, top + 21, kind, _short(name, 14), "gate-ink"))
        y = top + _HEAD
        for port, ends in own.items():
            parts.append(svg.text(_SERVICES + 10, y + 13, port, "ink", mono=True, size=12))
            edge = _SERVICES + _SERVICE_WIDTH
            for end in ends:
                way = [(edge, y + 9), (lane, y + 9), (lane, end), (_WORKLOADS - 2, end)]
                straight = [way[0], way[-1]]
                parts.append(svg.wire(way if abs(end - y - 9) > 1 else straight, "gate-line"))
            lane = max(lane - 7, edge + 8)
            y += _PORT
        top += height + _GAP
    return top, parts


def _short(text: str, most: int = _MOST_TEXT) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
