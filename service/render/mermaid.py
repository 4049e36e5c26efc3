"""Pictures as Mermaid, which GitHub, GitLab and Gitea draw in comments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from service.findings import Change
from service.render.markdown_text import counted, escape, fenced, folded
from service.render.topology import BeforeAndAfter, Box, Topology

_MOST_PICTURES = 3
"""Workloads that are drawn in one comment."""
_MOST_CONTAINERS = 12
"""Containers of a box that are drawn."""
_MOST_ARROWS = 20
"""Arrows of a box that are drawn."""
_MOST_LABEL = 60
"""Characters of a label."""
_UNSAFE = re.compile(r"[^\w ./:-]|_", re.ASCII)


def pictures(topology: Topology, changes: Iterable[Change]) -> str:
    """Folded pictures of what becomes of workloads; empty where there is nothing to draw.

    Args:
        topology: the set before and after.
        changes: the changes whose workloads are drawn.
    """
    drawn = (item for item in topology.drawn(changes) if item.before != item.after)
    return "".join(map(_folded, islice(drawn, _MOST_PICTURES)))


def _folded(drawn: BeforeAndAfter) -> str:
    before = fenced(_flowchart(drawn.before), "mermaid")
    after = fenced(_flowchart(drawn.after), "mermaid")
    title = f"Picture of {escape(drawn.workload)}, before and after"
    return folded(title, f"Before:\n\n{before}\nAfter:\n\n{after}")


def _flowchart(boxes: Iterable[Box]) -> str:
    lines = ["flowchart LR"]
    services: dict[str, str] = {}
    arrows: list[str] = []
    for number, box in enumerate(boxes):
        lines.append(f'  subgraph w{number}["{_label(box.title)}"]')
        ids = {name: f"w{number}c{index}" for index, name in enumerate(box.containers)}
        shown = box.containers[:_MOST_CONTAINERS]
        lines += [f'    {ids[name]}["{_label(name)}"]' for name in dict.fromkeys(shown)]
        if more := len(box.containers) - len(shown):
            lines.append(f'    w{number}more["{counted(more, "container")} more"]')
        for index, name in enumerate(box.init_containers[:_MOST_CONTAINERS]):
            lines.append(f'    w{number}i{index}(["{_label(name)}, first"])')
        lines.append("  end")
        for service, port, container in box.arrows[:_MOST_ARROWS]:
            source = services.setdefault(service, f"s{len(services)}")
            target = ids[container] if container in shown else f"w{number}"
            arrows.append(f'  {source} -- "{_label(port)}" --> {target}')
        for entry, path, service, port in box.entries[:_MOST_ARROWS]:
            source = services.setdefault(entry, f"s{len(services)}")
            target = services.setdefault(service, f"s{len(services)}")
            words = f"{path} to {port}" if path else port
            arrows.append(f'  {source} -- "{_label(words)}" --> {target}')
    lines += [f'  {key}(["{_label(service)}"])' for service, key in services.items()]
    # Boxes that share a Service are led to by the same Ingress.
    return "\n".join([*lines, *dict.fromkeys(arrows)]) + "\n"


def _label(text: str) -> str:
    """A text as a label, which Mermaid reads nothing into."""
    short = text if len(text) <= _MOST_LABEL else f"{text[: _MOST_LABEL - 1]}…"
    return _UNSAFE.sub(lambda match: f"#{ord(match[0])};", short)
