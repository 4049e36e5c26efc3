"""Sets for tests of planning and rewriting: read, told apart, planned."""

from __future__ import annotations

from collections.abc import Iterable

from service.classification.classify import Classification, classify
from service.classification.context import PodContext
from service.classification.knowledge import Catalogue, load_catalogue
from service.classification.knowledge.weights import load_weights
from service.kube.workloads import Workload
from service.options import Options
from service.reading import Inputs, read_inputs
from service.rewriting.planning import Plan, plan

SHOP = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: front
        image: nginx:1.27
        ports: [{containerPort: 80}]
      - name: queue
        image: rabbitmq:4
        ports: [{containerPort: 5672}]
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  selector: {app: shop}
  ports: [{name: http, port: 80}, {name: amqp, port: 5672}]
"""
"""A web server and a broker in one Deployment, behind one Service."""

BARE_SHOP = SHOP.replace(
    "apiVersion: apps/v1\nkind: Deployment", "apiVersion: v1\nkind: Pod"
).replace(
    """  replicas: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
      - name: front
        image: nginx:1.27
        ports: [{containerPort: 80}]
      - name: queue
        image: rabbitmq:4
        ports: [{containerPort: 5672}]
""",
    """  containers:
  - name: front
    image: nginx:1.27
    ports: [{containerPort: 80}]
  - name: queue
    image: rabbitmq:4
    ports: [{containerPort: 5672}]
""",
)
"""The same in a bare Pod."""


def read(*texts: str, options: Options | None = None) -> Inputs:
    """Manifests as files `0.yaml`, `1.yaml`, ..."""
    files = [(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)]
    return read_inputs(files, options or Options())


def classified(inputs: Inputs) -> list[Classification]:
    """Every workload of a set, its containers told apart."""
    return [
        classify(PodContext(workload, inputs.manifests, load_catalogue()), load_weights())
        for workload in inputs.workloads
    ]


def catalogues(classifications: Iterable[Classification]) -> dict[Workload, Catalogue]:
    """The known images that each workload was judged by."""
    return {
        classification.workload: classification.context.catalogue
        for classification in classifications
    }


def planned(*texts: str, options: Options | None = None) -> tuple[Inputs, Plan]:
    """A set and what is planned for it."""
    inputs = read(*texts, options=options)
    return inputs, plan(inputs.manifests, classified(inputs), options or Options(), inputs.sources)
