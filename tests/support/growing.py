"""Sets that are as long as wanted in one respect: each list of the input model, by its name.

`steps_of` counts what the service does with one, in lines of Python, so that tests can see how that
grows without a clock.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from service.options import Options
from service.pipeline import run

Files = dict[str, str]
Grower = Callable[[int], Files]

WEB = "name: web, image: 'nginx:1', ports: [{containerPort: 80}]"
DB = "name: mysql, image: 'mysql:8', ports: [{containerPort: 3306}]"
APP = "name: app, image: acme/app, ports: [{containerPort: 8080}]"
GROWERS: dict[str, Grower] = {}


def grower(function: Grower) -> Grower:
    """Enter a function under its name."""
    GROWERS[function.__name__.replace("_", " ")] = function
    return function


def deployment(
    *containers: str, pod: str = "", name: str = "shop", labels: str = "app: shop"
) -> str:
    """A Deployment with some containers."""
    listed = "".join(f"      - {{{container}}}\n" for container in containers)
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n"
        f"  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n"
        f"    metadata: {{labels: {{{labels}}}}}\n    spec:\n      containers:\n{listed}{pod}"
    )


def pod(name: str, labels: str, *containers: str) -> str:
    """A bare Pod in one line."""
    listed = ", ".join(f"{{{container}}}" for container in containers)
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n"
        f"spec: {{containers: [{listed}]}}\n"
    )


def service(name: str, selector: str = "app: shop", ports: str = "[{port: 8080}]") -> str:
    """A Service."""
    spec = f"{{selector: {{{selector}}}, ports: {ports}}}"
    return f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def items(count: int, item: str) -> str:
    """A flow sequence of items with their numbers."""
    return "[" + ", ".join(item.format(n=number) for number in range(count)) + "]"


def lines(count: int, line: str) -> str:
    """Lines with their numbers."""
    return "".join(line.format(n=number) + "\n" for number in range(count))


@grower
def addresses_in_env(n: int) -> Files:
    env = items(n, "{{name: A{n}, value: 'localhost:3306'}}")
    return {"a.yaml": deployment(f"{APP}, env: {env}", DB)}


@grower
def addresses_in_args(n: int) -> Files:
    args = items(n, "'--a{n}=localhost:3306'")
    return {"a.yaml": deployment(f"{APP}, args: {args}", DB)}


@grower
def addresses_in_a_config_map(n: int) -> Files:
    reads = f"{APP}, envFrom: [{{configMapRef: {{name: c}}}}]"
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n"
    return {"a.yaml": deployment(reads, DB) + config + lines(n, "  K{n}: localhost:3306")}


@grower
def lines_of_a_config_map(n: int) -> Files:
    reads = f"{APP}, envFrom: [{{configMapRef: {{name: c}}}}]"
    config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a.conf: |\n"
    return {"a.yaml": deployment(reads, DB) + config + lines(n, "    x{n} localhost:3306;")}


@grower
def variables(n: int) -> Files:
    return {"a.yaml": deployment(f"{APP}, env: {items(n, '{{name: A{n}, value: x}}')}", DB)}


@grower
def labels(n: int) -> Files:
    more = ", ".join(f"l{number}: v" for number in range(n))
    return {"a.yaml": pod("p", f"app: shop, {more}", APP, DB) + service("s")}


@grower
def annotations_in_flow_style(n: int) -> Files:
    text = pod("p", "app: shop", APP, DB)
    more = ", annotations: {" + ", ".join(f"a{number}.x/y: v" for number in range(n)) + "}"
    return {"a.yaml": text.replace("labels: {app: shop}", f"labels: {{app: shop}}{more}")}


@grower
def annotations_in_lines(n: int) -> Files:
    metadata = "metadata:\n  name: p\n  labels: {app: shop}\n  annotations:\n"
    listed = metadata + lines(n, "    a{n}.x/y: v")
    text = pod("p", "app: shop", APP, DB)
    return {"a.yaml": text.replace("metadata: {name: p, labels: {app: shop}}\n", listed)}


@grower
def ports(n: int) -> Files:
    own = APP.replace("[{containerPort: 8080}]", items(n, "{{containerPort: 1{n:04}}}"))
    return {"a.yaml": deployment(own, DB) + service("s", ports="[{port: 10000}]")}


@grower
def service_ports(n: int) -> Files:
    own = APP.replace("[{containerPort: 8080}]", items(n, "{{containerPort: 1{n:04}}}"))
    published = items(n, "{{name: p{n}, port: 1{n:04}}}")[:-1] + ", {name: db, port: 3306}]"
    return {"a.yaml": deployment(own, DB) + service("s", ports=published)}


@grower
def volumes(n: int) -> Files:
    listed = lines(n, "      - {{name: v{n}, emptyDir: {{}}}}")
    return {"a.yaml": deployment(APP, DB, pod=f"      volumes:\n{listed}")}


@grower
def mounts(n: int) -> Files:
    listed = lines(
        n, "      - {{name: v{n}, emptyDir: {{}}}}\n      - {{name: w{n}, emptyDir: {{}}}}"
    )
    own = f"{APP}, volumeMounts: {items(n, '{{name: v{n}, mountPath: /m{n}}}')}"
    other = f"{DB}, volumeMounts: {items(n, '{{name: w{n}, mountPath: /m{n}}}')}"
    return {"a.yaml": deployment(own, other, pod=f"      volumes:\n{listed}")}


@grower
def services_of_one_workload(n: int) -> Files:
    return {"a.yaml": deployment(APP, DB) + "".join(service(f"s{number}") for number in range(n))}


@grower
def pods_behind_as_many_services(n: int) -> Files:
    pods = "---\n".join(pod(f"p{number}", "app: shop", WEB) for number in range(n))
    return {"a.yaml": pods + "".join(service(f"s{number}") for number in range(n))}


@grower
def workloads_that_are_split(n: int) -> Files:
    return {"a.yaml": "---\n".join(pod(f"p{i}", f"app: a{i}", APP, DB) for i in range(n))}


POLICY = """---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shop}
spec: {podSelector: {matchLabels: {app: shop}}, ingress: [{from: [{podSelector: {}}]}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: shop}}}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: shop}
spec: {selector: {matchLabels: {app: shop}}, podMetricsEndpoints: [{port: web}]}
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  updatePolicy: {updateMode: 'Off'}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop}
spec: {defaultBackend: {service: {name: shop, port: {number: 8080}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
data: {DATABASE: 'localhost:3306'}
---
apiVersion: example.com/v1
kind: Restarter
metadata: {name: restarter}
spec: {selector: {matchLabels: {app: shop}}}
"""
READ = "[{configMapRef: {name: shop}}]"
SECRET = """---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {OTHER: 'localhost:9999'}
"""
APPLICATION = {
    "a Deployment": deployment(APP, DB) + service("shop"),
    "a Pod": pod("shop", "app: shop", APP, DB) + service("shop"),
    "a Deployment with policies": deployment(
        f"{APP}, envFrom: [{{configMapRef: {{name: shop}}}}]", DB
    )
    + service("shop", ports="[{port: 8080, name: web}, {port: 3306, name: db}]")
    + POLICY,
    "a Deployment with a Secret": deployment(f"{APP}, envFrom: [{{secretRef: {{name: keys}}}}]", DB)
    + SECRET,
    "two workloads of a name": deployment(APP, DB)
    + "---\n"
    + deployment(APP, DB).replace("Deployment", "StatefulSet"),
    "a split that is going on": deployment(APP, DB).replace(
        "{name: shop}", "{name: shop, annotations: {podsplit.dev/after-split: as-it-is}}"
    )
    + "---\n"
    + deployment(DB, name="shop-mysql", labels="app: shop-mysql").replace(
        "{name: shop-mysql}",
        "{name: shop-mysql, annotations: {podsplit.dev/split-from: shop}}",
        1,
    )
    + service("shop"),
    "a StatefulSet by Pod": deployment(APP, DB).replace("Deployment", "StatefulSet")
    + service("shop-0", "app: shop, statefulset.kubernetes.io/pod-name: shop-0"),
}
"""What stands in as many folders, or namespaces, under the same names and with the same labels."""


def in_namespace(text: str, namespace: str) -> str:
    """Objects of the builders above, in a namespace."""
    return text.replace("metadata: {name: ", f"metadata: {{namespace: {namespace}, name: ")


def namesakes(application: str) -> dict[str, Grower]:
    """An application, half as often as is asked for, as it is several objects, and
    wherever it may stand again.
    """
    text = APPLICATION[application]
    return {
        f"{application} in each folder": lambda n: {f"f{i}/a.yaml": text for i in range(n // 2)},
        f"{application} in each namespace": lambda n: {
            "a.yaml": "---\n".join(in_namespace(text, f"n{i}") for i in range(n // 2))
        },
    }


for _application in APPLICATION:
    GROWERS.update(namesakes(_application))


@grower
def items_of_a_list_that_are_split(n: int) -> Files:
    text = "apiVersion: v1\nkind: List\nitems:\n"
    for number in range(n):
        first, *rest = pod(f"p{number}", f"app: a{number}", APP, DB).splitlines()
        text += f"- {first}\n" + "".join(f"  {line}\n" for line in rest)
    return {"a.yaml": text}


@grower
def copies_of_a_pod(n: int) -> Files:
    return {"a.yaml": "---\n".join(pod(f"p-{number}", "app: a", APP) for number in range(n))}


@grower
def copies_that_are_left_apart(n: int) -> Files:
    return {
        "a.yaml": "---\n".join(
            pod(f"p-{number}", "app: a", APP).replace("spec: {", f"spec: {{hostname: p-{number}, ")
            for number in range(1, n + 1)
        )
    }


@grower
def policies_of_calico(n: int) -> Files:
    text = deployment(APP, DB) + (
        "---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {name: shop}\n"
        "spec: {selector: \"app == 'shop'\"}\n"
    )
    return {"a.yaml": "---\n".join(text.replace("shop", f"shop{number}") for number in range(n))}


@grower
def policies(n: int) -> Files:
    peer = "{podSelector: {matchLabels: {app: shop}}}"
    policy = (
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: n{n}}}\n"
    )
    spec = f"spec: {{podSelector: {{matchLabels: {{app: shop}}}}, ingress: [{{from: [{peer}]}}]}}"
    more = "".join(f"{policy.format(n=number)}{spec}\n" for number in range(n))
    return {"a.yaml": deployment(APP, DB) + more}


@grower
def budgets(n: int) -> Files:
    spec = "spec: {{minAvailable: 1, selector: {{matchLabels: {{app: shop}}}}}}"
    head = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: b{n}}}\n"
    return {"a.yaml": deployment(APP, DB) + lines(n, head + spec)}


@grower
def kustomizations_in_a_chain(n: int) -> Files:
    chain = {
        f"d{number}/kustomization.yaml": f"kind: Kustomization\nresources: [../d{number + 1}]\n"
        for number in range(n)
    }
    end = {
        f"d{n}/kustomization.yaml": "kind: Kustomization\nresources: [a.yaml]\n",
        f"d{n}/a.yaml": deployment(APP, DB),
    }
    return chain | end


@grower
def patches(n: int) -> Files:
    listed = lines(n, "- {{target: {{kind: Deployment, name: x{n}}}, patch: '[]'}}")
    kustomization = f"kind: Kustomization\nresources:\n- a.yaml\npatches:\n{listed}"
    return {"kustomization.yaml": kustomization, "a.yaml": deployment(APP, DB)}


@grower
def comments(n: int) -> Files:
    text = deployment(APP, DB)
    return {
        "a.yaml": text.replace("      containers:\n", "      containers:\n" + "      # c\n" * n)
    }


@grower
def blank_lines(n: int) -> Files:
    return {"a.yaml": deployment(APP, DB) + "\n" * n + "---\n" + deployment(APP, DB, name="b")}


@grower
def affinity_terms(n: int) -> Files:
    selector = "labelSelector: {{matchLabels: {{app: shop}}}}"
    term = f"          - {{{{weight: 1, podAffinityTerm: {{{{topologyKey: k, {selector}}}}}}}}}"
    head = (
        "      affinity:\n        podAntiAffinity:\n"
        "          preferredDuringSchedulingIgnoredDuringExecution:\n"
    )
    return {"a.yaml": deployment(APP, DB, pod=head + lines(n, term))}


def steps_of(files: Files) -> int:
    """How many lines of Python a rewrite of some files takes, those of generators and of
    comprehensions counted each time.
    """
    steps = 0

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal steps
        steps += 1
        return trace

    encoded = [(path, text.encode()) for path, text in files.items()]
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run(encoded, Options(), rewrite=True)
    finally:
        sys.settrace(before)
    return steps


@grower
def splits_that_are_going_on(n: int) -> Files:
    text = APPLICATION["a split that is going on"]
    return {"a.yaml": "---\n".join(text.replace("shop", f"shop{number}") for number in range(n))}


@grower
def workloads_with_a_label_in_common(n: int) -> Files:
    team = service("team", "team: t") + POLICY.replace("app: shop", "team: t")
    team = team.replace("Deployment, name: shop", "Deployment, name: none")
    one = [
        in_namespace(pod(f"p{i}", f"app: a{i}, team: t", APP, DB) + team, f"n{i}") for i in range(n)
    ]
    return {"a.yaml": "---\n".join(one)}


@grower
def objects_made_by_the_split_of_two(n: int) -> Files:
    text = APPLICATION["two workloads of a name"]
    made = deployment(DB, name="made", labels="app: made").replace(
        "{name: made}", "{name: made, annotations: {podsplit.dev/split-from: shop}}", 1
    )
    return {
        "a.yaml": "---\n".join(
            (text, *(made.replace("made", f"made{number}") for number in range(n)))
        )
    }


@grower
def splits_beside_one_that_is_broken(n: int) -> Files:
    files = splits_that_are_going_on(n)
    mark = "annotations: &x {podsplit.dev/after-split: as-it-is}"
    broken = deployment(APP, name="z").replace("{name: z}", f"{{name: z, {mark}}}") + "more: *x\n"
    return files | {"z.yaml": broken}


@grower
def namesakes_with_and_without_a_namespace(n: int) -> Files:
    text = APPLICATION["a Pod"]
    return {
        path: own
        for i in range(n // 2)
        for path, own in ((f"f{i}/a.yaml", text), (f"f{i}/b.yaml", in_namespace(text, f"n{i}")))
    }


@grower
def namesakes_of_a_list(n: int) -> Files:
    text = "apiVersion: v1\nkind: List\nitems:\n"
    for number in range(n):
        first, *rest = in_namespace(pod("p", "app: shop", APP, DB), f"n{number}").splitlines()
        text += f"- {first}\n" + "".join(f"  {line}\n" for line in rest)
    return {"a.yaml": text}
