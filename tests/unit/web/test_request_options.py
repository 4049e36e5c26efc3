"""Options in the query, the envelope and `.podsplit.yaml`."""

from __future__ import annotations

import pytest

from service.findings import Applicability, Severity, Stage
from service.options import CatalogueEntry, Options
from service.web.problems import Problem
from service.web.request_options import (
    QUERY,
    SUGGESTIONS_QUERY,
    catalogue_entries,
    read_options,
    read_query,
)
from service.web.schemas.options import MAX_ENTRIES
from service.web.settings import Settings

RULES = frozenset({"bare-pod", "unrelated-containers"})


def options(query=None, envelope=None, file=None, path=".podsplit.yaml", files=()) -> Options:
    files = [("app/web.yaml", b"kind: Pod"), *([(path, file)] if file is not None else []), *files]
    return read_options(
        query=read_query(query or {}, QUERY),
        envelope=envelope or {},
        files=files,
        settings=Settings(),
        deadline=7.5,
        rules=RULES,
    )


def errors(**more) -> dict[str, str]:
    with pytest.raises(Problem) as caught:
        options(**more)
    assert caught.value.status == 422
    return dict(caught.value.errors)


def test_nothing_chosen():
    """The core's defaults, with this service's limits and a deadline."""
    chosen = options()

    assert (chosen.min_confidence, chosen.apply, chosen.stage, chosen.fail_on) == (
        0.8,
        Applicability.REVIEW,
        Stage.CONTRACT,
        None,
    )
    assert chosen.max_documents == Settings().max_documents
    assert chosen.deadline == 7.5


def test_everything_in_the_query():
    """WordList, numbers, and lists with commas."""
    chosen = options(
        {
            "min_confidence": "0.9",
            "apply": "safe",
            "rules": "bare-pod, unrelated-containers",
            "layout": "in-place",
            "stage": "switch",
            "fail_on": "error",
        }
    )

    assert (chosen.min_confidence, chosen.apply, chosen.layout) == (
        0.9,
        Applicability.SAFE,
        "in-place",
    )
    assert (chosen.stage, chosen.fail_on, chosen.rules) == (Stage.SWITCH, Severity.ERROR, RULES)


def test_the_query_goes_before_the_envelope_and_that_before_the_file():
    """Each overrides single options, and leaves the others."""
    file = b"min_confidence: 0.5\napply: safe\nstage: expand\n"
    chosen = options({"stage": "switch"}, {"apply": "review", "stage": "contract"}, file)

    assert (chosen.min_confidence, chosen.apply, chosen.stage) == (
        0.5,
        Applicability.REVIEW,
        Stage.SWITCH,
    )


def test_additions_to_the_catalogue():
    """In the envelope or the file; globs with a role."""
    file = (
        b"catalogue:\n  - {image: example.com/team/log-*, role: helper, pattern: logging}\n  -"
        b" {image: api, role: application}\n"
    )

    assert options(file=file).catalogue == (
        CatalogueEntry("example.com/team/log-*", "helper", "logging"),
        CatalogueEntry("api", "application"),
    )


def test_a_file_that_holds_everything():
    """A folder sent with its own name around it still has its options, the stage among them."""
    chosen = options(file=b"min_confidence: 0.5\nstage: expand\n", path="app/.podsplit.yaml")

    assert (chosen.min_confidence, chosen.stage, chosen.folders) == (0.5, Stage.EXPAND, ())


TEAMS = (
    (
        ".podsplit.yaml",
        b"min_confidence: 0.5\napply: safe\ncatalogue: [{image: top, role: helper}]\n",
    ),
    (
        "team/.podsplit.yaml",
        b"min_confidence: 0.6\nfail_on: error\ncatalogue: [{image: team, role: helper}]\n",
    ),
    ("team/deep/.podsplit.yaml", b"fail_on: info\nrules: [bare-pod]\n"),
)


