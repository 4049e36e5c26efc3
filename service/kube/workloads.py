"""Workloads: objects that hold a pod spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import TypeAlias, TypeVar

from service.findings import ContainerType
from service.kube.containers import Container
from service.kube.kinds import Kind, known_kind
from service.kube.node_files import is_common_on_nodes
from service.kube.objects import (
    ManifestSet,
    Resource,
    as_list,
    as_mapping,
    as_mappings,
    as_strings,
    as_text,
    value_at,
)
from service.kube.selectors import match_labels, matches, matches_map
from service.kube.sight import ByLabel, Label
from service.lazy import cached_property
from service.yamldoc.nodes import Data, Route

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Workload:
    """An object that holds a pod spec."""

    resource: Resource
    """The object."""
    kind: Kind | None
    """Its kind, if that is rewritten; None for kinds that are analysed only."""
    template: Route
    """From the object to the pod template; empty for a Pod."""

    @property
    def title(self) -> str:
        """Kind and name, as in `Pod/web`."""
        return self.resource.title

    @property
    def name(self) -> str:
        """The object's name."""
        return self.resource.name

    @property
    def bare(self) -> bool:
        """Whether it is a Pod without a controller."""
        return (
            self.kind is not None
            and self.kind.kind == "Pod"
            and not as_list(self.resource.metadata.get("ownerReferences"))
        )

    @property
    def is_pod(self) -> bool:
        """Whether it is a Pod."""
        return self.kind is not None and self.kind.kind == "Pod"

    @property
    def pod_route(self) -> Route:
        """From the object to the pod spec."""
        return (*self.template, "spec")

    @cached_property
    def pod(self) -> dict[str, Data]:
        """The pod spec."""
        return as_mapping(value_at(self.resource.data, *self.pod_route))

    @cached_property
    def pod_metadata(self) -> dict[str, Data]:
        """The metadata of its Pods."""
        return as_mapping(value_at(self.resource.data, *self.template, "metadata"))

    @cached_property
    def labels(self) -> dict[str, str]:
        """The labels of its Pods."""
        return as_strings(self.pod_metadata.get("labels"))

    @cached_property
    def annotations(self) -> dict[str, str]:
        """The annotations of its Pods."""
        return as_strings(self.pod_metadata.get("annotations"))

    @cached_property
    def selector(self) -> dict[str, str]:
        """The labels that its selector asks for; `matchExpressions` are left out."""
        selector = self.resource.spec.get("selector")
        return (
            as_strings(selector)
            if self.kind and self.kind.selector == "map"
            else match_labels(selector)
        )

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """Regular containers, then init containers, then ephemeral ones, each in the order of the
        pod spec.
        """
        found: list[Container] = []
        for field, usual_type in (
            ("containers", ContainerType.REGULAR),
            ("initContainers", ContainerType.INIT),
            ("ephemeralContainers", ContainerType.EPHEMERAL),
        ):
            for index, data in enumerate(as_mappings(self.pod.get(field))):
                is_sidecar = field == "initContainers" and data.get("restartPolicy") == "Always"
                found.append(
                    Container(
                        index=len(found),
                        type=ContainerType.NATIVE_SIDECAR if is_sidecar else usual_type,
                        route=(*self.pod_route, field, index),
                        data=data,
                    )
                )
        return tuple(found)

    @cached_property
    def containers_by_name(self) -> dict[str, Container]:
        """Its containers by name, the last of several that have the same one."""
        return {container.name: container for container in self.containers}

    @cached_property
    def classified_containers(self) -> tuple[Container, ...]:
        """The containers that run as long as the Pod does: regular ones and native sidecars."""
        return tuple(
            container
            for container in self.containers
            if container.type in (ContainerType.REGULAR, ContainerType.NATIVE_SIDECAR)
        )

    @cached_property
    def volumes_by_name(self) -> dict[str, dict[str, Data]]:
        """The volumes by name. The claim templates of a StatefulSet are among them, as volumes with
        a `volumeClaimTemplate`; where a volume has the same name, the template counts (the API
        reference of StatefulSetSpec).
        """
        volumes = {
            as_text(volume.get("name")): volume for volume in as_mappings(self.pod.get("volumes"))
        }
        templates = {
            as_text(value_at(template, "metadata", "name")): {
                "volumeClaimTemplate": template.get("spec")
            }
            for template in as_mappings(self.resource.spec.get("volumeClaimTemplates"))
        }
        return {**volumes, **templates}


READ_ONLY_SOURCES = frozenset({"configMap", "secret", "projected", "downwardAPI"})
"""Sources of volumes that containers only read."""
_NOT_PERSISTENT = READ_ONLY_SOURCES | {"emptyDir", "image", "ephemeral"}
"""Sources of volumes that are only read, or that are deleted with their Pod."""


