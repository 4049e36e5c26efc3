"""Which controller fits a bare Pod."""

from __future__ import annotations

import pytest

from service.actions.wrap.controllers import ControllerChoice, choose_controller
from service.assumptions import AssumptionCode
from service.findings import Applicability, OldPods
from service.refusals import Refusal
from tests.support.candidates import bare_pod, candidate_of, codes_of, refusal_of, service

CLAIM = "volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]"
MOUNT = "volumeMounts: [{name: data, mountPath: /data}]"
READS = "volumeMounts: [{name: data, mountPath: /data, readOnly: true}]"
POSTGRES = "image: 'postgres:17'"


def chosen(text: str, kind_and_name: str | None = None) -> ControllerChoice:
    return choose_controller(candidate_of(text, kind_and_name))


def refusal_for(text: str) -> Refusal | None:
    return refusal_of(lambda: chosen(text))


# The usual case


def test_a_pod_that_is_restarted_always_becomes_a_deployment() -> None:
    """One replica under the Pod's name; nothing has to hold."""
    choice = chosen(bare_pod())
    controller = choice.controller
    assert (controller.api_version, controller.kind, controller.name) == (
        "apps/v1",
        "Deployment",
        "web",
    )
    assert controller.fields == {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}}
    assert (controller.selector, controller.labels) == ({"app": "web"}, {})
    assert (controller.restart_policy, controller.inside) == (None, ())
    assert choice.applicability is Applicability.SAFE
    assert choice.assumptions == ()
    assert choice.old_pods is OldPods.DELETED_AFTER
    assert choice.copies == ()


def test_always_may_be_written() -> None:
    """It is the default."""
    assert chosen(bare_pod(pod="restartPolicy: Always")).controller.kind == "Deployment"


# Who stays bare


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (bare_pod(metadata="annotations: {podsplit.dev/ignore: bare-pod}"), Refusal.SUPPRESSED),
        (bare_pod(metadata="annotations: {podsplit.dev/ignore: other}"), None),
        (bare_pod(metadata="annotations: {helm.sh/hook: a}"), Refusal.HOOK),
        (bare_pod(metadata="annotations: {argocd.argoproj.io/hook: a}"), Refusal.HOOK),
        (
            bare_pod(metadata="annotations: {kubernetes.io/config.mirror: a}"),
            Refusal.STATIC_POD,
        ),
        (
            bare_pod(metadata="ownerReferences: [{apiVersion: v1, kind: A, name: a, uid: a}]"),
            Refusal.OWNED,
        ),
        (
            bare_pod().replace("{name: web, labels", "{generateName: web-, labels"),
            Refusal.GENERATE_NAME,
        ),
        (
            bare_pod(
                metadata="annotations: {dapr.io/enabled: a}", others=["name: daprd, image: a"]
            ),
            Refusal.INJECTED,
        ),
        (bare_pod(others=["name: daprd, image: a"]), None),
    ],
)
def test_some_pods_stay_bare_for_a_reason(text: str, refusal: Refusal | None) -> None:
    """Somebody else starts them, or said so."""
    assert refusal_for(text) is refusal


@pytest.mark.parametrize(
    ("container", "refusal"),
    [
        ("restartPolicy: Always", None),
        ("restartPolicy: Never", Refusal.CONTAINER_RESTART_POLICY),
        ("restartPolicy: OnFailure", Refusal.CONTAINER_RESTART_POLICY),
        ("restartPolicyRules: [{action: Restart}]", Refusal.CONTAINER_RESTART_POLICY),
        ("restartPolicyRules: []", None),
    ],
)
def test_a_container_with_a_restart_policy_of_its_own_holds_back(
    container: str, refusal: Refusal | None
) -> None:
    """Init containers count; one that is restarted always is a sidecar."""
    assert refusal_for(bare_pod(container)) is refusal
    init = f"initContainers: [{{name: first, image: a, {container}}}]"
    assert refusal_for(bare_pod(pod=init)) is refusal


