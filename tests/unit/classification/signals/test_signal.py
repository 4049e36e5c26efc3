"""The list of signals."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.classification import signals
from service.classification.context import PodContext
from service.classification.knowledge import load_catalogue
from service.classification.knowledge.weights import load_weights
from service.classification.signals import SIGNALS
from service.classification.signals.signal import Signal
from service.documentation import documented
from service.options import Options
from service.reading import read_inputs

FOLDER = Path(signals.__file__).parent
CASES = Path(__file__).parents[3] / "cases"


def test_every_module_of_the_folder_is_in_the_list_once() -> None:
    """Under its own name, with dashes."""
    modules = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py")}
    assert sorted(signal.id for signal in SIGNALS) == sorted(modules - {"--init--", "signal"})


def test_every_signal_is_documented_and_weighed() -> None:
    """The four parts of its docs, and a weight for one case at least."""
    cases = {case.partition(".")[0] for case in load_weights().cases}
    assert {signal.id for signal in SIGNALS} == cases
    for signal in SIGNALS:
        assert documented(signal.module).title.lower() == signal.id.replace("-", " ")
        assert signal.observe is signal.module.observe


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.id)
def test_every_signal_has_a_case_in_which_it_is_silent(signal: Signal) -> None:
    """A folder of its own that is called so, in which it sees nothing."""
    silent = list((CASES / signal.id).glob("silent-*/input.yaml"))
    assert silent != []
    for path in silent:
        inputs = read_inputs([(path.name, path.read_bytes())], Options())
        assert inputs.workloads != ()
        for workload in inputs.workloads:
            context = PodContext(workload, inputs.manifests, load_catalogue())
            assert list(signal.observe(context)) == []
