"""The workload that a group gets: its text is the old one's, as far as the group is concerned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.actions.annotations import is_excluded_from_new_pods, is_for_pods
from service.actions.live_exports import default_tolerations, kept_affinity, token_removals
from service.actions.split.follow_up import copied_annotations
from service.actions.split.plan import SplitPlan
from service.actions.split.pod_fields import POD_FIELDS, Treatment
from service.change import Controller
from service.kube.containers import Container
from service.kube.live_exports import is_live, is_machine_written, is_token
from service.kube.objects import Resource, as_list, as_mapping, as_mappings, as_text, value_at
from service.kube.workloads import Workload
from service.yamldoc.nodes import Data, Route
from service.yamldoc.operations import AddEntry, Operation, Remove, Tree, Verbatim


@dataclass(frozen=True, slots=True)
class GroupWorkload:
    """A group that gets a workload of its own, and what this is made from."""

    plan: SplitPlan
    """The split."""
    group: int
    """The group."""
    operations: Mapping[int, Sequence[Operation]]
    """By container index: what is done inside the containers' text."""
    shared_labels: Mapping[str, str]
    """Labels that all groups carry for Services."""
    replicas: int | None
    """How many Pods it needs at least where nothing is written; None where one will do."""
    keeps_data: bool
    """Whether it writes to what outlives its Pod, or holds a port of the node."""

    def tree(self) -> dict[str, Tree]:
        """The object."""
        api_version, kind = self.plan.kinds[self.group]
        return {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": self._metadata(),
            "spec": self._spec(self._pod_template()),
        }

    @property
    def _workload(self) -> Workload:
        return self.plan.candidate.workload

    @property
    def _resource(self) -> Resource:
        return self.plan.candidate.resource

    @property
    def _controller(self) -> Controller | None:
        return self.plan.controller

    @property
    def _members(self) -> tuple[Container, ...]:
        return self.plan.partition.members[self.group]

    @property
    def _name(self) -> str:
        return self.plan.labels.names[self.group]

    def _verbatim(self, *route: str | int, operations: Sequence[Operation] = ()) -> Verbatim:
        return Verbatim(
            self._resource.document, self.plan.candidate.route_to(*route), tuple(operations)
        )

    def _as_written(
        self, wanted: Mapping[str, str], there: Mapping[str, str], *route: str | int
    ) -> dict[str, Tree]:
        """Labels, those that stay what they are in the text that they have."""
        return {
            key: self._verbatim(*route, key) if there.get(key) == value else value
            for key, value in wanted.items()
        }

    def _metadata(self) -> dict[str, Tree]:
        name = self._name
        metadata: dict[str, Tree] = {"name": name}
        if self._resource.namespace is not None:
            metadata["namespace"] = self._verbatim("metadata", "namespace")
        if self._resource.labels or self._controller:
            own = {
                **self._resource.labels,
                **(self._controller.labels if self._controller else {}),
            } or {self.plan.labels.key: name}
            key = self.plan.labels.key
            changed = {label: name if label == key else value for label, value in own.items()}
            metadata["labels"] = self._as_written(
                changed, self._resource.labels, "metadata", "labels"
            )
        if not self._workload.is_pod and (
            annotations := copied_annotations(self._resource, self._workload)
        ):
            metadata["annotations"] = annotations
        return metadata

    def _spec(self, template: dict[str, Tree]) -> dict[str, Tree]:
        kind = self.plan.kinds[self.group][1]
        if kind == "CronJob":
            return self._cron_spec(template)
        labels = self.plan.labels.labels[self.group]
        selector_keys = self._controller.selector if self._controller else self._workload.selector
        spec: dict[str, Tree] = {}
        if "replicas" in self._resource.spec:
            spec["replicas"] = self._resource.spec["replicas"]
        elif self._controller:
            spec["replicas"] = self._controller.fields["replicas"]
        elif self.replicas is not None:
            spec["replicas"] = self.replicas
        if kind == "DaemonSet" and "updateStrategy" in self._resource.spec:
            spec["updateStrategy"] = self._verbatim("spec", "updateStrategy")
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
        if self.keeps_data or value_at(self._resource.spec, "strategy", "type") == "Recreate":
            found["strategy"] = {"type": "Recreate"}
        elif self._resource.kind == "Deployment" and "strategy" in self._resource.spec:
            found["strategy"] = self._verbatim("spec", "strategy")
        kept = ("minReadySeconds", "progressDeadlineSeconds", "revisionHistoryLimit")
        return {
            **found,
            **{key: self._verbatim("spec", key) for key in kept if key in self._resource.spec},
        }

    def _cron_spec(self, template: dict[str, Tree]) -> dict[str, Tree]:
        job = as_mapping(self._resource.spec.get("jobTemplate"))
        outer: dict[str, Tree] = {
            key: self._verbatim("spec", key) for key in self._resource.spec if key != "jobTemplate"
        }
        inner: dict[str, Tree] = {
            key: self._verbatim("spec", "jobTemplate", "spec", key)
            for key in as_mapping(job.get("spec"))
            if key != "template"
        }
        of_jobs: dict[str, Tree] = (
            {"metadata": self._verbatim("spec", "jobTemplate", "metadata")}
            if "metadata" in job
            else {}
        )
        return {**outer, "jobTemplate": {**of_jobs, "spec": {**inner, "template": template}}}

    def _pod_template(self) -> dict[str, Tree]:
        labels = {**self.plan.labels.labels[self.group], **self.shared_labels}
        metadata: dict[str, Tree] = {
            "labels": self._as_written(
                labels, self._workload.labels, *self._workload.template, "metadata", "labels"
            )
        }
        kept = [
            key
            for key, value in self._workload.annotations.items()
            if not is_excluded_from_new_pods(self._workload, key, value)
        ]
        if self._controller:
            kept = [
                key
                for key in kept
                if is_for_pods(key) and not is_machine_written(self._resource, key)
            ]
        if kept:
            metadata["annotations"] = {
                key: self._verbatim(*self._workload.template, "metadata", "annotations", key)
                for key in kept
            }
        return {"metadata": metadata, "spec": self._pod_spec()}

    def _pod_spec(self) -> dict[str, Tree]:
        result: dict[str, Tree] = {}
        restart_policy = self._controller.restart_policy if self._controller is not None else None
        for field, value in self._workload.pod.items():
            treatment = POD_FIELDS[field]
            if treatment is Treatment.FOLLOWS:
                kept = self._own_items(field)
                if kept:
                    result[field] = self._items_as_written(field, kept)
            elif field == "tolerations":
                result |= self._tolerations()
            elif field == "restartPolicy" and restart_policy:
                result[field] = restart_policy
            elif treatment is Treatment.COPIED:
                result[field] = self._verbatim(*self._workload.pod_route, field)
            elif treatment is Treatment.SELECTS:
                result[field] = self._own_labels(field, value)
        affinity = kept_affinity(self.plan.candidate, self._members)
        if affinity is not None:
            result["affinity"] = self._with_node(result.get("affinity"), affinity)
        return result

    def _tolerations(self) -> dict[str, Tree]:
        """The tolerations that somebody wrote."""
        tolerations = as_list(self._workload.pod.get("tolerations"))
        defaults = default_tolerations(self.plan.candidate)
        if tolerations and len(defaults) == len(tolerations):
            return {}
        route = (*self._workload.pod_route, "tolerations")
        removals = [Remove(self.plan.candidate.route_to(*route, index)) for index in defaults]
        return {"tolerations": self._verbatim(*route, operations=removals)}

    def _with_node(self, affinity: Tree, kept: dict[str, Tree]) -> Tree:
        """An affinity that also keeps the Pods on a node."""
        if isinstance(affinity, Verbatim):
            entry = AddEntry(affinity.route, "nodeAffinity", kept["nodeAffinity"])
            return Verbatim(affinity.document, affinity.route, (*affinity.operations, entry))
        return {**(affinity or {}), **kept}

    def _own_items(self, field: str) -> frozenset[int]:
        """The indices of the containers or volumes of a field that the group needs."""
        if field == "volumes":
            mounted = {mount.volume for member in self._members for mount in member.mounts}
            volumes = as_mappings(self._workload.pod.get(field))
            names = [as_text(volume.get("name")) for volume in volumes]
            is_clean = is_live(self._resource)
            return frozenset(
                index
                for index, name in enumerate(names)
                if name in mounted and not (is_clean and is_token(name))
            )
        depth = len(self._workload.pod_route)
        return frozenset(
            int(member.route[depth + 1]) for member in self._members if member.route[depth] == field
        )

    def _items_as_written(self, field: str, kept: frozenset[int]) -> Verbatim:
        """A list as it is written, without the items that aren't the group's."""
        route: Route = (*self._workload.pod_route, field)
        count = len(as_list(self._workload.pod.get(field)))
        operations: list[Operation] = [
            Remove(self.plan.candidate.route_to(*route, index))
            for index in range(count)
            if index not in kept
        ]
        for member in self._members:
            if member.route[: len(route)] == route:
                operations += token_removals(self.plan.candidate, member)
                operations += self.operations.get(member.index, ())
        return self._verbatim(*route, operations=operations)

    def _own_labels(self, field: str, value: Data) -> Tree:
        """Affinity and spreading that speak of the old Pods' label speak of the new ones' in the
        copy.
        """
        labels = self.plan.labels
        old = labels.labels[0].get(labels.key)
        changed = _relabelled(value, labels.key, old, self._name)
        return self._verbatim(*self._workload.pod_route, field) if changed == value else changed


def _relabelled(data: Data, key: str, old: str | None, new: str) -> Data:
    """Data with one value of a label in place of another one."""
    if isinstance(data, list):
        return [_relabelled(item, key, old, new) for item in data]
    if not isinstance(data, dict):
        return data
    if data.get("key") == key and isinstance(data.get("values"), list):
        return {**data, "values": [new if value == old else value for value in data["values"]]}
    return {
        name: new if name == key and value == old else _relabelled(value, key, old, new)
        for name, value in data.items()
    }
