"""Image family.

Looks for: two containers that run images of the same repository: as different processes, by their
subcommands, or as copies of one server.

Matters because: what a maker ships in one image is one product, and its processes (an operator and
its webhook) are put together on purpose; a worker of a web server's image is scaled apart from it.
Copies of one server in one Pod are what replicas are for.

Example:
    containers:
      - name: web
        image: shop/app:5
        args: ["serve"]
      - name: worker
        image: shop/app:5
        args: ["work"]

Comes out: the two belong together, unless one serves and the other is named a worker, or both serve
the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from service.classification.applications import has_sign_of_helper
from service.classification.context import PodContext
from service.classification.knowledge import ImageRole
from service.classification.knowledge.words import load_words
from service.classification.name_words import words_of
from service.classification.observation import Claim, Observation
from service.kube.containers import Container, repository

_NOBODYS = (ImageRole.TOOL, ImageRole.RUNTIME, ImageRole.HELPER)
"""What is in images that are no product of whoever made the Pod: two of them are two tools."""


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields for each two containers that run one repository's images TOGETHER if they are
    processes of one product, APART if one is a worker beside a server or if they are copies of one
    server; images of tools, languages and helpers aside, which are nobody's product.
    """
    for one, other in combinations(context.classified_containers, 2):
        if not one.image or repository(one.image) != repository(other.image):
            continue
        entry = context.catalogue.match(one.image)
        if entry is not None and entry.role in _NOBODYS:
            continue
        case, claim, message = _relation(context, one, other)
        yield Observation(
            case=f"image-family.{case}",
            claim=claim,
            subject=one,
            message=message,
            place=context.lazy_location_of(one, "image"),
            other=other,
        )


def _relation(context: PodContext, one: Container, other: Container) -> tuple[str, Claim, str]:
    """What two containers of one image are to each other: a case, a claim, and why."""
    serves = [bool(context.traffic_ports(container)) for container in (one, other)]
    if any(map(has_sign_of_helper, (one, other))):
        return "same", Claim.TOGETHER, _one_product(other)
    if all(serves) and _subcommand(one) == _subcommand(other):
        return "copies", Claim.APART, f"runs the same program as {other.name}: copies of one server"
    workers = [_is_worker(container) for container in (one, other)]
    if (workers[0] and serves[1]) or (workers[1] and serves[0]):
        message = f"runs an image of the same repository as {other.name}, one as a worker"
        return "worker", Claim.APART, f"{message}: they scale apart"
    return "same", Claim.TOGETHER, _one_product(other)


def _one_product(other: Container) -> str:
    return f"runs an image of the same repository as {other.name}: one product"


def _subcommand(container: Container) -> list[str]:
    """The words of a command line that aren't options or their values, as far as that can be
    seen.
    """
    words = [word.text for word in container.invocation]
    return [
        word
        for place, word in enumerate(words)
        if not word.startswith("-")
        and "=" not in word
        and not (place and words[place - 1].startswith("-") and "=" not in words[place - 1])
    ]


def _is_worker(container: Container) -> bool:
    """Whether a container is called a worker, or told to be one."""
    roles = load_words().roles
    words = {word for text in container.invocation for word in words_of(text.text[:200])}
    return any(roles.get(word) == "worker" for word in (*words_of(container.name), *sorted(words)))
