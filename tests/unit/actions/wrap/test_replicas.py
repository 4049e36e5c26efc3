"""Copies of one Pod: which controller keeps them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from service.actions.wrap.replicas import MergedCopies, merge_copies
from service.assumptions import AssumptionCode
from service.change import Step
from service.findings import OldPods
from service.refusals import Refusal
from tests.support.candidates import (
    bare_pod,
    candidate_of,
    codes_of,
    data_after,
    manifest,
    refusal_of,
    service,
    written,
)


def pods(
    pod: str = "",
    container: str = "",
    names: Iterable[str] = ("web-0", "web-1"),
    metadata: str = "labels: {app: web}",
) -> str:
    """Pods; `%s` stands for the name of each, `%d` for its number."""
    return "".join(
        bare_pod(container, name=name, metadata=metadata, pod=pod)
        .replace("%s", name)
        .replace("%d", name[-1])
        for name in names
    )


def merged(text: str) -> MergedCopies:
    found = merge_copies(candidate_of(text))
    assert found is not None
    return found


def refusal_for(files: str | dict[str, str]) -> Refusal | None:
    return refusal_of(lambda: merge_copies(candidate_of(files)))


def spec_after(text: str) -> dict[str, Any]:
    """The spec of the Pod whose text is kept, after what is done inside."""
    candidate = candidate_of(text)
    found = merge_copies(candidate)
    assert found is not None
    steps = [Step(candidate.resource, operation) for operation in found.operations]
    spec: dict[str, Any] = data_after(candidate.resource, steps)["spec"]
    return spec


def test_a_pod_without_copies_is_merged_with_nobody() -> None:
    """Two Pods that differ are two."""
    assert merge_copies(candidate_of(bare_pod())) is None
    assert merge_copies(candidate_of(bare_pod(name="a") + bare_pod(name="b"))) is None


# Replicas


def test_equal_copies_become_replicas() -> None:
    """However many there are."""
    found = merged(pods(names=("web-0", "web-1", "web-2")))
    assert (found.kind, found.name, found.fields) == ("Deployment", "web", {"replicas": 3})
    assert [copy.name for copy in found.others] == ["web-1", "web-2"]
    assert found.operations == ()
    assert found.old_pods is OldPods.DELETED_AFTER
    assert codes_of(found.assumptions) == [
        AssumptionCode.INTERCHANGEABLE_PODS,
        AssumptionCode.OLD_PODS_DELETED_AFTER,
    ]


@pytest.mark.parametrize(
    ("names", "other", "name"),
    [
        (("web-0", "web-1"), "", "web"),
        (("web1", "web2"), "", "web"),
        (("web-0-a", "web-1-a"), "", "web-a"),
        (("0-web", "1-web"), "", "web"),
        (("0", "1"), "", "0"),
        (("web-0-0", "web-1-1"), "", "web-0-0"),
        (("a.web-0", "a.web-1"), "", "a.web-0"),
        (("web-0", "web-1"), manifest("apps/v1 Deployment", "web"), "web-0"),
        (("web-0", "web-1"), manifest("apps/v1 DaemonSet", "web"), "web"),
        (("web-0", "web-1"), bare_pod("args: [a]"), "web-0"),
    ],
)
def test_the_controller_is_named_for_what_the_copies_have_in_common(
    names: tuple[str, str], other: str, name: str
) -> None:
    """If that is a free name for it; else it has the name of the one that is kept."""
    text = pods(names=names, metadata="labels: {app: x}")
    assert merged(text + other).name == name


def test_a_name_that_was_given_already_gets_a_number() -> None:
    """Two sets of copies may have it in common."""
    candidate = candidate_of(pods())
    candidate.names.give("Deployment", "web", candidate.resource)
    found = merge_copies(candidate)
    assert found is not None
    assert found.name == "web-2"


@pytest.mark.parametrize("name", ["web-0", "web-1"])
def test_one_that_is_to_be_left_alone_holds_all_back(name: str) -> None:
    """By a comment above it; the one that is kept says so for itself."""
    head = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}"
    text = pods().replace(head, f"# podsplit: ignore[bare-pod] ours\n{head}")
    assert refusal_for(text) is (Refusal.COPIES if name == "web-1" else None)


def test_a_copy_with_a_key_twice_holds_all_back() -> None:
    """It can't be told what it is."""
    text = pods()
    twice = text.replace("name: web-1, labels", "labels: {app: a}, name: web-1, labels")
    assert refusal_for(twice) is Refusal.COPIES
    same = text.replace("name: web-1, labels", "labels: {app: web}, name: web-1, labels")
    assert refusal_for(same) is None


