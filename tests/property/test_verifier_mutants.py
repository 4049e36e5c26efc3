"""The verifier against mutants: every key and value of a right rewrite is dropped or changed, one
at a time and in one stage.

What the model of a cluster calls wrong, or an API server would refuse, the verifier is to catch.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from service.classification.classify import classify
from service.classification.context import PodContext
from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.findings import Stage
from service.options import Options
from service.reading import read_inputs
from service.rewriting.compiling import compile_proposals
from service.rewriting.planning import plan
from service.verification.verify import verify
from tests.support.cluster import Cluster, Data, pieces, read
from tests.support.programs import usual
from tests.support.proving import KEPT
from tests.support.rewritten import rewrite
from tests.support.rollout import walk
from tests.support.schemas import refusals

SET = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels: {app: shop}
  annotations: {podsplit.dev/roles: "front=main,cache=unrelated"}
spec:
  replicas: 2
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels: {app: shop, version: v1}
      annotations: {linkerd.io/inject: enabled}
    spec:
      serviceAccountName: shop
      containers:
      - name: front
        image: nginx:1.27
        args: [--cache, "localhost:11211"]
        ports: [{name: http, containerPort: 80}]
        volumeMounts: [{name: pages, mountPath: /pages}]
      - name: cache
        image: acme/prices:1.6
        env: [{name: MEMCACHED_USER, value: shop}]
        ports: [{containerPort: 11211}]
        volumeMounts: [{name: plugins, mountPath: /plugins}]
      volumes:
      - {name: pages, configMap: {name: pages}}
      - {name: plugins, configMap: {name: plugins}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  type: NodePort
  selector: {app: shop}
  ports: [{name: http, port: 80, targetPort: http}, {name: memcache, port: 11211}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shop}
spec:
  podSelector: {matchLabels: {app: shop}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: gateway}}}], ports: [{port: 80}]}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: shop}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
  minReplicas: 2
  maxReplicas: 4
  metrics:
  - type: ContainerResource
    containerResource: {name: cpu, container: front, target: {type: Utilization,
       averageUtilization: 70}}
"""
FILE = "set.yaml"


BARE = """apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels: {app: shop, tier: web}
  annotations: {linkerd.io/inject: enabled}
spec:
  restartPolicy: Always
  containers:
  - name: front
    image: acme/shop-front:2
    env: [{name: DATABASE_URL, value: "postgres://shop@localhost:5432/shop"}]
    ports: [{containerPort: 8080}]
    readinessProbe: {httpGet: {path: /ready, port: 8080}}
  - name: postgres
    image: postgres:16
    ports: [{containerPort: 5432}]
    volumeMounts: [{name: data, mountPath: /var/lib/postgresql/data}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: shop-data}}]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: shop-db}
spec:
  selector: {app: shop}
  ports: [{port: 5432}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shop}
spec:
  podSelector: {matchLabels: {app: shop}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{podSelector: {matchLabels: {app: gateway}}}], ports: [{port: 8080}]}]
  egress: [{to: [{podSelector: {matchLabels: {app: mail}}}]}]
"""
TIMED = """apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "15 3 * * *"
  concurrencyPolicy: Forbid
  jobTemplate:
    spec:
      backoffLimit: 2
      template:
        metadata:
          labels: {app: nightly}
          annotations: {podsplit.dev/roles: "report=main,invoices=unrelated", team: billing}
        spec:
          restartPolicy: Never
          containers:
          - {name: report, image: "acme/report:3", args: [--mail], volumeMounts: [{name: texts,
             mountPath: /texts}]}
          - {name: invoices, image: "acme/invoices:1", env: [{name: CURRENCY, value: EUR}]}
          volumes: [{name: texts, configMap: {name: texts}}]
"""
SPOKEN = """apiVersion: v1
kind: ConfigMap
metadata: {name: front}
data:
  cache: "localhost:6379"
  title: Shop
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: shop, labels: {app: shop}}
spec:
  serviceName: shop
  replicas: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}, annotations: {podsplit.dev/roles: "front=main,redis=unrelated"}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
          - {labelSelector: {matchLabels: {app: shop}}, topologyKey: kubernetes.io/hostname}
      initContainers:
      - {name: wait, image: "acme/wait:1", volumeMounts: [{name: files, mountPath: /files}]}
      containers:
      - name: front
        image: acme/shop-front:2
        envFrom: [{configMapRef: {name: front}}]
        ports: [{name: http, containerPort: 8080}]
        volumeMounts: [{name: files, mountPath: /files}]
      - name: redis
        image: redis:7
        args: [--save, ""]
        ports: [{containerPort: 6379}]
  volumeClaimTemplates:
  - metadata: {name: files}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: autoscaling.k8s.io/v1
kind: VerticalPodAutoscaler
metadata: {name: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: StatefulSet, name: shop}
  resourcePolicy:
    containerPolicies:
    - {containerName: front, maxAllowed: {cpu: "1"}}
    - {containerName: redis, maxAllowed: {cpu: "2"}}
"""
NUMBERED = (
    "---\n".join(
        f"""apiVersion: v1
kind: Pod
metadata: {{name: db-{number}, labels: {{app: db}}}}
spec:
  hostname: db-{number}
  containers:
  - {{name: db, image: "acme/db:1", ports: [{{containerPort: 7000}}], volumeMounts: [{{name: data,
     mountPath: /data}}]}}
  volumes: [{{name: data, persistentVolumeClaim: {{claimName: data-db-{number}}}}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data-db-{number}}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
"""
        for number in range(2)
    )
    + """---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 7000}]}
"""
)
SCALED = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata:
      labels: {app: shop}
      annotations: {podsplit.dev/roles: "front=main,mailer=unrelated"}
    spec:
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway,
         labelSelector: {matchLabels: {app: shop}}}
      imagePullSecrets: [{name: registry}]
      terminationGracePeriodSeconds: 40
      containers:
      - {name: front, image: "acme/shop-front:2", ports: [{containerPort: 8080}],
         resources: {requests: {cpu: 100m}}}
      - name: mailer
        image: acme/mailer:2
        ports: [{containerPort: 2525}]
        env: [{name: KEY, valueFrom: {secretKeyRef: {name: mail, key: key}}}]
