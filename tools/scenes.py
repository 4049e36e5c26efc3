"""What the pictures of docs/ show, read from a real rewrite: workloads, containers, and what each
Service port reaches.

Nothing here is written by hand: roles, groups and confidences are those of the report, and every
stage's text is read again as anybody would read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from service.findings import Report, Verdict
from service.kube.objects import as_text
from service.kube.services import is_service, service_selector, services_of
from service.kube.workloads import Workload
from service.options import Options
from service.pipeline import run
from service.reading import Inputs, read_inputs


@dataclass(frozen=True, slots=True)
class Card:
    """A container as a picture shows it."""

    name: str
    """Its name."""
    image: str
    """The last part of its image, with the tag."""
    verdict: Verdict
    """What was said of it before anything was rewritten."""
    ports: tuple[str, ...]
    """Number, and the name if it has one."""
    volumes: tuple[str, ...]
    """The volumes that it mounts."""


@dataclass(frozen=True, slots=True)
class Box:
    """A workload."""

    kind: str
    """As written."""
    name: str
    """As written."""
    cards: tuple[Card, ...]
    """Its containers."""
    fresh: bool
    """Whether the stage made it."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A port of a Service, and one container that answers it."""

    port: int
    """The place of the port in `Gate.ports`."""
    box: int
    """The place of the workload in `Scene.boxes`."""
    card: int
    """The place of the container in `Box.cards`."""
    row: int
    """The place of the port in `Card.ports`."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The Service."""

    name: str
    """Its name."""
    selector: str
    """As `key=value`, with commas between."""
    ports: tuple[str, ...]
    """As `port → targetPort`."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A set at one moment."""

    name: str
    """`before`, or the stage."""
    gate: Gate
    """Its Service."""
    boxes: tuple[Box, ...]
    """Its workloads."""
    arrows: tuple[Arrow, ...]
    """What the Service reaches."""


def report_of(path: Path) -> Report:
    """The report of a rewrite of one file."""
    return run([(path.name, path.read_bytes())], Options(), rewrite=True)


def scenes_of(path: Path) -> tuple[Scene, ...]:
    """The set of one file before its rewrite and after each stage.

    The file has one Service; container names are unique in it.
    """
    report = report_of(path)
    assert report.rewrite is not None
    assert not report.rewrite.held_back
    verdicts = {each.name: each for workload in report.workloads for each in workload.containers}
    texts = [("before", path.read_bytes())]
    texts += [
        (stage.stage.label, stage.files[0].content.encode()) for stage in report.rewrite.stages
    ]
    scenes: list[Scene] = []
    for name, raw in texts:
        known = {box.name for box in scenes[-1].boxes} if scenes else None
        scenes.append(_scene(name, read_inputs([(path.name, raw)], Options()), verdicts, known))
    return tuple(scenes)


def _scene(
    name: str, inputs: Inputs, verdicts: dict[str, Verdict], known: set[str] | None
) -> Scene:
    [service] = [each for each in inputs.manifests.of_kind("Service") if is_service(each)]
    boxes, arrows, ports = [], [], {}
    for place, workload in enumerate(inputs.workloads):
        boxes.append(
            _box(workload, verdicts, fresh=known is not None and workload.name not in known)
        )
        for link in services_of(workload, inputs.manifests):
            for port in link.ports:
                ports[port.index] = f"{port.number} → {port.target}"
                if port.container is not None and port.declared is not None:
                    card, row = (
                        workload.classified_containers.index(port.container),
                        port.container.ports.index(port.declared),
                    )
                    arrows.append(Arrow(port.index, place, card, row))
    selector = ", ".join(f"{key}={value}" for key, value in service_selector(service).items())
    gate = Gate(
        as_text(service.metadata.get("name")),
        selector,
        tuple(ports[index] for index in sorted(ports)),
    )
    return Scene(name, gate, tuple(boxes), tuple(arrows))


def _box(workload: Workload, verdicts: dict[str, Verdict], *, fresh: bool) -> Box:
    cards = tuple(
        Card(
            each.name,
            each.image.rpartition("/")[2],
            verdicts[each.name],
            tuple(" ".join(filter(None, [str(port.number), port.name])) for port in each.ports),
            tuple(mount.volume for mount in each.mounts),
        )
        for each in workload.classified_containers
    )
    return Box(workload.resource.kind, workload.name, cards, fresh)