def test_each_folder_has_its_own_options():
    """Each option comes from the nearest file that names it; one folder's name is not another's
    start.
    """
    chosen = options(files=TEAMS)
    team, deep = chosen.for_path("team/web.yaml"), chosen.for_path("team/deep/er/web.yaml")

    assert (chosen.min_confidence, chosen.apply, chosen.fail_on) == (0.5, Applicability.SAFE, None)
    assert (team.min_confidence, team.apply, team.fail_on, team.rules) == (
        0.6,
        Applicability.SAFE,
        Severity.ERROR,
        None,
    )
    assert (deep.min_confidence, deep.fail_on, deep.rules) == (
        0.6,
        Severity.INFO,
        frozenset({"bare-pod"}),
    )
    assert chosen.for_path("teams/web.yaml") == chosen.for_path("app/web.yaml") == chosen


def test_query_and_envelope_go_before_every_folder():
    """The nearest file is still further away than what the request itself says."""
    chosen = options({"min_confidence": "0.9"}, {"fail_on": "warning"}, files=TEAMS).for_path(
        "team/deep/web.yaml"
    )

    assert (chosen.min_confidence, chosen.fail_on, chosen.apply) == (
        0.9,
        Severity.WARNING,
        Applicability.SAFE,
    )


def test_additions_to_the_catalogue_add_up():
    """The request's own first, then the nearest folder's, then those above."""
    chosen = options({}, {"catalogue": [{"image": "sent", "role": "helper"}]}, files=TEAMS)

    assert [entry.image for entry in chosen.for_path("team/deep/web.yaml").catalogue] == [
        "sent",
        "team",
        "top",
    ]
    assert [entry.image for entry in chosen.catalogue] == ["sent", "top"]


@pytest.mark.parametrize(
    ("name", "value"), [("stage", "expand"), ("layout", "in-place"), ("only", "a.yaml:a")]
)
def test_stage_and_layout_are_of_the_whole_request(name, value):
    """A folder beside others can't name one; the error names the file."""
    found = errors(file=f"{name}: {value}\n".encode(), path="team/.podsplit.yaml")

    assert "applies to the whole request" in found[f"team/.podsplit.yaml: {name}"]


def test_trouble_in_a_folder_is_named_there():
    """With the file's path and what is allowed."""
    assert (
        errors(file=b"apply: all\n", path="team/.podsplit.yaml")["team/.podsplit.yaml: apply"]
        == "must be one of safe, review"
    )
    assert (
        "bare-pod"
        in errors(file=b"rules: [none]\n", path="team/.podsplit.yaml")["team/.podsplit.yaml: rules"]
    )


def entries(number: int) -> bytes:
    """A file of options with so many additions to the catalogue."""
    return b"catalogue:\n" + b"".join(
        b"  - {image: a%d, role: helper}\n" % place for place in range(number)
    )


def test_the_limit_of_additions_to_the_catalogue():
    """A thousand that hold for one file, from all folders above it; one more is refused."""
    fits = options(files=[(".podsplit.yaml", entries(400)), ("a/.podsplit.yaml", entries(600))])
    assert len(fits.for_path("a/web.yaml").catalogue) == MAX_ENTRIES == 1000

    assert (
        "at most 1000"
        in errors(files=[(".podsplit.yaml", entries(401)), ("a/.podsplit.yaml", entries(600))])[
            "catalogue"
        ]
    )
    assert ".podsplit.yaml: catalogue" in errors(files=[(".podsplit.yaml", entries(1001))])


def test_the_services_own_additions_come_last():
    """They don't count for the caller's limit."""
    own = tuple(CatalogueEntry(f"own{place}", "helper") for place in range(5))
    chosen = read_options(
        query={},
        envelope={},
        files=[(".podsplit.yaml", entries(1000))],
        settings=Settings(),
        deadline=7.5,
        rules=RULES,
        catalogue=own,
    )

    assert len(chosen.catalogue) == 1005
    assert chosen.catalogue[-5:] == own


@pytest.mark.parametrize(("length", "wrong"), [(64, False), (65, True)])
def test_the_limit_of_a_rules_name(length, wrong):
    """A longer one is refused without being looked for."""
    found = errors(query={"rules": "x" * length})["rules" if not wrong else "rules.0"]

    assert found.startswith("must be a list of names" if wrong else "must be rules that exist")


