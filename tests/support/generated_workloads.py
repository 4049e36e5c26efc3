"""Hypothesis draws workloads of every kind."""

from __future__ import annotations

import copy
from typing import Any

from tests.support.generated_pods import GeneratedPod, PodGenerator, claim_object
from tests.support.objects import Data
from tests.support.programs import IN_HOUSE
from tests.support.styled_yaml import Alias, Anchored, plain

KINDS: dict[str, str] = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "ReplicationController": "v1",
    "Pod": "v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "DeploymentConfig": "apps.openshift.io/v1",
}
"""The kinds of workloads, with their apiVersion."""
_ANNOTATIONS: tuple[Data, ...] = (
    {"prometheus.io/scrape": "true", "prometheus.io/port": "9121"},
    {"checksum/config": "abc123"},
    {"linkerd.io/inject": "enabled"},
    {"sidecar.istio.io/inject": "false", "team.example.com/note": "ask first"},
)


class WorkloadGenerator(PodGenerator):
    """Draws workloads."""

    def labels(self, name: str) -> Data:
        """The labels of a product's Pods."""
        return self.pick(
            {"app": name},
            {"app": name},
            {"app.kubernetes.io/name": name},
            {"app.kubernetes.io/name": name, "app.kubernetes.io/component": "server"},
            {"app": name, "tier": "front"},
            {"k8s-app": name},
            {"team.example.com/app": name, "run": name},
        )

    def workloads(self, name: str, kind: str, labels: Data, pod: GeneratedPod) -> list[Data]:
        """One workload, or several bare Pods that are alike."""
        pod_labels = {**labels, **({"version": "v1"} if self.chance(20) else {})}
        annotations = self.pick(None, None, None, None, None, *_ANNOTATIONS)
        metadata: Data = {"name": name}
        if self.chance(50) and kind != "Pod":
            metadata["labels"] = dict(labels)
        if kind == "Pod":
            return self.bare_pods(name, pod_labels, annotations=annotations, pod=pod)
        template: Data = {"metadata": {"labels": pod_labels}, "spec": pod.spec}
        if annotations:
            template["metadata"]["annotations"] = annotations
        return [
            {
                "apiVersion": KINDS[kind],
                "kind": kind,
                "metadata": metadata,
                "spec": self.workload_spec(
                    name,
                    kind,
                    labels=labels,
                    template=template,
                    claim_templates=pod.claim_templates,
                ),
            }
        ]

    def bare_pods(
        self, name: str, labels: Data, annotations: Data | None, pod: GeneratedPod
    ) -> list[Data]:
        """A bare Pod, now and then several that are alike."""
        metadata: Data = {} if self.chance(8) else {"labels": labels}
        if annotations:
            metadata["annotations"] = annotations
        if not self.chance(10):
            return [_pod_object(name, metadata, pod.spec)]
        count, has_own_claims, is_pinned = self.pick(2, 3), self.chance(50), self.chance(15)
        found = []
        for number in range(count):
            own_name, spec = f"{name}-{number}", copy.deepcopy(pod.spec)
            for volume in spec.get("volumes", ()) if has_own_claims else ():
                if "persistentVolumeClaim" in volume:
                    claim = f"{volume['name']}-{own_name}"
                    volume["persistentVolumeClaim"]["claimName"] = claim
                    found.append(claim_object(claim))
            if is_pinned:
                spec["nodeName"] = f"node-{number}"
            found.append(_pod_object(own_name, copy.deepcopy(metadata), spec))
        return found

    def workload_spec(
        self, name: str, kind: str, labels: Data, template: Data, claim_templates: list[Data]
    ) -> Data:
        """The spec of a workload with a pod template."""
        if kind == "Job":
            return {"backoffLimit": 2, "template": template}
        if kind == "CronJob":
            return {
                "schedule": "*/5 * * * *",
                "concurrencyPolicy": "Forbid",
                "jobTemplate": {"spec": {"template": template}},
            }
        spec: Data = {}
        if kind != "DaemonSet" and self.chance(70):
            spec["replicas"] = self.pick(1, 1, 2, 3)
        if kind in ("ReplicationController", "DeploymentConfig"):
            spec["selector"] = dict(labels)
        elif self.chance(10):
            key, value = next(iter(labels.items()))
            spec["selector"] = {
                "matchLabels": dict(labels),
                "matchExpressions": [{"key": key, "operator": "In", "values": [value, "other"]}],
            }
        elif template["metadata"]["labels"] == labels and self.chance(8):
            spec["selector"] = {"matchLabels": Anchored("labels", dict(labels))}
            template["metadata"]["labels"] = Alias("labels", dict(labels))
        else:
            spec["selector"] = {"matchLabels": dict(labels)}
        if kind == "StatefulSet":
            spec["serviceName"] = f"{name}-pods"
        if kind in ("Deployment", "Rollout") and self.chance(15):
            strategy = "rollingUpdate" if kind == "Deployment" else "canary"
            spec["strategy"] = {strategy: {"maxSurge": 1}}
        if kind == "Deployment" and self.chance(8):
            spec["strategy"] = {"type": "Recreate"}
        spec["template"] = template
        if claim_templates:
            spec["volumeClaimTemplates"] = claim_templates
        return spec

    def similar_deployment(self, name: str) -> Data:
        """Another workload that shares a label with a product."""
        labels = {"app": name, "tier": self.pick("back", "batch")}
        container = self.container(self.pick(*IN_HOUSE), set())
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container.data]}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        return build_object("apps/v1", "Deployment", name=f"{name}-back", spec=spec)


def build_object(api_version: str, kind: str, name: str, spec: Any) -> Data:
    """An object with a name and a spec."""
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name},
        "spec": plain(spec),
    }


def _pod_object(name: str, metadata: Data, spec: Data) -> Data:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}
