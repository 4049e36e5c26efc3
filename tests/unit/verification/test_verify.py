"""Each check of the verifier sees what it is for: a right rewrite is broken on purpose, and
caught.

One file, as the module is one: each section is about one part of a stage's comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from service.change import Proposal
from service.errors import DeadlineExceeded
from service.findings import Stage
from service.options import Options
from service.reading import Inputs
from service.rewriting.compiling import compile_proposals
from service.verification.verify import CHECKS, Failure, _is_valid_name, verify
from tests.support.planning import SHOP, catalogues, classified, planned
from tests.support.verifying import bare_pod, containers, new_object, read_objects

FILE = "0.yaml"
Texts = Mapping[Stage, Mapping[str, str]]


def right(*texts: str) -> tuple[Inputs, tuple[Proposal, ...], Texts]:
    """A set, what is planned for it, and the texts of the stages."""
    inputs, plan = planned(*texts)
    assert plan.proposals, plan.held_back
    compiled = compile_proposals(inputs, plan.proposals)
    return inputs, compiled.proposals, {**compiled.texts}


def failures(
    inputs: Inputs, proposals: Sequence[Proposal], texts: Texts, options: Options | None = None
) -> list[Failure]:
    """What the verifier says."""
    return verify(inputs, texts, proposals, catalogues(classified(inputs)), options or Options())


def broken(
    change: Callable[[str], str], stages: Sequence[Stage] = tuple(Stage), text: str = SHOP
) -> list[Failure]:
    """What the verifier says of a rewrite that was changed in some stages."""
    inputs, proposals, texts = right(text)
    changed = {
        stage: {path: change(old) if stage in stages else old for path, old in files.items()}
        for stage, files in texts.items()
    }
    assert changed != texts, "the change changed nothing"
    return failures(inputs, proposals, changed)


def replacing(old: str, new: str, count: int = 1) -> Callable[[str], str]:
    """A change of a text."""
    return lambda text: text.replace(old, new, count)


COVERED = f"""{SHOP}---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {{name: shop}}
spec: {{selector: {{matchLabels: {{app: shop}}}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: untouched}}  # as it was
"""
MOUNTING = SHOP.replace(
    "        ports: [{containerPort: 5672}]\n",
    "        ports: [{containerPort: 5672}]\n"
    "        volumeMounts: [{name: plugins, mountPath: /plugins}]\n"
    "      volumes: [{name: plugins, configMap: {name: plugins}}]\n",
)
CALLING = SHOP.replace(
    "        ports: [{containerPort: 80}]\n",
    "        ports: [{containerPort: 80}]\n"
    "        env: [{name: QUEUE, value: 'amqp://localhost:5672'}]\n",
)

LISTED = "apiVersion: v1\nkind: List\nitems:\n" + "".join(
    "- " + part.replace("\n", "\n  ").rstrip(" ")
    for part in (*SHOP.split("---\n"), "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n")
)

MUTATIONS: dict[str, tuple[str, str, Callable[[str], str], Stage]] = {
    "a document that does not parse": (
        "parses",
        SHOP,
        replacing("metadata: {name: shop}", "metadata: {name: shop"),
        Stage.CONTRACT,
    ),
    "a key that stands twice": (
        "parses",
        SHOP,
        replacing("  replicas: 1\n", "  replicas: 1\n  replicas: 1\n"),
        Stage.EXPAND,
    ),
    "a new object that says something else": (
        "parses",
        SHOP,
        lambda text: replacing("replicas: 1\n", "replicas: 1\n  paused: true\n")(
            text[text.index("---") :]
        ).join([text[: text.index("---")], ""]),
        Stage.SWITCH,
    ),
    "a document that nothing was to change": (
        "untouched-bytes",
        COVERED,
        replacing("# as it was", "# changed"),
        Stage.SWITCH,
    ),
    "another image": ("containers", SHOP, replacing("rabbitmq:4", "rabbitmq:5"), Stage.CONTRACT),
    "another volume": (
        "mounts",
        MOUNTING,
        replacing("configMap: {name: plugins}", "emptyDir: {}"),
        Stage.CONTRACT,
    ),
    "a service account": (
        "references",
        SHOP,
        replacing("    spec:\n", "    spec:\n      serviceAccountName: other\n"),
        Stage.SWITCH,
    ),
    "another selector": (
        "selectors",
        SHOP,
        replacing("selector: {matchLabels: {app: shop}}", "selector: {matchLabels: {app: x}}"),
        Stage.EXPAND,
    ),
    "a port that leads to nobody": (
        "services",
        SHOP,
        replacing("targetPort: amqp", "targetPort: x"),
        Stage.CONTRACT,
    ),
    "a monitor that lost the new Pods": (
        "policies",
        COVERED,
        replacing(", shop-queue]", "]"),
        Stage.SWITCH,
    ),
    "an address that was forgotten": (
        "localhost",
        CALLING,
        replacing("amqp://shop:5672", "amqp://localhost:5672"),
        Stage.CONTRACT,
    ),
    "a new object that is missing": (
        "names",
        SHOP,
        lambda text: "---\n".join(part for part in text.split("---\n") if "shop-queue" not in part),
        Stage.CONTRACT,
    ),
    "an object that nothing planned": (
        "names",
        SHOP,
        lambda text: text + "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
        Stage.EXPAND,
    ),
    "an item of a List that is gone": (
        "names",
        LISTED,
        replacing("- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n", ""),
        Stage.SWITCH,
    ),
    "another pace of updates": (
        "references",
        SHOP,
        replacing("  replicas: 1\n", "  replicas: 1\n  minReadySeconds: 9\n"),
        Stage.ADD,
    ),
    "a label of the object that is gone": (
        "references",
        SHOP,
        replacing("name: shop, labels: {app: shop}", "name: shop"),
        Stage.CONTRACT,
    ),
    "an application more": (
        "settled",
        SHOP,
        replacing(
            "      - name: front\n", "      - {name: x, image: redis:7}\n      - name: front\n"
        ),
        Stage.CONTRACT,
    ),
}


@pytest.mark.parametrize(
    "text", [SHOP, COVERED, MOUNTING, CALLING], ids=["shop", "covered", "mounting", "calling"]
)
def test_a_right_rewrite_passes(text: str) -> None:
    """Nothing is said of one that was not tampered with."""
    assert failures(*right(text)) == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_rewrite_is_caught(name: str) -> None:
    """By the check that is for it, perhaps among others."""
    check, text, change, stage = MUTATIONS[name]
    assert check in {failure.check for failure in broken(change, [stage], text)}


def test_every_check_has_a_mutation() -> None:
    """No check is there that nothing was seen to trip."""
    assert {check for check, _, _, _ in MUTATIONS.values()} == set(CHECKS)


def test_every_stage_is_looked_at() -> None:
    """What is wrong in one of them is wrong."""
    for stage in Stage:
        found = broken(replacing("image: nginx:1.27", "image: nginx:1.28"), [stage])
        assert [failure.message for failure in found] == ["front has changed in Deployment/shop"]


def test_failures_are_laid_to_the_changes_of_their_workload() -> None:
    """The changes of other workloads are not taken out."""
    other = SHOP.replace("shop", "mall")
    inputs, proposals, texts = right(SHOP, other)
    path = "1.yaml"
    changed = {
        stage: {**files, path: files[path].replace("nginx:1.27", "nginx:1.28")}
        for stage, files in texts.items()
    }
    found = failures(inputs, proposals, changed)
    assert {failure.proposal for failure in found} == {f"split:{path}:Deployment/mall"}


# What can't be read


BROKEN = ("metadata: {name: shop}", "metadata: {name: shop")


def test_where_a_text_does_not_read_nothing_else_is_said() -> None:
    """The other checks would find a workload missing, and be of no help."""
    found = broken(lambda text: text.replace(*BROKEN).replace("nginx:1.27", "x"), [Stage.CONTRACT])
    assert [failure.check for failure in found] == ["parses"]
    assert found[0].message == "0.yaml has documents that don't read any more (yaml-syntax)"


def test_what_could_not_be_read_before_need_not_be_read_now() -> None:
    """It is the sender's; another one is ours."""
    text = f"{SHOP}---\nkind: {{\n"
    assert failures(*right(text)) == []
    assert [failure.check for failure in broken(replacing(*BROKEN), [Stage.CONTRACT], text)] == [
        "parses"
    ]


def test_what_can_not_be_read_in_another_file_is_no_matter() -> None:
    """Nothing touches it."""
    assert failures(*right(SHOP, "kind: {\n")) == []


def test_a_key_that_stood_twice_before_may_do_so() -> None:
    """With the same value it may go along; one more is ours."""
    text = (
        f"{SHOP}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{b: c, b: d}}\n"
    )
    assert failures(*right(text)) == []
    image = "        image: rabbitmq:4\n"
    same = SHOP.replace(image, image * 2)
    assert same != SHOP
    assert failures(*right(same)) == []
    twice = replacing("  replicas: 1\n", "  replicas: 1\n  replicas: 2\n")
    found = broken(twice, [Stage.CONTRACT], text)
    assert found == [Failure("parses", None, "a key stands twice in a mapping")]


def test_a_file_that_two_changes_touch_is_nobodys() -> None:
    """It can't be told which of them is to blame."""
    both = f"{SHOP}---\n{SHOP.replace('shop', 'mall')}"
    owner = f"split:{FILE}:Deployment/shop"
    assert [failure.proposal for failure in broken(replacing(*BROKEN), [Stage.CONTRACT])] == [owner]
    found = broken(replacing(*BROKEN), [Stage.CONTRACT], both)
    assert [failure.proposal for failure in found] == [None]


def test_a_file_is_laid_to_the_change_that_touches_it() -> None:
    """Not to those of other files."""
    inputs, proposals, texts = right(SHOP, SHOP.replace("shop", "mall"))
    last = {**texts[Stage.CONTRACT], FILE: texts[Stage.CONTRACT][FILE].replace(*BROKEN)}
    found = failures(inputs, proposals, {**texts, Stage.CONTRACT: last})
    assert [failure.proposal for failure in found] == [f"split:{FILE}:Deployment/shop"]


# Bytes that nothing touches


def test_each_untouched_document_is_there_in_its_order() -> None:
    """Byte for byte, once for each time that it was there."""
    extra = "".join(f"---\nkind: A\nmetadata: {{name: x{number}}}\n" for number in range(3))
    text = SHOP + extra
    message = f"a document of {FILE} that nothing was to change has changed"
    wrong = [Failure("untouched-bytes", f"split:{FILE}:Deployment/shop", message)]

    def found(change: Callable[[str], str]) -> list[Failure]:
        return broken(change, [Stage.CONTRACT], text)

    assert failures(*right(text)) == []
    assert found(replacing("name: x1", "name:  x1")) == wrong
    assert found(replacing("name: x2}\n", "name: x2}")) == wrong
    assert found(lambda new: new.replace("x0", "y").replace("x1", "x0").replace("y", "x1")) == wrong
    assert found(lambda new: new.replace("x0", "y").replace("x2", "z")) == wrong


def test_an_untouched_document_may_be_the_first() -> None:
    """It is looked for from the start of the file on."""
    first = "kind: A\nmetadata: {name: x}\n---\n"
    assert failures(*right(first + SHOP)) == []
    found = broken(replacing("name: x", "name: y"), [Stage.CONTRACT], first + SHOP)
    assert [failure.check for failure in found] == ["untouched-bytes"]


def test_equal_documents_are_as_many_as_there_were() -> None:
    """One of them is not found twice."""
    extra = "---\nkind: A\nmetadata: {name: x}\n"
    text = SHOP + extra * 2
    found = broken(lambda new: new.replace(extra, "", 1), [Stage.CONTRACT], text)
    assert [failure.check for failure in found] == ["untouched-bytes"]


# Workloads that are missing, and checks that break


def test_a_workload_that_is_missing_is_said() -> None:
    """The other checks can say nothing of it."""
    gone = MUTATIONS["a new object that is missing"][2]
    found = broken(gone, [Stage.SWITCH, Stage.CONTRACT])
    owner = f"split:{FILE}:Deployment/shop"
    assert [
        failure.message
        for failure in found
        if failure.check == "containers" and failure.proposal == owner
    ] == [
        f"a workload that Deployment/shop was to become is missing in stage {label}"
        for label in ("switch", "contract")
    ]
    assert [failure.message for failure in found if failure.check == "names"] == [
        f"Deployment/shop-queue is missing in stage {label}" for label in ("switch", "contract")
    ]


def test_a_check_that_breaks_has_not_passed() -> None:
    """It costs the change of its workload, not the request."""
    number = "matchExpressions: [{key: app, operator: In, values: 5}]"
    selector = "selector: {matchLabels: {app: shop}}"
    found = broken(replacing(selector, f"selector: {{{number}}}"), [Stage.CONTRACT])
    assert found == [
        Failure("containers", f"split:{FILE}:Deployment/shop", "a check broke (TypeError)")
    ]


def test_a_stage_is_held_against_the_one_before() -> None:
    """A Service that asks for what the Pods get in the same stage reaches nobody meanwhile."""
    inputs, proposals, texts = right(SHOP)
    early = {**texts, Stage.EXPAND: texts[Stage.SWITCH], Stage.SWITCH: texts[Stage.SWITCH]}
    gaps = [
        failure.message
        for failure in failures(inputs, proposals, early)
        if "while stage" in failure.message
    ]
    assert gaps == [
        f"port {port} of Service shop reaches nobody while stage expand is applied"
        for port in (80, 5672)
    ]


def test_time_is_up_at_some_point() -> None:
    """The run ends between stages."""
    options = Options(deadline=0.0)
    with pytest.raises(DeadlineExceeded):
        failures(*right(SHOP), options)
    inputs, *_ = right(SHOP)
    with pytest.raises(DeadlineExceeded):
        failures(inputs, (), {stage: {} for stage in Stage}, options)


# New objects and their names


def with_object(**fields: Any) -> list[tuple[str, str]]:
    """What is wrong where the new Deployment was planned otherwise."""
    inputs, proposals, texts = right(SHOP)
    (split,) = proposals
    (own,) = (new for new in split.objects if new.kind == "Deployment")
    rest = tuple(new for new in split.objects if new is not own)
    changed = replace(split, objects=(*rest, replace(own, **fields)))
    return [
        (failure.check, failure.message)
        for failure in failures(inputs, [changed], texts)
        if failure.check in ("names", "parses")
    ]


def test_a_new_object_is_there_from_its_stage_on() -> None:
    """Before that it need not be."""
    missing = ("names", "Deployment/shop-queue is missing in stage expand")
    assert with_object(stage=Stage.EXPAND) == [missing]
    assert with_object(stage=Stage.SWITCH) == []
    late = with_object(stage=Stage.CONTRACT)
    assert {check for check, _ in late} == {"parses"}  # it is marked until then


def test_a_new_object_says_what_was_planned() -> None:
    """In every stage that it is there."""
    assert with_object(tree={"kind": "Deployment"}) == [
        ("parses", f"Deployment/shop-queue doesn't say what was planned, in stage {label}")
        for label in ("add", "switch", "contract")
    ]


def test_a_new_name_is_free() -> None:
    """An object of that name must not be there already."""

    def twice(text: str) -> str:
        new = next(part for part in text.split("---\n") if "name: shop-queue" in part)
        return f"{text}---\n{new}"

    found = broken(twice, [Stage.CONTRACT])
    message = "Deployment/shop-queue is not a valid free name"
    assert Failure("names", f"split:{FILE}:Deployment/shop", message) in found


def test_a_new_name_is_valid() -> None:
    """Whatever else is right."""
    inputs, proposals, texts = right(SHOP)
    (split,) = proposals
    new = new_object(split.workload.resource, "Service", "1-bad", Stage.CONTRACT)
    found = failures(inputs, [replace(split, objects=(*split.objects, new))], texts)
    assert [failure.message for failure in found if "1-bad" in failure.message] == [
        *["Service/1-bad is not a valid free name"] * 4,
        "Service/1-bad is missing in stage contract",
    ]


VERSIONS = {"CronJob": "batch/v1", "StatefulSet": "apps/v1", "Deployment": "apps/v1"}


def is_valid(kind: str, name: str, version: str | None = None) -> bool:
    """Whether an object may have a name."""
    after = read_objects(bare_pod("a", containers("a"))).manifests.resources[0]
    tree = {"apiVersion": VERSIONS.get(kind, "v1") if version is None else version}
    return _is_valid_name(new_object(after, kind, name, tree=tree))


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        ("Service", 63),
        ("CronJob", 52),
        ("StatefulSet", 52),
        ("Deployment", 63),
        ("ConfigMap", 253),
        ("NetworkPolicy", 253),
    ],
)
def test_a_name_is_as_long_as_its_kind_allows(kind: str, limit: int) -> None:
    """And not one character longer."""
    assert is_valid(kind, "a" * limit)
    assert not is_valid(kind, "a" * (limit + 1))


