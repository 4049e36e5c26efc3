"""Only what is proved is kept, and what is said of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from service.change import Proposal, Step
from service.errors import DeadlineExceeded
from service.findings import (
    FileStatus,
    Finding,
    OldPods,
    Rewrite,
    Stage,
)
from service.options import Options
from service.pipeline import run
from service.reading import Inputs, read_inputs
from service.refusals import Refusal
from service.rewriting import proving
from service.rewriting.planning import Plan
from service.rewriting.proving import Rewritten, plan_rewrite, rewrite
from service.verification.verify import CHECKS, Failure
from service.verification.verify import verify as real_verify
from service.yamldoc.operations import Remove
from tests.support.planning import BARE_SHOP, SHOP, classified, planned

MALL = SHOP.replace("shop", "mall")
COPIES = "---\n".join(
    f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web-{number}, labels: {{app: web}}}}\nspec:"
    " {containers: [{name: web, image: acme/web:1}]}\n"
    for number in range(2)
)


def read_files(files: dict[str, str]) -> Inputs:
    """Manifests by path."""
    return read_inputs([(path, text.encode()) for path, text in files.items()], Options())


def proved(inputs: Inputs, options: Options) -> Rewritten:
    """The rewrite of a set."""
    return rewrite(inputs, plan_rewrite(inputs, classified(inputs), options), options)


def rewritten(*texts: str, options: Options | None = None) -> Rewrite:
    """The rewrite of files `0.yaml`, `1.yaml`, ..."""
    inputs = read_files({f"{number}.yaml": text for number, text in enumerate(texts)})
    return proved(inputs, options or Options()).result


def done(result: Rewrite) -> list[tuple[str, str]]:
    """The changes: action and workload."""
    return [(change.action, change.workload) for change in result.changes]


def refused(result: Rewrite) -> list[tuple[str, str, str]]:
    """What is held back: action, workload and code."""
    return [(held.action, held.workload, held.reason) for held in result.held_back]


# What is taken out


def distrust(
    monkeypatch: pytest.MonkeyPatch, is_wrong: Callable[[Proposal], bool], **fields: Any
) -> list[int]:
    """Have the verifier say something of some changes, until they are gone; the numbers of the
    changes that it was asked about.
    """
    asked: list[int] = []

    def verify(*args: Any) -> list[Failure]:
        proposals: Sequence[Proposal] = args[2]
        asked.append(len(proposals))
        found = [
            dataclasses.replace(Failure("services", proposal.id, "on purpose"), **fields)
            for proposal in proposals
            if is_wrong(proposal)
        ]
        return found or real_verify(*args)

    monkeypatch.setattr(proving, "verify", verify)
    return asked


def test_a_right_change_is_made() -> None:
    """Nothing is held back, and every check has passed."""
    result = rewritten(BARE_SHOP)
    assert done(result) == [("wrap", "Pod/shop"), ("split", "Pod/shop")]
    assert refused(result) == []
    assert [(check.check, check.passed, check.message) for check in result.verification] == [
        (name, True, meaning) for name, meaning in CHECKS.items()
    ]


def test_a_failing_change_is_taken_out_and_the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent is the input where the change was, and the answer says which check failed."""
    asked = distrust(monkeypatch, lambda proposal: proposal.workload.name == "shop")
    result = rewritten(SHOP, MALL)
    assert done(result) == [("split", "Deployment/mall")]
    assert refused(result) == [("split", "Deployment/shop", Refusal.VERIFICATION)]
    (held,) = result.held_back
    assert held.message == (
        "the rewritten text did not pass the check services: on purpose; this is a mistake of"
        " Podsplit: please report it"
    )
    assert [file.status for file in result.files] == [FileStatus.UNCHANGED, FileStatus.MODIFIED]
    assert result.files[0].content == SHOP
    assert [(check.check, check.message) for check in result.verification if not check.passed] == [
        ("services", "on purpose; the change was taken out")
    ]
    assert asked == [2, 1], "what is left was not proved again"


