"""A small API server: lists in pages, server-side apply and deletions, over real HTTP.

As the API reference of Kubernetes has them ("API Concepts": limit and continue, 410 for a list that
is too old, server-side apply by PATCH with a field manager). It knows no admission and no schema.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Object = dict[str, Any]


@dataclass
class Cluster:
    """What the server holds, and what it was asked."""

    objects: dict[str, list[Object]] = field(default_factory=dict)
    """By the path of their lists, as in `/api/v1/pods`."""
    forbidden: set[str] = field(default_factory=set)
    """Paths of lists that nobody may read."""
    missing: set[str] = field(default_factory=set)
    """Paths of kinds that it doesn't have."""
    expire_once: set[str] = field(default_factory=set)
    """Paths whose first second page is too old."""
    ending: set[str] = field(default_factory=set)
    """Namespaces that are being deleted."""
    full: set[str] = field(default_factory=set)
    """Namespaces whose quota is used up."""
    busy: int = 0
    """How many requests are answered with 429 from now on."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Methods and paths with their queries, in their order."""
    url: str = ""

    def add(self, path: str, *items: Object) -> None:
        """Add objects to a list."""
        self.objects.setdefault(path, []).extend(items)

    def reports(self, path: str) -> dict[str, Object]:
        """The objects of a list, by namespace and name."""
        return {
            f"{item['metadata']['namespace']}/{item['metadata']['name']}": item
            for item in self.objects.get(path, [])
        }

    def counted(self, method: str) -> int:
        """How many requests of a method it got."""
        return sum(own == method for own, _ in self.asked)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cluster: Cluster

    def log_message(self, *_words: object) -> None:
        """Nothing."""

    def _answer(self, status: int, body: Object, **headers: str) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def _begin(self) -> tuple[str, dict[str, str], bytes] | None:
        """The path, the query and the body; None where it is answered already."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.cluster.asked.append((self.command, self.path))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if self.cluster.busy:
            self.cluster.busy -= 1
            self._answer(429, {"kind": "Status", "code": 429}, Retry_After="0")
            return None
        return url.path, query, body

    def do_GET(self) -> None:
        begun = self._begin()
        if begun is None:
            return None
        path, query, _ = begun
        cluster = self.cluster
        if path in cluster.forbidden:
            return self._answer(403, {"kind": "Status", "code": 403, "reason": "Forbidden"})
        if path in cluster.missing:
            return self._answer(404, {"kind": "Status", "code": 404, "reason": "NotFound"})
        start = int(query.get("continue", "0"))
        if start and path in cluster.expire_once:
            cluster.expire_once.discard(path)
            return self._answer(410, {"kind": "Status", "code": 410, "reason": "Expired"})
        selected = cluster.objects.get(path, [])
        for wanted in filter(None, query.get("labelSelector", "").split(",")):
            key, _, value = wanted.partition("=")
            selected = [
                item for item in selected if item["metadata"].get("labels", {}).get(key) == value
            ]
        end = start + int(query["limit"])
        metadata = {"continue": str(end)} if end < len(selected) else {}
        # Items of a list have no kind and no version of their own.
        page = [
            {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}
            for item in selected[start:end]
        ]
        return self._answer(200, {"metadata": metadata, "items": page})

    def _own(self, path: str) -> tuple[str, str, str]:
        """The list of an object's path, its namespace and its name."""
        root, _, rest = path.partition("/namespaces/")
        namespace, plural, name = rest.split("/")
        return f"{root}/{plural}", namespace, name

    def do_PATCH(self) -> None:
        begun = self._begin()
        if begun is None:
            return None
        path, query, body = begun
        where, namespace, name = self._own(path)
        if where in self.cluster.forbidden or where in self.cluster.missing:
            return self._answer(403, {"kind": "Status", "code": 403})
        if namespace in self.cluster.ending:
            causes = [{"reason": "NamespaceTerminating"}]
            return self._answer(403, {"kind": "Status", "code": 403, "details": {"causes": causes}})
        if namespace in self.cluster.full:
            return self._answer(403, {"kind": "Status", "code": 403, "message": "exceeded quota"})
        item = json.loads(body)
        is_apply = self.headers["Content-Type"] == "application/apply-patch+yaml"
        if not (is_apply and query.get("fieldManager") and item.get("apiVersion")):
            return self._answer(415, {"kind": "Status", "code": 415})
        own = self.cluster.objects.setdefault(where, [])
        own[:] = [
            other
            for other in own
            if (other["metadata"]["namespace"], other["metadata"]["name"]) != (namespace, name)
        ]
        own.append(item)
        return self._answer(200, item)

    def do_DELETE(self) -> None:
        begun = self._begin()
        if begun is None:
            return
        where, namespace, name = self._own(begun[0])
        own = self.cluster.objects.setdefault(where, [])
        left = [
            other
            for other in own
            if (other["metadata"]["namespace"], other["metadata"]["name"]) != (namespace, name)
        ]
        status = 200 if len(left) < len(own) else 404
        own[:] = left
        self._answer(status, {"kind": "Status", "code": status})


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A server on loopback, and what it holds."""
    cluster = Cluster()
    handler = type("Handler", (_Handler,), {"cluster": cluster})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    cluster.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
