"""Whether Pods are what they were in all that their containers share.

The verifier's own answers, from the API reference of PodSpec: a field is what it was, unless this
page says how it may differ.
"""

from __future__ import annotations

from service.kube.live_exports import is_live, is_machine_written
from service.kube.objects import as_list, as_mapping, as_mappings, as_text, value_at
from service.kube.replicas import HOST_NAME_LABEL
from service.kube.splits import fields_after_split, spec_outside_split
from service.kube.workloads import Workload, node_data_of, uses_host_port, writes_persistent_data
from service.verification.equality import are_equal_but_for
from service.yamldoc.nodes import Data

_OF_CONTAINERS = frozenset({"containers", "initContainers", "ephemeralContainers", "volumes"})
"""Fields that hold what is compared container by container."""
_SELECTING = frozenset({"affinity", "topologySpreadConstraints"})
"""Fields that hold label selectors."""
_ADMITTED = frozenset({"priority", "overhead"})
"""Fields that admission fills in, from the priority and runtime classes."""
_OF_ONE_POD = frozenset({"nodeName", "nodeSelector", "affinity", "hostname", "subdomain"})
"""Fields in which copies of a Pod differ, and which their controller sets in its own way."""
_ENGINES = ("io.podman.", "io.kubernetes.cri-o.", "io.buildah.")
"""Annotations of container engines, which Kubernetes reads nothing of."""
_TRUE_BY_DEFAULT = frozenset({"automountServiceAccountToken", "enableServiceLinks", "hostUsers"})
"""Fields in which a written false is not what Pods get where nothing is written."""
_READ_ON_PODS = (
    "prometheus.io/",
    "sidecar.istio.io/",
    "traffic.sidecar.istio.io/",
    "proxy.istio.io/",
    "linkerd.io/",
    "config.linkerd.io/",
    "consul.hashicorp.com/",
    "vault.hashicorp.com/",
    "dapr.io/",
    "container.apparmor.security.beta.kubernetes.io/",
    "cluster-autoscaler.kubernetes.io/",
    "k8s.v1.cni.cncf.io/networks",
    "io.kubernetes.cri-o.",
    "kubernetes.io/ingress-bandwidth",
    "kubernetes.io/egress-bandwidth",
    "kubectl.kubernetes.io/default-container",
    "ad.datadoghq.com/",
    "co.elastic.logs/",
    "fluentbit.io/",
    "backup.velero.io/",
)
"""Annotations that the kubelet, the runtime, meshes, collectors and kubectl read on the Pod."""


def starts_containers_alike(old: Workload, successor: Workload) -> bool:
    """Whether Pods have each container once, as init container or not as it was, and start them in
    the order in which they were started.

    Args:
        old: the workload as it was.
        successor: one that has some of its containers.
    """
    before = [(container.name, container.type) for container in old.containers]
    after = [(container.name, container.type) for container in successor.containers]
    return after == [container for container in before if container in after]


def changed_fields(
    old: Workload, successor: Workload, *, is_moved: bool, is_merged: bool
) -> list[str]:
    """The fields of the PodSpec that are not what they were.

    Args:
        old: the workload as it was.
        successor: one that has its containers.
        is_moved: whether the containers moved to it.
        is_merged: whether it stands for several bare Pods.
    """
    fields = (old.pod.keys() | successor.pod.keys()) - _OF_CONTAINERS
    if is_merged:
        fields -= _OF_ONE_POD
    return sorted(
        field for field in fields if not _is_kept(old, successor, field, is_moved=is_moved)
    )