HOST_PATH = "volumes: [{name: logs, hostPath: {path: /var/log}}]"
ALL = "tolerations: [{operator: Exists}]"
FLUENTD = "image: 'fluent/fluentd:v1'"


@pytest.mark.parametrize(
    ("container", "pod", "refusal"),
    [
        ("", f"{HOST_PATH}, {ALL}", Refusal.NODE_AGENT),
        ("", f"hostNetwork: true, {ALL}", Refusal.NODE_AGENT),
        ("", f"hostNetwork: false, {ALL}", None),
        ("", ALL, None),
        ("", HOST_PATH, None),
        ("", f"{HOST_PATH}, tolerations: [{{operator: Exists, key: a}}]", None),
        ("", f"{HOST_PATH}, tolerations: [{{operator: Equal}}]", None),
        (FLUENTD, HOST_PATH, Refusal.NODE_AGENT),
        (FLUENTD, "hostNetwork: true", Refusal.NODE_AGENT),
        (FLUENTD, "", None),
    ],
)
def test_an_agent_of_a_node_may_be_meant_for_every_node(
    container: str, pod: str, refusal: Refusal | None
) -> None:
    """It uses the node, and runs anywhere or is a known helper."""
    assert refusal_for(bare_pod(container, pod=pod)) is refusal


# What runs to an end


@pytest.mark.parametrize(("policy", "fields"), [("Never", {"backoffLimit": 0}), ("OnFailure", {})])
def test_a_pod_that_ends_becomes_a_job(policy: str, fields: dict[str, int]) -> None:
    """Tried as often as it says, as nearly as a Job can."""
    choice = chosen(bare_pod(pod=f"restartPolicy: {policy}"))
    controller = choice.controller
    assert (controller.api_version, controller.kind, controller.name) == ("batch/v1", "Job", "web")
    assert (controller.fields, controller.selector, controller.labels) == (fields, {}, {})
    assert controller.restart_policy is None
    assert choice.applicability is Applicability.REVIEW
    assert codes_of(choice.assumptions) == [AssumptionCode.JOB_RETRIES]
    assert choice.old_pods is OldPods.DELETED_AFTER


@pytest.mark.parametrize(
    ("container", "pod", "is_alone"),
    [
        (MOUNT, CLAIM, True),
        (MOUNT, "volumes: [{name: data, hostPath: {path: /srv}}]", True),
        (READS, "volumes: [{name: data, hostPath: {path: /srv}}]", False),
        (MOUNT, "volumes: [{name: data, emptyDir: {}}]", False),
    ],
)
def test_two_of_a_task_do_not_write_to_the_same_data(
    container: str, pod: str, *, is_alone: bool
) -> None:
    """The old Pod is gone before the Job starts its own."""
    choice = chosen(bare_pod(container, pod=f"restartPolicy: Never, {pod}"))
    assert choice.controller.kind == "Job"
    assert choice.old_pods is (OldPods.DELETED_FIRST if is_alone else OldPods.DELETED_AFTER)
    assert (AssumptionCode.OLD_PODS_DELETED_FIRST in codes_of(choice.assumptions)) is is_alone


def test_copies_that_run_to_an_end_are_no_replicas() -> None:
    """Each is a task of its own."""
    pods = [bare_pod(name=f"web-{number}", pod="restartPolicy: Never") for number in range(2)]
    assert refusal_for("".join(pods)) is Refusal.COPIES


def test_a_job_may_have_a_deadline() -> None:
    """Jobs end."""
    text = bare_pod(pod="restartPolicy: Never, activeDeadlineSeconds: 5")
    assert chosen(text).controller.kind == "Job"