HEAD = "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nresources: [%s]\n"


@pytest.mark.parametrize(
    ("listed", "refusal"),
    [("a.yaml, b.yaml", None), ("a.yaml", Refusal.COPIES), ("b.yaml", Refusal.COPIES), ("", None)],
)
def test_copies_are_built_by_the_same_kustomizations(listed: str, refusal: Refusal | None) -> None:
    """What builds one of them alone would build all."""
    files = {
        "a.yaml": pods(names=["web-0"]),
        "b.yaml": pods(names=["web-1"]),
        "kustomization.yaml": HEAD % listed,
    }
    assert refusal_for(files) is refusal


# Each on its node


def nodes(*names: str) -> list[dict[str, Any]]:
    return [
        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]}
        for name in names
    ]


def terms_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    required = spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    terms: list[dict[str, Any]] = required["nodeSelectorTerms"]
    return terms


def test_copies_on_nodes_of_their_own_become_a_daemon_set() -> None:
    """For just these nodes: one term for each, as the API server takes one value a field."""
    text = pods("nodeName: n%d")
    found = merged(text)
    assert (found.kind, found.name, found.fields) == ("DaemonSet", "web", {})
    assert [copy.name for copy in found.others] == ["web-1"]
    spec = spec_after(text)
    assert "nodeName" not in spec
    assert terms_of(spec) == nodes("n0", "n1")


HOST = "nodeSelector: {kubernetes.io/hostname: n%d}"


def test_a_node_may_be_chosen_by_its_label() -> None:
    """Which is an expression then; other labels stay."""
    expressions = [
        {
            "matchExpressions": [
                {"key": "kubernetes.io/hostname", "operator": "In", "values": [f"n{number}"]}
            ]
        }
        for number in range(2)
    ]
    spec = spec_after(pods(HOST))
    assert "nodeSelector" not in spec
    assert terms_of(spec) == expressions
    more = spec_after(pods(HOST.replace("}", ", disk: ssd}")))
    assert more["nodeSelector"] == {"disk": "ssd"}
    assert terms_of(more) == expressions


@pytest.mark.parametrize(
    ("pod", "container", "metadata", "codes"),
    [
        (
            "nodeName: n%d",
            "",
            "labels: {app: web}",
            [
                AssumptionCode.ONE_POD_PER_NODE,
                AssumptionCode.OLD_PODS_DELETED_FIRST,
                AssumptionCode.NODE_TAINTS,
            ],
        ),
        (
            "nodeName: n%d",
            "",
            "uid: a",
            [AssumptionCode.ONE_POD_PER_NODE, AssumptionCode.NODE_TAINTS],
        ),
        (HOST, "", "uid: a", [AssumptionCode.ONE_POD_PER_NODE]),
        (
            HOST,
            "ports: [{containerPort: 1, hostPort: 1}]",
            "uid: a",
            [AssumptionCode.ONE_POD_PER_NODE, AssumptionCode.OLD_PODS_DELETED_FIRST],
        ),
        (
            f"{HOST}, hostNetwork: true",
            "",
            "uid: a",
            [AssumptionCode.ONE_POD_PER_NODE, AssumptionCode.OLD_PODS_DELETED_FIRST],
        ),
        (
            f"{HOST}, volumes: [{{name: a, hostPath: {{path: /a}}}}]",
            "",
            "uid: a",
            [AssumptionCode.ONE_POD_PER_NODE, AssumptionCode.OLD_PODS_DELETED_FIRST],
        ),
        (
            f"{HOST}, volumes: [{{name: a, emptyDir: {{}}}}]",
            "",
            "uid: a",
            [AssumptionCode.ONE_POD_PER_NODE],
        ),
    ],
)
def test_the_old_pods_of_a_daemon_set_go_first_where_both_cannot_be(
    pod: str, container: str, metadata: str, codes: list[AssumptionCode]
) -> None:
    """It kills Pods with its labels; ports and data of a node are there once."""
    found = merged(pods(pod, container, metadata=metadata))
    assert codes_of(found.assumptions) == codes
    is_first = AssumptionCode.OLD_PODS_DELETED_FIRST in codes
    assert found.old_pods is (OldPods.DELETED_FIRST if is_first else OldPods.DELETED_AFTER)