def is_persistent(volume: dict[str, Data]) -> bool:
    """Whether what is written to a volume outlives its Pod, as in claims, paths of the node, and
    network and cloud disks.
    """
    if is_common_on_nodes(volume):
        return False
    return any(source not in _NOT_PERSISTENT for source in volume if source != "name")


def node_data_of(workload: Workload, container: Container) -> str | None:
    """A path or device of its node that a container needs; None if it needs none.

    It is one that it writes to, or a device. Sockets of the node are none: every node has the like.
    """
    for mount in container.mounts:
        volume = as_mapping(workload.volumes_by_name.get(mount.volume))
        host_path = as_mapping(volume.get("hostPath"))
        path = as_text(host_path.get("path"))
        if not path or is_common_on_nodes(volume):
            continue
        is_socket = path.endswith(".sock") or host_path.get("type") == "Socket"
        is_device = path.startswith("/dev/")
        if is_device or not (mount.read_only or is_socket):
            return path
    return None


def writes_persistent_data(workload: Workload, container: Container) -> bool:
    """Whether a container writes to a volume that outlives its Pod."""
    return any(
        not mount.read_only
        and is_persistent(as_mapping(workload.volumes_by_name.get(mount.volume)))
        for mount in container.mounts
    )


def uses_host_port(workload: Workload, container: Container) -> bool:
    """Whether a container uses a port of its node. On the host's network every declared port is a
    port of the node.
    """
    on_host = workload.pod.get("hostNetwork") is True
    return any(port.host_port or on_host for port in container.ports)


_MAX_DEPTH = 8
"""How deep in `spec` a pod template is looked for in kinds that are analysed only. A RayCluster
has it at 5.
"""
_WITHOUT_PODS = frozenset({"Service", "ConfigMap", "Secret", "ServiceAccount", "Namespace"})
"""The commonest kinds of the core API, which make no Pods; old texts of OpenShift have its kinds in
the core API too.
"""
_NOT_TEMPLATES = ("openAPIV3Schema", "schema", "status")
"""Fields in which there are no pod templates."""


def workloads_of(resource: Resource) -> Iterator[Workload]:
    """The workloads that an object is.

    An object of a kind that is rewritten is at most one workload; one of another kind is as many as
    it has pod templates.
    """
    kind = known_kind(resource.api_version, resource.kind)
    if kind is not None:
        containers = (*kind.template, "spec", "containers")
        if isinstance(value_at(resource.data, *containers), list):
            yield Workload(resource, kind, kind.template)
        return
    if resource.api_version == "v1" and resource.kind in _WITHOUT_PODS:
        return
    for route in _templates(resource.spec, ("spec",), _MAX_DEPTH):
        yield Workload(resource, None, route)


def _templates(data: Data, route: Route, depth: int) -> Iterator[Route]:
    """The routes of the pod templates in some data that is at a route, at most `depth` deep."""
    if depth == 0:
        return
    if isinstance(data, dict):
        if _is_template(data):
            yield route
            return
        for key, value in data.items():
            if isinstance(value, dict | list) and key not in _NOT_TEMPLATES:
                yield from _templates(value, (*route, key), depth - 1)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            if isinstance(value, dict):
                yield from _templates(value, (*route, index), depth - 1)


def _is_template(data: dict[str, Data]) -> bool:
    """Whether a mapping is a pod template: its `spec` has containers with a name or an image."""
    containers = value_at(data, "spec", "containers")
    return (
        isinstance(containers, list)
        and bool(containers)
        and all(
            isinstance(container, dict) and ("image" in container or "name" in container)
            for container in containers
        )
    )


def _may_select(workload: Workload) -> bool:
    """Whether a workload has a selector; one that the API server makes is not in the input."""
    return (
        workload.kind is not None
        and workload.kind.selector != "none"
        and bool(workload.resource.spec.get("selector"))
    )


def selects(workload: Workload, labels: dict[str, str]) -> bool:
    """Whether the selector of a workload matches some labels; never for one without a selector."""
    if not _may_select(workload):
        return False
    if workload.kind is not None and workload.kind.selector == "map":
        return matches_map(workload.selector, labels)
    return matches(workload.resource.spec["selector"], labels)


def register_workloads(manifests: ManifestSet, workloads: tuple[Workload, ...]) -> None:
    """Set what `all_workloads` returns for a set, where the workloads are known already."""
    manifests.compute_once("workloads", lambda _: workloads)


def all_workloads(manifests: ManifestSet) -> tuple[Workload, ...]:
    """The workloads of a set, in the order of the input."""
    return manifests.compute_once(
        "workloads",
        lambda whole: tuple(
            workload for resource in whole.resources for workload in workloads_of(resource)
        ),
    )


def workloads_in(resource: Resource, manifests: ManifestSet) -> list[Workload]:
    """The workloads of a set that an object of it is, or holds."""
    return manifests.compute_once("workloads-by-object", _by_object).get(resource, [])