SERVERS = [
    (bare_pod("readinessProbe: {tcpSocket: {port: 80}}", pod="restartPolicy: Never"), True),
    (bare_pod("livenessProbe: {tcpSocket: {port: 80}}", pod="restartPolicy: Never"), True),
    (bare_pod("startupProbe: {tcpSocket: {port: 80}}", pod="restartPolicy: Never"), False),
    (bare_pod("image: 'nginx:1'", pod="restartPolicy: OnFailure"), True),
    (bare_pod("image: busybox", pod="restartPolicy: OnFailure"), False),
    (bare_pod(pod="restartPolicy: Never") + service(selector="app: web"), True),
    (bare_pod(pod="restartPolicy: Never") + service(selector="app: other"), False),
]


@pytest.mark.parametrize(("text", "is_server"), SERVERS)
def test_a_server_is_restarted_whatever_its_policy_says(text: str, *, is_server: bool) -> None:
    """A Service, a probe, or a server's own command shows it."""
    choice = chosen(text)
    assert choice.controller.kind == ("Deployment" if is_server else "Job")
    if is_server:
        assert choice.controller.restart_policy == "Always"
        assert codes_of(choice.assumptions) == [AssumptionCode.RESTARTED_ALWAYS]
        assert choice.applicability is Applicability.REVIEW


def test_of_several_containers_none_may_be_meant_to_end() -> None:
    """Each is started again."""
    text = bare_pod(
        "readinessProbe: {exec: {command: [a]}}",
        others=["name: other, image: acme/other"],
        pod="restartPolicy: Never",
    )
    assert codes_of(chosen(text).assumptions) == [
        AssumptionCode.RESTARTED_ALWAYS,
        AssumptionCode.NO_CONTAINER_ENDS,
    ]
    always = text.replace("Never", "Always")
    assert chosen(always).assumptions == ()


@pytest.mark.parametrize("container", ["", "readinessProbe: {exec: {command: [a]}}"])
def test_a_server_has_no_deadline(container: str) -> None:
    """No controller restarts always until a deadline."""
    policy = ", restartPolicy: Never" if container else ""
    text = bare_pod(container, pod=f"activeDeadlineSeconds: 5{policy}")
    assert refusal_for(text) is Refusal.DEADLINE


# Data and ports of the node


@pytest.mark.parametrize(
    ("container", "pod", "is_replaced"),
    [
        (MOUNT, CLAIM, True),
        ("", CLAIM, True),
        (READS, CLAIM, True),
        (MOUNT, "volumes: [{name: data, hostPath: {path: /a}}]", True),
        (READS, "volumes: [{name: data, hostPath: {path: /a}}]", False),
        (MOUNT, "volumes: [{name: data, emptyDir: {}}]", False),
        ("ports: [{containerPort: 80, hostPort: 80}]", "", True),
        ("ports: [{containerPort: 80}]", "hostNetwork: true", True),
        ("ports: [{containerPort: 80}]", "", False),
    ],
)
def test_what_two_pods_cannot_have_at_once_is_handed_over(
    container: str, pod: str, *, is_replaced: bool
) -> None:
    """The old Pod goes first, now and with each update."""
    choice = chosen(bare_pod(container, pod=pod))
    assert choice.controller.kind == "Deployment"
    assert ("strategy" in choice.controller.fields) is is_replaced
    if is_replaced:
        assert choice.controller.fields["strategy"] == {"type": "Recreate"}
        assert list(choice.controller.fields) == ["replicas", "selector", "strategy"]
    codes = [AssumptionCode.RECREATE_STRATEGY, AssumptionCode.OLD_PODS_DELETED_FIRST]
    codes += [AssumptionCode.DATA_ON_NODE] if "hostPath" in pod else []
    assert codes_of(choice.assumptions) == (codes if is_replaced else [])
    expected = OldPods.DELETED_FIRST if is_replaced else OldPods.DELETED_AFTER
    assert choice.old_pods is expected
    assert choice.applicability is (Applicability.REVIEW if is_replaced else Applicability.SAFE)


