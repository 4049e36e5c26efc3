"""The figures that are promised, each measured side by side with what it is compared with, and held
against its limit and against the last ones that were written down (`bench/figures.json`).

Processor time counts, the best of several rounds in turn, as other programs on the machine can only
add to it.
"""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import yaml

from bench import load
from bench.growth import measure_in_child
from bench.samples import synthetic_stream
from bench.server import running_service
from service.options import Options
from service.pipeline import run

KEPT = Path(__file__).parent / "figures.json"
ROUNDS = 7
"""At least; of short jobs more, until `SECONDS` have passed."""
SECONDS = 2.0
MOVED = 0.15
"""The share by which a figure has to differ to be said to have moved: a machine differs by that
much from hour to hour.
"""
Files = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure."""

    name: str
    value: float
    unit: str
    limit: float | None
    """What it must not exceed; None for one that is only watched."""

    @property
    def holds(self) -> bool:
        """Whether it is within its limit."""
        return self.limit is None or self.value <= self.limit


def compared(jobs: Sequence[Callable[[], object]]) -> list[float]:
    """The best processor time of each of some jobs, run in turn."""
    best = [float("inf")] * len(jobs)
    until = time.process_time() + SECONDS
    done = 0
    while done < ROUNDS or time.process_time() < until:
        done += 1
        for number, job in enumerate(jobs):
            began = time.process_time()
            job()
            best[number] = min(best[number], time.process_time() - began)
    return best


def load_all(files: Files) -> None:
    """What the figures are relative to: libyaml's loader on the same text."""
    for _, raw in files:
        with suppress(yaml.YAMLError):
            list(yaml.load_all(raw, Loader=yaml.CSafeLoader))


def ratios(files: Files) -> tuple[float, float]:
    """How many times as long as the loader takes an analysis and a rewrite take."""
    options = Options(max_documents=100_000)
    loaded, analysed, rewritten = compared(
        [
            lambda: load_all(files),
            lambda: run(files, options, rewrite=False),
            lambda: run(files, options, rewrite=True),
        ]
    )
    return analysed / loaded, rewritten / loaded


def chart_files(folder: Path) -> list[tuple[str, bytes]]:
    """What public charts ship, each in a folder of its own."""
    return [
        (f"{path.stem}/{path.name}", path.read_bytes()) for path in sorted(folder.glob("*.yaml"))
    ]


def of_text(corpus: Path) -> Iterator[Figure]:
    """What a run costs."""
    charts = chart_files(corpus / "charts")
    if charts:
        analysed, rewritten = ratios(charts)
        yield Figure("charts, analyze", analysed, "x load_all", 1.5)
        yield Figure("charts, rewrite", rewritten, "x load_all", 1.5)
    for name, count, every, limit in (
        ("ten documents, two Pods split, rewrite", 10, 2, 4.5),
        ("every third document split, rewrite", 999, 1, 7.0),
    ):
        files = [("bench.yaml", synthetic_stream(count, every).encode())]
        yield Figure(name, ratios(files)[1], "x load_all", limit)
    grown = measure_in_child(5000, 1)
    share = grown["memory"] / grown["size"]
    yield Figure("every third document split, memory", share, "x the text", 60.0)


def of_requests() -> Iterator[Figure]:
    """What a client sees of rewrites of ten documents with two Pods split, two workers."""
    data = load.request("/v1/rewrite", synthetic_stream(10, 2).encode())
    with running_service(1) as service:
        yield Figure("cold start to ready", service.startup, "s", 1.5)
    with running_service(2) as service:
        load.send_one_by_one(service.port, data, 50)
        answered = asyncio.run(load.send_without_pause(service.port, data)) / load.SECONDS
        yield Figure("time for each rewrite, four clients", 1e3 / answered, "ms", None)
        rate = max(1, int(answered / 2))
        times, _ = asyncio.run(load.send_at_rate(service.port, data, rate))
        times.sort()
        slow = times[len(times) * 99 // 100] / times[len(times) // 2]
        yield Figure("at half of capacity, p99", slow, "x p50", 5.0)


PEERS = {
    "kube-score": ["score"],
    "kube-linter": ["lint"],
    "kubeconform": ["-ignore-missing-schemas"],
    "polaris": ["audit", "--audit-path"],
}
"""Programs that check the same files, with their arguments before the files or their folder."""


def of_peers(files: Files) -> Iterator[tuple[str, float]]:
    """The processor time of other programs on the same files, where they are installed."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (_, raw) in enumerate(files):
            paths.append(Path(folder, f"{number}.yaml"))
            paths[-1].write_bytes(raw)
        for name, arguments in PEERS.items():
            program = shutil.which(name)
            if program is None:
                continue
            what = [folder] if name == "polaris" else paths
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([program, *arguments, *what], check=False, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            yield name, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def show(figures: Sequence[Figure], kept: dict[str, float]) -> None:
    """Print each figure, whether it holds, and how it has moved."""
    for figure in figures:
        limit = "" if figure.limit is None else f"at most {figure.limit:g}"
        word = "" if figure.limit is None else "holds" if figure.holds else "DOES NOT HOLD"
        old = kept.get(figure.name)
        moved = ""
        if old and abs(figure.value / old - 1) > MOVED:
            moved = f"moved: {old:.2f} before ({figure.value / old - 1:+.0%})"
        print(
            f"  {figure.name:<42} {figure.value:8.2f} {figure.unit:<10} {limit:<12} {word:<14}"
            f" {moved}".rstrip()
        )


def main(corpus: Path, *, keep: bool) -> None:
    """Measure and print all figures; and write them down."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"figures": {}}
    print(f"{load.machine()}\n\nWhat is promised, and what was written down", end="")
    print(f" ({kept['machine']})" if "machine" in kept else "")
    figures = [*of_text(corpus), *of_requests()]
    show(figures, {name: entry["value"] for name, entry in kept["figures"].items()})
    charts = chart_files(corpus / "charts")
    if charts:
        options = Options(max_documents=100_000)
        (own,) = compared([lambda: run(charts, options, rewrite=False)])
        print(f"\nProcessor time on {len(charts)} charts\n  {'podsplit, analyze':<42} {own:8.2f} s")
        for name, seconds in of_peers(charts):
            print(f"  {name:<42} {seconds:8.2f} s")
    if keep:
        new = {"machine": load.machine(), "figures": {item.name: asdict(item) for item in figures}}
        KEPT.write_text(json.dumps(new, indent=1) + "\n")