@pytest.mark.parametrize(
    ("beside", "says"),
    [
        (
            "apiVersion: v1\nkind: Service\nmetadata: {name: odd}\nspec: {ports: 80}\n",
            "Service/odd: spec.ports",
        ),
        ("apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}\n", "Service: it has no name"),
    ],
)
def test_a_change_beside_an_object_that_is_refused(
    monkeypatch: pytest.MonkeyPatch, beside: str, says: str
) -> None:
    """What fails then is nobody's mistake but that object's, and nobody is asked to report it."""
    distrust(monkeypatch, lambda proposal: proposal.workload.name == "shop")
    (held,) = rewritten(SHOP, beside).held_back

    assert held.reason == Refusal.INVALID_FIELD
    assert "did not pass the check services" in held.message
    assert says in held.message


def test_a_change_that_needs_a_failing_one_is_taken_out_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A split builds on the controller that a wrap makes."""
    distrust(monkeypatch, lambda proposal: proposal.action == "wrap")
    result = rewritten(BARE_SHOP)
    assert done(result) == []
    assert refused(result) == [
        ("wrap", "Pod/shop", Refusal.VERIFICATION),
        ("split", "Pod/shop", Refusal.VERIFICATION),
    ]
    assert (result.stages, result.migration) == ((), ())
    assert [file.content for file in result.files] == [BARE_SHOP]


def test_a_wrap_stays_where_the_split_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the form that has nothing for the split in it."""
    distrust(monkeypatch, lambda proposal: proposal.action == "split")
    result = rewritten(BARE_SHOP)
    assert done(result) == [("wrap", "Pod/shop")]
    assert "podsplit.dev/service" not in result.files[0].content