@pytest.mark.parametrize(
    ("container", "pod", "codes"),
    [
        (POSTGRES, "", [AssumptionCode.DATA_LEFT_BEHIND]),
        ("image: 'redis:7'", "", []),
        (f"{POSTGRES}, command: [sleep, infinity]", "", []),
        (
            POSTGRES,
            "volumes: [{name: data, hostPath: {path: /a}}]",
            [AssumptionCode.DATA_LEFT_BEHIND],
        ),
        (
            f"{POSTGRES}, {MOUNT}",
            "volumes: [{name: data, hostPath: {path: /a}}]",
            [
                AssumptionCode.RECREATE_STRATEGY,
                AssumptionCode.OLD_PODS_DELETED_FIRST,
                AssumptionCode.DATA_ON_NODE,
            ],
        ),
    ],
)
def test_a_database_without_data_of_its_own_leaves_it_behind(
    container: str, pod: str, codes: list[AssumptionCode]
) -> None:
    """It is in the Pod that is deleted."""
    assert codes_of(chosen(bare_pod(container, pod=pod)).assumptions) == codes


@pytest.mark.parametrize(
    ("container", "codes"),
    [
        (POSTGRES, [AssumptionCode.DATA_LEFT_BEHIND]),
        (
            "image: 'nginx:1', ports: [{containerPort: 80, hostPort: 80}]",
            [AssumptionCode.RECREATE_STRATEGY, AssumptionCode.OLD_PODS_DELETED_FIRST],
        ),
    ],
)
def test_that_it_is_restarted_is_said_before_what_becomes_of_its_data(
    container: str, codes: list[AssumptionCode]
) -> None:
    """Both have to hold."""
    choice = chosen(bare_pod(container, pod="restartPolicy: Never"))
    assert codes_of(choice.assumptions) == [AssumptionCode.RESTARTED_ALWAYS, *codes]


def test_that_it_is_restarted_is_said_of_a_stateful_set_too() -> None:
    """In the same order."""
    text = bare_pod(f"{POSTGRES}, {MOUNT}", pod=f"restartPolicy: Never, {CLAIM}")
    assert codes_of(chosen(text).assumptions) == [
        AssumptionCode.RESTARTED_ALWAYS,
        AssumptionCode.OLD_PODS_DELETED_FIRST,
        AssumptionCode.SINGLE_REPLICA,
    ]


@pytest.mark.parametrize(
    ("container", "kind"),
    [
        (f"{POSTGRES}, {MOUNT}", "StatefulSet"),
        (f"image: 'rabbitmq:4', {MOUNT}", "StatefulSet"),
        (f"image: 'redis:7', {MOUNT}", "Deployment"),
        (f"image: 'nginx:1', {MOUNT}", "Deployment"),
        (MOUNT, "Deployment"),
        (POSTGRES, "Deployment"),
    ],
)
def test_a_datastore_with_a_claim_becomes_a_stateful_set(container: str, kind: str) -> None:
    """It has to mount the claim itself."""
    assert chosen(bare_pod(container, pod=CLAIM)).controller.kind == kind


def test_a_datastore_on_the_path_of_a_node_becomes_a_deployment() -> None:
    """A StatefulSet would promise storage that it doesn't give."""
    text = bare_pod(f"{POSTGRES}, {MOUNT}", pod="volumes: [{name: data, hostPath: {path: /a}}]")
    assert chosen(text).controller.kind == "Deployment"


def test_a_database_beside_the_application_makes_no_stateful_set() -> None:
    """What the Pod is for counts."""
    text = bare_pod(others=[f"name: db, {POSTGRES}, {MOUNT}"], pod=CLAIM)
    assert chosen(text).controller.kind == "Deployment"


