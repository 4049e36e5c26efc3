"""The page on the weights of evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.classification import ALL, Figures
from bench.labelled_pods import PARTS
from service.classification.knowledge.weights import Weights
from tools.calibration import Band

_PAGE = """\
# The weights of evidence

Made by `make weights` (`tools/fit_weights.py`). What a signal sees counts by a weight in log-odds.
The weights are fitted to the labelled Pods of [`dataset/`](../dataset/README.md) by a logistic
regression over pairs of containers: signs fixed, drawn towards what was argued before (standard
deviation {trust:g}), each Pod counting alike, a wrong split costing {cost:g} times a missed one,
and scaled so that confidence is the share of right verdicts (Platt).

Two things aren't left to the data: what holds by definition (an owner's annotation, a native
sidecar, a network that one container makes for all), and what an application is: two containers
that serve traffic, a database and somebody's own program, or a server and what is named its worker,
are apart at 0.8 where nothing else is known of them.

*Argued* is before any data. *Cross-validated* ({folds} folds) is what weights say of Pods whose
owners they haven't seen: the honest figure. *Fitted* is what ships.

{figures}

In brackets: the interval that 95 of 100 such sets of Pods would give (bootstrap over Pods). *Cut*
is taken apart at the default `min_confidence` of 0.8.

## Is confidence right?

![How often verdicts are right, by how sure they are](pictures/calibration.svg)

Cross-validated verdicts on all containers but the main one.

{bands}

## The weights

{weights}
"""


def weights_page(
    figures: Mapping[str, Figures],
    bands: Sequence[Band],
    weights: Weights,
    **settings: float,
) -> str:
    """The page, as Markdown.

    Args:
        figures: by what the weights are called.
        bands: of the cross-validated verdicts.
        weights: the fitted ones.
        settings: `trust`, `cost` and `folds` of the fit.
    """
    return _PAGE.format(
        **settings,
        figures="\n".join(_figures_table(figures)),
        bands="\n".join(_bands_table(bands)),
        weights="\n".join(_weights_table(weights)),
    )


def _figures_table(by_name: Mapping[str, Figures]) -> Iterator[str]:
    columns = (
        "part",
        "weights",
        "Pods",
        "exactly right",
        "F1 of pairs",
        "F1 per Pod",
        "one application: called several",
        "cut",
        "several: cut rightly",
        "wrongly",
    )
    yield _row(columns)
    yield _row(["---"] * len(columns))
    for part in (*PARTS, ALL):
        for name, figures in by_name.items():
            own = figures.of_part(part)
            low, high = own.f1_interval
            yield _row(
                (
                    part,
                    name,
                    own.pods,
                    f"{own.exact} ({own.exact / own.pods:.1%})",
                    f"{own.f1:.3f} ({low:.2f} to {high:.2f})" if own.smelly else "",
                    f"{own.f1_per_pod:.3f}" if own.smelly else "",
                    f"{own.false_splits} of {own.cohesive}",
                    own.wrongly_cut,
                    f"{own.rightly_cut} of {own.smelly}",
                    own.smelly_wrongly_cut,
                )
            )


def _bands_table(bands: Sequence[Band]) -> Iterator[str]:
    yield _row(("confidence", "verdicts", "right"))
    yield _row(["---"] * 3)
    for band in bands:
        yield _row((f"{band.low:.1f} to {band.high:.1f}", band.count, f"{band.right:.0%}"))


def _weights_table(weights: Weights) -> Iterator[str]:
    yield _row(("case", "argued", "fitted"))
    yield _row(["---"] * 3)
    yield _row(("the prior (together)", f"{weights.argued_prior:.2f}", f"{weights.prior:.2f}"))
    for case, weight in sorted(weights.cases.items()):
        yield _row((f"`{case}`", f"{weight.argued:.2f}", f"{weight.value:.2f}"))


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"
