"""Tables and lists in the pages that the code has as well."""

from __future__ import annotations

import ast
import inspect
import math
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
import yaml

from service.render.platforms import PLATFORMS
from service.render.suggestions import Reason
from service.web.formats import ANALYZE, REWRITE
from service.web.logs import JsonFormatter
from service.web.metrics import Metrics
from service.web.problems import CODES
from service.web.routes import ROUTES
from service.web.schemas.options import CatalogueEntrySchema, OptionsSchema
from service.web.settings import (
    PREFIX,
    SERVER_VARIABLES,
    Settings,
    default_graceful_timeout,
)
from service.web.uploads.bodies import ACCEPTED
from tests.support.pages import ROOT, prose, table
from tools import scaling

README = ROOT / "README.md"
HTTP = ROOT / "docs" / "http.md"
OPERATIONS = ROOT / "docs" / "operations.md"
CATALOGUE = ROOT / "docs" / "catalogue.md"


def code(cell: str) -> str:
    return cell.strip("`")


def documented_fields(owner: type) -> dict[str, str]:
    """The text below each field of a class."""
    [body] = [
        each for each in ast.parse(inspect.getsource(owner)).body if isinstance(each, ast.ClassDef)
    ]
    found = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
        ):
            found[field.target.id] = " ".join(ast.literal_eval(text.value).split())
    return found


def test_settings() -> None:
    """The README's table has each with its default, in the words of the code."""
    texts = documented_fields(Settings)
    expected = [
        [
            f"`{PREFIX}{field.name.upper()}`",
            "unset" if field.default in (None, MISSING) else f"{field.default}".removesuffix(".0"),
            text,
        ]
        for field in fields(Settings)
        if (text := texts[field.name])
    ]
    assert table(README, "variable", "default", "what it is") == expected


def test_gunicorns_own_settings() -> None:
    """Those that its configuration reads are in the README's sentence below the table."""
    text = prose(README)
    assert [name for name in SERVER_VARIABLES if f"`{name}`" not in text] == []
    assert [name for name in ("HOST", "PORT", "WORKERS") if f"`{name}`" not in text] == []


def test_the_default_of_the_graceful_timeout() -> None:
    """What it allows beyond the longest request is said in the page and in the chart."""
    more = default_graceful_timeout(0)
    page = " ".join(OPERATIONS.read_text().split())
    assert f"(`{PREFIX}REQUEST_TIMEOUT` and {more} when unset)" in page
    values = (ROOT / "helm" / "values.yaml").read_text()
    assert f"{more} more than `settings.requestTimeout` when empty" in values


def test_routes() -> None:
    """Every route has its row, and no other."""
    assert {(code(row[0])) for row in table(HTTP, "route")} == {
        f"{route.method} {route.path}" for route in ROUTES
    }


def test_options() -> None:
    """Every option has its row, and no other."""
    listed = {code(row[0]) for row in table(HTTP, "option")}
    assert listed == set(OptionsSchema().fields)


def test_option_words() -> None:
    """What an option may say is what its row says."""
    for row in table(HTTP, "option"):
        choices = [
            getattr(each, "choices", ()) for each in OptionsSchema().fields[code(row[0])].validators
        ]
        words = [word for group in choices for word in group]
        assert [word for word in words if f"`{word}`" not in row[1]] == [], row[0]


def test_formats() -> None:
    """Each with its media type, and where it is given."""
    rows = {code(row[0]): row for row in table(HTTP, "format")}
    given = {item.name: item for item in (*ANALYZE, *REWRITE)}
    assert rows.keys() == given.keys()
    for name, row in rows.items():
        assert code(row[1]) == given[name].media_type
        assert [name in {item.name for item in group} for group in (ANALYZE, REWRITE)] == [
            word in row[2] for word in ("analyze", "rewrite")
        ]


def test_body_types() -> None:
    """Every type of body that is read is named."""
    text = HTTP.read_text()
    assert [media for media in ACCEPTED if f"`{media}`" not in text] == []


def _raised(pattern: str, *folders: str) -> set[str]:
    files = [
        path for folder in folders for path in sorted((ROOT / "service" / folder).rglob("*.py"))
    ]
    return {match for path in files for match in re.findall(pattern, path.read_text(), re.DOTALL)}


def test_problem_codes() -> None:
    """Every code of an error, with its status."""
    listed = {(int(row[0]), code(row[1])) for row in table(HTTP, "status", "code")}
    named = {word for _, word in listed}
    with_status = _raised(r'Problem\(\s*(\d{3}),(?:(?!Problem\().)*?code="([a-z-]+)"', "web")
    expected = {(int(status), word) for status, word in with_status} | {
        (status, word) for status, word in CODES.items()
    }
    assert expected - listed == set()
    assert _raised(r'code="([a-z-]+)"', "web") - named == set()
    for rest in named - {word for _, word in expected}:
        assert f'"{rest}"' in "".join(
            path.read_text() for path in (ROOT / "service").rglob("*.py")
        ), rest


