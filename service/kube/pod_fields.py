"""Every field of a PodSpec, and what becomes of it when a group gets a Pod of its own.

The list is that of core/v1 PodSpec in Kubernetes 1.36; a test holds it against the published
schema.
"""

from __future__ import annotations

from enum import StrEnum


class Fate(StrEnum):
    """What becomes of a field."""

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


POD_FIELDS: dict[str, Fate] = {
    "activeDeadlineSeconds": Fate.COPIED,
    "affinity": Fate.SELECTS,
    "automountServiceAccountToken": Fate.COPIED,
    "containers": Fate.FOLLOWS,
    "dnsConfig": Fate.COPIED,
    "dnsPolicy": Fate.COPIED,
    "enableServiceLinks": Fate.COPIED,
    "ephemeralContainers": Fate.DROPPED,
    "hostAliases": Fate.COPIED,
    "hostIPC": Fate.HOLDS_BACK,
    "hostNetwork": Fate.HOLDS_BACK,
    "hostPID": Fate.COPIED,
    "hostUsers": Fate.COPIED,
    "hostname": Fate.HOLDS_BACK,
    "hostnameOverride": Fate.HOLDS_BACK,
    "imagePullSecrets": Fate.COPIED,
    "initContainers": Fate.FOLLOWS,
    "nodeName": Fate.HOLDS_BACK,
    "nodeSelector": Fate.COPIED,
    "os": Fate.COPIED,
    "overhead": Fate.DROPPED,
    "preemptionPolicy": Fate.COPIED,
    "priority": Fate.DROPPED,
    "priorityClassName": Fate.COPIED,
    "readinessGates": Fate.HOLDS_BACK,
    "resourceClaims": Fate.HOLDS_BACK,
    "resources": Fate.HOLDS_BACK,
    "restartPolicy": Fate.COPIED,
    "runtimeClassName": Fate.COPIED,
    "schedulerName": Fate.COPIED,
    "schedulingGates": Fate.HOLDS_BACK,
    "schedulingGroup": Fate.HOLDS_BACK,
    "securityContext": Fate.COPIED,
    "serviceAccount": Fate.COPIED,
    "serviceAccountName": Fate.COPIED,
    "setHostnameAsFQDN": Fate.COPIED,
    "shareProcessNamespace": Fate.HOLDS_BACK,
    "subdomain": Fate.HOLDS_BACK,
    "terminationGracePeriodSeconds": Fate.COPIED,
    "tolerations": Fate.COPIED,
    "topologySpreadConstraints": Fate.SELECTS,
    "volumes": Fate.FOLLOWS,
    "workloadRef": Fate.HOLDS_BACK,
}

HARMLESS_VALUES: dict[str, object] = {
    "hostIPC": False,
    "hostNetwork": False,
    "shareProcessNamespace": False,
}
"""Values with which a field that holds a split back says nothing."""