def _is_kept(old: Workload, successor: Workload, field: str, *, is_moved: bool) -> bool:
    was, now = old.pod.get(field), successor.pod.get(field)
    if was == now:
        return True
    if field == "affinity" and _is_kept_on_node(old, successor):
        return True
    if field in _SELECTING:
        values = {(value, successor.labels.get(key)) for key, value in old.labels.items()}
        return _are_relabelled(was, now, values)
    if field in _ADMITTED:
        return now is None
    # A Pod's host name is its own name where nothing is written.
    is_default = _says_nothing(field, was) or (field == "hostname" and was == old.resource.name)
    if is_moved and is_default and now is None:
        return True
    if not old.is_pod:
        return False
    # A bare Pod got a controller, and where it ran is no field of a template.
    if field == "nodeName":
        return now is None and is_live(old.resource)
    if field == "tolerations":
        return _are_tolerations_kept(was, now)
    # The API server accepts nothing else in the template of a server.
    return field == "restartPolicy" and now in (None, "Always")


def _is_kept_on_node(old: Workload, successor: Workload) -> bool:
    """Whether an affinity differs only in keeping the Pods on the node that a live one ran on."""
    node = as_text(old.pod.get("nodeName"))
    if not node or not is_live(old.resource) or pinned_nodes(successor) != [node]:
        return False
    was, now = as_mapping(old.pod.get("affinity")), as_mapping(successor.pod.get("affinity"))
    rest = {key: value for key, value in now.items() if key != "nodeAffinity"}
    return "nodeAffinity" not in was and rest == was


def stays_with_its_data(old: Workload, successor: Workload) -> bool:
    """Whether a live Pod that writes data of its node, or uses a device, stays on this node."""
    node = as_text(old.pod.get("nodeName"))
    if not node or not is_live(old.resource):
        return True
    needs_node = any(node_data_of(successor, container) for container in successor.containers)
    return not needs_node or pinned_nodes(successor) == [node]


def _says_nothing(field: str, value: Data) -> bool:
    """Whether a Pod is the same without a field."""
    if value is False:
        return field not in _TRUE_BY_DEFAULT
    return value in ("", [], {})


def _are_tolerations_kept(was: Data, now: Data) -> bool:
    """Whether only tolerations are gone that the API server gives to every Pod."""
    before, after = as_mappings(was), as_list(now)
    gone = [toleration for toleration in before if toleration not in after]
    are_defaults = all(
        as_text(toleration.get("key")).startswith("node.kubernetes.io/") for toleration in gone
    )
    return are_defaults and all(toleration in before for toleration in after)


def _are_relabelled(was: Data, now: Data, values: set[tuple[str, str | None]]) -> bool:
    """Whether two selecting fields are equal but for values of labels, given as pairs."""
    if isinstance(was, dict) and isinstance(now, dict) and was.keys() == now.keys():
        return all(_are_relabelled(was[key], now[key], values) for key in was)
    if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        pairs = zip(was, now, strict=True)
        return all(_are_relabelled(before, after, values) for before, after in pairs)
    return was == now or (isinstance(was, str) and isinstance(now, str) and (was, now) in values)


def has_its_labels(old: Workload, successor: Workload, *, is_moved: bool) -> bool:
    """Whether Pods have the labels that they had; moved ones differ in one, which tells them
    apart.

    Args:
        old: the workload as it was.
        successor: one that has its containers.
        is_moved: whether the containers moved to it.
    """
    differing = {key for key, value in old.labels.items() if successor.labels.get(key) != value}
    return len(differing) <= is_moved and differing <= successor.labels.keys()


def has_its_annotations(old: Workload, successor: Workload, *, is_moved: bool) -> bool:
    """Whether nothing is lost or made up of the annotations of Pods.

    An annotation of a bare Pod may stay on the object that it becomes, unless something reads it on
    the Pod. One that speaks of a container or its port need not go with the others.

    Args:
        old: the workload as it was.
        successor: one that has its containers.
        is_moved: whether the containers moved to it.
    """
    now = successor.annotations
    if any(old.annotations.get(key) != value for key, value in now.items()):
        return False
    for key, value in old.annotations.items():
        if key in now or (old.is_pod and is_machine_written(old.resource, key)):
            continue
        if is_moved and _is_of_one_container(old, key, value):
            continue
        stays_on_object = old.is_pod and not key.startswith(_READ_ON_PODS)
        is_there = is_moved or successor.resource.annotations.get(key) == value
        if not (stays_on_object and is_there):
            return False
    return True


