"""Which changes are planned, and what one that is declined means for the others."""

from __future__ import annotations

import dataclasses

import pytest

from service.actions import ACTIONS
from service.change import Declined
from service.findings import Applicability
from service.options import Options
from service.refusals import Refusal
from service.rewriting import planning
from tests.support.planning import BARE_SHOP, SHOP, planned

POD = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: a/web}]}
"""


def reasons(*texts: str, options: Options | None = None) -> list[tuple[str, str]]:
    """What is held back: the action and the code."""
    _, plan = planned(*texts, options=options)
    return [(held.action, held.reason) for held in plan.held_back]


def actions(*texts: str, options: Options | None = None) -> list[str]:
    """The actions of what is planned."""
    _, plan = planned(*texts, options=options)
    return [proposal.action for proposal in plan.proposals]


def test_a_bare_pod_of_two_applications_is_wrapped_and_split() -> None:
    """In this order: a split builds on the controller."""
    assert actions(BARE_SHOP) == ["wrap", "split"]


def test_one_application_in_a_controller_needs_nothing() -> None:
    """Nothing is planned, and nothing held back."""
    one = SHOP.replace(
        "      - name: queue\n        image: rabbitmq:4\n        ports: [{containerPort: 5672}]\n",
        "",
    )
    assert (actions(one), reasons(one)) == ([], [])


def test_the_labels_of_a_split_are_written_by_the_wrap() -> None:
    """And the wrap is there without them too, should the split be dropped."""
    _, plan = planned(BARE_SHOP)
    wrap, split = plan.proposals
    assert dict(split.template_labels) == {"podsplit.dev/service": "shop"}
    assert wrap.without_partner is not None
    assert wrap.steps != wrap.without_partner.steps
    assert split.needs == "wrap"


def test_a_split_that_needs_no_label_leaves_the_wrap_alone() -> None:
    """There is nothing that only the split needs."""
    _, plan = planned(BARE_SHOP.partition("---\n")[0])
    assert plan.proposals[0].without_partner is None


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_object_that_its_file_holds_more_than_once_is_left_alone(count: int) -> None:
    """kubectl would keep the last: from two on nothing is done."""
    text = "---\n".join([POD] * count)
    expected = [("wrap", Refusal.DUPLICATE_NAME)] * count if count > 1 else []
    assert reasons(text) == expected


def test_one_name_in_two_files_is_no_double() -> None:
    """Overlays have objects of one name each."""
    assert reasons(POD, POD) == []


def test_a_service_that_its_file_holds_twice_holds_back_too() -> None:
    """It can't be told which of them is meant."""
    service = SHOP.partition("---\n")[2]
    assert ("split", Refusal.DUPLICATE_NAME) in reasons(f"{SHOP}---\n{service}")


def test_safe_leaves_out_what_wants_a_review_and_what_needs_it() -> None:
    """A wrap that is safe stays, with nothing in it for the split that is left out."""
    options = Options(apply=Applicability.SAFE)
    assert actions(BARE_SHOP, options=options) == ["wrap"]
    assert reasons(BARE_SHOP, options=options) == [("split", Refusal.APPLICABILITY)]


def test_manual_is_never_applied() -> None:
    """`apply` may not be wider than review."""
    assert actions(SHOP, options=Options(apply=Applicability.MANUAL)) == ["split"]


def test_an_action_that_breaks_costs_only_its_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other actions and workloads go on."""

    def broken(*_: object) -> Declined:
        raise ZeroDivisionError

    split = dataclasses.replace(ACTIONS[1], propose=broken)
    monkeypatch.setattr(planning, "ACTIONS", (ACTIONS[0], split))
    assert actions(BARE_SHOP, POD) == ["wrap", "wrap"]
    assert reasons(BARE_SHOP, POD) == [("split", Refusal.INTERNAL)]


def test_a_declined_change_may_take_an_earlier_one_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """What must not be done alone is held back for the same reason."""
    declined = Declined(Refusal.COPIES, "on purpose", frozenset({"wrap"}))
    split = dataclasses.replace(ACTIONS[1], propose=lambda *_: declined)
    monkeypatch.setattr(planning, "ACTIONS", (ACTIONS[0], split))
    assert actions(BARE_SHOP) == []
    assert reasons(BARE_SHOP) == [("split", Refusal.COPIES), ("wrap", Refusal.COPIES)]