@pytest.mark.parametrize("length", [0, 1025])
def test_the_limit_of_a_path(length):
    """A raw body's name has from 1 to 1024 characters."""
    assert "path" in errors(query={"path": "x" * length})
    for fits in (1, 1024):
        assert read_query({"path": "x" * fits}, QUERY) == {"path": "x" * fits}


@pytest.mark.parametrize("value", ["0", "1", "0.25"])
def test_the_bounds_of_confidence(value):
    """Both ends are allowed."""
    assert options({"min_confidence": value}).min_confidence == float(value)


def test_a_problem_lists_twenty_fields():
    """Its detail names the first five, and cuts names of the sender's making short."""
    envelope = {f"{place:02}" + "x" * 100: 1 for place in range(30)}
    with pytest.raises(Problem) as caught:
        options(envelope=envelope)

    assert len(caught.value.errors) == 20
    assert caught.value.detail.count("unknown option") == 5
    assert max(len(name) for name, _ in caught.value.errors) == len("options.") + 80


def test_a_query_for_suggestions_names_the_platform():
    """There is no default, and stage and gate make no sense there."""
    with pytest.raises(Problem, match="platform: is required; use one of: github, gitlab"):
        read_query({}, SUGGESTIONS_QUERY)
    with pytest.raises(Problem, match="platform: must be one of github, gitlab"):
        read_query({"platform": "hub"}, SUGGESTIONS_QUERY)
    for name in ("stage", "fail_on", "format", "catalogue"):
        with pytest.raises(Problem, match=f"{name}: unknown option"):
            read_query({"platform": "github", name: "x"}, SUGGESTIONS_QUERY)


def test_a_catalogue_file_holds_a_list():
    """Of entries, as in the option; anything else is an error that says so."""
    entry = {"image": "acme/*", "role": "either", "pattern": None}

    assert catalogue_entries([entry]) == (CatalogueEntry("acme/*", "either", None),)
    assert catalogue_entries([]) == ()
    for wrong in (None, {}, "text"):
        with pytest.raises(ValueError, match="must be a list of entries"):
            catalogue_entries(wrong)
    with pytest.raises(ValueError, match="role"):
        catalogue_entries([{"image": "a"}])


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("min_confidence", "2", "must be a number from 0 to 1"),
        ("min_confidence", "high", "must be a number from 0 to 1"),
        ("min_confidence", "nan", "must be a number from 0 to 1"),
        ("apply", "manual", "must be one of safe, review"),
        ("layout", "sideways", "must be one of in-place, new-files"),
        ("stage", "last", "must be one of expand, add, switch, contract"),
        ("fail_on", "never", "must be one of info, warning, error"),
        ("allow_empty", "yes", "must be true or false"),
        ("allow_empty", "1", "must be true or false"),
        ("rules", "bare-pod,none", "must be rules that exist: bare-pod, unrelated-containers"),
        ("minconfidence", "1", "unknown option; use one of: allow_empty, apply, exclude, fail_on"),
        ("exclude", "/b", "must be relative, and stay in its folder"),
    ],
)
def test_values_that_are_not_allowed(name, value, says):
    """The error names the field and what is allowed."""
    ((field, message),) = errors(query={name: value}).items()

    assert field.partition(".")[0] == name
    assert says in message


@pytest.mark.parametrize(
    ("value", "meant"), [(True, True), (False, False), ("true", True), ("false", False)]
)
def test_flags(value, meant):
    """Words in a query, JSON's own in an envelope; a number is neither."""
    assert options(envelope={"allow_empty": value}).allow_empty is meant
    assert "options.allow_empty" in errors(envelope={"allow_empty": int(meant)})


def test_trouble_in_an_envelope_is_named_there():
    """The field's path leads into the envelope."""
    found = errors(
        envelope={"apply": 3, "nope": 1, "catalogue": [{"image": "(a+)+$", "role": "boss"}]}
    )

    assert found["options.nope"].startswith(
        "unknown option; use one of: allow_empty, apply, baseline, catalogue"
    )
    assert {
        "options.apply",
        "options.catalogue.0.image",
        "options.catalogue.0.role",
    } <= found.keys()


