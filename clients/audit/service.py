"""Asks the service for reports."""

from __future__ import annotations

import json
from collections.abc import Sequence

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from clients.audit.cluster import Object
from clients.audit.selection import File

_TIMEOUT = 120


class Service:
    """The service, at an address."""

    def __init__(self, url: str, token: str, format_name: str) -> None:
        """Prepare to ask.

        Args:
            url: where it is.
            token: one of its tokens; empty where it needs none.
            format_name: the format of the reports.
        """
        self._url = f"{url.rstrip('/')}/v1/analyze"
        self._format = format_name
        self._http = requests.Session()
        # It is to be asked over and over, and never by way of a proxy of the environment's.
        self._http.trust_env = False
        retry = Retry(
            total=5, backoff_factor=0.5, status_forcelist=(429, 503), allowed_methods=None
        )
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(max_retries=retry))
        if token:
            self._http.headers["Authorization"] = f"Bearer {token}"

    def reports(self, files: Sequence[File]) -> list[Object]:
        """The reports on the workloads of some files.

        Raises:
            requests.RequestException: it doesn't answer, or not with reports.
        """
        envelope = {"files": [{"path": file.path, "content": file.content} for file in files]}
        answer = self._http.post(
            self._url,
            params={"format": self._format},
            data=json.dumps(envelope, ensure_ascii=False).encode("utf-8", "replace"),
            headers={"Content-Type": "application/json"},
            timeout=_TIMEOUT,
        )
        answer.raise_for_status()
        items: list[Object] = answer.json()["items"]
        return items
