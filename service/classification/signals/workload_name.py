"""Workload name.

Looks for: a container or image that is named as the workload, or as the one Service that selects
it; with several Services, the container that the one of the workload's name leads to.

Matters because: people name the workload after what it is for.

Example:
    kind: Deployment
    metadata:
      name: orders
    ...
          containers:
            - name: cache
              image: memcached:1.6
            - name: orders
              image: shop/orders:1.4

Comes out: the container is the main one.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.knowledge.words import load_words
from service.classification.observation import Claim, Observation
from service.classification.signals.container_name import hints, words_of
from service.classification.signals.own_service import receiving_container
from service.kube.containers import Container, base_name
from service.kube.objects import LazyLocation


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    resource = context.workload.resource
    names = {resource.name: "the workload"}
    if len(context.services) == 1:
        names.setdefault(
            context.services[0].service.name, f"the Service {context.services[0].service.name}"
        )
    yield from _namesakes(context)
    for container in context.classified_containers:
        for name, whose in names.items():
            if not name:
                continue
            said = _said(container, name)
            if said:
                case = "exact" if name in (container.name, base_name(container.image)) else "words"
                message = (
                    f"its {said} is that of {whose}"
                    if case == "exact"
                    else f"its {said} shares words with the name of {whose}"
                )
                yield Observation(
                    f"workload-name.{case}",
                    Claim.HEAD,
                    container,
                    message,
                    context.within(container, "name"),
                )
                break


def _namesakes(context: PodContext) -> Iterator[Observation]:
    """The containers that a Service of the workload's own name leads to."""
    if len(context.services) < 2:
        return
    for link in context.services:
        if link.service.name == context.workload.name:
            reached = {
                container.index: container
                for port in link.ports
                if (container := receiving_container(context, port)) is not None
            }
            for container in reached.values():
                message = f"the Service {link.service.name}, named as the workload, leads to it"
                yield Observation(
                    "workload-name.service",
                    Claim.HEAD,
                    container,
                    message,
                    LazyLocation(link.service, ("metadata", "name")),
                )


def _said(container: Container, name: str) -> str | None:
    if hints(name):
        return None
    if container.name == name:
        return "name"
    if base_name(container.image) == name:
        return "image"
    words = set(words_of(name)) - load_words().empty
    if words & set(words_of(container.name)):
        return "name"
    return "image" if words & set(words_of(base_name(container.image))) else None
