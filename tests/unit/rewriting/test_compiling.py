"""From proposals to edits: what can't be made is held back, with what needs it."""

from __future__ import annotations

import dataclasses

from service.change import Proposal, Step
from service.findings import Stage
from service.refusals import Refusal
from service.rewriting.compiling import compile_proposals, needs_any, without
from service.yamldoc.operations import AddEntry, Remove, SetValue
from tests.support.planning import BARE_SHOP, SHOP, planned


def unmakeable(proposal: Proposal) -> Proposal:
    """A proposal with an operation on a place that there is not."""
    step = Step(proposal.workload.resource, Remove(("spec", "nowhere", "at-all")))
    return dataclasses.replace(proposal, steps=(*proposal.steps, step))


def test_what_can_be_made_is_all_there() -> None:
    """Each proposal has edits, and nothing is held back."""
    inputs, plan = planned(BARE_SHOP)
    compiled = compile_proposals(inputs, plan.proposals)
    assert compiled.proposals == plan.proposals
    assert compiled.held_back == ()
    assert set(compiled.edits) == {proposal.id for proposal in plan.proposals}


def test_a_split_falls_with_the_wrap_that_it_needs() -> None:
    """It would leave a Pod without the controller that it builds on."""
    inputs, plan = planned(BARE_SHOP)
    wrap, split = plan.proposals
    compiled = compile_proposals(inputs, [unmakeable(wrap), split])
    assert compiled.proposals == ()
    assert [held.action for held in compiled.held_back] == ["wrap"]


def test_a_wrap_stays_without_the_split() -> None:
    """In the form that has nothing for the split in it."""
    inputs, plan = planned(BARE_SHOP)
    wrap, split = plan.proposals
    compiled = compile_proposals(inputs, [wrap, unmakeable(split)])
    assert compiled.proposals == (wrap.without_partner,)
    assert [(held.action, held.reason) for held in compiled.held_back] == [
        ("split", Refusal.CANNOT_EDIT)
    ]


def test_other_workloads_are_not_touched_by_what_falls() -> None:
    """Needs and partners are of one workload."""
    _, plan = planned(BARE_SHOP, BARE_SHOP.replace("shop", "mall"))
    wrap, split, other_wrap, other_split = plan.proposals
    assert without([wrap], plan.proposals) == [other_wrap, other_split]
    assert needs_any(split, [wrap])
    assert not needs_any(split, [other_wrap])
    assert not needs_any(wrap, [split])


def test_of_two_changes_that_want_one_text_the_second_is_held_back() -> None:
    """The first is made as if it were alone."""
    inputs, plan = planned(SHOP, SHOP.replace("shop", "mall"))
    first, second = plan.proposals
    route = ("metadata", "name")
    resource = first.workload.resource
    first = dataclasses.replace(
        first, steps=(*first.steps, Step(resource, SetValue(route, "a", int(Stage.EXPAND))))
    )
    second = dataclasses.replace(
        second, steps=(*second.steps, Step(resource, SetValue(route, "b", int(Stage.EXPAND))))
    )
    compiled = compile_proposals(inputs, [first, second])
    assert len(compiled.proposals) == 1
    assert [held.reason for held in compiled.held_back] == [Refusal.OVERLAPPING_EDITS]


def test_a_later_stage_has_the_edits_of_the_earlier_ones() -> None:
    """Each stage's text is the old text with all edits up to it."""
    inputs, plan = planned(SHOP)
    compiled = compile_proposals(inputs, plan.proposals)
    texts = [compiled.texts(inputs, stage)["0.yaml"] for stage in Stage]
    assert [text.count("podsplit.dev/service: shop") for text in texts] == [1, 2, 3, 3]
    assert [text.count("kind: Deployment") for text in texts] == [1, 2, 2, 2]
    assert [text.count("image: rabbitmq") for text in texts] == [1, 2, 2, 1]


def test_untouched_files_have_no_text() -> None:
    """Only what changes is made."""
    inputs, plan = planned(SHOP, "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    compiled = compile_proposals(inputs, plan.proposals)
    assert set(compiled.texts(inputs, Stage.CONTRACT)) == {"0.yaml"}


def test_operations_of_other_changes_on_one_mapping_go_together() -> None:
    """Two entries at one place are two edits, not a conflict."""
    inputs, plan = planned(SHOP)
    (split,) = plan.proposals
    entry = AddEntry(("metadata", "labels"), "a", "b", int(Stage.EXPAND))
    other = dataclasses.replace(
        split,
        action="label",
        steps=(Step(split.workload.resource, entry),),
        objects=(),
        moves=(),
    )
    compiled = compile_proposals(inputs, [split, other])
    assert compiled.held_back == ()