def test_a_wrap_that_can_not_be_compiled_alone_falls_with_the_split(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is held back for a reason of its own."""
    inputs, plan = planned(BARE_SHOP)
    wrap, split = plan.proposals
    assert wrap.without_partner is not None
    nowhere = Step(wrap.workload.resource, Remove(("spec", "nowhere", "at-all")))
    alone = dataclasses.replace(wrap.without_partner, steps=(nowhere,))
    made = Plan((dataclasses.replace(wrap, without_partner=alone), split), ())
    monkeypatch.setattr(proving, "plan", lambda *_: made)
    distrust(monkeypatch, lambda proposal: proposal.action == "split")
    result = proved(inputs, Options()).result
    assert refused(result) == [
        ("split", "Pod/shop", Refusal.VERIFICATION),
        ("wrap", "Pod/shop", Refusal.CANNOT_EDIT),
    ]


def test_all_changes_are_taken_out_where_it_can_not_be_told_which(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure of nobody may be anybody's."""
    distrust(monkeypatch, lambda proposal: proposal.workload.name == "shop", proposal=None)
    result = rewritten(SHOP, MALL)
    assert done(result) == []
    assert refused(result) == [
        ("split", "Deployment/shop", Refusal.VERIFICATION),
        ("split", "Deployment/mall", Refusal.VERIFICATION),
    ]


def test_each_change_is_told_what_is_wrong_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with another one."""

    def verify(*args: Any) -> list[Failure]:
        return [Failure("names", proposal.id, proposal.workload.name) for proposal in args[2]]

    monkeypatch.setattr(proving, "verify", verify)
    result = rewritten(SHOP, MALL)
    assert [held.message.split(": ")[1].partition(";")[0] for held in result.held_back] == [
        "shop",
        "mall",
    ]


def test_what_is_not_settled_is_for_people_to_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no mistake."""
    distrust(monkeypatch, lambda _: True, check="settled", message="it holds two")
    (held,) = rewritten(SHOP).held_back
    assert held.reason is Refusal.UNSETTLED
    assert held.message == (
        "it holds two when it is looked at again: say with podsplit.dev/roles which containers"
        " belong together"
    )


UNSETTLED = """apiVersion: v1
kind: Pod
metadata: {name: blog, labels: {app: blog}}
spec:
  containers:
  - {name: memcached, image: "memcached:1.6", ports: [{containerPort: 11211}]}
  - {name: dashboard, image: "grafana/grafana:11.4.0"}
  - {name: broker, image: "rabbitmq:4", args: ["--memcached-url=memcache://localhost:11211"],
     ports: [{containerPort: 15672}]}
---
apiVersion: v1
kind: Service
metadata: {name: blog}
spec: {selector: {app: blog}, ports: [{port: 15672}]}
"""


def test_what_looks_otherwise_once_it_is_apart_is_not_settled() -> None:
    """A broker that calls a cache goes with it; with a Service each they look like two
    applications.
    """
    result = rewritten(UNSETTLED)
    assert refused(result) == [
        ("wrap", "Pod/blog", Refusal.UNSETTLED),
        ("split", "Pod/blog", Refusal.UNSETTLED),
    ]
    assert [file.content for file in result.files] == [UNSETTLED]


def test_what_was_not_planned_is_held_back_too() -> None:
    """With what fails later."""
    assert (
        refused(rewritten(f"{SHOP}---\n{SHOP}"))
        == [("split", "Deployment/shop", Refusal.DUPLICATE_NAME)] * 2
    )


def test_what_can_not_be_compiled_is_held_back_too() -> None:
    """Text that is shared through an anchor is not edited."""
    anchored = SHOP.replace("template:\n", "template: &template\n") + (
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    )
    shared = SHOP.replace("labels: {app: shop}}\nspec", "labels: &labels {app: shop}}\nspec")
    shared = shared.replace("metadata: {labels: {app: shop}}", "metadata: {labels: *labels}")
    assert done(rewritten(anchored)) == [("split", "Deployment/shop")]
    assert refused(rewritten(shared)) == [("split", "Deployment/shop", Refusal.ANCHOR)]


def test_time_is_up_at_some_point() -> None:
    """Before the next proof."""
    with pytest.raises(DeadlineExceeded):
        rewritten(SHOP, options=Options(deadline=0.0))


# Files and stages


def test_each_stage_has_its_files() -> None:
    """And the wanted one is what is sent."""
    result = rewritten(SHOP, "kind: A\n")
    assert [stage.stage for stage in result.stages] == list(Stage)
    texts = [stage.files[0].content for stage in result.stages]
    assert len(set(texts)) == len(Stage)
    assert result.files == result.stages[-1].files
    for stage in Stage:
        assert rewritten(SHOP, "kind: A\n", options=Options(stage=stage)).files == (
            result.stages[stage].files
        )
    assert [file.status for file in result.files] == [FileStatus.MODIFIED, FileStatus.UNCHANGED]


def test_without_changes_there_are_no_stages() -> None:
    """The files are what they were."""
    text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"
    result = rewritten(text)
    assert (result.stages, result.changes, result.migration) == ((), (), ())
    assert [(file.content, file.status) for file in result.files] == [(text, FileStatus.UNCHANGED)]


def test_new_objects_may_get_files_of_their_own() -> None:
    """In the layout that asks for it."""
    result = rewritten(SHOP, options=Options(layout="new-files"))
    assert [(file.path, file.status) for file in result.files] == [
        ("0.yaml", FileStatus.MODIFIED),
        ("shop-queue-deployment.yaml", FileStatus.ADDED),
    ]
    assert [file.path for file in result.stages[0].files] == ["0.yaml"]
    (change,) = result.changes
    assert set(change.edits) == {"0.yaml"}


def test_a_file_that_holds_nothing_any_more_is_deleted() -> None:
    """Comments and separators are nothing; another object is something."""
    files = {"a.yaml": COPIES.split("---\n")[0], "b.yaml": "# second\n" + COPIES.split("---\n")[1]}

    def status(files: dict[str, str]) -> list[tuple[str, FileStatus, bool]]:
        inputs = read_files(files)
        result = proved(inputs, Options()).result
        return [(file.path, file.status, bool(file.content)) for file in result.files]

    modified, deleted = FileStatus.MODIFIED, FileStatus.DELETED
    apart = {**files, "b.yaml": f"# head\n---\n{files['b.yaml']}\n---\n\n# tail\n"}
    assert status(apart) == [("a.yaml", modified, True), ("b.yaml", deleted, False)]
    assert status(files) == [("a.yaml", modified, True), ("b.yaml", deleted, False)]
    more = {**files, "b.yaml": files["b.yaml"] + "---\nkind: A\n"}
    assert status(more) == [("a.yaml", modified, True), ("b.yaml", modified, True)]


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00a", b"kind: \xc3\n"], ids=["utf-16", "not-utf-8"])
def test_a_file_that_is_no_text_is_not_sent_back(raw: bytes) -> None:
    """It can't be; one that is no YAML can."""
    files = [("a.yaml", SHOP.encode()), ("b.yaml", raw), ("c.yaml", b"kind: {\n")]
    inputs = read_inputs(files, Options())
    result = proved(inputs, Options()).result
    assert [file.path for file in result.files] == ["a.yaml", "c.yaml"]


def test_trees_are_let_go_of() -> None:
    """They take ten times the memory of the text, and nobody edits a second time."""
    inputs = read_files({"a.yaml": SHOP})
    result = proved(inputs, Options()).result
    assert result.changes[0].location.span.start == 0
    assert [document.composed.root for document in inputs.documents] == [None, None]


# Changes and findings


def test_a_change_says_what_it_does() -> None:
    """Each object once, its own workload first."""
    (change,) = rewritten(SHOP).changes
    assert change.id == "split:0.yaml:Deployment/shop"
    assert change.creates == ("Deployment/shop-queue",)
    assert change.touches == ("Deployment/shop", "Service/shop")
    assert list(change.edits) == ["0.yaml"]
    assert change.location.path == "0.yaml"
    assert change.old_pods is None
    assert change.assumptions


def test_a_change_of_copies_touches_them_too() -> None:
    """They are removed."""
    (change,) = rewritten(COPIES).changes
    assert change.touches == ("Pod/web-0", "Pod/web-1")
    assert change.old_pods is OldPods.DELETED_AFTER


def links(*texts: str) -> list[tuple[str, str, str | None]]:
    """The findings of a rewrite: rule, workload and change."""
    files = [(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    findings: Iterable[Finding] = run(files, Options(), rewrite=True).findings
    return [(finding.rule, finding.workload, finding.change) for finding in findings]


def test_findings_are_linked_to_the_change_that_mends_them() -> None:
    """Of their rule, workload, file and document; others to none."""
    assert links(BARE_SHOP) == [
        ("bare-pod", "Pod/shop", "wrap:0.yaml:Pod/shop"),
        ("unrelated-containers", "Pod/shop", "split:0.yaml:Pod/shop"),
    ]
    one, two = "split:0.yaml:Deployment/shop", "split:1.yaml:Deployment/shop"
    assert [change for _, _, change in links(SHOP, SHOP)] == [one, two]
    assert [change for _, _, change in links(f"{SHOP}---\n{SHOP}")] == [None, None]


def test_findings_of_copies_are_linked_to_their_common_change() -> None:
    """One controller stands for all of them."""
    found = links(COPIES)
    assert {workload for _, workload, _ in found} == {"Pod/web-0", "Pod/web-1"}
    assert {change for _, _, change in found} == {"wrap:0.yaml:Pod/web-0"}


def test_a_finding_that_no_change_mends_is_linked_to_none() -> None:
    """Though its workload is changed."""
    clash = SHOP.replace("{containerPort: 5672}", "{containerPort: 5672}, {containerPort: 80}")
    assert ("port-clash", "Deployment/shop", None) in links(clash)
