"""The parts beside the service: the admission webhook, the audit, alerts and the dashboard."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from clients.audit.reconcile import REPORTS
from clients.audit.selection import AROUND, SYSTEM_NAMESPACES, WORKLOADS
from clients.bot.hosted.app import create_app as create_bot
from clients.bot.hosted.settings import Settings as BotSettings
from clients.bot.service import Service as BotService
from service.web.app import create_app
from service.web.metrics import Metrics
from service.web.settings import ServerSettings, Settings
from tests.support.chart import (
    CHART,
    Object,
    ValuesFile,
    environment_of,
    objects,
    only,
    part_of,
    refused,
    rendered,
)

ROOT = CHART.parent


def of(helm: Path, name: str) -> list[Object]:
    return objects(rendered(helm, "-f", str(CHART / "ci" / f"{name}-values.yaml")))


def webhook_of(resources: list[Object]) -> Object:
    (webhook,) = only(resources, "ValidatingWebhookConfiguration", "admission")["webhooks"]
    return dict(webhook)


def test_the_webhook_leads_to_the_process_that_serves_it(helm: Path) -> None:
    """By its Service, port and path; with a certificate for that name, of the CA that it names."""
    resources = of(helm, "admission")
    client = webhook_of(resources)["clientConfig"]
    service = only(resources, "Service", "admission")
    template = only(resources, "Deployment", "admission")["spec"]["template"]
    (container,) = template["spec"]["containers"]
    secret = only(resources, "Secret", "admission")

    assert client["service"]["name"] == service["metadata"]["name"]
    assert client["service"]["port"] == service["spec"]["ports"][0]["port"]
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["name"]
    assert service["spec"]["selector"].items() <= template["metadata"]["labels"].items()
    main = only(resources, "Service")["spec"]["selector"]
    assert not main.items() <= template["metadata"]["labels"].items()
    assert client["caBundle"] == secret["data"]["ca.crt"]

    app = create_app(
        Settings.from_environment(
            environment_of(container)
            | {
                "PODSPLIT_CATALOGUE_FILE": "",
            }
        )
    )
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    assert client["service"]["path"] in paths
    assert {
        container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness")
    } < paths
    assert "/v1/rewrite" not in paths


def test_the_certificate_is_for_the_name_that_the_api_server_calls(
    helm: Path, tmp_path: Path
) -> None:
    """As openssl checks it."""
    resources = of(helm, "admission")
    data = only(resources, "Secret", "admission")["data"]
    for name in ("ca.crt", "tls.crt", "tls.key"):
        (tmp_path / name).write_bytes(base64.b64decode(data[name]))
    host = "podsplit-admission.tools.svc"
    authority = ("-CAfile", str(tmp_path / "ca.crt"))
    command = ["openssl", "verify", *authority, "-verify_hostname", host]
    done = subprocess.run(
        [*command, str(tmp_path / "tls.crt")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    environment = {
        "PODSPLIT_TLS_CERT_FILE": str(tmp_path / "tls.crt"),
        "PODSPLIT_TLS_KEY_FILE": str(tmp_path / "tls.key"),
    }
    assert ServerSettings.from_environment(environment, Settings()).tls_key_file


def test_a_certificate_that_is_there_is_kept(helm: Path) -> None:
    """By a look at the cluster, which a rendering without one can't have: each makes another."""
    text = (CHART / "templates" / "admission-webhook.yaml").read_text()

    assert 'lookup "v1" "Secret" .Release.Namespace $secret' in text
    # The cache of `rendered` is passed by with another order of arguments.
    first, second = (
        rendered(helm, "-f", str(CHART / "ci" / "admission-values.yaml"), *more)
        for more in ((), ("--skip-crds",))
    )
    made = re.findall(r"tls\.key: (\S+)", first + second)
    assert len(set(made)) == 2


def test_the_webhook_can_not_stand_in_the_way(helm: Path) -> None:
    """It ignores failures, waits little, has no effects, and leaves the system alone."""
    webhook = webhook_of(of(helm, "admission"))

    assert (webhook["failurePolicy"], webhook["sideEffects"]) == ("Ignore", "None")
    assert webhook["timeoutSeconds"] == 2
    (namespaces, *_) = webhook["namespaceSelector"]["matchExpressions"]
    assert set(namespaces["values"]) == {*SYSTEM_NAMESPACES, "tools", "monitoring"}
    assert webhook["namespaceSelector"]["matchLabels"] == {"podsplit.dev/warnings": "true"}
    resources = {name for rule in webhook["rules"] for name in rule["resources"]}
    assert resources == {resource.plural for resource in WORKLOADS}
    # Subresources are other resources: none of scale, status or ephemeralcontainers.
    assert not any("/" in name or "*" in name for name in resources)
    assert len(webhook["matchConditions"]) == 2


