"""Localhost reference.

Looks for: `localhost`, `127.0.0.0/8` or `[::1]` with a port, or a host and a port in two variables,
in the environment, args, command, probes, lifecycle hooks, or in the ConfigMaps of the set that the
container reads; resolved to the container that listens on that port: by declaration, by a flag such
as `--port`, by a variable such as `PORT`, or by its image's default.

Matters because: containers of one Pod reach each other on localhost; apart, they don't.

Example:
    containers:
      - name: web
        env: [{name: UPSTREAM, value: "http://localhost:9000"}]
      - name: app
        ports: [{containerPort: 9000}]

Comes out: the two belong together, unless what listens there is an application of its own, such as
a database: that one can be given a Service, and the address be changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.classification.signals import own_service
from service.kube.containers import Container
from service.kube.objects import LazyLocation

_MEANINGS = {
    "separable": "which can be given a Service instead",
    "served": "though each is called from outside by a Service of its own, which would do as well",
    "reached": "so they share a network by intent",
}


def _case(context: PodContext, called: set[int], caller: Container, target: Container) -> str:
    if context.keeps_state(target):
        return "separable"
    return "served" if {caller.index, target.index} <= called else "reached"


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    if not context.references:
        return
    seen: set[tuple[int, int]] = set()
    called = {each.subject.index for each in own_service.observe(context)}
    for reference in context.references:
        target = context.target_of(reference)
        if (
            target is None
            or reference.container.index not in context.entries
            or (reference.container.index, target.index) in seen
        ):
            continue
        if reference.container not in context.classified_containers:
            continue
        seen.add((reference.container.index, target.index))
        case = _case(context, called, reference.container, target)
        port = f" port {reference.port}" if reference.port else ""
        where = (
            reference.where if reference.where.startswith("ConfigMap") else f"its {reference.where}"
        )
        message = f"reaches {target.name} on {reference.host}{port} ({where}), {_MEANINGS[case]}"
        place = LazyLocation(reference.resource, reference.route)
        yield Observation(
            f"localhost-reference.{case}",
            Claim.TOGETHER,
            reference.container,
            message,
            place,
            about=target,
        )
