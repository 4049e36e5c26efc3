"""Every field of a PodSpec, and what a split does with it when a group gets a Pod of its own.

The list is that of core/v1 PodSpec in Kubernetes 1.36; a test holds it against the published
schema.
"""

from __future__ import annotations

from enum import StrEnum


class Treatment(StrEnum):
    """What a split does with a field."""

    COPIED = "copied"
    """Both Pods get it."""
    FOLLOWS = "follows"
    """Its parts go where the containers go that need them."""
    SELECTS = "selects"
    """It holds label selectors: copied, its own labels changed with the group's."""
    DROPPED = "dropped"
    """Written by a machine; made again."""
    HOLDS_BACK = "holds back"
    """Two Pods with it would not be what one was."""


POD_FIELDS: dict[str, Treatment] = {
    "activeDeadlineSeconds": Treatment.COPIED,
    "affinity": Treatment.SELECTS,
    "automountServiceAccountToken": Treatment.COPIED,
    "containers": Treatment.FOLLOWS,
    "dnsConfig": Treatment.COPIED,
    "dnsPolicy": Treatment.COPIED,
    "enableServiceLinks": Treatment.COPIED,
    "ephemeralContainers": Treatment.DROPPED,
    "hostAliases": Treatment.COPIED,
    "hostIPC": Treatment.HOLDS_BACK,
    "hostNetwork": Treatment.HOLDS_BACK,
    "hostPID": Treatment.COPIED,
    "hostUsers": Treatment.COPIED,
    "hostname": Treatment.HOLDS_BACK,
    "hostnameOverride": Treatment.HOLDS_BACK,
    "imagePullSecrets": Treatment.COPIED,
    "initContainers": Treatment.FOLLOWS,
    "nodeName": Treatment.HOLDS_BACK,
    "nodeSelector": Treatment.COPIED,
    "os": Treatment.COPIED,
    "overhead": Treatment.DROPPED,
    "preemptionPolicy": Treatment.COPIED,
    "priority": Treatment.DROPPED,
    "priorityClassName": Treatment.COPIED,
    "readinessGates": Treatment.HOLDS_BACK,
    "resourceClaims": Treatment.HOLDS_BACK,
    "resources": Treatment.HOLDS_BACK,
    "restartPolicy": Treatment.COPIED,
    "runtimeClassName": Treatment.COPIED,
    "schedulerName": Treatment.COPIED,
    "schedulingGates": Treatment.HOLDS_BACK,
    "schedulingGroup": Treatment.HOLDS_BACK,
    "securityContext": Treatment.COPIED,
    "serviceAccount": Treatment.COPIED,
    "serviceAccountName": Treatment.COPIED,
    "setHostnameAsFQDN": Treatment.COPIED,
    "shareProcessNamespace": Treatment.HOLDS_BACK,
    "subdomain": Treatment.HOLDS_BACK,
    "terminationGracePeriodSeconds": Treatment.COPIED,
    "tolerations": Treatment.COPIED,
    "topologySpreadConstraints": Treatment.SELECTS,
    "volumes": Treatment.FOLLOWS,
    "workloadRef": Treatment.HOLDS_BACK,
}

HARMLESS_VALUES: dict[str, object] = {
    "hostIPC": False,
    "hostNetwork": False,
    "shareProcessNamespace": False,
}
"""Values with which a field that holds a split back says nothing."""
