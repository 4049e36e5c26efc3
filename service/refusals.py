"""Why a change that was wanted is not made: one code for each reason, with what a person can do.

The codes are part of the HTTP contract (`held_back[].reason`): they are added to, never renamed.
`docs/refusals.md` is made from this table.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class RefusalSection(StrEnum):
    """What a reason is about: the headings of its documentation."""

    WORKLOAD = "Nothing is done to this workload"
    WRAP = "A Pod is not wrapped"
    SPLIT = "A workload is not split"
    TEXT = "The text does not allow it"


class Refusal(StrEnum):
    """A reason for which a change is held back."""

    section: RefusalSection
    """What it is about."""
    why: str
    """What was found, in Markdown."""
    remedy: str
    """What a person can do, in Markdown."""

    def __new__(cls, code: str, section: RefusalSection, why: str, remedy: str) -> Self:
        """Make a member whose value is its code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.section = section
        member.why = why
        member.remedy = remedy
        return member

    @classmethod
    def of_code(cls, code: str) -> Refusal:
        """The reason with a code.

        Raises:
            KeyError: there is none.
        """
        return {member.value: member for member in cls}[code]

    # Nothing is done to this workload

    SUPPRESSED = (
        "suppressed",
        RefusalSection.WORKLOAD,
        "the manifest says to ignore the rule (a comment or the annotation `podsplit.dev/ignore`)",
        "remove the suppression",
    )
    OWNED = (
        "owned",
        RefusalSection.WORKLOAD,
        "it has owner references: something else makes it",
        "change the template that it is made from",
    )
    STATIC_POD = (
        "static-pod",
        RefusalSection.WORKLOAD,
        "a kubelet starts it from a file, or it is the mirror of one",
        "change the file on the node",
    )
    HOOK = (
        "hook",
        RefusalSection.WORKLOAD,
        "it is a Helm or Argo CD hook, which its tool starts and waits for",
        "make it a Job if it should be tried again",
    )
    GENERATE_NAME = (
        "generate-name",
        RefusalSection.WORKLOAD,
        "it has only a `generateName`: each create makes another one",
        "give it a name",
    )
    INVALID_FIELD = (
        "invalid-field",
        RefusalSection.WORKLOAD,
        (
            "the API server refuses it, or something beside it with which nothing can be proved: a"
            " value of the wrong type, or a missing field"
        ),
        "mend the place that the message names",
    )
    NO_NAME = (
        "no-name",
        RefusalSection.WORKLOAD,
        "it has no name: a tool gives it one, or it is a part of something",
        "give it a name",
    )
    NO_CONTAINERS = (
        "no-containers",
        RefusalSection.WORKLOAD,
        "it has no containers, which the API server refuses",
        "give it one",
    )
    INJECTED = (
        "injected",
        RefusalSection.WORKLOAD,
        "it holds containers that a mesh or agent injected, as live exports do",
        "rewrite the manifest that it was made from",
    )
    ANALYSED_ONLY = (
        "analysed-only",
        RefusalSection.WORKLOAD,
        "its kind or API version is analysed, not rewritten",
        "move to a current API version",
    )
    DUPLICATE_KEY = (
        "duplicate-key",
        RefusalSection.WORKLOAD,
        "a key stands twice in one mapping of its document",
        "remove one",
    )
    DUPLICATE_NAME = (
        "duplicate-name",
        RefusalSection.WORKLOAD,
        "its file holds an object of that kind and name twice",
        "remove one",
    )
    CONTAINER_NAMES = (
        "container-names",
        RefusalSection.WORKLOAD,
        "containers without a name, or two with one name",
        "name them",
    )
    APPLICABILITY = (
        "applicability",
        RefusalSection.WORKLOAD,
        "it is applied with `apply=review` only, and `apply=safe` was asked for",
        "read the assumptions, then ask for `review`",
    )

    # A Pod is not wrapped

    COPIES = (
        "copies",
        RefusalSection.WRAP,
        (
            "several Pods are copies of one, and no controller makes just these: they differ in"
            " more than names and claims, claims are not in the set, they run to an end, share"
            " nodes, or write to one claim"
        ),
        "see the message; make one controller by hand",
    )
    DEADLINE = (
        "deadline",
        RefusalSection.WRAP,
        "it is restarted always and has `activeDeadlineSeconds`, which no controller does",
        "remove the deadline, or make it a Job",
    )
    CONTAINER_RESTART_POLICY = (
        "container-restart-policy",
        RefusalSection.WRAP,
        "a container has a restart policy of its own (KEP-5307)",
        "decide what should restart",
    )
    SERVER_BESIDE_JOB = (
        "server-beside-job",
        RefusalSection.WRAP,
        (
            "its main container runs to an end, and another one is a server that would keep a Job"
            " from ending"
        ),
        "make it a Job with the server as a native sidecar",
    )
    NODE_AGENT = (
        "node-agent",
        RefusalSection.WRAP,
        "it looks like an agent of one node",
        "write a DaemonSet if it is meant for every node",
    )
    SELECTOR_OVERLAP = (
        "selector-overlap",
        RefusalSection.WRAP,
        (
            "other Pods of the set have all its labels, or something selects by the label that it"
            " would get (splits too)"
        ),
        "give it a label of its own",
    )

    # A workload is not split

    SPLIT_UNCLEAR = (
        "split-unclear",
        RefusalSection.SPLIT,
        "it is being split, and the stages that remain can't be told from the text",
        "go on with the files of the stages that it was begun with",
    )
    INIT_CONTAINER = (
        "init-container",
        RefusalSection.SPLIT,
        "an init container waits for or calls every group, so that it could start in none of them",
        "divide what it does, or what it waits for, among the groups",
    )
    RUNS_TWICE = (
        "runs-twice",
        RefusalSection.SPLIT,
        (
            "a helper of several groups must not run twice: it has an identity, a lock or a port of"
            " the node (VPNs, tunnels, leader election, backups)"
        ),
        "give each group one of its own, or keep them together",
    )

    LOW_CONFIDENCE = (
        "low-confidence",
        RefusalSection.SPLIT,
        "the confidence in the boundary is below `min_confidence`",
        "settle it with the annotation `podsplit.dev/roles`",
    )
    JOB = (
        "job",
        RefusalSection.SPLIT,
        "a Job's template is immutable, and its containers end together",
        "write a Job for each application",
    )
    WRAP_HELD_BACK = (
        "wrap-held-back",
        RefusalSection.SPLIT,
        "the Pod can't be given a controller, and a split needs one",
        "see the refusal of the wrap",
    )
    NO_TELLING_LABEL = (
        "no-telling-label",
        RefusalSection.SPLIT,
        (
            "a Service or a budget selects a bare Pod by labels that many applications have alike,"
            " and would have to ask for one that the Pod that runs doesn't have yet"
        ),
        "give the Pod a label of its own, such as `app`",
    )
    SELECTOR = (
        "selector",
        RefusalSection.SPLIT,
        "no `matchLabels`, or they don't match the template",
        "give selector and template a label",
    )
    SHARED_SERVICE = (
        "shared-service",
        RefusalSection.SPLIT,
        "a Service also selects another workload's Pods",
        "give each its own Service",
    )
    SERVICE_UNCLEAR = (
        "service-unclear",
        RefusalSection.SPLIT,
        "it can't be told which Service is meant, or it selects by a label that the cluster writes",
        "send one environment at a time; divide by hand",
    )
    CROSSING_REFERENCE = (
        "crossing-reference",
        RefusalSection.SPLIT,
        "a container reads the resources of one that would be in another Pod",
        "write the values out",
    )
    LOOPBACK_SERVER = (
        "loopback-server",
        RefusalSection.SPLIT,
        "a server is told to listen on loopback, where only its own Pod reaches it",
        "let it listen on the Pod's address",
    )
    ANNOTATION = (
        "annotation",
        RefusalSection.SPLIT,
        "an annotation or image trigger speaks of a container that would move",
        "divide it by hand",
    )
    DAEMON_SET_DATA = (
        "daemon-set-data",
        RefusalSection.SPLIT,
        "a moved container of a DaemonSet keeps data or a port of the node",
        "divide it by hand",
    )
    PAUSED = (
        "paused",
        RefusalSection.SPLIT,
        "it is paused, so its Pods would not get what the Services ask for",
        "resume it",
    )
    NAME = (
        "name",
        RefusalSection.SPLIT,
        "the names don't make a valid name for a new workload",
        "mend the names",
    )
    POD_FIELD = (
        "pod-field",
        RefusalSection.SPLIT,
        (
            "a field of the Pod that two Pods can't share as one did (`hostNetwork`, `hostname`,"
            " `resources`, ...)"
        ),
        "decide which of them needs it",
    )
    CLAIM_TEMPLATES = (
        "claim-templates",
        RefusalSection.SPLIT,
        "two groups, or an init container of another group, use the StatefulSet's claim templates",
        "move the data first",
    )
    CLAIMS_DELETED = (
        "claims-deleted",
        RefusalSection.SPLIT,
        (
            "the StatefulSet has to be scaled to 0 in between, and deletes its claims then"
            " (`persistentVolumeClaimRetentionPolicy.whenScaled`)"
        ),
        "set it to Retain first",
    )
    SHARED_CLAIM = (
        "shared-claim",
        RefusalSection.SPLIT,
        "both groups mount a claim that isn't ReadWriteMany",
        "use a claim each, or ReadWriteMany",
    )
    SHARED_VOLUME = (
        "shared-volume",
        RefusalSection.SPLIT,
        "both groups mount a volume whose content stays with one Pod",
        "pass the data another way",
    )
    NAMESPACE_UNCLEAR = (
        "namespace-unclear",
        RefusalSection.SPLIT,
        "a Service, policy or autoscaler and the workload may or may not share a namespace",
        "write the namespace on both or neither",
    )
    UNDECLARED_PORT = (
        "undeclared-port",
        RefusalSection.SPLIT,
        "a Service's port leads to a port that no container declares",
        "declare it on the container that listens there",
    )
    PORT_DECLARED_ELSEWHERE = (
        "port-declared-elsewhere",
        RefusalSection.SPLIT,
        "another container declares the port than the one that listens on it",
        "declare it where it is served",
    )
    PORT_NAME_CLASH = (
        "port-name-clash",
        RefusalSection.SPLIT,
        "two groups name a port alike",
        "rename one",
    )
    TWO_PROTOCOLS = (
        "two-protocols",
        RefusalSection.SPLIT,
        "one number under two protocols needs names, which client-side apply loses",
        "name both ports",
    )
    HEADLESS_SERVICE = (
        "headless-service",
        RefusalSection.SPLIT,
        "a headless Service publishes every Pod, whatever the port",
        "make one Service a group",
    )
    LOCAL_TRAFFIC_POLICY = (
        "local-traffic-policy",
        RefusalSection.SPLIT,
        "traffic policy Local needs every group on every node",
        "make one Service a group",
    )
    ROLLOUT_SERVICE = (
        "rollout-service",
        RefusalSection.SPLIT,
        "a Rollout's strategy names Services, whose selectors its controller writes",
        "divide it by hand",
    )
    SERVICE_WITHOUT_PORTS = (
        "service-without-ports",
        RefusalSection.SPLIT,
        "a Service selects both groups and has no ports to tell them apart",
        "give it ports, or narrow its selector",
    )
    ADVERTISED_ADDRESS = (
        "advertised-address",
        RefusalSection.SPLIT,
        (
            "a server hands localhost to its clients (advertised listeners, replica set members,"
            " publish hosts), who would call it in their own Pod"
        ),
        "let it advertise a Service's name",
    )
    LOCALHOST_UNRESOLVED = (
        "localhost-unresolved",
        RefusalSection.SPLIT,
        "a container calls localhost, and it can't be told who answers",
        "declare the port on that container alone which listens there",
    )
    LOCALHOST_IN_CONFIGMAP = (
        "localhost-in-configmap",
        RefusalSection.SPLIT,
        "the address stands in a ConfigMap",
        "put a Service's name there",
    )
    LOCALHOST_IN_PROBE = (
        "localhost-in-probe",
        RefusalSection.SPLIT,
        "a probe or hook calls the other group on localhost",
        "probe the container itself",
    )
    LOCALHOST_SPLIT_ADDRESS = (
        "localhost-split-address",
        RefusalSection.SPLIT,
        "host and port stand in two variables, and the Service has another port",
        "change both",
    )
    REPLICATED_DATASTORE = (
        "replicated-datastore",
        RefusalSection.SPLIT,
        (
            "each of several replicas (or of those that an autoscaler makes) has a database of its"
            " own on localhost"
        ),
        "decide which data is kept",
    )
    KUSTOMIZE_NAME = (
        "kustomize-name",
        RefusalSection.SPLIT,
        (
            "a kustomization that builds it adds a prefix or suffix, which the addresses that"
            " containers are told don't follow"
        ),
        "build it first",
    )
    KUSTOMIZE_PATCH = (
        "kustomize-patch",
        RefusalSection.SPLIT,
        (
            "a kustomization that builds it patches what would move (by name or index), labels the"
            " groups alike, sets its replicas or replaces values; or patches a Pod that would be"
            " wrapped"
        ),
        "build it first, or make the patch one for the controller",
    )
    SELECTED_BY = (
        "selected-by",
        RefusalSection.SPLIT,
        (
            "a security policy of a mesh, Cilium or Calico covers the Pods, or a kind that isn't"
            " known names the workload"
        ),
        "divide it by hand",
    )

    # The text does not allow it

    ANCHOR = (
        "anchor",
        RefusalSection.TEXT,
        "the text is shared through an anchor, alias or merge key",
        "write it out",
    )
    OVERLAPPING_EDITS = (
        "overlapping-edits",
        RefusalSection.TEXT,
        "another change wants the same text",
        "run again after applying the other",
    )
    CANNOT_EDIT = (
        "cannot-edit",
        RefusalSection.TEXT,
        "there is no place for it in the text",
        "see the message",
    )
    UNSETTLED = (
        "unsettled",
        RefusalSection.TEXT,
        (
            "a new workload still looks like several applications, now that its parts have Services"
            " of their own"
        ),
        "say with `podsplit.dev/roles` which containers belong together",
    )
    VERIFICATION = (
        "verification",
        RefusalSection.TEXT,
        "the rewritten text did not pass a check: a mistake of Podsplit",
        "please report it",
    )
    INTERNAL = (
        "internal",
        RefusalSection.TEXT,
        "planning it broke: a mistake of Podsplit",
        "please report it",
    )
