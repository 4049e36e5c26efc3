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

from service.classification.applications import has_sign_of_helper, is_known_by_image
from service.classification.context import PodContext
from service.classification.knowledge.words import load_words
from service.classification.name_words import words_of
from service.classification.observation import Claim, Observation
from service.kube.containers import base_name


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APPLICATION for each container that is named as an application: once, for its name or
    else for its image's.
    """
    for container in context.classified_containers:
        image_name = base_name(container.image)
        if is_known_by_image(context, container) or has_sign_of_helper(container):
            continue
        for field, name in (("name", container.name), ("image", image_name)):
            word = next(
                (word for word in words_of(name) if word in load_words().applications), None
            )
            if word is not None:
                yield Observation(
                    case="application-name.word",
                    claim=Claim.APPLICATION,
                    subject=container,
                    message=f"its {field} has the word {word!r}, which people give to applications",
                    place=context.lazy_location_of(container, field),
                )
                break