def workload_at(
    kind: str, name: str, path: str, namespace: str | None, manifests: ManifestSet
) -> Workload | None:
    """The first workload of a set with a kind and name in a file and namespace; None if there is
    none.
    """
    objects = manifests.find_at(kind, name, path, namespace)
    return next((own for resource in objects for own in workloads_in(resource, manifests)), None)


def _by_object(manifests: ManifestSet) -> dict[Resource, list[Workload]]:
    found: dict[Resource, list[Workload]] = {}
    for workload in all_workloads(manifests):
        found.setdefault(workload.resource, []).append(workload)
    return found


def index_by_rarest_label(
    selectors: Iterable[tuple[T, Mapping[str, str]]],
) -> dict[Label | None, list[T]]:
    """Index what selects by labels, each under the label of its selector that the fewest selectors
    ask for.

    Labels such as `app.kubernetes.io/part-of` are in every selector of a set, so an index by them
    would not narrow a search.

    Args:
        selectors: what selects, each with its plain selector.

    Returns:
        What selects, by label; under None what has an empty selector.
    """
    pairs = list(selectors)
    counts = Counter(label for _, selector in pairs for label in selector.items())
    found: dict[Label | None, list[T]] = {}
    for selecting, selector in pairs:
        rarest = min(selector.items(), key=counts.__getitem__, default=None)
        found.setdefault(rarest, []).append(selecting)
    return found


def _by_selector(manifests: ManifestSet) -> ByLabel[Workload]:
    controllers = index_by_rarest_label(
        (workload, workload.selector)
        for workload in all_workloads(manifests)
        if _may_select(workload)
    )
    return ByLabel(controllers, attrgetter("resource"))


def controllers_selecting(
    labels: dict[str, str], manifests: ManifestSet, seen_from: Resource | None = None
) -> list[Workload]:
    """The controllers of a set whose selectors match some labels.

    Args:
        labels: the labels of Pods.
        manifests: the set.
        seen_from: for the controllers alone that this object sees; None for all.
    """
    index = manifests.compute_once("controllers-by-label", _by_selector)
    found = index.seen_from(seen_from, manifests, (*labels.items(), None))
    return [controller for controller in found if selects(controller, labels)]


def controllers_asking_for(manifests: ManifestSet) -> ByLabel[Workload]:
    """The controllers of a set, by each label that they select by; under None those that have
    expressions besides.
    """
    return manifests.compute_once("controllers-by-each-label", _by_each_label)


def _by_each_label(manifests: ManifestSet) -> ByLabel[Workload]:
    found: dict[Label | None, list[Workload]] = {}
    for workload in all_workloads(manifests):
        if _may_select(workload):
            for label in workload.selector.items():
                found.setdefault(label, []).append(workload)
            if value_at(workload.resource.spec, "selector", "matchExpressions"):
                found.setdefault(None, []).append(workload)
    return ByLabel(found, attrgetter("resource"))


Pod: TypeAlias = tuple[Resource, dict[str, str]]
"""An object that makes Pods, or is one, and the labels of its Pods."""


def _pods_by_label(manifests: ManifestSet) -> ByLabel[Pod]:
    found: dict[Label | None, list[Pod]] = {}
    for workload in all_workloads(manifests):
        pod = (workload.resource, workload.labels)
        for label in workload.labels.items():
            found.setdefault(label, []).append(pod)
    return ByLabel(found, itemgetter(0))


def pods_by_label(manifests: ManifestSet) -> ByLabel[Pod]:
    """The Pods of a set, by each of their labels."""
    return manifests.compute_once("pods-by-label", _pods_by_label)


def pods_with_labels(
    selector: Mapping[str, str], manifests: ManifestSet, seen_from: Resource | None = None
) -> list[Pod]:
    """The Pods that a plain selector selects; none if the selector is empty.

    Args:
        selector: the selector.
        manifests: the set.
        seen_from: for the Pods alone of objects that this one sees; None for all.
    """
    index = pods_by_label(manifests)
    found = index.seen_from(seen_from, manifests, _rarest(selector, index))
    return [pod for pod in found if selector.items() <= pod[1].items()]


def pods_with_labels_by_name(
    selector: Mapping[str, str], manifests: ManifestSet, beside: Resource
) -> Iterator[tuple[str, str, Iterator[Pod]]]:
    """The Pods that a plain selector selects and that may be in an object's namespace, by kind and
    name of what makes them.

    Args:
        selector: the selector.
        manifests: the set.
        beside: the object.
    """
    index = pods_by_label(manifests)
    for kind, name, pods in index.namesakes_for(beside, _rarest(selector, index)):
        yield kind, name, (pod for pod in pods if selector.items() <= pod[1].items())


def _rarest(selector: Mapping[str, str], index: ByLabel[Pod]) -> list[Label]:
    """The label of a selector that the fewest Pods have."""
    return [min(selector.items(), key=index.count)] if selector else []
