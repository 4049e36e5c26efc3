"""`python -m bench`: tables on standard output."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import yaml

from bench import load
from bench.growth import measured
from bench.samples import mixed_files, real_files, real_stream, synthetic_stream
from service.options import Options
from service.pipeline import run
from service.reading import read_inputs
from service.text import apply_edits
from service.web.garbage_collection import tune_garbage_collector

RUNS = 5


def best(job: Callable[[], object]) -> float:
    """The best of several runs after a warm-up, in seconds of processor time: what else the
    machine does only adds to it.
    """
    job()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return min(times)


def table(title: str, rows: list[tuple[str, float]], size: int, documents: int) -> None:
    """Print the rows, each against the first."""
    print(
        f"\n{title}: {size / 1e6:.1f} MB, {documents} documents of {size / documents:.0f}"
        " characters"
    )
    for name, seconds in rows:
        rate, ratio = documents / seconds, seconds / rows[0][1]
        print(
            f"  {name:<44} {seconds:8.3f} s  {size / 1e6 / seconds:7.1f} MB/s  {rate:8.0f}"
            f" documents/s  {ratio:5.2f} x"
        )


def yaml_engine(text: str, documents: int) -> None:
    """Parse, typed view and emit, against libyaml's loader and ruamel.yaml's round trip."""

    def view() -> str:
        read_inputs([("bench.yaml", text.encode())], Options(max_documents=documents + 1))
        return apply_edits(text, [])

    rows = [
        (
            "yaml.load_all(CSafeLoader)",
            best(lambda: list(yaml.load_all(text, Loader=yaml.CSafeLoader))),
        ),
        ("podsplit: parse, typed view, emit", best(view)),
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
        ("yaml.load_all(CSafeLoader)", best(load)),
        ("pipeline.run, analyse", best(lambda: run(files, options, rewrite=False))),
        ("pipeline.run, rewrite", best(lambda: run(files, options, rewrite=True))),
    ]
    table(title, rows, sum(len(raw) for _, raw in files), documents)


def growth() -> None:
    """Time and memory over the number of documents, each run in a process of its own."""
    for split_every, what in (
        (100, "one Pod of every 300 documents split"),
        (10, "one of every 30"),
        (1, "one of every 3"),
    ):
        print(f"\nGrowth of pipeline.run (rewrite), made manifests, {what}")
        for count in (1000, 5000, 20_000):
            run_of = measured(count, split_every)
            seconds, size = run_of["seconds"], run_of["size"]
            print(
                f"  {count:6d} documents of {size / count:.0f} characters, {run_of['changes']:5.0f}"
                f" changes: {seconds:6.2f} s, {count / seconds:5.0f} documents/s,"
                f" {seconds / run_of['load']:5.2f} x load_all, memory"
                f" +{run_of['memory'] / 1e6:4.0f} MB = {run_of['memory'] / size:3.0f} x the text"
            )


LINTERS = {
    "kube-linter": ["lint"],
    "kube-score": ["score"],
    "kubeconform": ["-ignore-missing-schemas"],
}
"""Programs that read the same files, with the arguments before those."""


def others(files: list[tuple[str, bytes]]) -> None:
    """What related programs take for the same files, where they are installed; they judge and
    don't rewrite.
    """
    print("\nRelated programs on the real manifests, wall-clock time")
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (_, raw) in enumerate(files):
            paths.append(Path(folder, f"{number}.yaml"))
            paths[-1].write_bytes(raw)
        for name, arguments in LINTERS.items():
            program = shutil.which(name)
            if program is None:
                print(f"  {name}: not installed, left out")
                continue
            start = time.perf_counter()
            subprocess.run(
                [program, *arguments, *map(str, paths)], check=False, capture_output=True
            )
            print(f"  {name:<44} {time.perf_counter() - start:8.3f} s")


def main() -> None:
    """All tables."""
    tune_garbage_collector()  # as a worker does, so that the figures are those of the service
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    corpus = Path(__file__).resolve().parents[2] / "shared" / "corpus"
    text, documents = real_stream(corpus)
    if text:
        yaml_engine(text, documents)
        pipeline(
            real_files(corpus),
            "Pipeline, the corpus: Pods of several containers, every file as often as any other",
        )
        for share in (0.01, 0.1):
            pipeline(
                mixed_files(corpus, share),
                f"Pipeline, the corpus, {share:.0%} of the files changed",
            )
        others(real_files(corpus))
    pipeline(
        [("bench.yaml", synthetic_stream(1000).encode())],
        "Pipeline, made manifests, a third of them split",
    )
    growth()
    load.main()


if __name__ == "__main__":
    main()
