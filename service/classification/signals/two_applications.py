"""Two applications.

Looks for: two containers that each look like an application of their own: each serves traffic on a
port, or is named for a part of a product (`frontend`, `api`, `worker`, `db`); they run images of
different repositories, and neither name nor image has a sign of a helper.

Matters because: a frontend and its backend are built, released and scaled apart, whoever calls
whom; that somebody put them into one Pod says nothing of that. Home-made images are in no
catalogue.

Example:
    containers:
      - name: frontend
        image: shop/frontend:3
        ports: [{containerPort: 80}]
      - name: api
        image: shop/api:3
        ports: [{containerPort: 3000}]

Comes out: the two are apart; more surely if their names say different parts of a product.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from service.classification.applications import are_two_applications, different_parts
from service.classification.context import PodContext
from service.classification.observation import Claim, Observation
from service.kube.containers import Container


def observe(context: PodContext) -> Iterator[Observation]:
    """Yields APART for each two containers that look like applications, and once more where their
    names say that they are different parts of a product.
    """
    for one, other in combinations(context.classified_containers, 2):
        if not are_two_applications(context, one, other):
            continue
        yield Observation(
            case="two-applications.both",
            claim=Claim.APART,
            subject=one,
            message=f"{_what_it_does(context, one)}, as {other.name}"
            f" {_what_it_does(context, other)}; neither is called a helper",
            place=context.lazy_location_of(one, "name"),
            other=other,
        )
        parts = different_parts(context, one, other)
        if parts is not None:
            own, others = parts
            yield Observation(
                case="two-applications.roles",
                claim=Claim.APART,
                subject=one,
                message=f"is named for a {own.role} ({own.word!r}), and {other.name} for"
                f" a {others.role} ({others.word!r})",
                place=context.lazy_location_of(one, own.field),
                other=other,
            )


def _what_it_does(context: PodContext, container: Container) -> str:
    if context.traffic_ports(container):
        return "serves traffic of its own"
    return "is named for a part of a product"
