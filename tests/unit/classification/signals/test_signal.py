"""The list of signals."""

from __future__ import annotations

from pathlib import Path

from service.classification import signals
from service.classification.knowledge.weights import load_weights
from service.classification.signals import SIGNALS
from service.documentation import documented

FOLDER = Path(signals.__file__).parent


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
