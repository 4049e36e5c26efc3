"""Reports made by hand, for tests of what is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from service.assumptions import Assumption, AssumptionCode
from service.findings import (
    Applicability,
    Change,
    Check,
    ContainerType,
    Evidence,
    FileResult,
    FileStatus,
    Finding,
    HeldBack,
    Leans,
    Location,
    MigrationStep,
    Pattern,
    RejectedInput,
    Report,
    Rewrite,
    Role,
    Severity,
    SkippedInput,
    Stage,
    StageResult,
    Suppression,
    Verdict,
    WorkloadReport,
)
from service.refusals import Refusal
from service.rules.fingerprints import with_fingerprints
from service.text import Edit, SourceFile, Span, apply_edits

POD = """\
# a comment
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: nginx
    - name: log
      image: fluentd
"""

BARE = (
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: NAME\n  labels: {app: NAME}\nspec:\n "
    " containers:\n    - name: app\n      image: nginx\n"
)
"""A Pod of one container; NAME is to be replaced."""
TWO_SERVERS = """\
# grüße 🎉
apiVersion: v1
kind: Pod
metadata:
  name: shop
  labels: {app: shop}
spec:
  containers:
    - name: frontend # 🎉
      image: nginx:1.27
      ports: [{containerPort: 80}]
    - name: api
      image: registry.example.com/api:3
      env: [{name: PORT, value: "3000"}]
      ports: [{containerPort: 3000}]
---
apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: {app: shop}
  ports:
    - {name: web, port: 80, targetPort: 80}
    - {name: api, port: 3000, targetPort: 3000}
"""
"""A Pod of two servers, and its Service: a wrap and a split in one file."""


def place(text: str, words: str, path: str = "web.yaml") -> Location:
    """Where words stand in a text."""
    start = text.index(words)
    return Location(path, 0, Span(start, start + len(words)))


def rewritten(
    old: Mapping[str, str],
    edits: Mapping[str, Sequence[Edit]],
    added: Mapping[str, str] | None = None,
) -> Report:
    """A report of one change with the given edits, as `rewriting` would make it."""
    sources = {path: SourceFile(path, text) for path, text in old.items()}

    def files(stage: Stage) -> tuple[FileResult, ...]:
        known = tuple(
            _result(source, edits.get(path, ()), stage) for path, source in sources.items()
        )
        return known + tuple(
            FileResult(path, text, FileStatus.ADDED) for path, text in (added or {}).items()
        )

    change = Change(
        id="wrap/Pod/web",
        action="wrap",
        workload="Pod/web",
        title="Put Pod web under a Deployment",
        applicability=Applicability.REVIEW,
        assumptions=(
            Assumption(AssumptionCode.INTERCHANGEABLE_PODS, "nothing else makes this Pod"),
        ),
        creates=(),
        touches=("Pod/web",),
        edits={path: tuple(items) for path, items in edits.items()},
        becomes="Deployment/web",
        location=Location(next(iter(old)), 0, Span(0, 0)),
    )
    stages = tuple(StageResult(stage, files(stage)) for stage in Stage)
    rewrite = Rewrite(
        files=stages[-1].files,
        stages=stages,
        changes=(change,) if edits else (),
        held_back=(),
        verification=(Check("parses", passed=True, message="every document parses"),),
        migration=(MigrationStep("Apply the set", "kubectl apply -f web.yaml", "the new objects"),),
    )
    return Report(sources, (), (), (), (), len(sources), rewrite)


def _result(source: SourceFile, edits: Sequence[Edit], stage: Stage) -> FileResult:
    text = apply_edits(source.text, edits, stage)
    return FileResult(
        source.path, text, FileStatus.UNCHANGED if text == source.text else FileStatus.MODIFIED
    )


def full() -> Report:
    """A report in which nothing is empty."""
    kind = place(POD, "Pod")
    base = rewritten({"web.yaml": POD}, {"web.yaml": [Edit(kind.span, "Deployment")]})
    assert base.rewrite is not None
    where = place(POD, "- name: log\n      image: fluentd")
    evidence = Evidence(
        "known-image", 3.14159, Leans.TOGETHER, "fluentd ships logs", "web", place(POD, "fluentd")
    )
    main = Verdict(
        "web",
        ContainerType.REGULAR,
        Role.MAIN,
        0,
        0.97,
        (),
        None,
        "nginx",
        (),
        place(POD, "- name: web\n      image: nginx"),
    )
    helper = Verdict(
        "log",
        ContainerType.REGULAR,
        Role.SIDECAR,
        0,
        0.97,
        ("web",),
        Pattern.LOGGING,
        "fluentd",
        (evidence,),
        where,
    )
    workload = WorkloadReport(
        "v1",
        "Pod",
        "web",
        None,
        bare=True,
        rewritable=True,
        location=Location("web.yaml", 0, Span(12, len(POD))),
        containers=(main, helper),
    )
    findings = (
        Finding(
            "bare-pod",
            Severity.WARNING,
            "nothing restarts it",
            kind,
            "Pod/web",
            change="wrap/Pod/web",
        ),
        Finding(
            "dangling-shared-volume",
            Severity.ERROR,
            "nobody writes",
            where,
            "Pod/web",
            (("the other", kind),),
        ),
        Finding(
            "low-confidence",
            Severity.INFO,
            "thin evidence",
            where,
            "Pod/web",
            suppression=Suppression("known", place(POD, "# a comment")),
        ),
    )
    rewrite = Rewrite(
        files=base.rewrite.files,
        stages=base.rewrite.stages,
        changes=base.rewrite.changes,
        held_back=(HeldBack("split", "Pod/web", Refusal.LOW_CONFIDENCE, "say which it is", kind),),
        verification=base.rewrite.verification,
        migration=base.rewrite.migration,
    )
    rejected = (
        RejectedInput("yaml-syntax", "not valid YAML", Location("broken.yaml", 0, Span(0, 0))),
    )
    skipped = (SkippedInput("values.yaml", None, "a Helm chart's values"),)
    marked = with_fingerprints(findings, (workload,))
    return Report(base.sources, (workload,), marked, rejected, skipped, 2, rewrite)
