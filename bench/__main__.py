"""`python -m bench`: tables on standard output."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import yaml

from bench import load
from bench.samples import real_files, real_stream, synthetic_stream
from service.inputs import read_inputs
from service.options import Options
from service.pipeline import run
from service.text import apply_edits

RUNS = 5


def median(job: Callable[[], object]) -> float:
    """The median of several runs after a warm-up, in seconds of processor time."""
    job()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return sorted(times)[RUNS // 2]


def table(title: str, rows: list[tuple[str, float]], size: int, documents: int) -> None:
    """Print the rows, each against the first."""
    print(f"\n{title}: {size / 1e6:.1f} MB, {documents} documents")
    for name, seconds in rows:
        rate, ratio = documents / seconds, seconds / rows[0][1]
        print(f"  {name:<44} {seconds:8.3f} s  {size / 1e6 / seconds:7.1f} MB/s  {rate:8.0f} documents/s  {ratio:5.2f} x")


def yaml_engine(text: str, documents: int) -> None:
    """Parse, typed view and emit, against libyaml's loader and ruamel.yaml's round trip."""

    def view() -> str:
        read_inputs([("bench.yaml", text.encode())], Options(max_documents=documents + 1))
        return apply_edits(text, [])

    rows = [
        ("yaml.load_all(CSafeLoader)", median(lambda: list(yaml.load_all(text, Loader=yaml.CSafeLoader)))),
        ("podsplit: parse, typed view, emit", median(view)),
    ]
    try:
        from ruamel.yaml import YAML  # noqa: PLC0415 - measured where it is installed
    except ImportError:
        print("(ruamel.yaml is not installed: its round trip is left out)")
    else:
        start = time.process_time()
        list(YAML(typ="rt").load_all(text))
        rows.append(("ruamel.yaml round trip, load only, one run", time.process_time() - start))
    table("YAML engine, real manifests", rows, len(text), documents)


def pipeline(files: list[tuple[str, bytes]], title: str) -> None:
    """A whole rewrite, verified."""
    options = Options(max_documents=100_000)
    documents = run(files, options, rewrite=False).documents

    def load() -> None:
        for _, raw in files:
            with suppress(yaml.YAMLError):
                list(yaml.load_all(raw, Loader=yaml.CSafeLoader))

    rows = [
        ("yaml.load_all(CSafeLoader)", median(load)),
        ("pipeline.run, analyse", median(lambda: run(files, options, rewrite=False))),
        ("pipeline.run, rewrite", median(lambda: run(files, options, rewrite=True))),
    ]
    table(title, rows, sum(len(raw) for _, raw in files), documents)


def growth() -> None:
    """Time over size, up to 20,000 documents."""
    print("\nGrowth of pipeline.run (rewrite)")
    for count in (2500, 5000, 10_000, 20_000):
        text = synthetic_stream(count)
        start = time.process_time()
        report = run([("bench.yaml", text.encode())], Options(max_documents=count + 1), rewrite=True)
        seconds = time.process_time() - start
        changes = len(report.rewrite.changes) if report.rewrite else 0
        print(f"  {count:6d} documents {seconds:7.2f} s  {count / seconds:7.0f} documents/s  {changes} changes")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory of this process: {peak:.0f} MiB; the last text: {len(text) / 1e6:.1f} MB")


def main() -> None:
    """All tables."""
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    corpus = Path(__file__).resolve().parents[2] / "shared" / "corpus"
    text, documents = real_stream(corpus)
    if text:
        yaml_engine(text, documents)
        pipeline(real_files(corpus), "Pipeline, real manifests")
    pipeline([("bench.yaml", synthetic_stream(1000).encode())], "Pipeline, made manifests, a third of them split")
    growth()
    load.main()


if __name__ == "__main__":
    main()
