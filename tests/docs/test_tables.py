"""Tables and lists of the pages match the code, both ways."""

from __future__ import annotations

import ast
import inspect
import math
import re
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from clients.bot.hosted.metrics import Metrics as BotMetrics
from clients.bot.hosted.settings import NUMBERS, FileSchema, ForgeSchema
from service.classification.knowledge import Entry
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
    """A table's cell without its backticks."""
    return cell.strip("`")


def documented_fields(owner: type) -> dict[str, str]:
    """The docstring below each field of a class, by field."""
    [body] = [
        node for node in ast.parse(inspect.getsource(owner)).body if isinstance(node, ast.ClassDef)
    ]
    documented = {}
    for field, text in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
        ):
            documented[field.target.id] = " ".join(ast.literal_eval(text.value).split())
    return documented


def test_settings() -> None:
    """The README's table has each setting with its default, in the words of the code."""
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
    """The settings that gunicorn's configuration reads are in the README."""
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
    """Every route has a row, and every row is a route."""
    listed = {code(name) for row in table(HTTP, "route") for name in row[0].split(", ")}
    assert listed == {f"{route.method} {route.path}" for route in ROUTES}


def test_options() -> None:
    """Every option has a row, and every row is an option."""
    listed = {code(row[0]) for row in table(HTTP, "option")}
    assert listed == set(OptionsSchema().fields)


def test_option_values() -> None:
    """The row of an option names each of its values."""
    for row in table(HTTP, "option"):
        choices = [
            getattr(validator, "choices", ())
            for validator in OptionsSchema().fields[code(row[0])].validators
        ]
        words = [word for group in choices for word in group]
        assert [word for word in words if f"`{word}`" not in row[1]] == [], row[0]


def test_formats() -> None:
    """Every format has a row with its media type and with the routes that give it."""
    rows = {code(row[0]): row for row in table(HTTP, "format")}
    formats = {item.name: item for item in (*ANALYZE, *REWRITE)}
    assert rows.keys() == formats.keys()
    for name, row in rows.items():
        assert code(row[1]) == formats[name].media_type
        for group, word in ((ANALYZE, "analyze"), (REWRITE, "rewrite")):
            assert (name in {item.name for item in group}) == (word in row[2])


def test_body_types() -> None:
    """Every media type of a body that the service reads is named."""
    text = HTTP.read_text()
    assert [media for media in ACCEPTED if f"`{media}`" not in text] == []


def find_in_source(pattern: str, folder: str = ".") -> set[Any]:
    """What a pattern finds in the files of a folder of the service: strings, or tuples of them if
    it has several groups.
    """
    return {
        match
        for path in (ROOT / "service" / folder).rglob("*.py")
        for match in re.findall(pattern, path.read_text(), re.DOTALL)
    }


def test_problem_codes() -> None:
    """Every code of an error has a row with its status, and every row's code is in the source."""
    listed = {(int(row[0]), code(row[1])) for row in table(HTTP, "status", "code")}
    named = {word for _, word in listed}
    with_status = find_in_source(r'Problem\(\s*(\d{3}),(?:(?!Problem\().)*?code="([a-z-]+)"', "web")
    expected = {(int(status), word) for status, word in with_status} | set(CODES.items())
    assert expected - listed == set()
    assert find_in_source(r'code="([a-z-]+)"', "web") - named == set()
    assert named - find_in_source(r'"([a-z0-9-]+)"') - {word for _, word in expected} == set()


def test_rejections() -> None:
    """Every code of a document that can't be read has a row, and every row is such a code."""
    listed = {code(row[0]) for row in table(HTTP, "code", "why")}
    raised = find_in_source(r'(?:InputError|LimitExceeded)\(\s*"([a-z0-9-]+)"')
    raised |= find_in_source(r'[Rr]ejected\([^")]*"([a-z-]+)"', "yamldoc")
    of_whole_requests = {"documents", "diff-unreadable"}
    assert listed == raised - of_whole_requests


def test_platforms_and_reasons() -> None:
    """Every forge is named, and every reason for which a change is no suggestion has a row."""
    text = HTTP.read_text()
    assert [platform.name for platform in PLATFORMS if f"`{platform.name}`" not in text] == []
    assert {code(row[0]) for row in table(HTTP, "reason")} == {reason.value for reason in Reason}


def test_metrics() -> None:
    """Every metric has a row with its name for Prometheus, its type and its labels."""
    metrics = Metrics()
    collectors = [value for value in vars(metrics).values() if hasattr(value, "_labelnames")]
    expected = {
        (
            collector._name + ("_total" if collector._type == "counter" else ""),
            collector._type,
            ", ".join(f"`{name}`" for name in collector._labelnames),
        )
        for collector in collectors
    }
    assert {
        (code(row[0]), row[1], row[2]) for row in table(OPERATIONS, "metric", "type", "labels")
    } == expected


