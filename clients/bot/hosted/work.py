"""What is to be done: a bounded queue of pull requests, those who work on it, and the sweep."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import requests

from clients.bot.hosted.attend import Attendant, Look
from clients.bot.hosted.commands import is_recent, moment
from clients.bot.hosted.forges import OneForge
from clients.bot.hosted.metrics import Metrics
from clients.bot.hosted.settings import SettingsError
from clients.bot.hosted.surroundings import Surroundings
from clients.bot.hosted.webhooks import ALL
from clients.bot.trouble import Trouble

_log = logging.getLogger("podsplit.bot")

_TRIES = 5
_FIRST_DELAY = 5.0
"""Seconds until a look that failed is tried again; each time four times as many."""
_MOST_KNOWN = 20_000
"""Pull requests that are remembered."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Job:
    """A pull request to look at."""

    forge: str
    """The forge's name."""
    repository: str
    """The repository's full name."""
    number: int
    """The pull request's number, or `ALL`."""


class Queue:
    """Jobs that wait, each once. Of one repository no two are worked on at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: OrderedDict[Job, int] = OrderedDict()
        self._later: list[tuple[float, int, Job, int]] = []
        self._busy: set[tuple[str, str]] = set()
        self._changed = threading.Condition()
        self._is_closed = False
        self._count = 0

    def put(self, job: Job, failures: int = 0) -> bool:
        """Have a job done, unless it waits already.

        Args:
            job: the job.
            failures: how often it has failed.

        Returns:
            Whether there is room for it.
        """
        with self._changed:
            if job not in self._waiting:
                if len(self._waiting) >= self._most or self._is_closed:
                    return False
                self._waiting[job] = failures
                self._changed.notify()
            return True

    def put_later(self, job: Job, failures: int, seconds: float) -> None:
        """Have a job done again after a while; without room it is left to the sweep."""
        with self._changed:
            is_new = all(known != job for _, _, known, _ in self._later)
            if is_new and len(self._later) < self._most:
                self._count += 1
                when = time.monotonic() + seconds
                heapq.heappush(self._later, (when, self._count, job, failures))
                self._changed.notify()

    def take(self) -> tuple[Job, int] | None:
        """The next job, and how often it has failed; None once the queue is closed. Whoever takes
        it says when it is `done`.
        """
        with self._changed:
            while not self._is_closed:
                now = time.monotonic()
                while self._later and self._later[0][0] <= now:
                    _, _, job, failures = heapq.heappop(self._later)
                    self._waiting.setdefault(job, failures)
                for job in self._waiting:
                    if (job.forge, job.repository) not in self._busy:
                        self._busy.add((job.forge, job.repository))
                        return job, self._waiting.pop(job)
                self._changed.wait(max(0.01, self._later[0][0] - now) if self._later else None)
        return None

    def done(self, job: Job) -> None:
        """Say that a job is done."""
        with self._changed:
            self._busy.discard((job.forge, job.repository))
            self._changed.notify_all()

    def close(self) -> None:
        """Give out no more jobs. What waits is lost: the next start's sweep finds it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def __len__(self) -> int:
        with self._changed:
            return len(self._waiting) + len(self._later)


class Known:
    """What is known of pull requests: nothing that a restart may not lose."""

    def __init__(self) -> None:
        self._values: OrderedDict[Job, tuple[str, str]] = OrderedDict()
        self._stages: set[Job] = set()
        self._lock = threading.Lock()

    def get(self, job: Job) -> tuple[str, str]:
        """What was reviewed last, as `Attendant.attend` has it, and when the pull request had
        changed by then.
        """
        with self._lock:
            return self._values.get(job, ("", ""))

    def put(self, job: Job, reviewed: str, changed: str, *, is_stage: bool) -> None:
        """Remember it; what was not looked at for longest is forgotten.

        Args:
            job: the pull request.
            reviewed: as in `get`.
            changed: likewise.
            is_stage: whether it is an open one of the bot's own.
        """
        with self._lock:
            (self._stages.add if is_stage else self._stages.discard)(job)
            self._values[job] = (reviewed, changed)
            self._values.move_to_end(job)
            while len(self._values) > _MOST_KNOWN:
                self._values.popitem(last=False)

    def stages(self, forge: str, repository: str) -> list[Job]:
        """The bot's own pull requests that are open in a repository."""
        with self._lock:
            return [
                job for job in self._stages if (job.forge, job.repository) == (forge, repository)
            ]


