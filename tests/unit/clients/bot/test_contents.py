"""What of a commit is read: only what can be a manifest, within bounds, and each content once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.bot.forge import Entry
from clients.bot.hosted.contents import Bounds, Cache, _globs, _matches, read_manifests
from clients.bot.selection import manifests_of_diff, paths_of_diff
from clients.bot.trouble import Trouble
from service.globs import path_glob

POD = "apiVersion: v1\nkind: Pod\n"
BOUNDS = Bounds(10, 1000)


@dataclass
class Files:
    """A commit, and what was read of it."""

    texts: dict[str, str]
    sizes: bool = True
    read_paths: list[str] = field(default_factory=list)

    def files(self, commit, source=""):
        for path, text in self.texts.items():
            yield Entry(path, f"{path}-{hash(text)}", len(text) if self.sizes else None)

    def read(self, entry, limit):
        self.read_paths.append(entry.path)
        raw = self.texts[entry.path].encode("utf-8", "surrogateescape")
        return raw if len(raw) <= limit else None


def paths(contents, cache=None, folders=(), bounds=BOUNDS):
    found = read_manifests(
        contents, "x", folders=folders, bounds=bounds, cache=Cache() if cache is None else cache
    )
    return [file["path"] for file in found]


def test_only_what_can_be_a_manifest_is_read():
    """By its name, then by what it holds."""
    contents = Files(
        {
            "a.yaml": POD,
            "b.yaml": "image: {tag: 1}\n",
            "package-lock.json": POD,
            "node_modules/x/c.yaml": POD,
            "main.py": POD,
            "kustomization.yaml": "resources: []\n",
            "d.yaml": POD + "\udcff",
        }
    )

    assert paths(contents) == ["a.yaml", "kustomization.yaml"]
    assert "main.py" not in contents.read_paths


@pytest.mark.parametrize("sizes", [True, False])
def test_a_file_that_is_too_long_is_left_out(sizes):
    """Whether the forge tells its size before or not."""
    contents = Files({"a.yaml": POD + "#" * 1_000_001, "b.yaml": POD}, sizes)

    assert paths(contents) == ["b.yaml"]


def test_each_content_is_read_once():
    """A second look reads what has changed."""
    cache = Cache()
    contents = Files({"a.yaml": POD, "b.yaml": "x: 1\n"})
    paths(contents, cache)
    contents.texts["a.yaml"] = POD + "# x\n"

    assert paths(contents, cache) == ["a.yaml"]
    assert contents.read_paths == ["a.yaml", "b.yaml", "a.yaml"]


def test_a_cache_forgets_what_nobody_asked_for_longest():
    """It holds no more than it may."""
    cache = Cache(most_bytes=1200)
    for key in "abc":
        cache.put(key, "x" * 100)
        cache.get("a")

    assert [cache.get(key) is not None for key in "abc"] == [True, False, True]


@pytest.mark.parametrize(
    ("bounds", "message"), [(Bounds(1, 1000), "2 files may be"), (Bounds(10, 30), "than 30 bytes")]
)
def test_more_than_the_bounds_is_said(bounds, message):
    """With what to do."""
    with pytest.raises(Trouble, match=message) as caught:
        paths(Files({"a.yaml": POD, "b.yaml": POD}), bounds=bounds)
    assert "exclude some in .podsplit.yaml" in str(caught.value)


def test_folders_and_excludes():
    """Those of the bot's settings, and of each `.podsplit.yaml` for its own folder."""
    contents = Files(
        {
            "apps/a.yaml": POD,
            "apps/.podsplit.yaml": "exclude: charts, old/*.yaml\n",
            "apps/charts/b.yaml": POD,
            "apps/old/c.yaml": POD,
            "apps/old/deep/d.yaml": POD,
            "charts/e.yaml": POD,
            "apps2/f.yaml": POD,
        }
    )

    assert paths(contents, folders=("apps", "charts/e.yaml")) == [
        "apps/a.yaml",
        "apps/.podsplit.yaml",
        "apps/old/deep/d.yaml",
        "charts/e.yaml",
    ]
    assert not any("b.yaml" in path for path in contents.read_paths)


@pytest.mark.parametrize(
    "text", ["exclude: 3", "exclude: [3, '']", "[" * 5000, "a: !x 1", "exclude:\n\t- a", "-"]
)
def test_what_excludes_nothing(text):
    """The service says what is wrong with it."""
    assert list(_globs(text)) == []


PART = st.text("ab*?", min_size=1, max_size=3).filter(lambda part: "**" not in part)
GLOB = st.lists(PART | st.just("**"), min_size=1, max_size=4)
PATH = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4)


@given(GLOB, PATH)
def test_globs_are_those_of_the_service(glob, path):
    """The bot passes over what the service would."""
    expected = path_glob("/".join(glob)).matches("/".join(path))
    assert _matches(glob, path) is expected


DIFF = """diff --git a/a.yaml b/a.yaml
--- a/a.yaml
+++ b/a.yaml
@@ -1 +1 @@
-+++ b/secret.py
++++ b/secret.py
diff --git a/main.py b/main.py
--- a/main.py
+++ b/main.py
@@ -1 +1 @@
-x
+s3cret
diff --git a/old.yaml b/apps/new.yaml
similarity index 100%
rename from old.yaml
rename to apps/new.yaml
"""


def test_only_manifests_of_a_diff_are_sent():
    """By the paths before and after."""
    assert "s3cret" not in manifests_of_diff(DIFF, ())
    assert paths_of_diff(manifests_of_diff(DIFF, ())) == {"a.yaml", "old.yaml", "apps/new.yaml"}
    assert paths_of_diff(manifests_of_diff(DIFF, ("apps",))) == {"old.yaml", "apps/new.yaml"}


def test_letters_of_other_scripts_are_in_quotes():
    """As git writes them, by default."""
    quoted = DIFF.replace("+++ b/a.yaml", '+++ "b/\\303\\274 \\"x\\".yaml"')
    assert paths_of_diff(quoted) >= {"a.yaml", 'ü "x".yaml'}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({f"{number}/.podsplit.yaml": "" for number in range(101)}, "too many to look through"),
        ({f"{number}.yaml": "" for number in range(101)}, "too many to look through"),
        (
            {f"{number}/.podsplit.yaml": f"exclude: {['x'] * 90}" for number in range(3)},
            "more than 200 globs",
        ),
    ],
)
def test_what_is_passed_over_has_bounds_too(texts, message):
    """A stranger's pull request may hold as many files as it likes."""
    contents = Files(texts)
    with pytest.raises(Trouble, match=message):
        paths(contents)
    assert len(contents.read_paths) <= 10