def test_rejections() -> None:
    """Every code of a document that can't be read."""
    listed = {code(row[0]) for row in table(HTTP, "code", "why")}
    raised = _raised(r'(?:InputError|LimitExceeded)\(\s*"([a-z0-9-]+)"', ".") | _raised(
        r'Rejected\([^")]*"([a-z-]+)"', "yamldoc"
    )
    whole_requests = {"documents", "diff-unreadable"}
    assert listed == raised - whole_requests


def test_platforms_and_reasons() -> None:
    """Every forge, and every reason for which a change is no suggestion."""
    text = HTTP.read_text()
    assert [platform.name for platform in PLATFORMS if f"`{platform.name}`" not in text] == []
    assert {code(row[0]) for row in table(HTTP, "reason")} == {reason.value for reason in Reason}


def test_metrics() -> None:
    """Every metric as Prometheus sees it, with its labels."""
    metrics = Metrics()
    collectors = [each for each in vars(metrics).values() if hasattr(each, "_labelnames")]
    expected = {
        (
            each._name + ("_total" if each._type == "counter" else ""),
            each._type,
            ", ".join(f"`{name}`" for name in each._labelnames),
        )
        for each in collectors
    }
    assert {
        (code(row[0]), row[1], row[2]) for row in table(OPERATIONS, "metric", "type", "labels")
    } == expected


def test_queries_and_alerts_name_metrics_that_exist() -> None:
    """With the endings that Prometheus gives to histograms."""
    known = {code(row[0]) for row in table(OPERATIONS, "metric", "type", "labels")}
    known |= {f"{name}_{ending}" for name in known for ending in ("bucket", "sum", "count")}
    used = set(re.findall(r"\bpodsplit_[a-z_]+\b", OPERATIONS.read_text()))
    assert used - known == set()
    for row in table(OPERATIONS, "metric", "type", "labels"):
        assert row[3], row[0]


def test_replicas() -> None:
    """Those of the table follow from the benchmark's figure and the chart's target, and the
    picture's rules lead there.
    """
    seconds = scaling.per_request()
    for rate, cores, replicas in table(OPERATIONS, "rewrites/s"):
        needed = float(rate) * seconds
        assert [cores, replicas] == [
            f"{needed:.1f}",
            str(max(math.ceil(needed / (scaling.REQUEST * scaling.TARGET)), scaling.LEAST)),
        ]
    for row in table(OPERATIONS, "documents", "analyze", "rewrite"):
        assert float(row[3]) == pytest.approx(
            0.4 / (float(row[2].split()[0]) / 1000), rel=0.2, abs=0.05
        )
    moments = list(scaling.simulated(seconds))
    assert [moments[0].replicas, moments[-1].replicas] == [scaling.LEAST, scaling.LEAST]
    busy = {each.replicas for each in moments if 10 < each.minute < 26}
    assert len(busy) == 1
    assert scaling.LEAST < busy.pop() <= math.ceil(scaling.peak(20) * seconds / 0.4)
    assert all(
        each.usage <= 1.1 * scaling.REQUEST * scaling.TARGET for each in moments if each.minute > 10
    )


def test_the_charts_values_are_those_of_the_calculation() -> None:
    """What a replica asks for, the autoscaler's target and its bounds."""
    values = yaml.safe_load((ROOT / "helm" / "values.yaml").read_text())
    autoscaling = values["autoscaling"]
    assert values["resources"]["requests"]["cpu"] == f"{scaling.REQUEST * 1000:.0f}m"
    assert autoscaling["targetCPUUtilizationPercentage"] == scaling.TARGET * 100
    assert (autoscaling["minReplicas"], autoscaling["maxReplicas"]) == (scaling.LEAST, scaling.MOST)
    assert values["server"]["workers"] == scaling.CORES


def test_log_fields() -> None:
    """Every field of a line of the log."""
    written = set(re.findall(r'"(\w+)": ', inspect.getsource(JsonFormatter.format)))
    observed = (ROOT / "service/web/request_hooks.py").read_text()
    written |= set(re.findall(r'^        "(\w+)": ', observed, re.MULTILINE)) | set(
        re.findall(r'fields\["(\w+)"\]', observed)
    )
    written |= {"error", "frames"}
    assert {code(row[0]) for row in table(OPERATIONS, "field")} == written


def test_fields_of_an_addition() -> None:
    """Those of an addition to the catalogue, and no other."""
    assert {code(row[0]) for row in table(CATALOGUE, "field")} == set(CatalogueEntrySchema().fields)


def test_fields_of_an_entry() -> None:
    """Those of the catalogue itself."""
    source = (ROOT / "service/classification/knowledge/__init__.py").read_text()
    [known] = re.findall(r"set\(data\) - \{([^}]*)\}", source)
    assert {code(row[0]) for row in table(CATALOGUE, "entry's field")} == set(
        re.findall(r'"(\w+)"', known)
    )


def test_documented_settings_are_settings() -> None:
    """No page speaks of a variable that nobody reads."""
    of_clients = {"URL", "TOKEN"}
    known = (
        {field.name.upper() for field in fields(Settings)}
        | {name.removeprefix(PREFIX) for name in SERVER_VARIABLES}
        | of_clients
    )
    for page in [README, *Path(ROOT / "docs").glob("*.md")]:
        assert set(re.findall(rf"{PREFIX}([A-Z_]+[A-Z])", page.read_text())) - known == set(), (
            page.name
        )
