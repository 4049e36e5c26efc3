"""From proposals to edits: what can't be made is held back, with what needs it."""

from __future__ import annotations

import dataclasses
import json

import pytest

from service.change import Proposal, Step
from service.findings import Stage
from service.kube.objects import Resource
from service.options import Options
from service.reading import read_inputs
from service.refusals import Refusal
from service.rewriting.compiling import compile_proposals, needs_any, without
from service.yamldoc.operations import AddEntry, Remove, SetValue
from tests.support.planning import BARE_SHOP, SHOP, planned, read
from tests.support.verifying import bare_pod, containers, new_object, proposal_for


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
    assert needs_any(split, {wrap.key})
    assert not needs_any(split, {other_wrap.key})
    assert needs_any(split, {other_wrap.key, wrap.key})
    assert not needs_any(split, set())
    assert not needs_any(wrap, {split.key})


def renaming(proposal: Proposal, resource: Resource, name: str, stage: Stage) -> Proposal:
    """A proposal that gives an object another name besides."""
    step = Step(resource, SetValue(("metadata", "name"), name, int(stage)))
    return dataclasses.replace(proposal, steps=(*proposal.steps, step))


def test_a_change_goes_as_deep_as_another_one_puts_the_text() -> None:
    """What a split adds to a Pod stands in the template that the wrap makes around it."""
    block = BARE_SHOP.replace(
        "    ports: [{containerPort: 80}]\n", "    ports:\n    - containerPort: 80\n"
    )
    inputs, plan = planned(block)
    compiled = compile_proposals(inputs, plan.proposals)
    text = compiled.texts[Stage.EXPAND]["0.yaml"]
    (front, _) = read(text).workloads[0].containers
    assert [(port.number, port.name) for port in front.ports] == [(80, "http")]


def test_of_changes_that_want_one_text_the_last_is_made() -> None:
    """As if it were alone."""
    inputs, plan = planned(*(SHOP.replace("shop", name) for name in ("shop", "mall", "fair")))
    first, second, third = plan.proposals
    resource = first.workload.resource
    stage = Stage.EXPAND
    both = renaming(first, resource, "a", stage), renaming(third, resource, "b", stage)
    compiled = compile_proposals(inputs, [both[0], second, both[1]])
    assert compiled.proposals == (second, both[1])
    assert set(compiled.edits) == {second.id, third.id}
    assert [(held.workload, held.reason) for held in compiled.held_back] == [
        ("Deployment/shop", Refusal.OVERLAPPING_EDITS)
    ]


def test_a_conflict_of_a_later_stage_is_one() -> None:
    """Whatever the stage is in which two changes want one text."""
    inputs, plan = planned(SHOP, SHOP.replace("shop", "mall"))
    first, second = plan.proposals
    resource = first.workload.resource
    for stage in Stage:
        both = [renaming(first, resource, "a", stage), renaming(second, resource, "b", stage)]
        compiled = compile_proposals(inputs, both)
        assert compiled.proposals == (both[1],)


def test_a_wrap_stays_where_the_split_conflicts() -> None:
    """In the form that has nothing for the split in it."""
    inputs, plan = planned(BARE_SHOP, SHOP.replace("shop", "mall"))
    wrap, split, other = plan.proposals
    compiled = compile_proposals(
        inputs,
        [
            wrap,
            renaming(split, other.workload.resource, "a", Stage.EXPAND),
            renaming(other, other.workload.resource, "b", Stage.EXPAND),
        ],
    )
    assert compiled.proposals[0] == wrap.without_partner
    assert [held.action for held in compiled.held_back] == ["split"]


def test_a_later_stage_has_the_edits_of_the_earlier_ones() -> None:
    """Each stage's text is the old text with all edits up to it."""
    inputs, plan = planned(SHOP)
    compiled = compile_proposals(inputs, plan.proposals)
    texts = [compiled.texts[stage]["0.yaml"] for stage in Stage]
    assert [text.count("podsplit.dev/service: shop") for text in texts] == [1, 2, 3, 3]
    assert [text.count("kind: Deployment") for text in texts] == [1, 2, 2, 2]
    assert [text.count("image: rabbitmq") for text in texts] == [1, 2, 2, 1]


