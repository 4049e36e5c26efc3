"""Which changes are planned, and what one that is declined means for the others."""

from __future__ import annotations

import dataclasses
import json

import pytest

from service.actions import ACTIONS
from service.actions.context import Action, Candidate, Outcome
from service.change import Declined, Proposal
from service.errors import DeadlineExceeded
from service.findings import Applicability, Stage
from service.options import Options
from service.refusals import Refusal
from service.rewriting import planning
from service.yamldoc.operations import AddEntry
from tests.support.planning import BARE_SHOP, SHOP, classified, planned, read
from tests.support.verifying import containers, controller

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


def test_a_split_that_needs_no_label_is_noted_by_the_wrap() -> None:
    """The controller says between the stages that a split goes on; without one it doesn't."""
    _, plan = planned(BARE_SHOP.partition("---\n")[0])
    wrap, split = plan.proposals
    added = [step.operation for step in wrap.steps if isinstance(step.operation, AddEntry)]
    notes = [entry for entry in added if "after-split" in str(entry)]
    assert split.template_labels == ()
    assert [(note.stage, note.until) for note in notes] == [(Stage.EXPAND, Stage.CONTRACT)]
    assert wrap.without_partner is not None
    assert "after-split" not in str(wrap.without_partner.steps)


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


def test_what_needs_a_change_that_is_left_out_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where it is safe itself."""

    def rated(action: Action, applicability: Applicability) -> Action:
        def complete(
            candidate: Candidate, own: Proposal, all_of_them: tuple[Proposal, ...]
        ) -> Proposal:
            completed = action.complete(candidate, own, all_of_them)
            return dataclasses.replace(completed, applicability=applicability)

        return dataclasses.replace(action, complete=complete)

    wrap, split = ACTIONS
    rated_actions = (rated(wrap, Applicability.REVIEW), rated(split, Applicability.SAFE))
    monkeypatch.setattr(planning, "ACTIONS", rated_actions)
    options = Options(apply=Applicability.SAFE)
    assert actions(BARE_SHOP, options=options) == []
    assert reasons(BARE_SHOP, options=options) == [
        ("wrap", Refusal.APPLICABILITY),
        ("split", Refusal.APPLICABILITY),
    ]


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


def test_a_pod_that_is_a_copy_is_planned_with_the_first() -> None:
    """One controller stands for all of them, and one change."""
    copies = [POD.replace("name: web}\nspec", f"name: web-{number}}}\nspec") for number in range(3)]
    other = POD.replace("name: web}", "name: other}")
    _, plan = planned("---\n".join([*copies, other]))
    wrap, behind = plan.proposals
    assert (wrap.workload.name, behind.workload.name) == ("web-0", "other")
    assert [copy.name for copy in wrap.copies] == ["web-1", "web-2"]
    assert plan.held_back == ()


def test_changes_stand_in_the_order_of_the_input() -> None:
    """So does what is held back."""
    _, plan = planned(SHOP, POD, SHOP.replace("shop", "mall"))
    assert [proposal.workload.title for proposal in plan.proposals] == [
        "Deployment/shop",
        "Pod/web",
        "Deployment/mall",
    ]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("metadata: {", "metadata: {name: other, ", Refusal.DUPLICATE_KEY),
        ("{name: web, image", "{image", Refusal.CONTAINER_NAMES),
        ("{name: web, image", '{name: "", image', Refusal.CONTAINER_NAMES),
        ("a/web}", "a/web}, {name: web, image: b}", Refusal.CONTAINER_NAMES),
        ("a/web}", "a/web}, {name: b, image: b}", None),
    ],
    ids=["a key twice", "no name", "an empty name", "one name", "two names"],
)
def test_what_can_not_be_told_apart_is_left_alone(old: str, new: str, code: str | None) -> None:
    """Keys that stand twice, and containers without names of their own."""
    found = {reason for _, reason in reasons(POD.replace(old, new))}
    assert found & {Refusal.DUPLICATE_KEY, Refusal.CONTAINER_NAMES} == ({code} if code else set())


def test_each_wanted_action_is_told_the_first_reason_to_do_nothing() -> None:
    """Nothing at all is done to the workload."""
    text = BARE_SHOP.replace("labels: {app: shop}}", "labels: {app: mall, app: shop}}", 1)
    text = text.replace("name: queue", "name: front")
    assert reasons(text) == [("wrap", Refusal.DUPLICATE_KEY), ("split", Refusal.DUPLICATE_KEY)]
    assert reasons(BARE_SHOP.replace("name: queue", "name: front")) == [
        ("wrap", Refusal.CONTAINER_NAMES),
        ("split", Refusal.CONTAINER_NAMES),
    ]


def test_nothing_is_held_back_that_nobody_wanted() -> None:
    """A Deployment of one application may stand twice."""
    one = json.dumps(controller("Deployment", "web", containers("web")))
    assert reasons(f"{one}\n---\n{one}") == []


def test_one_name_in_two_namespaces_is_no_double() -> None:
    """A missing namespace may be either."""
    first, second = (
        POD.replace("name: web}\nspec", f"name: web, namespace: {name}}}\nspec") for name in "ab"
    )
    assert reasons(f"{first}---\n{second}") == []
    assert reasons(f"{first}---\n{POD}") == [("wrap", Refusal.DUPLICATE_NAME)] * 2


def test_one_name_of_two_kinds_is_no_double() -> None:
    """The Pod and its Service are called alike."""
    assert reasons(BARE_SHOP) == []


def test_what_is_applied_is_said_by_the_folder() -> None:
    """Its own options hold for its files, and so does its confidence."""
    safe, sure = Options(apply=Applicability.SAFE), Options(min_confidence=1.0)
    other = SHOP.replace("shop", "mall")

    def held(own: Options) -> list[tuple[str, str]]:
        _, plan = planned(SHOP, other, options=Options(folders=(("1.yaml", own),)))
        assert [proposal.workload.name for proposal in plan.proposals] == ["shop"]
        return [(back.workload, back.reason) for back in plan.held_back]

    assert held(safe) == [("Deployment/mall", Refusal.APPLICABILITY)]
    assert held(sure) == [("Deployment/mall", Refusal.LOW_CONFIDENCE)]


def test_what_is_left_to_review_says_what_to_review() -> None:
    """The assumptions that it makes, as sentences."""
    roles = 'annotations: {podsplit.dev/roles: "front=main,queue=unrelated"}, labels'
    text = SHOP.replace("rabbitmq:4", "acme/mail:1").replace("{labels", f"{{{roles}", 1)
    _, plan = planned(text)
    (split,) = plan.proposals
    _, safe = planned(text, options=Options(apply=Applicability.SAFE))
    (held,) = safe.held_back
    assert len(split.assumptions) > 1
    sentences = "; ".join(assumption.message for assumption in split.assumptions)
    assert held.message == f"it is applied with apply=review only; it holds if: {sentences}"
    assert held.location.span == split.workload.resource.location().span


def test_what_is_declined_is_shown_at_the_name() -> None:
    """And says which workload and action it is about."""
    inputs, plan = planned(POD, POD.replace("name: web, image", "image"))
    (held,) = plan.held_back
    assert (held.action, held.workload, held.location.path) == ("wrap", "Pod/web", "1.yaml")
    span = held.location.span
    assert inputs.sources["1.yaml"].text[span.start : span.end] == "web"


def test_a_mistake_of_ours_is_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the kind of error, and no more of it: it may hold secrets."""

    def broken(*_: object) -> Declined:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(planning, "ACTIONS", (dataclasses.replace(ACTIONS[0], propose=broken),))
    _, plan = planned(POD)
    assert [held.message for held in plan.held_back] == [
        ("planning it broke (ZeroDivisionError); this is a mistake of Podsplit: please report it")
    ]


