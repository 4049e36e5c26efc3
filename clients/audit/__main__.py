"""Keeps reports of what runs in a cluster: `podsplit-audit`.

PODSPLIT_URL is the service, PODSPLIT_TOKEN or the file PODSPLIT_TOKEN_FILE its token if it needs
one. It ends with 0 when the reports are what the service says, 1 when a part of the cluster
couldn't be looked at or a report not be written, and 2 when it couldn't work at all. It logs JSON,
with names of kinds and namespaces and no content of an object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence

import requests
from kubernetes.config import ConfigException
from urllib3.exceptions import HTTPError

from clients.audit.cluster import Cluster, Object, Refused, Resource, connect
from clients.audit.reconcile import REPORTS, Plan, marked, plan, selector_of
from clients.audit.selection import (
    AROUND,
    SYSTEM_NAMESPACES,
    WORKLOADS,
    File,
    as_file,
    halves_of,
    is_looked_at,
    requests_of,
)
from clients.audit.service import Service
from clients.tokens import token_of

_MOST_REFUSED = 3
"""Namespaces in which nothing else may be written before it gives up."""
_MOST = 3_000_000
"""Characters of one request; the service may take less, and then gets halves."""
_MOST_FILES = 2_000
"""Files of one request."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code.

    Args:
        arguments: the words behind the command; those of the process by default.
    """
    options = _parser().parse_args(arguments)
    url = os.environ.get("PODSPLIT_URL", "")
    if not url:
        print("podsplit-audit: set PODSPLIT_URL to the address of the service", file=sys.stderr)
        return 2
    try:
        service = Service(url, token_of(os.environ), options.format)
        cluster = connect()
        audit = _Audit(
            cluster,
            service,
            REPORTS[options.format],
            name=options.name,
            excluded=options.exclude_namespace,
        )
        return audit.run()
    except ConfigException:
        message = "there is no cluster: it runs in one, or with KUBECONFIG"
    except OSError as error:
        message = f"PODSPLIT_TOKEN_FILE can't be read: {error.strerror}"
    except HTTPError as error:
        message = f"the API server can't be reached ({type(error).__name__})"
    print(f"podsplit-audit: {message}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="podsplit-audit", description="Keeps Podsplit's reports of what runs in a cluster."
    )
    parser.add_argument("--format", choices=sorted(REPORTS), default="openreports")
    parser.add_argument(
        "--name",
        default="podsplit",
        help="what its reports are labelled with: another audit of the same cluster has another",
    )
    parser.add_argument(
        "--exclude-namespace",
        action="append",
        default=[],
        metavar="NAME",
        help="a namespace that is passed over, besides those of the system; may be given again",
    )
    return parser


class _Audit:
    """One run."""

    def __init__(
        self,
        cluster: Cluster,
        service: Service,
        reports: Resource,
        *,
        name: str,
        excluded: Sequence[str],
    ) -> None:
        self._cluster = cluster
        self._service = service
        self._reports = reports
        self._name = name
        self._passed_over = SYSTEM_NAMESPACES | set(excluded)
        self._failures = 0

    def run(self) -> int:
        """Read, ask, write; the exit code."""
        started = time.monotonic()
        files, is_whole = self._read()
        wanted: list[Object] = []
        answered: set[str] = set()
        failed: set[str] = set()
        waiting = list(requests_of(files, _MOST, _MOST_FILES))
        while waiting:
            part = waiting.pop()
            namespaces = {file.path.partition("/")[0] for file in part}
            try:
                wanted += [marked(item, self._name) for item in self._service.reports(part)]
                answered |= namespaces
            except (requests.RequestException, ValueError, KeyError) as error:
                response = getattr(error, "response", None)
                halves = halves_of(part) if getattr(response, "status_code", 0) == 413 else None
                if halves:
                    waiting += halves
                    continue
                failed |= namespaces
                self._fail("the service doesn't answer", error, namespaces=sorted(namespaces))
        existing = self._existing()
        # Of namespaces without a workload nobody was asked. If a kind couldn't be read, what is
        # missing may still be there.
        there = {item["metadata"]["namespace"] for item in existing}
        done = (answered | there) - failed if is_whole else set[str]()
        self._write(plan(existing, wanted, done))
        seconds = round(time.monotonic() - started, 1)
        workloads = sum(file.is_workload for file in files)
        _log(
            "done",
            workloads=workloads,
            reports=len(wanted),
            seconds=seconds,
            failures=self._failures,
        )
        return 1 if self._failures else 0

    def _read(self) -> tuple[list[File], bool]:
        """What is looked at, and whether all workloads could be read."""
        files: list[File] = []
        is_whole = True
        for resource in (*WORKLOADS, *AROUND):
            try:
                # One page after the other, so that only what is sent is held.
                files += [
                    as_file(item)
                    for item in self._cluster.objects(resource)
                    if is_looked_at(item, self._passed_over)
                ]
            except Refused as error:
                if error.status == 404 and resource in AROUND:
                    continue  # this cluster has no such kind
                is_whole = is_whole and resource not in WORKLOADS
                self._fail(str(error), error, kind=resource.kind)
        return files, is_whole

    def _existing(self) -> list[Object]:
        try:
            return list(self._cluster.objects(self._reports, selector_of(self._name)))
        except Refused as error:
            self._fail(str(error), error, kind=self._reports.kind)
            return []

    def _write(self, todo: Plan) -> None:
        applied = self._each(self._cluster.apply, todo.apply)
        deleted = self._each(self._cluster.delete, todo.delete)
        _log("written", applied=applied, deleted=deleted, kept=todo.kept)

    def _each(self, action: Callable[[Resource, Object], None], items: Sequence[Object]) -> int:
        """Do something with each of some reports; how many it was done with."""
        done = 0
        refused: set[str] = set()
        for item in items:
            namespace = item["metadata"]["namespace"]
            if namespace in refused:
                continue
            try:
                action(self._reports, item)
                done += 1
            except Refused as error:
                if error.is_ending:
                    continue
                self._fail(str(error), error)
                # As with a quota: what else goes there is refused likewise.
                refused.add(namespace)
                if not done and len(refused) == _MOST_REFUSED:
                    break  # without the right or the kind it is so everywhere
        return done

    def _fail(self, message: str, error: Exception, **fields: object) -> None:
        self._failures += 1
        _log(message, level="error", error=type(error).__name__, **fields)


def _log(message: str, level: str = "info", **fields: object) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = {"time": now, "level": level, "logger": "podsplit.audit", "message": message, **fields}
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