class Work:
    """The bot's threads: some that look at pull requests, and one that sweeps."""

    def __init__(
        self,
        forges: Mapping[str, OneForge],
        surroundings: Surroundings,
        metrics: Metrics,
        *,
        workers: int,
        queue: int,
        sweep_seconds: float,
    ) -> None:
        """Prepare the work.

        Args:
            forges: by name.
            surroundings: what all looks share.
            metrics: where it is counted.
            workers: how many pull requests are worked on at once.
            queue: how many wait at most.
            sweep_seconds: seconds from one look at all pull requests to the next.
        """
        self._forges = forges
        self._around = surroundings
        self._metrics = metrics
        self._sweep_seconds = sweep_seconds
        self._known = Known()
        self._swept: dict[tuple[str, str], datetime] = {}
        self._stopping = threading.Event()
        self.queue = Queue(queue)
        metrics.queue.set_function(lambda: len(self.queue))
        self._threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(workers)
        ]
        self._threads.append(threading.Thread(target=self._sweep, name="sweep", daemon=True))

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def is_well(self) -> bool:
        """Whether all threads are at work."""
        return not self._stopping.is_set() and all(thread.is_alive() for thread in self._threads)

    def stop(self, seconds: float) -> None:
        """Let what was begun come to its end, for so many seconds at most."""
        self.begin_to_stop()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def begin_to_stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()
        self.queue.close()

    def _work(self) -> None:
        while (taken := self.queue.take()) is not None:
            job, failures = taken
            try:
                self._look(job, failures)
            finally:
                self.queue.done(job)

    def _look(self, job: Job, failures: int) -> None:
        started = time.monotonic()
        fields: dict[str, object] = {
            "forge": job.forge,
            "repository": job.repository,
            "number": job.number,
        }
        try:
            outcome = self._attend(job, fields)
        except Exception as error:  # noqa: BLE001 - a mistake of ours costs this look, not the bot
            outcome = "failed"
            fields |= _told(error)
            if failures + 1 < _TRIES:
                self.queue.put_later(job, failures + 1, _FIRST_DELAY * 4**failures)
            else:
                # The next sweep finds it, as it isn't known.
                self._swept.pop((job.forge, job.repository), None)
        self._metrics.looks.labels(job.forge, outcome).inc()
        self._metrics.seconds.observe(time.monotonic() - started)
        fields |= {"outcome": outcome, "seconds": round(time.monotonic() - started, 3)}
        level = logging.WARNING if outcome == "failed" else logging.INFO
        _log.log(level, "looked at a pull request", extra={"fields": fields})

    def _attend(self, job: Job, fields: dict[str, object]) -> str:
        forge = self._forges[job.forge]
        if job.number == ALL:
            for stage in self._known.stages(job.forge, job.repository):
                self.queue.put(stage)
            return "listed"
        with forge.repository(job.repository) as repository:
            attendant = Attendant(
                repository,
                self._around,
                platform=forge.settings.kind,
                folders=forge.settings.paths,
                strict=forge.settings.strict,
            )
            look, reviewed = attendant.attend(job.number, self._known.get(job)[0])
        changed = "" if look.outcome == "superseded" else look.changed
        self._known.put(job, reviewed, changed, is_stage=look.outcome == "stage")
        if look.outcome == "superseded":
            self.queue.put(job)
        self._count(job, look, fields)
        return look.outcome

    def _count(self, job: Job, look: Look, fields: dict[str, object]) -> None:
        if look.comments is not None:
            for what in ("created", "updated", "deleted"):
                count = getattr(look.comments, what)
                self._metrics.comments.labels(job.forge, what).inc(count)
                fields[what] = count
            self._metrics.comments.labels(job.forge, "refused").inc(len(look.comments.refused))
            fields["refused_comments"] = len(look.comments.refused)
        for stage, number in look.stages:
            self._metrics.stages.labels(job.forge, stage).inc()
            self.queue.put(Job(job.forge, job.repository, number))
        fields |= {"commands": look.commands, "stages": [stage for stage, _ in look.stages]}
        if look.refused:
            fields["not_allowed"] = sorted(set(look.refused))

    def _sweep(self) -> None:
        """Find what no webhook told of, from the start on."""
        while not self._stopping.is_set():
            for forge in self._forges.values():
                for entry in forge.settings.repositories:
                    self._sweep_entry(forge, entry)
            self._metrics.swept.set_to_current_time()
            self._stopping.wait(self._sweep_seconds)

    def _sweep_entry(self, forge: OneForge, entry: str) -> None:
        """Go through what an entry of the settings stands for. One that can't be read costs itself
        alone.
        """
        try:
            for name in list(forge.repositories(entry)):
                if self._stopping.is_set():
                    return
                self._sweep_one(forge, name)
        except Exception as error:  # noqa: BLE001 - as in `_look`
            self._failed_sweep({"forge": forge.settings.name, "repository": entry}, error)

    def _sweep_one(self, forge: OneForge, name: str) -> None:
        """Go through the pull requests that have changed since the last time that all had room."""
        place = (forge.settings.name, name)
        since = self._swept.get(place, _LONG_AGO)
        newest, has_room = since, True
        try:
            with forge.repository(name) as repository:
                for is_open in (True, False):
                    for pull_request in repository.pull_requests(only_open=is_open):
                        changed = moment(pull_request.changed)
                        if changed < since or not (is_open or is_recent(pull_request.changed)):
                            break
                        newest = max(newest, changed)
                        job = Job(*place, pull_request.number)
                        if self._known.get(job)[1] != pull_request.changed:
                            has_room &= self.queue.put(job)
        except Exception as error:  # noqa: BLE001 - as in `_look`
            self._failed_sweep({"forge": place[0], "repository": name}, error)
            return
        if has_room:
            self._swept[place] = newest
        # A stage has to be looked at when its base has changed, which its own change isn't.
        for stage in self._known.stages(*place):
            self.queue.put(stage)

    def _failed_sweep(self, fields: dict[str, object], error: Exception) -> None:
        self._metrics.looks.labels(str(fields["forge"]), "failed").inc()
        _log.warning("couldn't sweep", extra={"fields": fields | _told(error)})


def _told(error: Exception) -> dict[str, object]:
    """What a log may hold of an exception: its text only where it quotes nothing."""
    told: dict[str, object] = {"error": type(error).__name__}
    if isinstance(error, requests.RequestException) and error.response is not None:
        asked = error.response.request
        told["status"] = error.response.status_code
        told["request"] = f"{asked.method} {urlsplit(asked.url or '').path}"
    if isinstance(error, (Trouble, SettingsError)):
        told["reason"] = str(error)
    return told
