"""The workload that a group gets: its text is the old one's, as far as the group is concerned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.actions.context import Candidate
from service.actions.split.selectors import copied_annotations
from service.actions.split.services import Boundary
from service.actions.wrap.controllers import Wrapping
from service.kube.annotations import is_for_pods, stays_behind
from service.kube.containers import Container
from service.kube.live_exports import is_machine_written
from service.kube.objects import as_mapping, as_mappings, as_text, value_at
from service.kube.pod_fields import POD_FIELDS, Fate
from service.yamldoc.nodes import Data, Route
from service.yamldoc.operations import Operation, Remove, Tree, Verbatim


@dataclass(frozen=True, slots=True)
class Group:
    """A group that gets a workload of its own."""

    number: int
    """Its place in the boundary."""
    kind: tuple[str, str]
    """API version and kind of its workload."""
    members: Sequence[Container]
    """Its containers, init containers and sidecars of the whole Pod included, in the order of
    the manifest.
    """
    operations: Mapping[int, Sequence[Operation]]
    """By container index: what is done inside the containers' text."""
    shared_labels: Mapping[str, str]
    """Labels that all groups carry for Services."""
    replicas: int | None
    """How many Pods it needs at least where nothing is written; None where one will do."""
    keeps_data: bool
    """Whether it writes to what outlives its Pod, or holds a port of the node."""


def workload_of(
    candidate: Candidate, wrapping: Wrapping | None, boundary: Boundary, group: Group
) -> dict[str, Tree]:
    """The object of a group's workload.

    Args:
        candidate: the workload that is split.
        wrapping: the controller that it gets where it is a bare Pod.
        boundary: how the groups are told apart.
        group: the group.
    """
    return _Template(candidate, wrapping, boundary, group).tree()


