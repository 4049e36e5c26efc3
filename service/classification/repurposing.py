"""Whether a container runs another program than its image is made for."""

from __future__ import annotations

import re

from service.classification.knowledge import Entry
from service.kube.containers import Container, base_name

_OTHER_PROGRAMS = re.compile(
    r"(?:^|/)(?:sh|bash|ash|dash|sleep|tail|cat|echo|printf|watch|curl|wget|nc|ping|python3?|perl|true|env)$"
)
"""First words of a command that start something else than the image's own program."""

_SHELLS = re.compile(r"(?:^|/)(?:sh|bash|ash|dash)$")
_IDLING = re.compile(r"\bsleep\b|\btail -f|\becho\b|/dev/null")
"""What scripts do that only wait, or show that they run."""
_APPLICATIONS = frozenset({"web-app", "service", "monitoring", "ci"})
"""Categories of images that hold an application, rather than a server for anybody's content."""
_SHELLS_AS_ARGUMENT = frozenset({"sh", "bash", "/bin/sh", "/bin/bash", "sleep"})
"""First arguments that the entry points of server images run as a command, as they do with
whatever is no option.
"""


def runs_something_else(container: Container, entry: Entry) -> bool:
    """Whether a container's command replaces the image's program, without naming that program.

    Args:
        container: the container.
        entry: what is known of its image.
    """
    words = [word.text for word in container.invocation]
    command = [word.text for word in container.invocation if word.where == "command"]
    if words and words[0] in _SHELLS_AS_ARGUMENT:
        command = words
    if not command or not _OTHER_PROGRAMS.search(command[0]):
        return False
    script = " ".join(words).lower()
    is_script = _SHELLS.search(command[0]) is not None and not _IDLING.search(script)
    if is_script and entry.category in _APPLICATIONS:
        # Somebody's way to start it: migrate first, then serve.
        return False
    return not any(
        re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.])", script)
        for name in _program_names(container, entry)
    )


def _program_names(container: Container, entry: Entry) -> set[str]:
    """What the image's own program may be called; names of one or two letters are left out, as
    they stand in many scripts.
    """
    names = {
        entry.id,
        base_name(container.image),
        *(re.split(r"[-_/*]", image)[0] for image in entry.images),
    }
    daemons = {f"{name}d" for name in names}
    return {name for name in names | daemons if len(name) > 2}