def test_cert_manager_makes_the_certificate_where_it_is_asked_to(
    helm: Path, values_file: ValuesFile
) -> None:
    """By its own issuer or by one of yours; no key is in the release."""
    resources = of(helm, "admission-cert-manager")
    certificate = only(resources, "Certificate", "admission")
    configuration = only(resources, "ValidatingWebhookConfiguration", "admission")
    template = only(resources, "Deployment", "admission")["spec"]["template"]

    assert not [item for item in resources if item["kind"] == "Secret"]
    assert certificate["spec"]["dnsNames"] == ["podsplit-admission.tools.svc"]
    assert configuration["metadata"]["annotations"] == {
        "cert-manager.io/inject-ca-from": f"tools/{certificate['metadata']['name']}"
    }
    assert "caBundle" not in configuration["webhooks"][0]["clientConfig"]
    secrets = [item["secret"] for item in template["spec"]["volumes"] if "secret" in item]
    assert [item["secretName"] for item in secrets] == [certificate["spec"]["secretName"]]

    issuer = {"name": "company", "kind": "ClusterIssuer"}
    tls = {"certManager": {"enabled": True, "issuerRef": issuer}}
    own = objects(rendered(helm, *values_file({"admission": {"enabled": True, "tls": tls}})))
    assert only(own, "Certificate", "admission")["spec"]["issuerRef"] == issuer
    assert not [item for item in own if item["kind"] == "Issuer"]


def test_a_certificate_of_yours(helm: Path, values_file: ValuesFile) -> None:
    """Its Secret is mounted and its CA is the webhook's; two choices at once are refused."""
    tls: dict[str, Any] = {"existingSecret": "mine", "caBundle": "Q0E="}
    resources = objects(rendered(helm, *values_file({"admission": {"enabled": True, "tls": tls}})))

    assert webhook_of(resources)["clientConfig"]["caBundle"] == "Q0E="
    assert "mine" in json.dumps(only(resources, "Deployment", "admission"))
    both = values_file({"admission": {"tls": tls | {"certManager": {"enabled": True}}}})
    assert "not both" in refused(helm, *both)
    alone = values_file({"admission": {"tls": {"caBundle": "Q0E="}}})
    assert "which is not set" in refused(helm, *alone)