def test_untouched_files_have_no_text() -> None:
    """Only what changes is made."""
    inputs, plan = planned(SHOP, "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    compiled = compile_proposals(inputs, plan.proposals)
    assert set(compiled.texts[Stage.CONTRACT]) == {"0.yaml"}


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


# Where new objects stand

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {}\nspec:\n  containers:\n  - name: a\n"
NEW = {"kind": "A"}


def added(
    text: str,
    *stages: Stage,
    path: str = "a.yaml",
    own: tuple[str, ...] = (),
    after: int = 0,
) -> dict[str, str]:
    """The texts of the last stage where objects are added behind one of a file.

    Args:
        text: the file.
        stages: the stage of each new object.
        path: the file's path.
        own: the new objects' own files, if they have any.
        after: which object of the file they stand behind.
    """
    inputs = read_inputs([(path, text.encode())], Options())
    resource = inputs.manifests.resources[after]
    files = own or (None,) * len(stages)
    objects = tuple(
        new_object(resource, "A", "a", stage, tree=NEW, path=file)
        for stage, file in zip(stages, files, strict=True)
    )
    proposal = proposal_for(inputs.workloads[0], objects=objects)
    compiled = compile_proposals(inputs, [proposal])
    assert compiled.held_back == ()
    return {**compiled.texts[Stage.CONTRACT]}


FIRST, SECOND = POD.format("first"), POD.format("second")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(FIRST, f"{FIRST}---\nkind: A\n", id="at the end"),
        pytest.param(FIRST[:-1], f"{FIRST}---\nkind: A", id="no line break at the end"),
        pytest.param(
            f"{FIRST}---\n{SECOND}", f"{FIRST}---\nkind: A\n---\n{SECOND}", id="in between"
        ),
        pytest.param(
            f"{FIRST}\n---\n{SECOND}",
            f"{FIRST}\n---\nkind: A\n\n---\n{SECOND}",
            id="in between, with a blank line as the others have",
        ),
        pytest.param(f"{FIRST}\n\n", f"{FIRST}---\nkind: A\n\n\n", id="blank lines at the end"),
        pytest.param(f"{FIRST}...\n", f"{FIRST}---\nkind: A\n...\n", id="a mark at the end"),
        pytest.param(
            FIRST.replace("\n", "\r\n"),
            f"{FIRST}---\nkind: A\n".replace("\n", "\r\n"),
            id="line breaks of Windows",
        ),
    ],
)
def test_a_new_object_stands_behind_its_origin(text: str, expected: str) -> None:
    """The text around it is what it was."""
    assert added(text, Stage.SWITCH) == {"a.yaml": expected}


def test_new_objects_stand_in_their_order() -> None:
    """Each behind the one before."""
    assert added(FIRST, Stage.SWITCH, Stage.EXPAND) == {
        "a.yaml": f"{FIRST}---\nkind: A\n---\nkind: A\n"
    }


LIST = (
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n"
    "  spec: {containers: [{name: a}]}\n- apiVersion: v1\n  kind: ConfigMap\n"
)


def test_a_new_object_of_a_list_is_an_item_of_it() -> None:
    """Behind the item that it came from."""
    (text,) = added(LIST, Stage.SWITCH).values()
    assert text == LIST.replace(
        "- apiVersion: v1\n  kind: Conf", "- kind: A\n- apiVersion: v1\n  kind: Conf"
    )
    (text,) = added(LIST, Stage.SWITCH, after=1).values()
    assert text == f"{LIST}- kind: A\n"


def test_new_objects_of_a_json_document_make_it_a_list() -> None:
    """Once, however many there are."""
    pod = json.dumps(bare_pod("a", containers("a")))
    (text,) = added(pod, Stage.SWITCH, Stage.SWITCH, path="a.json").values()
    data = json.loads(text)
    assert data["kind"] == "List"
    assert data["items"] == [json.loads(pod), NEW, NEW]