@pytest.mark.parametrize(
    ("others", "name"),
    [
        ("", "web"),
        (service("db", selector="app: web"), "web"),
        (service("db", selector="app: web", spec="clusterIP: None"), "db"),
    ],
)
def test_a_stateful_set_keeps_the_claim_with_one_replica(others: str, name: str) -> None:
    """Its headless Service is the one that there is."""
    choice = chosen(bare_pod(f"{POSTGRES}, {MOUNT}", pod=CLAIM) + others)
    assert choice.controller.fields == {
        "serviceName": name,
        "replicas": 1,
        "selector": {"matchLabels": {"app": "web"}},
    }
    assert list(choice.controller.fields) == ["serviceName", "replicas", "selector"]
    assert codes_of(choice.assumptions) == [
        AssumptionCode.OLD_PODS_DELETED_FIRST,
        AssumptionCode.SINGLE_REPLICA,
    ]
    assert choice.old_pods is OldPods.DELETED_FIRST
    assert choice.applicability is Applicability.REVIEW


# Copies


def pods(container: str = "", pod: str = "", names: tuple[str, ...] = ("web-0", "web-1")) -> str:
    return "".join(bare_pod(container, name=name, pod=pod) for name in names)


def test_copies_become_replicas_of_one_deployment() -> None:
    """Under the name that they have in common."""
    choice = chosen(pods(), "Pod/web-0")
    assert (choice.controller.kind, choice.controller.name) == ("Deployment", "web")
    assert choice.controller.fields["replicas"] == 2
    assert [copy.name for copy in choice.copies] == ["web-1"]
    assert choice.applicability is Applicability.REVIEW
    assert codes_of(choice.assumptions) == [
        AssumptionCode.INTERCHANGEABLE_PODS,
        AssumptionCode.OLD_PODS_DELETED_AFTER,
    ]


def test_copies_of_a_server_that_may_end_are_restarted_too() -> None:
    """What holds of each is said before what holds of all."""
    choice = chosen(pods("readinessProbe: {exec: {command: [a]}}", "restartPolicy: Never"))
    assert choice.controller.restart_policy == "Always"
    assert codes_of(choice.assumptions)[0] is AssumptionCode.RESTARTED_ALWAYS


def test_copies_of_a_datastore_write_to_one_claim_by_mistake() -> None:
    """One of them is meant."""
    assert refusal_for(pods(f"{POSTGRES}, {MOUNT}", CLAIM)) is Refusal.COPIES
    assert refusal_for(pods(MOUNT, CLAIM)) is None


@pytest.mark.parametrize("policy", ["Always", "Never"])
def test_copies_on_nodes_of_their_own_become_a_daemon_set(policy: str) -> None:
    """With what is done inside the Pod."""
    texts = [
        bare_pod(
            "readinessProbe: {exec: {command: [a]}}",
            name=f"web-{number}",
            pod=f"nodeName: n{number}, restartPolicy: {policy}",
        )
        for number in range(2)
    ]
    choice = chosen("".join(texts))
    assert choice.controller.kind == "DaemonSet"
    assert choice.controller.fields == {"selector": {"matchLabels": {"app": "web"}}}
    assert len(choice.controller.inside) == 2
    assert choice.controller.restart_policy == (None if policy == "Always" else "Always")
    assert choice.old_pods is OldPods.DELETED_FIRST
    assert (AssumptionCode.RESTARTED_ALWAYS in codes_of(choice.assumptions)) is (policy != "Always")
    assert AssumptionCode.ONE_POD_PER_NODE in codes_of(choice.assumptions)
    assert [copy.name for copy in choice.copies] == ["web-1"]


# Kustomizations


@pytest.mark.parametrize(
    ("kind", "refusal"), [("Deployment", Refusal.KUSTOMIZE_PATCH), ("StatefulSet", None)]
)
def test_a_patch_for_all_of_the_controllers_kind_would_meet_it(
    kind: str, refusal: Refusal | None
) -> None:
    """Nobody meant the Pod."""
    kustomization = (
        "kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nresources: [a.yaml]\n"
        f"patches: [{{target: {{kind: {kind}}}, patch: '- {{op: remove, path: /spec/paused}}'}}]\n"
    )
    files = {"a.yaml": bare_pod(), "kustomization.yaml": kustomization}
    assert refusal_of(lambda: choose_controller(candidate_of(files))) is refusal
