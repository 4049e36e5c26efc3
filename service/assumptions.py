"""What has to hold for a change to be right, beyond what the manifests show.

The codes are part of the HTTP contract (`changes[].assumptions[].code`): they are added to, never
renamed. Programs go by the code, people read the message. `docs/assumptions.md` is made from this
table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class AssumptionCode(StrEnum):
    """A kind of assumption."""

    meaning: str
    """What has to hold, and what to look at, in Markdown."""

    def __new__(cls, code: str, meaning: str) -> Self:
        """Make a member whose value is its code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    ADDRESS_DEFAULT = (
        "address-default",
        (
            "Nothing shows how an application reaches a server that moves. If it uses localhost by"
            " default, its setting has to name the new Service."
        ),
    )
    ADDRESS_FOR_BROWSERS = (
        "address-for-browsers",
        (
            "An address on localhost that a browser reads, or compares with what it sends, stays as"
            " it is: a browser knows no Service's name. See whether people still reach it."
        ),
    )
    ADDRESS_MAY_BE_BROWSERS = (
        "address-may-be-browsers",
        (
            "An address that a frontend is told now names a Service. Right if the container calls"
            " it; wrong if its pages hand it to browsers."
        ),
    )
    CERTIFICATE_NAME = (
        "certificate-name",
        (
            "A client that used `https://localhost` is shown a certificate for the Service's name:"
            " the certificate has to cover it."
        ),
    )
    DATA_LEFT_BEHIND = (
        "data-left-behind",
        "A database keeps its data in the old Pods only. Save it first, and give it a claim.",
    )
    DATA_ON_NODE = (
        "data-on-node",
        (
            "Data or a device of a node is used, and nothing pins the Pods to it: they have to run"
            " on the node where it is."
        ),
    )
    DATA_TAKEN_OVER = (
        "data-taken-over",
        (
            "What moves takes over data or a port of the node: the old workload is stopped by the"
            " stage switch, and runs again with the last stage, when its Pods are gone."
        ),
    )
    DNS_ALLOWED = (
        "dns-allowed",
        "A new policy lets the Pods ask any DNS server, which localhost did not need.",
    )
    EXTERNAL_METRICS = (
        "external-metrics",
        (
            "Metrics and triggers of queues, requests and the like are meant for the workload that"
            " stays."
        ),
    )
    GAP_IF_APPLIED_AT_ONCE = (
        "gap-if-applied-at-once",
        (
            "The stages are applied one after another. Applied at once, Services have no endpoints"
            " while the new Pods start."
        ),
    )
    HELPER_COPIED = ("helper-copied", "A helper of several groups runs in the Pods of each.")
    INIT_CONTAINER_SHARED = (
        "init-container-shared",
        "An init container prepares several groups, and runs in the Pods of each.",
    )
    INTERCHANGEABLE_PODS = (
        "interchangeable-pods",
        "Copies of one Pod become replicas: nobody asks for one of them by its name.",
    )
    JOB_RETRIES = (
        "job-retries",
        "A Pod that runs to an end becomes a Job, which is tried as often as the message says.",
    )
    LABEL_USED_ELSEWHERE = (
        "label-used-elsewhere",
        "An object of a kind that isn't known asks for a label that the moved Pods don't have.",
    )
    NO_CONTAINER_ENDS = (
        "no-container-ends",
        "Every container runs until it is stopped: one that ends is started again.",
    )
    NO_HIDDEN_LOCALHOST = (
        "no-hidden-localhost",
        (
            "The applications don't call each other on localhost in ways that the manifests don't"
            " show, such as defaults in their code."
        ),
    )
    NODE_TAINTS = (
        "node-taints",
        (
            "The nodes have no taints that the Pods don't tolerate: a Pod that names its node"
            " passes them by, a DaemonSet's does not."
        ),
    )
    OLD_PODS_DELETED_AFTER = (
        "old-pods-deleted-after",
        "The old Pods are deleted once the new ones run: no controller adopts them.",
    )
    OLD_PODS_DELETED_FIRST = (
        "old-pods-deleted-first",
        (
            "The old Pods are deleted before the new ones start: both would write to the same data,"
            " or hold the same port."
        ),
    )
    OLD_PODS_TAKEN_OVER = (
        "old-pods-taken-over",
        (
            "A StatefulSet takes over the Pods and claims that have its names, and starts the Pods"
            " anew."
        ),
    )
    ONE_POD_PER_NODE = (
        "one-pod-per-node",
        "Each of the named nodes runs one of the Pods, and no other node does.",
    )
    PATCH_FOR_WHAT_STAYS = (
        "patch-for-what-stays",
        "A kustomize patch is meant for the workload that stays alone.",
    )
    PODS_REPLACED_BY_HAND = (
        "pods-replaced-by-hand",
        (
            "The controller doesn't replace running Pods when its template changes: they are"
            " deleted by hand after the stages that the message names."
        ),
    )
    PORT_LISTENED_ON = (
        "port-listened-on",
        "A container listens on a port that it doesn't declare, as its image or arguments say.",
    )
    RECREATE_STRATEGY = (
        "recreate-strategy",
        "Updates stop the old Pod before the new one starts, so the application is down meanwhile.",
    )
    REPLICAS_AS_WRITTEN = (
        "replicas-as-written",
        (
            "An autoscaler has no metric of a group, which keeps the number of replicas that is"
            " written."
        ),
    )
    RESTARTED_ALWAYS = (
        "restarted-always",
        "A Pod that was not restarted when it ended is a server, and is restarted from now on.",
    )
    RUNS_ONCE = (
        "runs-once",
        (
            "What moves must not run twice: the old workload is stopped by the stage switch, and"
            " runs again with the last stage, when its Pods are gone."
        ),
    )
    SCALED_FIRST = (
        "scaled-first",
        (
            "The new workload is scaled to the number of Pods of the old one before the Services"
            " switch."
        ),
    )
    SERVICE_VARIABLES = (
        "service-variables",
        (
            "No program reads the variables that Pods are given for a new Service of its name, or"
            " `enableServiceLinks` is set to false."
        ),
    )
    SINGLE_REPLICA = (
        "single-replica",
        "One replica keeps the claim by its name; more would need claims of their own.",
    )
    STATE_NOT_SCALED = (
        "state-not-scaled",
        "A group that keeps state isn't scaled by a copy of the autoscaler.",
    )
    TARGETS_STILL_FIT = (
        "targets-still-fit",
        "The targets of an autoscaler still fit, now that usage is averaged over fewer containers.",
    )


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing that has to hold."""

    code: AssumptionCode
    """What kind of thing."""
    message: str
    """A sentence about this change, for people."""