@pytest.mark.parametrize(
    "file",
    [
        b"- a\n",
        b"a: [",
        b"apply: safe\napply: safe\n",
        b"a: 1\n---\nb: 1\n",
        b"a: \xff",
        b"[" * 10_000,
    ],
)
def test_a_file_that_is_no_mapping(file):
    """Unreadable options are an error, not ignored."""
    assert "must be a YAML mapping" in errors(file=file)[".podsplit.yaml"]


def test_an_empty_file_chooses_nothing():
    """A file with a comment only."""
    assert options(file=b"# later\n").min_confidence == 0.8


MARKS = tuple(f"p{number:031x}" for number in range(4))


def test_globs_add_up_each_in_its_folder():
    """Those of files are relative to their folders, those of a request to everything."""
    chosen = options(
        {"exclude": "top,*.json"},
        {"exclude": ["more"]},
        b"exclude: [charts]",
        "app/.podsplit.yaml",
    )

    excluded = ("top/a.yaml", "a.json", "more/a.yaml", "app/charts/a.yaml")
    assert all(chosen.excludes(path) for path in excluded)
    assert not any(chosen.excludes(path) for path in ("charts/a.yaml", "app/more/a.yaml"))
    assert chosen.for_path("app/web.yaml").excludes("top/a.yaml")


@pytest.mark.parametrize(
    "text",
    [
        f"{MARKS[0]},{MARKS[1]}",
        f"{MARKS[0]}\n{MARKS[1]}\n",
        f'["{MARKS[0]}", "{MARKS[1]}"]',
        f'{{"workloads": [], "fingerprints": ["{MARKS[0]}", "{MARKS[1]}"]}}',
        list(MARKS[:2]),
        {"fingerprints": MARKS[:2]},
    ],
)
def test_a_baseline_in_whatever_form(text):
    """A list, words, or the JSON of a list or of a whole answer; it adds up with those of files."""
    file = f"baseline: [{MARKS[2]}]".encode()

    assert options(envelope={"baseline": text}, file=file).baseline == set(MARKS[:3])


@pytest.mark.parametrize("text", ["nothing", "[", "{}", "[1]", ["x"], 1, "A" * 32])
def test_what_is_no_baseline(text):
    """It says what it must be, and quotes nothing."""
    (message,) = set(errors(envelope={"baseline": text}).values())

    assert message == "must be a list of fingerprints, as an earlier answer has it"


@pytest.mark.parametrize(
    ("name", "most", "in_file", "value"),
    [("exclude", 200, 100, "a"), ("baseline", 25_000, 5000, MARKS[0])],
)
def test_the_most_that_adds_up(name, most, in_file, value):
    """As many are taken in all; one more is refused."""

    def file(number: int) -> bytes:
        return f"{name}: [{', '.join([value] * number)}]".encode()

    others = {"above/.podsplit.yaml": file(1)}
    rest = [value] * (most - in_file)
    options(envelope={name: rest}, file=file(in_file))

    assert errors(envelope={name: rest}, file=file(in_file), files=others.items()) == {
        name: f"at most {most} entries together"
    }


@pytest.mark.parametrize(
    ("only", "places"),
    [
        ("apps/a.yaml:shop", {("apps/a.yaml", "shop")}),
        ("a.yaml:shop, b.yaml", {("a.yaml", "shop"), ("b.yaml", "")}),
        ("a:b/c.yaml", {("a:b/c.yaml", "")}),
        ("a:b.yaml", {("a:b.yaml", "")}),
    ],
)
def test_workloads_to_change(only, places):
    """A name behind the last colon; a path may have one itself."""
    assert options({"only": only}).only == places
    assert options(envelope={"only": only.split(", ")}).only == places


@pytest.mark.parametrize("only", ["", [], ["a.yaml:b\n"], None, 3, ["x"] * 101])
def test_what_names_no_workload(only):
    """Nothing is an error, as it would change all."""
    assert "only" in str(errors(envelope={"only": only}))