@pytest.mark.parametrize(
    ("name", "form"), [("audit", "openreports"), ("observing", "policyreport")]
)
def test_the_audit_may_do_what_it_does_and_no_more(helm: Path, name: str, form: str) -> None:
    """It lists exactly the kinds that it reads, and writes only reports."""
    rules = only(of(helm, name), "ClusterRole", "audit")["rules"]
    may = {
        (group, resource): set(rule["verbs"])
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    reports = REPORTS[form]

    def key(api_version: str, plural: str) -> tuple[str, str]:
        return api_version.rpartition("/")[0], plural

    reads = {key(item.api_version, item.plural) for item in (*WORKLOADS, *AROUND)}
    own = key(reports.api_version, reports.plural)
    assert may.keys() == reads | {own}
    assert all(may[item] == {"list"} for item in reads)
    assert may[own] == {"list", "create", "patch", "delete"}


def test_the_audit_reaches_the_service(helm: Path) -> None:
    """By its Service, with one of its tokens, through the NetworkPolicy of the service."""
    resources = of(helm, "audit")
    job = only(resources, "CronJob", "audit")["spec"]["jobTemplate"]["spec"]["template"]
    (container,) = job["spec"]["containers"]
    service = only(resources, "Service")
    policy = only(resources, "NetworkPolicy")["spec"]["ingress"][0]["from"]

    port = service["spec"]["ports"][0]["port"]
    assert environment_of(container)["PODSPLIT_URL"] == (
        f"http://{service['metadata']['name']}.tools:{port}"
    )
    path = environment_of(container)["PODSPLIT_TOKEN_FILE"]
    assert path.rpartition("/")[0] in {item["mountPath"] for item in container["volumeMounts"]}
    selectors = [peer["podSelector"]["matchLabels"] for peer in policy if "podSelector" in peer]
    assert any(item.items() <= job["metadata"]["labels"].items() for item in selectors)
    assert "--exclude-namespace=sandbox" in container["args"]
    account = only(resources, "ServiceAccount", "audit")["metadata"]["name"]
    assert job["spec"]["serviceAccountName"] == account
    (subject,) = only(resources, "ClusterRoleBinding", "audit")["subjects"]
    assert (subject["name"], subject["namespace"]) == (account, "tools")


def test_the_bot_reads_what_the_chart_gives_it(helm: Path, tmp_path: Path) -> None:
    """Its settings, the secrets of each forge, the service with a token, through its policy."""
    resources = of(helm, "bot")
    deployment = only(resources, "Deployment", "bot")["spec"]
    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})
    pod = deployment["template"]
    (container,) = pod["spec"]["containers"]
    environ = environment_of(container)
    mounts = {item["mountPath"] for item in container["volumeMounts"]}
    for name in ("PODSPLIT_BOT_CONFIG", "PODSPLIT_TOKEN_FILE"):
        assert environ[name].rpartition("/")[0] in mounts
    assert environ["PODSPLIT_BOT_SECRETS"] in mounts

    config = tmp_path / "bot.yaml"
    config.write_text(only(resources, "ConfigMap", "bot")["data"]["bot.yaml"])
    for name in ("github.secret", "github.key", "ours.secret", "ours.token"):
        (tmp_path / name).write_text("x")
    told = {"PODSPLIT_BOT_CONFIG": str(config), "PODSPLIT_BOT_SECRETS": str(tmp_path)}
    settings = BotSettings.from_environment(environ | told)
    assert settings.forges["github"].app == 12345
    assert settings.forges["ours"].paths == ("apps",)
    assert (settings.workers, settings.queue, settings.sweep_seconds) == (4, 200, 600)
    assert (settings.max_files, settings.max_bytes, settings.name) == (500, 4_000_000, "platform")

    app = create_bot(settings, BotService(environ["PODSPLIT_URL"]))
    (path,) = only(resources, "Ingress", "bot")["spec"]["rules"][0]["http"]["paths"]
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    assert f"{path['path']}/<name>" in rules
    assert {
        container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness")
    } < rules
    service = only(resources, "Service")
    assert environ["PODSPLIT_URL"] == f"http://{service['metadata']['name']}.tools:80"
    policy = only(resources, "NetworkPolicy")["spec"]["ingress"][0]["from"]
    selectors = [peer["podSelector"]["matchLabels"] for peer in policy if "podSelector" in peer]
    assert any(item.items() <= pod["metadata"]["labels"].items() for item in selectors)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "bot.existingSecret"),
        ({"existingSecret": "x"}, "bot.forges"),
        ({"ingress": {"enabled": True}}, "bot.ingress.host"),
        ({"forges": {"a": {"kind": "gitea", "repositories": ["b/c"]}}}, "bot.forges.a.api"),
        ({"forges": {"a": {"kind": "github", "repositories": ["b"]}}}, "repositories"),
    ],
)
def test_a_bot_that_can_not_work_is_refused(
    helm: Path, values_file: ValuesFile, values: dict[str, Any], message: str
) -> None:
    """With what is missing."""
    assert message in refused(helm, *values_file({"bot": {"enabled": True} | values}))


def test_the_alerts_are_those_of_the_page(helm: Path) -> None:
    """In docs/operations.md, in the chart's file and in its PrometheusRule."""
    page = (ROOT / "docs" / "operations.md").read_text()
    (shown,) = re.findall(r"```yaml\n(groups:\n.*?)```", page, re.DOTALL)
    alerts = yaml.safe_load((CHART / "alerts.yaml").read_text())
    rule = only(of(helm, "observing"), "PrometheusRule")

    assert yaml.safe_load(shown) == alerts
    without_labels = [
        {
            "name": group["name"],
            "rules": [
                {key: value for key, value in item.items() if key != "labels"}
                for item in group["rules"]
            ],
        }
        for group in rule["spec"]["groups"]
    ]
    assert without_labels == alerts["groups"]
    assert rule["metadata"]["labels"]["release"] == "prometheus"


def test_the_dashboard_shows_metrics_that_exist(helm: Path) -> None:
    """Each panel has a title and a query, its place, and no data source of a certain Grafana."""
    config_map = only(of(helm, "observing"), "ConfigMap")
    dashboard = json.loads(config_map["data"]["podsplit.json"])
    known = {
        line.split()[2]
        for line in Metrics().text().decode().splitlines()
        if line.startswith("# TYPE")
    }
    known |= {f"{name}_bucket" for name in known}

    assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
    for panel in dashboard["panels"]:
        assert panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        for target in panel["targets"]:
            used = set(re.findall(r"\bpodsplit_\w+", target["expr"]))
            assert used
            assert used <= known
            assert target["expr"].count("(") == target["expr"].count(")")
    places = {(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]}
    assert len(places) == len(dashboard["panels"])


def test_nothing_of_the_parts_is_there_unless_it_is_asked_for(helm: Path) -> None:
    """By default the chart installs the service alone, and nothing of the whole cluster."""
    resources = objects(rendered(helm))

    assert {part_of(item) for item in resources} == {"", "test"}
    assert not {item["kind"] for item in resources} & {
        "ClusterRole",
        "ValidatingWebhookConfiguration",
        "CronJob",
        "PrometheusRule",
        "ConfigMap",
    }
