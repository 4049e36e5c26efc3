"""Streams to measure on."""

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
    """Triples of documents; of every so many of them one holds a Pod to split, its Service and a
    Deployment with a helper.

    The others are what most sets hold most of: a Deployment of one container, its Service and its
    ConfigMap.
    """
    split, plain = (POD, SERVICE, DEPLOYMENT), (PLAIN, PLAIN_SERVICE, PLAIN_CONFIG)
    return "---\n".join(
        (plain if n // 3 % split_every else split)[n % 3].format(n=n // 3) for n in range(documents)
    )


def real_stream(corpus: Path, size: int = 3_000_000) -> tuple[str, int]:
    """The corpus as one stream of about `size` code points, and its number of documents; empty
    where it isn't.
    """
    pieces = []
    for path in sorted(corpus.rglob("*.yaml")):
        entries = parse(SourceFile(path.name, path.read_text()), Limits())
        pieces += [
            entry.text.rstrip("\n") + "\n"
            for entry in entries
            if isinstance(entry, Document) and not entry.duplicates
        ]
    if not pieces:
        return "", 0
    chosen: list[str] = []
    length = 0
    while length < size:
        piece = pieces[len(chosen) % len(pieces)]
        chosen.append(piece)
        length += len(piece) + 4
    return "---\n".join(chosen), len(chosen)


def real_files(corpus: Path, size: int = 3_000_000) -> list[tuple[str, bytes]]:
    """The corpus as the files of many folders, about `size` bytes of them; each folder is a
    scope of its own.
    """
    paths = sorted(corpus.rglob("*.yaml"))
    found: list[tuple[str, bytes]] = []
    total = 0
    for number in range(100):
        for path in paths:
            if total >= size:
                return found
            folder = path.parent.name if path.parent.name != "pods" else path.stem
            found.append((f"copy{number}/{folder}/{path.name}", path.read_bytes()))
            total += len(found[-1][1])
    return found


def mixed_files(corpus: Path, changed: float, size: int = 3_000_000) -> list[tuple[str, bytes]]:
    """Files of the corpus in folders of their own, of which about the given share are changed by
    a rewrite.
    """
    by_outcome: dict[bool, list[Path]] = {True: [], False: []}
    for path in sorted(corpus.rglob("*.yaml")):
        report = run([(path.name, path.read_bytes())], Options(), rewrite=True)
        by_outcome[bool(report.rewrite and report.rewrite.changes)].append(path)
    found: list[tuple[str, bytes]] = []
    total = 0
    chance = Random(1)
    while all(by_outcome.values()) and total < size:
        path = chance.choice(by_outcome[chance.random() < changed])
        found.append((f"{len(found)}/{path.name}", path.read_bytes()))
        total += len(found[-1][1])
    return found
