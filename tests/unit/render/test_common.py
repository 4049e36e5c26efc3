"""Fingerprints of findings."""

from __future__ import annotations

from dataclasses import replace

from service.options import Options
from service.pipeline import run
from service.render.common import fingerprints
from tests.unit.render.reports import TWO_SERVERS, full


def test_fingerprints_do_not_move_with_lines(shop):
    """A comment above changes every line and no fingerprint."""
    moved = run(
        [("dir/shop 1.yaml", b"# one more\n\n" + TWO_SERVERS.encode())], Options(), rewrite=True
    )

    assert fingerprints(moved) == fingerprints(shop)


def test_fingerprints_differ():
    """By rule, file and object; equal findings are told apart by their count."""
    report = full()
    twice = replace(report, findings=report.findings * 2)

    assert len(set(fingerprints(twice))) == 6
    assert fingerprints(twice)[:3] == fingerprints(report)


def test_fingerprints_differ_between_files():
    """The same Pod in two files is two Pods."""
    files = [(path, TWO_SERVERS.encode()) for path in ("a.yaml", "b.yaml")]
    marks = fingerprints(run(files, Options(), rewrite=False))

    assert len(set(marks)) == len(marks) > 2