---
apiVersion: v1
kind: Service
metadata: {name: mailer}
spec: {selector: {app: shop}, ports: [{port: 25, targetPort: 2525}]}
---
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: shop}
spec:
  scaleTargetRef: {name: shop}
  minReplicaCount: 2
  maxReplicaCount: 5
  triggers:
  - {type: cpu, metricType: Utilization, metadata: {value: "60"}}
"""
ALONE = """apiVersion: v1
kind: Pod
metadata: {name: dns, labels: {app: dns}, annotations: {team: net,
   argocd.argoproj.io/sync-wave: "1"}}
spec:
  hostNetwork: true
  hostname: dns
  priorityClassName: high
  tolerations: [{key: edge, operator: Exists}]
  initContainers: [{name: prepare, image: "acme/prepare:1", volumeMounts: [{name: zones,
     mountPath: /zones}]}]
  containers:
  - name: dns
    image: coredns/coredns:1.11
    ports: [{containerPort: 53, protocol: UDP, name: dns}]
    volumeMounts: [{name: zones, mountPath: /zones}]
  volumes: [{name: zones, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: dns}
spec: {selector: {app: dns}, ports: [{port: 53, protocol: UDP, targetPort: dns}]}
"""
NODES = (
    "---\n".join(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: agent-{node}, labels: {{app:"
        f" agent}}}}\nspec:\n  nodeName: node-{node}\n  serviceAccountName: agent\n  containers:\n "
        " - {name: agent, image: 'acme/agent:1', ports: [{containerPort: 7777}]}\n"
        for node in range(3)
    )
    + "---\napiVersion: v1\nkind: Service\nmetadata: {name: agent}\nspec: {selector: {app: agent},"
    " ports: [{port: 7777}]}\n"
)
THREE = """apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: mall, labels: {app: mall, part-of: mall}}
spec:
  replicas: 3
  selector: {matchLabels: {app: mall}}
  template:
    metadata:
      labels: {app: mall, part-of: mall}
      annotations: {podsplit.dev/roles: "web=main,api=unrelated,jobs=unrelated",
         prometheus.io/scrape: "true"}
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
      - {name: web, image: "acme/web:1", ports: [{name: http, containerPort: 8080}],
         readinessProbe: {httpGet: {path: /, port: http}}}
      - {name: api, image: "acme/api:1", ports: [{name: api, containerPort: 8081}],
         env: [{name: JOBS_URL, value: "http://127.0.0.1:11211/x"}]}
      - {name: jobs, image: "acme/prices:1.6", ports: [{containerPort: 11211}]}
