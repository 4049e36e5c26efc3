"""What the audit does with a cluster: list, apply and delete. Nothing is decided here."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

Object = dict[str, Any]

MANAGER = "podsplit-audit"
"""The field manager of what is applied."""
_PAGE = 500
"""Objects of a page, as kubectl asks for them."""
_TIMEOUT = 60
_TRIES = 4
_BUSY = frozenset({429, 500, 502, 503, 504})
_ENDING = "NamespaceTerminating"
"""The cause in a refusal of what is to be made in a namespace that is being deleted."""
_EXPIRED = 410
"""The status of a page whose list is too old to go on with."""


class Refused(Exception):
    """The API server didn't do what it was asked for.

    Attributes:
        status: its answer's.
        is_ending: whether the namespace is being deleted, so that nothing new may come into it.
    """

    def __init__(self, what: str, status: int, *, is_ending: bool = False) -> None:
        super().__init__(f"{what}: the API server answers {status}")
        self.status = status
        self.is_ending = is_ending


@dataclass(frozen=True, slots=True)
class Resource:
    """What a kind is at the API server."""

    kind: str
    api_version: str
    """Group and version, or v1."""
    plural: str
    """Its name in paths."""

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Where its objects are: all of them, those of a namespace, or one."""
        root = "/api/v1" if self.api_version == "v1" else f"/apis/{self.api_version}"
        inside = f"/namespaces/{namespace}" if namespace else ""
        return f"{root}{inside}/{self.plural}{f'/{name}' if name else ''}"


class Cluster:
    """An API server, by the official client."""

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api

    def objects(self, resource: Resource, selector: str = "") -> Iterator[Object]:
        """All objects of a kind, page by page; with their kind, which lists leave out.

        Raises:
            Refused: they can't be read.
        """
        going_on = ""
        seen: set[str] = set()
        restarts = 0
        while True:
            query = [("limit", str(_PAGE)), ("labelSelector", selector), ("continue", going_on)]
            try:
                page = self._ask("GET", resource.path(), query=[pair for pair in query if pair[1]])
            except Refused as error:
                if error.status != _EXPIRED or restarts == _TRIES:
                    raise
                # Begin again; what has been seen isn't seen twice.
                going_on, restarts = "", restarts + 1
                continue
            for item in page.get("items") or ():
                uid = item.get("metadata", {}).get("uid", "")
                if uid not in seen:
                    seen |= {uid} if uid else set()
                    yield {"apiVersion": resource.api_version, "kind": resource.kind, **item}
            going_on = (page.get("metadata") or {}).get("continue") or ""
            if not going_on:
                return

    def apply(self, resource: Resource, item: Object) -> None:
        """Apply an object, as the server's own merge does it.

        Raises:
            Refused: it isn't taken.
        """
        metadata = item["metadata"]
        self._ask(
            "PATCH",
            resource.path(metadata["namespace"], metadata["name"]),
            query=[("fieldManager", MANAGER), ("force", "true")],
            body=item,
            media="application/apply-patch+yaml",
        )

    def delete(self, resource: Resource, item: Object) -> None:
        """Delete an object; one that is gone already is no trouble.

        Raises:
            Refused: it isn't deleted.
        """
        metadata = item["metadata"]
        try:
            self._ask("DELETE", resource.path(metadata["namespace"], metadata["name"]))
        except Refused as error:
            if error.status != 404:
                raise

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Object | None = None,
        media: str = "application/json",
    ) -> Object:
        """The answer; asked again where the server is busy."""
        for trial in range(1, _TRIES + 1):
            try:
                answer = self._api.call_api(
                    path,
                    method,
                    query_params=query or [],
                    header_params={"Accept": "application/json", "Content-Type": media},
                    body=body,
                    auth_settings=["BearerToken"],
                    _preload_content=False,
                    _return_http_data_only=True,
                    _request_timeout=_TIMEOUT,
                )
            except ApiException as error:
                if error.status not in _BUSY or trial == _TRIES:
                    is_ending = _ENDING in str(error.body)
                    raise Refused(
                        f"{method} {path}", error.status or 0, is_ending=is_ending
                    ) from None
                time.sleep(_wait(error, trial))
            else:
                found: Object = json.loads(answer.data or b"{}")
                return found
        raise AssertionError("unreachable")


def _wait(error: ApiException, trial: int) -> float:
    """Seconds: what the server asks for, within reason, else longer each time."""
    asked = str((error.headers or {}).get("Retry-After", ""))
    return min(float(asked), 10.0) if asked.isdigit() else 0.2 * 2**trial


def connect() -> Cluster:
    """The cluster of KUBECONFIG, or else the one that this runs in.

    Raises:
        kubernetes.config.ConfigException: there is none.
    """
    if os.environ.get("KUBECONFIG"):
        config.load_kube_config()
    else:
        config.load_incluster_config()
    return Cluster(client.ApiClient())
