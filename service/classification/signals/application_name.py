"""Application name.

Looks for: whole words that people give to applications (`web`, `api`, `frontend`, `backend`,
`worker`, `db`, ...) in the name of a container whose image isn't known, or in the image's own name.

Matters because: two containers that are each called an application, each with a port of its own and
nothing in common, are seldom one; a name alone shows little.

Example:
    containers:
      - name: web
        image: shop/storefront-web:3
        ports: [{containerPort: 8080}]
      - name: api
        image: shop/orders-api:3
        ports: [{containerPort: 3000}]

Comes out: a little evidence for an application.
"""

from __future__ import annotations

from collections.abc import Iterator

from service.classification.context import PodContext
from service.classification.knowledge import ImageRole
from service.classification.knowledge.words import load_words
from service.classification.observation import Claim, Observation
from service.classification.signals.container_name import hints, words_of
from service.kube.containers import base_name


def observe(context: PodContext) -> Iterator[Observation]:
    """See the module."""
    for container in context.classified_containers:
        known = context.catalogue_entry(container)
        if (
            known is not None and known.role is not ImageRole.RUNTIME
        ) or container.index in context.repurposed:
            continue
        if hints(container.name) or hints(base_name(container.image)):
            continue
        for what, name in (("name", container.name), ("image", base_name(container.image))):
            word = next(
                (each for each in words_of(name) if each in load_words().applications), None
            )
            if word is not None:
                message = f"its {what} has the word {word!r}, which people give to applications"
                yield Observation(
                    "application-name.word",
                    Claim.APPLICATION,
                    container,
                    message,
                    context.within(container, "name" if what == "name" else "image"),
                )
                break