def test_the_limit_is_that_of_the_api_version() -> None:
    """A kind of that name in another group has no Pods that its name would be in."""
    assert is_valid("CronJob", "a" * 253, "example.com/v1")
    assert not is_valid("CronJob", "a" * 254, "example.com/v1")


@pytest.mark.parametrize(
    ("name", "is_label", "is_subdomain"),
    [
        ("a", True, True),
        ("a1", True, True),
        ("a-b", True, True),
        ("a--b", True, True),
        ("1a", False, True),
        ("1", False, True),
        ("a.b", False, True),
        ("a.1", False, True),
        ("a1-b2.c-3", False, True),
        ("", False, False),
        ("-a", False, False),
        ("a-", False, False),
        ("A", False, False),
        ("aB", False, False),
        ("a_b", False, False),
        ("a b", False, False),
        ("a\n", False, False),
        ("ä", False, False),
        (".a", False, False),
        ("a.", False, False),
        ("a..b", False, False),
        ("a-.b", False, False),
        ("a.-b", False, False),
        ("٣", False, False),
    ],
)
def test_names_are_those_of_dns(name: str, *, is_label: bool, is_subdomain: bool) -> None:
    """A Service's is a label that starts with a letter (RFC 1035), others are subdomains."""
    assert is_valid("Service", name) is is_label
    assert is_valid("Deployment", name) is is_subdomain


def test_new_names_of_all_changes_are_known() -> None:
    """One selector may be widened by the workloads of several changes."""
    monitor = (
        "---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: all}\nspec:"
        " {selector: {matchExpressions: [{key: app, operator: In, values: [shop, mall]}]}}\n"
    )
    text = f"{SHOP}---\n{SHOP.replace('shop', 'mall')}{monitor}"
    inputs, proposals, texts = right(text)
    assert len(proposals) == 2
    assert failures(inputs, proposals, texts) == []


def test_trees_that_were_sent_are_kept() -> None:
    """Only what was read for a stage is let go of."""
    inputs, proposals, texts = right(SHOP)
    failures(inputs, proposals, texts)
    assert all(document.composed.root is not None for document in inputs.documents)
