"""The stages that remain of a split, given a text between its stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from service.change import Proposal
from service.errors import EditError
from service.findings import Stage
from service.kube.objects import Resource
from service.options import Options
from service.reading import Inputs, read_inputs
from service.refusals import Refusal
from service.rewriting import reverting
from service.rewriting.planning import Plan, plan
from service.yamldoc.operations import Operation
from tests.support.candidates import service, shop
from tests.support.planning import classified, planned
from tests.support.rewritten import rewrite

CALLS = "env: [{name: API, value: 'http://localhost:3000'}]"
TEXT = shop(CALLS) + service("front") + service("api", "{port: 3000}")


def text_after(stage: Stage, text: str = TEXT) -> str:
    """The text of a stage."""
    return rewrite({"0.yaml": text}).stages[int(stage) + 1]["0.yaml"]


def plan_after(stage: Stage, text: str = TEXT, *, changed: tuple[str, str] = ("", "")) -> Plan:
    """What remains when a stage's text is sent, perhaps with a change of somebody's."""
    _, plan = planned(text_after(stage, text).replace(*changed))
    return plan


def only(plan: Plan) -> Proposal:
    (proposal,) = plan.proposals
    assert plan.held_back == ()
    return proposal


@pytest.mark.parametrize(
    ("stage", "stages"),
    [
        (Stage.ADD, {Stage.SWITCH, Stage.CONTRACT}),
        (Stage.SWITCH, {Stage.CONTRACT}),
    ],
)
def test_only_what_was_not_done_is_planned(stage: Stage, stages: set[Stage]) -> None:
    """What was made loses its mark with the last stage."""
    proposal = only(plan_after(stage))
    assert proposal.objects == ()
    assert {Stage(step.operation.stage) for step in proposal.steps} == stages
    marked = [step for step in proposal.steps if "annotations" in step.operation.route]
    assert [step.resource.title for step in marked] == ["Deployment/shop-api"]
    assert {step.operation.stage for step in marked} == {Stage.CONTRACT}
    assert proposal.title == "go on with the split of Deployment/shop"


def test_after_the_first_stage_it_is_planned_as_any_other() -> None:
    """Nothing was made yet."""
    proposal = only(plan_after(Stage.EXPAND))
    assert [new.title for new in proposal.objects] == ["Deployment/shop-api"]


def test_what_takes_over_data_is_started_again() -> None:
    """The stage that stops it says what it was."""
    mount = "volumeMounts: [{name: v, mountPath: /v}]"
    claim = "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]"
    text = shop(CALLS, mount, pod=claim) + service("front")
    proposal = only(plan_after(Stage.ADD, text))
    assert [new.stage for new in proposal.objects] == [Stage.CONTRACT]
    stopped = only(plan_after(Stage.SWITCH, text))
    assert {Stage(step.operation.stage) for step in stopped.steps} == {Stage.CONTRACT}
    fields = [step.operation.route[-1] for step in stopped.steps]
    assert fields.count("replicas") == 1


def test_what_is_stopped_and_does_not_say_what_it_was_is_unclear() -> None:
    """Somebody has changed the annotation."""
    mount = "volumeMounts: [{name: v, mountPath: /v}]"
    claim = "volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]"
    text = shop(CALLS, mount, pod=claim) + service("front")
    plan = plan_after(Stage.SWITCH, text, changed=("after-split: replicas", "after-split: copies"))
    (held_back,) = plan.held_back
    assert held_back.reason is Refusal.SPLIT_UNCLEAR
    assert "doesn't say what it will be" in held_back.message


def test_what_would_be_split_otherwise_now_is_unclear() -> None:
    """Somebody has changed who belongs together."""
    plan = plan_after(Stage.ADD, changed=("name: shop-api", "name: shop-other"))
    (held_back,) = plan.held_back
    assert plan.proposals == ()
    assert held_back.reason is Refusal.SPLIT_UNCLEAR
    assert "otherwise than it was begun" in held_back.message


def test_a_mark_on_what_is_not_to_be_split() -> None:
    """Somebody wrote it, or left it behind: that is said, and nothing is done."""
    mark = "annotations: {podsplit.dev/after-split: as-it-is}"
    text = DEPLOYMENT_OF_ONE.replace("name: web,", f"name: web, {mark},")
    _, plan = planned(text)

    assert plan.proposals == ()
    assert [item.reason for item in plan.held_back] == [Refusal.SPLIT_UNCLEAR]
    assert "take the annotations of a split away" in plan.held_back[0].message


DEPLOYMENT_OF_ONE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: nginx}]
"""