---
apiVersion: v1
kind: Service
metadata: {name: mall}
spec: {selector: {app: mall}, ports: [{name: http, port: 80, targetPort: http}, {name: api,
   port: 81, targetPort: api}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: mall}
spec: {selector: {matchLabels: {app: mall}}, podMetricsEndpoints: [{port: http}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: mall}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: mall}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: database}
spec:
  podSelector: {matchLabels: {app: database}}
  ingress: [{from: [{podSelector: {matchLabels: {app: mall}}}], ports: [{port: 5432}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: database, labels: {app: database}}
spec: {containers: [{name: pg, image: "postgres:16", volumeMounts: [{name: d, mountPath: /d}]}],
   volumes: [{name: d, hostPath: {path: /d}}]}
"""
SETS = {
    "a Deployment with all that covers it": SET,
    "a bare Pod with data": BARE,
    "a CronJob": TIMED,
    "a StatefulSet whose parts talk": SPOKEN,
    "numbered Pods with data": NUMBERED,
    "a Deployment that KEDA scales": SCALED,
    "a server on the network of its node": ALONE,
    "a Pod on each node": NODES,
    "a ReplicaSet of three, and its database": THREE,
}


class Rewrite:
    """A right rewrite, and what is said of it when something in it is changed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.options = Options()
        self.inputs = read_inputs([(FILE, text.encode())], self.options)
        self.classifications = [
            classify(PodContext(each, self.inputs.manifests, load_catalogue()), load_weights())
            for each in self.inputs.workloads
        ]
        planned = plan(self.inputs.manifests, self.classifications, self.options)
        assert planned.proposals, planned.held_back
        compiled = compile_proposals(self.inputs, planned.proposals)
        self.kept = compiled.proposals
        self.texts = {stage: compiled.texts(self.inputs, stage) for stage in Stage}
        self.clusters = {stage: Cluster(read(files), usual) for stage, files in self.texts.items()}
        self.before = Cluster(read({FILE: text}), usual)
        self.gone_first = rewrite({FILE: text}).gone_first([self.before, *self.clusters.values()])

    def is_caught(self, stage: Stage, text: str) -> bool:
        """Whether the verifier says anything."""
        return bool(
            verify(
                self.inputs,
                {**self.texts, stage: {FILE: text}},
                self.kept,
                self.classifications,
                self.options,
            )
        )

    def is_wrong(self, stage: Stage, text: str) -> bool:
        """Whether it matters: to the model of a cluster, or to an API server."""
        after = Cluster(read({FILE: text}), usual)
        stages = [self.before, *(after if each is stage else self.clusters[each] for each in Stage)]
        try:
            return (
                bool(refusals(after))
                or any(True for check in KEPT for _ in check(self.before, after))
                or any(True for _ in walk(stages, self.gone_first))
            )
        except (KeyError, TypeError, AttributeError):
            return True  # no object any more that anything can be said of


def mutants(data: Data) -> Iterator[tuple[str, Data]]:
    """Copies of an object in each of which one thing is gone or otherwise, with its place."""
    for route in list(_routes(data)):
        value, place = _at(data, route), ".".join(map(str, route))
        gone = copy.deepcopy(data)
        del _at(gone, route[:-1])[route[-1]]
        yield f"{place} gone", gone
        if isinstance(value, str | int):
            other = copy.deepcopy(data)
            _at(other, route[:-1])[route[-1]] = value + "x" if isinstance(value, str) else value + 1
            yield f"{place} otherwise", other


def _routes(data: Any, route: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    steps = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    for step, value in steps:
        yield (*route, step)
        yield from _routes(value, (*route, step))


def _at(data: Any, route: tuple[str | int, ...]) -> Any:
    for step in route:
        data = data[step]
    return data


def survivors(right: Rewrite, stage: Stage) -> Iterator[str]:
    """The mutants of a stage that matter and are not caught."""
    old = {piece.strip() for piece in pieces(right.text)}
    parts = re.split(r"(?m)(^---.*(?:\n|\Z))", right.texts[stage][FILE])
    for number, part in enumerate(parts):
        if part.startswith("---") or part.strip() in old:
            continue
        data = yaml.safe_load(part)
        for place, mutant in mutants(data):
            text = "".join(
                [*parts[:number], yaml.safe_dump(mutant, sort_keys=False), *parts[number + 1 :]]
            )
            if not right.is_caught(stage, text) and right.is_wrong(stage, text):
                yield f"{data['kind']}/{data['metadata']['name']} {place}"


@pytest.mark.parametrize("stage", list(Stage), ids=lambda stage: stage.label)
@pytest.mark.parametrize("name", SETS)
def test_what_matters_is_caught(name: str, stage: Stage) -> None:
    """No mutant passes."""
    assert sorted(survivors(Rewrite(SETS[name]), stage)) == []


@pytest.mark.parametrize("name", SETS)
def test_what_is_right_passes(name: str) -> None:
    """Objects that are only written anew, in another style, are no mutants."""
    right = Rewrite(SETS[name])
    old = {piece.strip() for piece in pieces(right.text)}
    for stage in Stage:
        parts = re.split(r"(?m)(^---.*(?:\n|\Z))", right.texts[stage][FILE])
        anew = [
            (
                part
                if part.startswith("---") or part.strip() in old
                else yaml.safe_dump(yaml.safe_load(part), sort_keys=False)
            )
            for part in parts
        ]
        assert not right.is_caught(stage, "".join(anew))
        assert not right.is_wrong(stage, "".join(anew))
