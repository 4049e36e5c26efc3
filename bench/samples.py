"""Streams to measure on."""

from __future__ import annotations

from pathlib import Path

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


def synthetic_stream(documents: int) -> str:
    """Pods to split, Services and Deployments to leave alone, in equal parts."""
    kinds = (POD, SERVICE, DEPLOYMENT)
    return "---\n".join(kinds[n % 3].format(n=n // 3) for n in range(documents))


def real_stream(corpus: Path, size: int = 3_000_000) -> tuple[str, int]:
    """The corpus as one stream of about `size` code points, and its number of documents; empty where it isn't."""
    pieces = []
    for path in sorted(corpus.rglob("*.yaml")):
        entries = parse(SourceFile(path.name, path.read_text()), Limits())
        pieces += [entry.text.rstrip("\n") + "\n" for entry in entries if isinstance(entry, Document) and not entry.duplicates]
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
    """The corpus as the files of many folders, about `size` bytes of them; each folder is a scope of its own."""
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