@pytest.mark.parametrize(
    ("first", "second", "refusal"),
    [
        ("nodeName: a", "nodeName: b", None),
        ("nodeName: a", "nodeName: a", Refusal.COPIES),
        ("nodeName: a", "", Refusal.COPIES),
        ("", "nodeName: a", Refusal.COPIES),
        ("nodeName: a", "nodeSelector: {kubernetes.io/hostname: b}", Refusal.COPIES),
        (
            "nodeName: a, affinity: {podAffinity: {}}",
            "nodeName: b, affinity: {podAffinity: {}}",
            Refusal.COPIES,
        ),
    ],
)
def test_nodes_are_told_in_one_way_and_each_has_one_pod(
    first: str, second: str, refusal: Refusal | None
) -> None:
    """A DaemonSet can't do otherwise; an affinity besides would have to be joined with it."""
    assert refusal_for(pods(first, names=["web-0"]) + pods(second, names=["web-1"])) is refusal


# Numbered

CLAIM = "volumes: [{name: data, persistentVolumeClaim: {claimName: data-%s}}]"
MOUNT = "volumeMounts: [{name: data, mountPath: /data}]"
SPEC = "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}%s}"


def claims(*names: str, more: str = "") -> str:
    return "".join(manifest("v1 PersistentVolumeClaim", name, SPEC % more) for name in names)


OWN = claims("data-web-0", "data-web-1")


@pytest.mark.parametrize(
    ("pod", "others"), [("hostname: '%s'", ""), (CLAIM, OWN), (f"hostname: '%s', {CLAIM}", OWN)]
)
def test_numbered_copies_with_names_or_claims_of_their_own_become_a_stateful_set(
    pod: str, others: str
) -> None:
    """Each Pod finds what is its own by its name."""
    found = merged(pods(pod) + others)
    assert (found.kind, found.name) == ("StatefulSet", "web")
    assert found.fields["replicas"] == 2
    assert [copy.name for copy in found.others] == ["web-1"]
    assert codes_of(found.assumptions) == [AssumptionCode.OLD_PODS_TAKEN_OVER]
    assert found.old_pods is OldPods.TAKEN_OVER
    spec = spec_after(pods(pod) + others)
    assert not {"hostname", "volumes"} & spec.keys()


