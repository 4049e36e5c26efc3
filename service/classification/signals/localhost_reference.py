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


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields TOGETHER for each container and each other one that it is told to call on localhost,
    with the first address that leads there.
    """
    if not context.references:
        return
    seen: set[tuple[Container, Container]] = set()
    called_from_outside = {observation.subject for observation in own_service.observe(context)}
    for reference in context.references:
        caller, target = reference.container, context.target_of(reference)
        if (
            target is None
            or (caller, target) in seen
            or caller not in context.classified_containers
        ):
            continue
        seen.add((caller, target))
        if context.keeps_state(target):
            case = "separable"
        else:
            case = "served" if {caller, target} <= called_from_outside else "reached"
        port = f" port {reference.port}" if reference.port else ""
        where = (
            reference.where if reference.where.startswith("ConfigMap") else f"its {reference.where}"
        )
        yield Observation(
            case=f"localhost-reference.{case}",
            claim=Claim.TOGETHER,
            subject=caller,
            message=f"reaches {target.name} on {reference.host}{port} ({where}), {_MEANINGS[case]}",
            place=LazyLocation(reference.resource, reference.route),
            other=target,
        )