class _Template:
    def __init__(
        self, candidate: Candidate, wrapping: Wrapping | None, boundary: Boundary, group: Group
    ) -> None:
        self._situation = candidate
        self._workload = candidate.workload
        self._resource = candidate.resource
        self._wrapping = wrapping
        self._boundary = boundary
        self._group = group

    def tree(self) -> dict[str, Tree]:
        """The object."""
        api_version, kind = self._group.kind
        return {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": self._metadata(),
            "spec": self._spec(self._pod_template()),
        }

    def _carried(self, *route: str | int, operations: Sequence[Operation] = ()) -> Verbatim:
        return Verbatim(
            self._resource.document, self._situation.absolute(*route), tuple(operations)
        )

    def _as_written(
        self, wanted: Mapping[str, str], there: Mapping[str, str], *route: str | int
    ) -> dict[str, Tree]:
        """Labels, those that stay what they are in the text that they have."""
        return {
            key: self._carried(*route, key) if there.get(key) == value else value
            for key, value in wanted.items()
        }

    def _metadata(self) -> dict[str, Tree]:
        name = self._boundary.names[self._group.number]
        metadata: dict[str, Tree] = {"name": name}
        if self._resource.namespace is not None:
            metadata["namespace"] = self._carried("metadata", "namespace")
        if self._resource.labels or self._wrapping:
            own = {
                **self._resource.labels,
                **(self._wrapping.labels if self._wrapping else {}),
            } or {self._boundary.key: name}
            changed = {
                each: name if each == self._boundary.key else value for each, value in own.items()
            }
            metadata["labels"] = self._as_written(
                changed, self._resource.labels, "metadata", "labels"
            )
        if not self._workload.is_pod and (
            annotations := copied_annotations(self._resource, self._workload)
        ):
            metadata["annotations"] = annotations
        return metadata

    def _spec(self, template: dict[str, Tree]) -> dict[str, Tree]:
        kind = self._group.kind[1]
        if kind == "CronJob":
            return self._cron_spec(template)
        labels = self._boundary.labels[self._group.number]
        selector_keys = self._wrapping.selector if self._wrapping else self._workload.selector
        spec: dict[str, Tree] = {}
        if "replicas" in self._resource.spec:
            spec["replicas"] = self._resource.spec["replicas"]
        elif self._wrapping:
            spec["replicas"] = self._wrapping.fields["replicas"]
        elif self._group.replicas is not None:
            spec["replicas"] = self._group.replicas
        if kind == "DaemonSet" and "updateStrategy" in self._resource.spec:
            spec["updateStrategy"] = self._carried("spec", "updateStrategy")
        spec["selector"] = {
            "matchLabels": {key: labels[key] for key in selector_keys if key in labels}
        }
        if kind == "Deployment":
            spec |= self._rollout()
        return {**spec, "template": template}

    def _rollout(self) -> dict[str, Tree]:
        """How a Deployment replaces its Pods: as the old workload did, but one that keeps data
        stops the old Pod first.
        """
        found: dict[str, Tree] = {}
        if (
            self._group.keeps_data
            or value_at(self._resource.spec, "strategy", "type") == "Recreate"
        ):
            found["strategy"] = {"type": "Recreate"}
        elif self._resource.kind == "Deployment" and "strategy" in self._resource.spec:
            found["strategy"] = self._carried("spec", "strategy")
        kept = ("minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit")
        return {
            **found,
            **{key: self._carried("spec", key) for key in kept if key in self._resource.spec},
        }

    def _cron_spec(self, template: dict[str, Tree]) -> dict[str, Tree]:
        job = as_mapping(self._resource.spec.get("jobTemplate"))
        outer: dict[str, Tree] = {
            key: self._carried("spec", key) for key in self._resource.spec if key != "jobTemplate"
        }
        inner: dict[str, Tree] = {
            key: self._carried("spec", "jobTemplate", "spec", key)
            for key in as_mapping(job.get("spec"))
            if key != "template"
        }
        of_jobs: dict[str, Tree] = (
            {"metadata": self._carried("spec", "jobTemplate", "metadata")}
            if "metadata" in job
            else {}
        )
        return {**outer, "jobTemplate": {**of_jobs, "spec": {**inner, "template": template}}}

    def _pod_template(self) -> dict[str, Tree]:
        labels = {**self._boundary.labels[self._group.number], **self._group.shared_labels}
        metadata: dict[str, Tree] = {
            "labels": self._as_written(
                labels, self._workload.labels, *self._workload.template, "metadata", "labels"
            )
        }
        kept = [
            key
            for key, value in self._workload.annotations.items()
            if not stays_behind(self._workload, key, value)
        ]
        if self._wrapping:
            kept = [
                key
                for key in kept
                if is_for_pods(key) and not is_machine_written(self._resource, key)
            ]
        if kept:
            metadata["annotations"] = {
                key: self._carried(*self._workload.template, "metadata", "annotations", key)
                for key in kept
            }
        return {"metadata": metadata, "spec": self._pod_spec()}

    def _pod_spec(self) -> dict[str, Tree]:
        result: dict[str, Tree] = {}
        restarted = self._wrapping is not None and self._wrapping.restart_policy is not None
        for field, value in self._workload.pod.items():
            fate = POD_FIELDS[field]
            if field in ("containers", "initContainers"):
                self._keep(result, field, [*self._containers_in(field)])
            elif field == "volumes":
                used = {mount.volume for each in self._group.members for mount in each.mounts}
                self._keep(
                    result,
                    field,
                    [as_text(volume.get("name")) in used for volume in as_mappings(value)],
                )
            elif fate is Fate.COPIED and not (field == "restartPolicy" and restarted):
                result[field] = self._carried(*self._workload.pod_route, field)
            elif fate is Fate.SELECTS:
                result[field] = self._own_labels(field, value)
        return result

    def _containers_in(self, field: str) -> list[bool]:
        """Which of the containers of a field are the group's."""
        own = {each.index for each in self._group.members}
        return [
            each.index in own
            for each in self._workload.containers
            if each.route[len(self._workload.pod_route)] == field
        ]

    def _keep(self, result: dict[str, Tree], field: str, kept: list[bool]) -> None:
        """Carry a list over as it is written, without the items that aren't the group's."""
        if not any(kept):
            return
        route: Route = (*self._workload.pod_route, field)
        operations: list[Operation] = [
            Remove(self._situation.absolute(*route, index))
            for index, keep in enumerate(kept)
            if not keep
        ]
        for each in self._group.members:
            if each.route[: len(route)] == route:
                operations += self._group.operations.get(each.index, ())
        result[field] = self._carried(*route, operations=operations)

    def _own_labels(self, field: str, value: Data) -> Tree:
        """Affinity and spreading that speak of the old Pods' label speak of the new ones' in the
        copy.
        """
        key, old, new = (
            self._boundary.key,
            self._boundary.labels[0].get(self._boundary.key),
            self._boundary.names[self._group.number],
        )
        changed = _relabelled(value, key, old, new)
        return self._carried(*self._workload.pod_route, field) if changed == value else changed


def _relabelled(data: Data, key: str, old: str | None, new: str) -> Data:
    if isinstance(data, dict):
        if data.get("key") == key and isinstance(data.get("values"), list):
            return {**data, "values": [new if value == old else value for value in data["values"]]}
        return {
            each: new if each == key and value == old else _relabelled(value, key, old, new)
            for each, value in data.items()
        }
    return [_relabelled(each, key, old, new) for each in data] if isinstance(data, list) else data
