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

from service.classification.applications import are_two_applications, role_word
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
        words = role_word(context, one), role_word(context, other)
        if words[0] is not None and words[1] is not None and words[0].role != words[1].role:
            yield Observation(
                case="two-applications.roles",
                claim=Claim.APART,
                subject=one,
                message=f"is named for a {words[0].role} ({words[0].word!r}), and {other.name} for"
                f" a {words[1].role} ({words[1].word!r})",
                place=context.lazy_location_of(one, words[0].field),
                other=other,
            )


def _what_it_does(context: PodContext, container: Container) -> str:
    if context.traffic_ports(container):
        return "serves traffic of its own"
    return "is named for a part of a product"