def _is_of_one_container(old: Workload, key: str, value: str) -> bool:
    """Whether an annotation names a container, or is about the one that Prometheus scrapes."""
    if key.startswith(("kubectl.kubernetes.io/", "podsplit.dev/", *_ENGINES)):
        return True
    if key.startswith("prometheus.io/"):
        return "prometheus.io/port" in old.annotations
    names = {container.name for container in old.containers}
    return value in names or key.rpartition("/")[2] in names


def pinned_nodes(workload: Workload) -> list[str]:
    """The nodes that a workload's Pods are pinned to, sorted; empty if to none."""
    pod = workload.pod
    terms = value_at(
        pod,
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    )
    named = [
        as_text(value)
        for term in as_mappings(terms)
        for field in ("matchFields", "matchExpressions")
        for expression in as_mappings(term.get(field))
        if expression.get("key") in ("metadata.name", HOST_NAME_LABEL)
        and expression.get("operator") == "In"
        for value in as_list(expression.get("values"))
    ]
    written = [
        as_text(pod.get("nodeName")),
        as_text(value_at(pod, "nodeSelector", HOST_NAME_LABEL)),
    ]
    return sorted([*named, *(node for node in written if node)])


def is_stopped(workload: Workload) -> bool:
    """Whether a workload makes no Pods: it has no replicas, or is suspended."""
    spec = workload.resource.spec
    return spec.get("replicas") == 0 or spec.get("suspend") is True


def is_only_stopped(old: Workload, successor: Workload) -> bool:
    """Whether a workload makes no Pods, and is what it was in all else that says when it makes
    some.
    """
    return is_stopped(successor) and (
        old.resource.kind != "CronJob" or _has_same_schedule(old, successor, "suspend")
    )


def _has_same_schedule(old: Workload, successor: Workload, *keys: str) -> bool:
    """Whether CronJobs are equal but for their Pods and some fields."""
    routes = frozenset({("jobTemplate",), *((key,) for key in keys)})
    return are_equal_but_for(spec_outside_split(old.resource), successor.resource.spec, routes)


def makes_as_many_pods(old: Workload, successor: Workload, count: int, *, is_moved: bool) -> bool:
    """Whether a workload makes as many Pods as there were, or makes them at the same times.

    Args:
        old: the workload as it was.
        successor: one that has its containers.
        count: how many bare Pods it stands for.
        is_moved: whether the containers moved; what moved away from an autoscaler has a number of
            its own.
    """
    before, after = spec_outside_split(old.resource), successor.resource.spec
    was, now = before.get("replicas"), after.get("replicas")
    if old.resource.kind == "CronJob":
        return _has_same_schedule(old, successor)
    if old.is_pod:
        is_one_per_node = successor.resource.kind == "DaemonSet"
        return now == count or (now is None and (count == 1 or is_one_per_node))
    return now == was or (is_moved and was is None)


def replaces_pods_alike(old: Workload, successor: Workload, *, is_moved: bool) -> bool:
    """Whether a Deployment replaces its Pods as was done before: the old one first, where only one
    Pod can have what they have.

    Args:
        old: the workload as it was.
        successor: one that has its containers.
        is_moved: whether the containers moved to it.
    """
    if successor.resource.kind != "Deployment":
        return True
    was, now = (
        spec_outside_split(old.resource).get("strategy"),
        successor.resource.spec.get("strategy"),
    )
    is_by_wrap = "strategy" in fields_after_split(old.resource)
    if not is_moved and not is_by_wrap and old.resource.kind == "Deployment":
        return now == was
    if now == {"type": "Recreate"}:
        return True
    return value_at(was, "type") != "Recreate" and not any(
        writes_persistent_data(successor, container) or uses_host_port(successor, container)
        for container in successor.containers
    )