def test_a_declined_change_leaves_what_it_does_not_withdraw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A wrap alone is right where a split is only not possible."""
    declined = Declined(Refusal.SELECTOR, "on purpose", frozenset({"other"}))
    split = dataclasses.replace(ACTIONS[1], propose=lambda *_: declined)
    monkeypatch.setattr(planning, "ACTIONS", (ACTIONS[0], split))
    assert actions(BARE_SHOP) == ["wrap"]
    assert reasons(BARE_SHOP) == [("split", Refusal.SELECTOR)]


def test_a_later_action_knows_what_earlier_ones_propose(monkeypatch: pytest.MonkeyPatch) -> None:
    """And each completes its own in the light of all of them."""
    seen: list[tuple[str, list[str]]] = []

    def watched(action: Action) -> Action:
        def propose(candidate: Candidate, earlier: tuple[Proposal, ...]) -> Outcome:
            seen.append((f"propose {action.id}", [proposal.action for proposal in earlier]))
            return action.propose(candidate, earlier)

        def complete(
            candidate: Candidate, own: Proposal, all_of_them: tuple[Proposal, ...]
        ) -> Proposal:
            seen.append((f"complete {own.action}", [proposal.action for proposal in all_of_them]))
            return action.complete(candidate, own, all_of_them)

        return dataclasses.replace(action, propose=propose, complete=complete)

    monkeypatch.setattr(planning, "ACTIONS", tuple(map(watched, ACTIONS)))
    planned(BARE_SHOP)
    assert seen == [
        ("propose wrap", []),
        ("propose split", ["wrap"]),
        ("complete wrap", ["wrap", "split"]),
        ("complete split", ["wrap", "split"]),
    ]


def test_time_is_up_at_some_point() -> None:
    """Between two workloads."""
    inputs = read(SHOP)
    with pytest.raises(DeadlineExceeded):
        planning.plan(inputs.manifests, classified(inputs), Options(deadline=0.0), inputs.sources)