def test_queries_and_alerts_name_metrics_that_exist() -> None:
    """The page's queries use metrics of its table, with the endings of histograms."""
    known = {code(row[0]) for row in table(OPERATIONS, "metric", "type", "labels")}
    known |= {f"{name}_{ending}" for name in known for ending in ("bucket", "sum", "count")}
    used = set(re.findall(r"\bpodsplit_[a-z_]+\b", OPERATIONS.read_text()))
    assert used - known == set()
    for row in table(OPERATIONS, "metric", "type", "labels"):
        assert row[3], row[0]


def test_replicas() -> None:
    """The replicas of the table follow from the benchmark's figure and the chart's target, and the
    simulation in the picture leads to them.
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
    busy = {moment.replicas for moment in moments if 10 < moment.minute < 26}
    assert len(busy) == 1
    assert scaling.LEAST < busy.pop() <= math.ceil(scaling.peak(20) * seconds / 0.4)
    assert all(
        moment.usage <= 1.1 * scaling.REQUEST * scaling.TARGET
        for moment in moments
        if moment.minute > 10
    )


def test_the_charts_values_are_those_of_the_calculation() -> None:
    """The chart has the request, the target and the bounds of the calculation."""
    values = yaml.safe_load((ROOT / "helm" / "values.yaml").read_text())
    autoscaling = values["autoscaling"]
    assert values["resources"]["requests"]["cpu"] == f"{scaling.REQUEST * 1000:.0f}m"
    assert autoscaling["targetCPUUtilizationPercentage"] == scaling.TARGET * 100
    assert (autoscaling["minReplicas"], autoscaling["maxReplicas"]) == (scaling.LEAST, scaling.MOST)
    assert values["server"]["workers"] == scaling.CORES


def test_log_fields() -> None:
    """Every field of a log line has a row, and every row is such a field."""
    written = set(re.findall(r'"(\w+)": ', inspect.getsource(JsonFormatter.format)))
    observed = (ROOT / "service/web/request_hooks.py").read_text()
    written |= set(re.findall(r'^        "(\w+)": ', observed, re.MULTILINE)) | set(
        re.findall(r'fields\["(\w+)"\]', observed)
    )
    written |= {"error", "frames"}
    assert {code(row[0]) for row in table(OPERATIONS, "field")} == written


def test_fields_of_an_addition() -> None:
    """Every field of an addition to the catalogue has a row, and every row is such a field."""
    assert {code(row[0]) for row in table(CATALOGUE, "field")} == set(CatalogueEntrySchema().fields)


def test_fields_of_an_entry() -> None:
    """Every field of the catalogue's own entries has a row, and every row is such a field."""
    assert {code(row[0]) for row in table(CATALOGUE, "entry's field")} == {
        field.name for field in fields(Entry)
    }


def test_documented_settings_are_settings() -> None:
    """No page names a variable that nothing reads."""
    of_clients = {"URL", "TOKEN", "TOKEN_FILE", "BOT_CONFIG", "BOT_SECRETS"}
    of_clients |= {f"BOT_{name}" for name in NUMBERS} | {"TEST_KUBECONFIG", "TEST_GITEA"}
    known = (
        {field.name.upper() for field in fields(Settings)}
        | {name.removeprefix(PREFIX) for name in SERVER_VARIABLES}
        | of_clients
    )
    for page in [README, *Path(ROOT / "docs").glob("*.md")]:
        assert set(re.findall(rf"{PREFIX}([A-Z_]+[A-Z])", page.read_text())) - known == set(), (
            page.name
        )


def test_the_bots_page_has_its_settings_and_metrics() -> None:
    """Each variable, each key of the file, each metric with its labels, and no other."""
    page = (ROOT / "docs" / "bot.md").read_text()
    told = set(re.findall(rf"{PREFIX}BOT_([A-Z_]+)", page))
    assert told == {"CONFIG", "SECRETS", *NUMBERS}
    keys = {f"forges.<name>.{name}" for name in ForgeSchema().fields}
    keys |= FileSchema().fields.keys() - {"forges"}
    (table,) = re.findall(r"\| key \| is \|\n\|---\|---\|\n((?:\|.*\n)+)", page)
    assert set(re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)) == keys
    shown = {
        metric.name: metric.type
        for metric in text_string_to_metric_families(BotMetrics().show().decode())
    }
    shown = {name: kind for name, kind in shown.items() if not name.endswith("_created")}
    names = {name + "_total" if kind == "counter" else name for name, kind in shown.items()}
    rows = re.findall(r"^\| `(podsplit_bot_\w+)`", page, re.MULTILINE)
    assert set(rows) == names