def test_an_edit_after_the_first_stage_is_prepared_as_well() -> None:
    """Somebody gives the container and its Service one more port: it gets its name, too, and what
    comes of it is what would have come of the edit before.
    """
    port, more = "            - containerPort: 3000\n", "            - containerPort: 9000\n"
    entry = "    - name: extra\n      port: 9000\n      targetPort: 9000\n"
    start = Path("examples/shop.yaml").read_text()
    expanded = text_after(Stage.EXPAND, start)
    edited = expanded.replace(port, more + port).replace(
        "    - name: api\n      port: 3000", f"{entry}    - name: api\n      port: 3000"
    )
    again = rewrite({"0.yaml": edited})

    assert "as-it-is" in expanded
    assert edited.count("9000") == 3
    assert again.report.rewrite is not None
    assert again.report.rewrite.held_back == ()
    assert "after-split" not in again.after["0.yaml"]
    assert rewrite(again.after).after == again.after


SWITCHED = text_after(Stage.SWITCH)
"""Between the last two stages: the Services lead to the new workload."""
FOLDERS = {f"{folder}/0.yaml": SWITCHED for folder in "abc"}
MARK = "podsplit.dev/after-split: as-it-is"
BROKEN = {
    "repeated key": f"metadata: {{name: other, name: another, annotations: {{{MARK}}}}}",
    "anchor": f"metadata: {{name: other, annotations: &x {{{MARK}}}}}\nmore: *x",
    "made by a split itself": (
        f"metadata: {{name: other, annotations: {{{MARK}, podsplit.dev/split-from: none}}}}"
    ),
    "unknown mark": "metadata: {name: other, annotations: {podsplit.dev/after-split: whatever}}",
}
OTHER = """apiVersion: apps/v1
kind: Deployment
{head}
spec:
  selector: {{matchLabels: {{app: other}}}}
  template:
    metadata: {{labels: {{app: other}}}}
    spec: {{containers: [{{name: other, image: acme/other}}]}}
"""


def planned_files(files: dict[str, str]) -> tuple[Inputs, Plan]:
    """What is planned for files by path."""
    inputs = read_inputs([(path, text.encode()) for path, text in files.items()], Options())
    return inputs, plan(inputs.manifests, classified(inputs), Options(), inputs.sources)


def resumed(files: dict[str, str]) -> list[str]:
    """The paths of what goes on."""
    _, found = planned_files(files)
    return [proposal.workload.resource.path for proposal in found.proposals if proposal.is_resumed]


def test_namesakes_in_other_folders_all_go_on() -> None:
    """None is held back by what the others' Services select by."""
    assert resumed(FOLDERS) == list(FOLDERS)


@pytest.mark.parametrize("head", BROKEN.values(), ids=BROKEN.keys())
def test_one_that_is_broken_costs_the_others_nothing(head: str) -> None:
    """Whatever is wrong with it."""
    files = {**FOLDERS, "z/other.yaml": OTHER.format(head=head)}
    assert resumed(files) == list(FOLDERS)


def test_a_mistake_of_ours_costs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """All others go on, together."""
    own = reverting._spec_before

    def breaks(resource: Resource) -> Iterator[Operation]:
        if resource.path.startswith("b/"):
            raise KeyError(resource.name)
        return own(resource)

    monkeypatch.setattr(reverting, "_spec_before", breaks)
    files = {path: text.replace("shop", f"shop-{path[0]}") for path, text in FOLDERS.items()}
    _, found = planned_files(files)
    going_on = [proposal.workload.resource.path for proposal in found.proposals]
    assert going_on == ["a/0.yaml", "c/0.yaml"]
    assert [item.reason for item in found.held_back] == [Refusal.INTERNAL]


def test_all_are_taken_back_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The set is read anew once for all of them; where they can't be together, for each."""
    reads: list[int] = []

    def counted(files: Iterable[tuple[str, bytes]], options: Options) -> Inputs:
        reads.append(1)
        return read_inputs(files, options)

    monkeypatch.setattr("service.rewriting.reverting.read_inputs", counted)
    assert resumed(FOLDERS) == list(FOLDERS)
    assert len(reads) == 1
    reads.clear()
    taken_back = reverting.BeforeSplits._taken_back

    def one_by_one(before: reverting.BeforeSplits, resources: Iterable[Resource]) -> object:
        if len(list(resources)) > 1:
            raise EditError("two want the same text")
        return taken_back(before, resources)

    monkeypatch.setattr(reverting.BeforeSplits, "_taken_back", one_by_one)
    resumed(FOLDERS)
    assert len(reads) == len(FOLDERS)


def test_an_object_of_several_templates_keeps_its_name() -> None:
    """Its annotation is taken away once, however many templates it has."""
    template = "{template: {spec: {containers: [{name: a, image: acme/a}]}}}"
    cluster = (
        f"apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {{name: r, annotations: {{{MARK}}}}}\n"
        f"spec: {{headGroupSpec: {template}, workerGroupSpecs: [{template}]}}\n"
    )
    inputs, found = planned_files({**FOLDERS, "z/cluster.yaml": cluster})
    assert [proposal.workload.resource.path for proposal in found.proposals] == list(FOLDERS)
    before = reverting.BeforeSplits(inputs.manifests, Options(), inputs.sources)
    earlier = before._all_taken_back
    assert earlier is not None
    assert ("RayCluster", "r") in earlier.manifests.names
