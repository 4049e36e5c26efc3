"""`python -m bench`: what is promised and whether it holds, then tables; `--figures` for the first
alone, `--keep` writes its figures down.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import yaml

from bench import figures, load
from bench.growth import measure_in_child
from bench.samples import mixed_files, namesakes, real_files, real_stream, synthetic_stream
from service.options import Options
from service.pipeline import run
from service.reading import read_inputs
from service.text import apply_edits
from service.web.garbage_collection import tune_garbage_collector

RUNS = 5


def best_time(job: Callable[[], object]) -> float:
    """The best of several runs after a warm-up, in seconds of processor time.

    Other programs on the machine can only add to it.
    """
    job()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return min(times)


def print_table(title: str, rows: list[tuple[str, float]], size: int, documents: int) -> None:
    """Print the times of several programs, compared with the first.

    Args:
        title: of the table.
        rows: names and seconds.
        size: characters or bytes of the input.
        documents: in the input.
    """
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


def measure_yaml_engine(text: str, documents: int) -> None:
    """Compare reading and writing with libyaml's loader and with ruamel.yaml's round trip."""

    def read_and_write() -> str:
        read_inputs([("bench.yaml", text.encode())], Options(max_documents=documents + 1))
        return apply_edits(text, [])

    rows = [
        (
            "yaml.load_all(CSafeLoader)",
            best_time(lambda: list(yaml.load_all(text, Loader=yaml.CSafeLoader))),
        ),
        ("podsplit: parse, typed view, emit", best_time(read_and_write)),
    ]
    try:
        from ruamel.yaml import YAML  # noqa: PLC0415 - it may not be installed
    except ImportError:
        print("(ruamel.yaml is not installed: its round trip is left out)")
    else:
        start = time.process_time()
        list(YAML(typ="rt").load_all(text))
        rows.append(("ruamel.yaml round trip, load only, one run", time.process_time() - start))
    print_table("YAML engine, real manifests", rows, size=len(text), documents=documents)


def measure_pipeline(files: list[tuple[str, bytes]], title: str) -> None:
    """Compare the analysis and the rewrite of some files with libyaml's loader."""
    options = Options(max_documents=100_000)
    documents = run(files, options, rewrite=False).documents

    def load() -> None:
        for _, raw in files:
            with suppress(yaml.YAMLError):
                list(yaml.load_all(raw, Loader=yaml.CSafeLoader))

    rows = [
        ("yaml.load_all(CSafeLoader)", best_time(load)),
        ("pipeline.run, analyse", best_time(lambda: run(files, options, rewrite=False))),
        ("pipeline.run, rewrite", best_time(lambda: run(files, options, rewrite=True))),
    ]
    print_table(title, rows, size=sum(len(raw) for _, raw in files), documents=documents)


def measure_growth() -> None:
    """Print time and memory over the number of documents."""
    for split_every, share in (
        (100, "one Pod of every 300 documents split"),
        (10, "one of every 30"),
        (1, "one of every 3"),
    ):
        print(f"\nGrowth of pipeline.run (rewrite), generated manifests, {share}")
        for count in (1000, 5000, 20_000):
            figures = measure_in_child(count, split_every)
            seconds, size, memory = figures["seconds"], figures["size"], figures["memory"]
            print(
                f"  {count:6d} documents of {size / count:.0f} characters,"
                f" {figures['changes']:5.0f} changes: {seconds:6.2f} s,"
                f" {count / seconds:5.0f} documents/s, {seconds / figures['load']:5.2f} x load_all,"
                f" memory +{memory / 1e6:4.0f} MB = {memory / size:3.0f} x the text"
            )


def measure_namesakes() -> None:
    """Print time over how often the same set is there, in other folders or namespaces."""
    for where in namesakes(0):
        print(f"\nGrowth of pipeline.run (rewrite), one set in many {where}")
        for count in (100, 300, 1000):
            files = namesakes(count)[where]
            start = time.process_time()
            run(files, Options(max_documents=100_000), rewrite=True)
            seconds = time.process_time() - start
            print(f"  {count:6d}: {seconds:6.2f} s, {seconds / count * 1e3:6.2f} ms for each")


def main() -> None:
    """Print all tables."""
    tune_garbage_collector()  # as a worker does, so that the figures are those of the service
    corpus = Path(__file__).resolve().parents[2] / "shared" / "corpus"
    figures.main(corpus, keep="--keep" in sys.argv)
    if "--figures" in sys.argv:
        return
    text, documents = real_stream(corpus)
    if text:
        measure_yaml_engine(text, documents)
        measure_pipeline(
            real_files(corpus),
            "Pipeline, the corpus: Pods of several containers, every file as often as any other",
        )
        for share in (0.01, 0.1):
            measure_pipeline(
                mixed_files(corpus, share),
                f"Pipeline, the corpus, {share:.0%} of the files changed",
            )
    measure_pipeline(
        [("bench.yaml", synthetic_stream(1000).encode())],
        "Pipeline, generated manifests, a third of them split",
    )
    measure_growth()
    measure_namesakes()
    load.main()


if __name__ == "__main__":
    main()
