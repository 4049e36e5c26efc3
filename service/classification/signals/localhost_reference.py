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

import re
from collections.abc import Iterator

from service.classification.applications import are_two_applications
from service.classification.context import PodContext
from service.classification.knowledge import ImageRole
from service.classification.observation import Claim, Observation
from service.classification.signals import own_service
from service.findings import Pattern
from service.kube.containers import Container
from service.kube.objects import LazyLocation
from service.kube.references import LoopbackReference
from service.lazy import kept

_ALL_ADDRESSES = re.compile(r"(?<![\w.])0\.0\.0\.0:(\d{1,5})(?!\d)")
_MEANINGS = {
    "separable": "which can be given a Service instead",
    "applications": "though each looks like an application of its own: a Service would do as well",
    "served": "though each is called from outside by a Service of its own, which would do as well",
    "reached": "so they share a network by intent",
}


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields TOGETHER for each container and each other one that it is told to call on localhost,
    with the first address that leads there.
    """
    references = (*context.references, *_calls_to_all_addresses(context))
    if not references:
        return
    seen: set[tuple[Container, Container]] = set()
    for reference in references:
        caller, target = reference.container, context.target_of(reference)
        if (
            target is None
            or (caller, target) in seen
            or caller not in context.classified_containers
            or _only_watches(context, reference)
        ):
            continue
        seen.add((caller, target))
        case = "separable" if context.keeps_state(target) else _case(context, caller, target)
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
        if context.image_role(caller) is ImageRole.HELPER:
            yield Observation(
                case="localhost-reference.helped",
                claim=Claim.HEAD,
                subject=target,
                message=f"{caller.name}, a known helper, calls it",
                place=LazyLocation(reference.resource, reference.route),
            )


def _only_watches(context: PodContext, reference: LoopbackReference) -> bool:
    """Whether an address is in a file that a known reloader watches for its neighbour."""
    entry = context.catalogue_entry(reference.container)
    is_reloader = entry is not None and entry.pattern is Pattern.CONFIG_SYNC
    return is_reloader and reference.where.startswith("ConfigMap")


@kept
def _called_from_outside(context: PodContext) -> frozenset[Container]:
    return frozenset(observation.subject for observation in own_service.observe(context))


def _case(context: PodContext, caller: Container, target: Container) -> str:
    """What it says that a container calls another one, which is no store."""
    if {caller, target} <= _called_from_outside(context):
        return "served"
    entry = context.catalogue_entry(caller)
    # A web server hands on to the one behind it what it is asked for.
    is_in_front = entry is not None and entry.category == "web-server"
    if not is_in_front and are_two_applications(context, caller, target):
        return "applications"
    return "reached"


def _calls_to_all_addresses(context: PodContext) -> Iterator[LoopbackReference]:
    """0.0.0.0 with a port on which another container listens, and not the one that is told of it:
    a client that calls it reaches its own Pod.
    """
    for container in context.classified_containers:
        own = context.listening_ports[container.index]
        for word in container.words:
            for match in _ALL_ADDRESSES.finditer(word.text):
                if int(match[1]) not in own:
                    yield LoopbackReference(
                        container=container,
                        host="0.0.0.0",  # noqa: S104 - an address that is called
                        port=int(match[1]),
                        where=word.where,
                        resource=context.workload.resource,
                        route=word.route,
                        listens=False,
                    )