def test_a_new_object_may_have_a_file_of_its_own() -> None:
    """From its stage on; the file that it came from is not touched."""
    alone = {"b.yaml": "kind: A\n"}
    assert added(FIRST, Stage.SWITCH, own=("b.yaml",)) == alone
    assert added(LIST, Stage.SWITCH, own=("b.yaml",)) == alone
    pod = json.dumps(bare_pod("a", containers("a")))
    assert set(added(pod, Stage.SWITCH, path="a.json", own=("b.json",))) == {"b.json"}


def test_a_new_object_does_not_change_the_text_before_it() -> None:
    """A block scalar at the end of the file would get a line break that it has not."""
    open_end = FIRST.replace("  name: first\n", "  name: first\n  annotations: {}\n")
    assert added(open_end + "    command:\n    - |-\n      a", Stage.SWITCH)
    inputs = read(open_end + "    command:\n    - |\n      a")
    new = new_object(inputs.manifests.resources[0], "A", "a", tree=NEW)
    proposal = proposal_for(inputs.workloads[0], objects=(new,))
    compiled = compile_proposals(inputs, [proposal])
    assert compiled.proposals == ()
    assert [held.reason for held in compiled.held_back] == [Refusal.CANNOT_EDIT]


def test_a_file_is_there_from_the_stage_of_its_object_on() -> None:
    """An empty file is none, unless it was sent."""
    inputs = read_inputs([("a.yaml", FIRST.encode())], Options())
    resource = inputs.manifests.resources[0]
    new = new_object(resource, "A", "a", Stage.SWITCH, tree=NEW, path="b.yaml")
    proposal = proposal_for(inputs.workloads[0], objects=(new,))
    compiled = compile_proposals(inputs, [proposal])
    assert [set(compiled.texts[stage]) for stage in Stage] == [
        set(),
        set(),
        {"b.yaml"},
        {"b.yaml"},
    ]


# Copies


def removed(text: str, *copies: int) -> str:
    """The text of a file whose first Pod stands for some of the others."""
    inputs = read_inputs([("a.yaml", text.encode())], Options())
    workloads = inputs.workloads
    proposal = proposal_for(workloads[0], copies=tuple(workloads[place] for place in copies))
    compiled = compile_proposals(inputs, [proposal])
    assert compiled.held_back == ()
    texts = {**compiled.texts}
    assert texts[Stage.EXPAND] == texts[Stage.CONTRACT]
    return texts[Stage.EXPAND]["a.yaml"]


def test_copies_are_removed() -> None:
    """With the line that parts them from the others, from the first stage on."""
    assert removed(f"{FIRST}---\n{SECOND}---\n{POD.format('third')}", 1) == (
        f"{FIRST}---\n{POD.format('third')}"
    )
    assert removed(f"{FIRST}---\n{SECOND}---\n{POD.format('third')}", 1, 2) == FIRST


def test_copies_of_a_list_are_removed_from_it() -> None:
    """The other items stay."""
    item = (
        "- apiVersion: v1\n  kind: Pod\n  metadata: {{name: {}}}\n  spec: {{containers: [{{name:"
        " a}}]}}\n"
    )
    head = "apiVersion: v1\nkind: List\nitems:\n"
    text = head + "".join(map(item.format, ("a", "b", "c")))
    assert removed(text, 1) == head + "".join(map(item.format, ("a", "c")))


def test_a_file_that_is_all_removed_is_empty() -> None:
    """It is there still: somebody has to be told that it goes."""
    files = [("a.yaml", FIRST.encode()), ("b.yaml", SECOND.encode())]
    inputs = read_inputs(files, Options())
    proposal = proposal_for(inputs.workloads[0], copies=inputs.workloads[1:])
    compiled = compile_proposals(inputs, [proposal])
    assert compiled.texts[Stage.CONTRACT] == {"b.yaml": ""}