def test_claims_are_made_from_a_template_of_their_name() -> None:
    """So that each Pod is given the claim that it had; what a claim was bound to is its own."""
    free = [claims(f"data-web-{number}") for number in (0, 1)]
    bound = [claims(f"data-web-{number}", more=f", volumeName: v{number}") for number in (0, 1)]
    listed = ", ".join(claim[4:].strip() for claim in bound)
    in_list = f"---\napiVersion: v1\nkind: List\nitems: [{listed}]\n"
    for others in (OWN, "".join(bound), free[0] + bound[1], bound[0] + free[1], in_list):
        (template,) = merged(pods(CLAIM) + others).fields["volumeClaimTemplates"]
        assert written(template) == {
            "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }


def test_without_claims_there_are_no_templates() -> None:
    """An empty list would say nothing."""
    assert "volumeClaimTemplates" not in merged(pods("hostname: '%s'")).fields


def test_other_volumes_stay() -> None:
    """Only those of the templates go."""
    pod = CLAIM.replace("[", "[{name: tmp, emptyDir: {}}, ")
    assert spec_after(pods(pod) + OWN)["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    shared = CLAIM.replace("[", "[{name: all, persistentVolumeClaim: {claimName: all}}, ")
    spec = spec_after(pods(shared) + OWN)
    assert [volume["name"] for volume in spec["volumes"]] == ["all"]


def test_a_volume_of_another_name_is_renamed_and_the_pods_go_first() -> None:
    """The StatefulSet looks for volumes of its templates' names in the Pods that it takes over."""
    pod = CLAIM.replace("name: data", "name: disk")
    container = (
        "volumeMounts: [{name: tmp, mountPath: /t}, {name: disk, mountPath: /d}],"
        " volumeDevices: [{name: disk, devicePath: /e}]"
    )
    text = pods(pod, container) + OWN
    found = merged(text)
    assert codes_of(found.assumptions) == [AssumptionCode.OLD_PODS_DELETED_FIRST]
    assert found.old_pods is OldPods.DELETED_FIRST
    (web,) = spec_after(text)["containers"]
    assert [mount["name"] for mount in web["volumeMounts"]] == ["tmp", "data"]
    assert [device["name"] for device in web["volumeDevices"]] == ["data"]


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (pods("hostname: '%s'"), None),
        (pods("hostname: '%s'", names=("web-1", "web-0")), None),
        (pods("hostname: '%s'", names=("web-1", "web-2")), Refusal.COPIES),
        (pods("hostname: '%s'", names=("web-0", "web-2")), Refusal.COPIES),
        (pods("hostname: '%s'", names=("web0", "web1")), Refusal.COPIES),
        (pods("hostname: web"), Refusal.COPIES),
        (pods("hostname: '%s'") + manifest("apps/v1 StatefulSet", "web"), Refusal.COPIES),
        (pods("hostname: '%s'") + manifest("apps/v1 Deployment", "web"), None),
        (pods("hostname: '%s'", "args: ['%s']"), Refusal.COPIES),
        (pods("hostname: '%s', nodeName: n%d"), Refusal.COPIES),
        (pods("hostname: '%s', nodeName: n1"), Refusal.COPIES),
        (pods(CLAIM), Refusal.COPIES),
        (pods(CLAIM) + claims("data-web-0"), Refusal.COPIES),
        (pods(CLAIM) + OWN, None),
        (pods(CLAIM, MOUNT) + OWN, None),
        (
            pods(CLAIM) + claims("data-web-0") + claims("data-web-1", more=", volumeMode: Block"),
            Refusal.COPIES,
        ),
        (pods(CLAIM) + claims("data-web-0") + claims("data-web-1", more=", volumeName: a"), None),
        (pods("volumes: [{name: a, configMap: {name: '%s'}}]"), Refusal.COPIES),
    ],
)
def test_a_stateful_set_makes_just_these_pods_or_none(text: str, refusal: Refusal | None) -> None:
    """They are numbered from 0, and differ in host names and claims alone."""
    assert refusal_for(text) is refusal


@pytest.mark.parametrize(
    ("pod", "others", "name"),
    [
        ("hostname: '%s'", "", "web"),
        ("hostname: '%s', subdomain: peers", "", "peers"),
        ("hostname: '%s'", service("all", selector="app: web", spec="clusterIP: None"), "all"),
        ("hostname: '%s'", service("all", selector="app: web"), "web"),
        (
            "hostname: '%s', subdomain: peers",
            service("all", selector="app: web", spec="clusterIP: None"),
            "peers",
        ),
    ],
)
def test_the_pods_keep_their_dns_names(pod: str, others: str, name: str) -> None:
    """By the headless Service that they say, or that selects them."""
    text = pods(pod) + others
    assert merged(text).fields["serviceName"] == name
    assert "subdomain" not in spec_after(text)
