"""Manifests to measure on: the corpus, and generated ones."""

from __future__ import annotations

from pathlib import Path
from random import Random

from service.options import Options
from service.pipeline import run
from service.text import SourceFile
from service.yamldoc.compose import Limits
from service.yamldoc.stream import Document, parse

POD = """apiVersion: v1
kind: Pod
metadata:
  name: shop-{n}
  labels:
    app: shop-{n}
spec:
  containers:
    - name: web
      image: nginx:1.27
      ports:
        - containerPort: 80
    - name: queue
      image: rabbitmq:4
      ports:
        - containerPort: 5672
"""
SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: shop-{n}
spec:
  selector:
    app: shop-{n}
  ports:
    - name: web
      port: 80
    - name: amqp
      port: 5672
"""
DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: api-{n}
spec:
  selector:
    matchLabels:
      app: api-{n}
  template:
    metadata:
      labels:
        app: api-{n}
    spec:
      containers:
        - name: api
          image: registry.example.com/shop/api:1
          ports:
            - containerPort: 8080
        - name: fluent-bit
          image: fluent/fluent-bit:3.2
"""


PLAIN = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: orders-{n}
  labels:
    app.kubernetes.io/name: orders-{n}
    app.kubernetes.io/part-of: shop
spec:
  replicas: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: orders-{n}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: orders-{n}
        app.kubernetes.io/part-of: shop
    spec:
      serviceAccountName: orders
      containers:
        - name: orders
          image: registry.example.com/shop/orders:1.4
          args: ["--listen=:8080", "--database=postgres.shop:5432"]
          env:
            - name: LOG_LEVEL
              value: info
          envFrom:
            - configMapRef:
                name: orders-{n}
          ports:
            - name: http
              containerPort: 8080
          readinessProbe:
            httpGet:
              path: /ready
              port: http
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
"""
PLAIN_SERVICE = """apiVersion: v1
kind: Service
metadata:
  name: orders-{n}
  labels:
    app.kubernetes.io/part-of: shop
spec:
  selector:
    app.kubernetes.io/part-of: shop
    app.kubernetes.io/name: orders-{n}
  ports:
    - name: http
      port: 80
      targetPort: http
"""
PLAIN_CONFIG = """apiVersion: v1
kind: ConfigMap
metadata:
  name: orders-{n}
data:
  TIMEOUT: 30s
  settings.yaml: |
    cache:
      size: 512
    retries: 3
"""


def synthetic_stream(documents: int, split_every: int = 1) -> str:
    """A stream of generated documents, in groups of three.

    One group is a Pod to split, its Service, and a Deployment with a helper. The other groups are
    common manifests: a Deployment of one container, its Service, and its ConfigMap.

    Args:
        documents: how many.
        split_every: of how many groups one has a Pod to split.
    """
    split, plain = (POD, SERVICE, DEPLOYMENT), (PLAIN, PLAIN_SERVICE, PLAIN_CONFIG)
    return "---\n".join(
        (plain if n // 3 % split_every else split)[n % 3].format(n=n // 3) for n in range(documents)
    )


def namesakes(count: int) -> dict[str, list[tuple[str, bytes]]]:
    """The same three objects `count` times, by where each has its own: a folder, or a namespace."""
    one = [template.format(n="x") for template in (POD, SERVICE, DEPLOYMENT)]
    spaced = [
        text.replace("metadata:\n", f"metadata:\n  namespace: shop-{number}\n", 1)
        for number in range(count)
        for text in one
    ]
    return {
        "folders": [(f"{n}/set.yaml", "---\n".join(one).encode()) for n in range(count)],
        "namespaces": [("set.yaml", "---\n".join(spaced).encode())],
    }


def real_stream(corpus: Path, size: int = 3_000_000) -> tuple[str, int]:
    """The corpus as one stream of about `size` code points, with its number of documents.

    The stream is empty if there is no corpus.
    """
    texts = []
    for path in sorted(corpus.rglob("*.yaml")):
        entries = parse(SourceFile(path.name, path.read_text()), Limits())
        texts += [
            entry.text.rstrip("\n") + "\n"
            for entry in entries
            if isinstance(entry, Document) and not entry.duplicates
        ]
    if not texts:
        return "", 0
    chosen: list[str] = []
    length = 0
    while length < size:
        text = texts[len(chosen) % len(texts)]
        chosen.append(text)
        length += len(text) + 4
    return "---\n".join(chosen), len(chosen)


def real_files(corpus: Path, size: int = 3_000_000) -> list[tuple[str, bytes]]:
    """About `size` bytes of files of the corpus, in many folders; each folder is a scope."""
    paths = sorted(corpus.rglob("*.yaml"))
    files: list[tuple[str, bytes]] = []
    total = 0
    for number in range(100):
        for path in paths:
            if total >= size:
                return files
            folder = path.parent.name if path.parent.name != "pods" else path.stem
            files.append((f"copy{number}/{folder}/{path.name}", path.read_bytes()))
            total += len(files[-1][1])
    return files


def mixed_files(corpus: Path, changed: float, size: int = 3_000_000) -> list[tuple[str, bytes]]:
    """About `size` bytes of files of the corpus, each in its own folder.

    Args:
        corpus: its folder.
        changed: the share of the files that a rewrite changes.
        size: of all files.
    """
    by_outcome: dict[bool, list[Path]] = {True: [], False: []}
    for path in sorted(corpus.rglob("*.yaml")):
        report = run([(path.name, path.read_bytes())], Options(), rewrite=True)
        by_outcome[bool(report.rewrite and report.rewrite.changes)].append(path)
    files: list[tuple[str, bytes]] = []
    total = 0
    generator = Random(1)
    while all(by_outcome.values()) and total < size:
        path = generator.choice(by_outcome[generator.random() < changed])
        files.append((f"{len(files)}/{path.name}", path.read_bytes()))
        total += len(files[-1][1])
    return files
