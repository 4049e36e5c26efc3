"""Image family.

Looks for: two containers that run images of the same repository with different commands.

Matters because: a web server and a worker of one image are one product and two processes: they are
released together, and often scaled apart. The same image with the same command is a copy.

Example:
    containers:
      - name: web
        image: shop/app:5
        args: ["serve"]
      - name: worker
        image: shop/app:5
        args: ["work"]

Comes out: a little evidence for together; the other signals decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from service.classification.context import PodContext
from service.classification.knowledge import ImageRole
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, repository


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields TOGETHER for each two containers that run one repository's images with different
    commands; images of tools and languages aside, which are nobody's product.
    """
    for one, other in combinations(context.classified_containers, 2):
        if not one.image or repository(one.image) != repository(other.image):
            continue
        entry = context.catalogue.match(one.image)
        if entry is not None and entry.role in (ImageRole.TOOL, ImageRole.RUNTIME):
            continue
        if _command_line(one) == _command_line(other):
            continue
        yield Observation(
            case="image-family.same",
            claim=Claim.TOGETHER,
            subject=one,
            message=f"runs an image of the same repository as {other.name}: one product",
            place=context.lazy_location_of(one, "image"),
            other=other,
        )


def _command_line(container: Container) -> list[str]:
    return [word.text for word in container.invocation]
