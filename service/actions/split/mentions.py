"""Where containers are told of their own Pod: every spelling of loopback, of all addresses, and of
the Pod's own one, with the port where it can be seen.

Spellings: RFC 6761 (localhost), RFC 1122 (127.0.0.0/8; 0.0.0.0 is the host itself), RFC 4291 (::1),
Debian's /etc/hosts (ip6-localhost), inet_aton (127.1). Ports: behind a colon, behind `%3A`, in
`/dev/tcp/host/port`, as the next word, and as an option beside the host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.actions.context import Refused
from service.kube.config_maps import config_values_of
from service.kube.containers import Container, as_port
from service.kube.objects import (
    ManifestSet,
    Resource,
    as_mapping,
    as_mappings,
    as_text,
    value_at,
)
from service.kube.references import SCHEME, SCHEME_PORTS
from service.kube.workloads import Workload
from service.refusals import Refusal
from service.yamldoc.nodes import Route

_HOST = re.compile(
    r"(?i:localhost(?:\.localdomain\d?)?|ip6-localhost|ip6-loopback)"
    r"|127(?:\.\d{1,3}){1,3}"
    r"|0\.0\.0\.0"
    r"|\[(?:::1?|(?:0{1,4}:){7}0{0,3}[01])\]"
    r"|(?<![0-9A-Za-z:.\[])::1(?![0-9A-Za-z:./%\]])"
)
_MAY_MENTION = re.compile(r"(?i:local|loopback)|127\.|0\.0|::|:0")
"""What each of those hosts has in it; found much faster than they are."""
_WINDOW = 300
"""Characters before and behind a host that tell what it is for."""
_MOST_MENTIONS = 200
"""Hosts that are looked at in one text; each of them costs time."""
_GLUED_OPTION = re.compile(r"(?:\A|[\s\"'=,;(\[])-[A-Za-z]\Z")
_SHELL_DEFAULT = re.compile(r"\$\{\w+:?[-=?+]\Z")
_URL_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}\Z")
_DEVICE = re.compile(r"/dev/(?:tcp|udp)/\Z")
_PORT_BEHIND = re.compile(r"\.?(?P<colon>:|%3[Aa])(?P<port>\d{1,5})(?!\d)")
_PORT_HIDDEN = re.compile(r"\.?(?::|%3[Aa])(?=[$<{])")
_PORT_OF_DEVICE = re.compile(r"/(?P<port>\d{1,5})(?!\d)")
_NETWORK = re.compile(r"/\d{1,3}(?![\w.])")
_NEXT_WORD = re.compile(r"[\"']?\s+[\"']?(?P<port>\d{2,5})(?![\w.:/])")
_PORT_OPTION = re.compile(
    r"(?:(?<=\s)|\A)(?:-[pP]\s*|--port[= ])(?P<port>\d{2,5})(?![\w.])"
    r"|(?i:(?<![\w-])port\s*=\s*[\"']?(?P<key_port>\d{2,5})(?![\w.]))"
)
_COMMAND_END = re.compile(r"[\n|&]|;(?=\s)")


@dataclass(frozen=True, slots=True)
class Text:
    """A text that a container is told."""

    container: Container
    """The container."""
    where: str
    """`command`, `args`, `env`, `probe`, `hook` or `ConfigMap <name>`."""
    resource: Resource
    """The object that holds it: the workload's own or a ConfigMap."""
    route: Route
    """Where in that object it is."""
    value: str
    """The text; may hold secrets."""
    name: str = ""
    """The variable or key that holds it; empty for words."""
    path: str = ""
    """The file that it is in the container; empty where it is none."""
    before: str = ""
    """The word before it in command or args."""
    after: tuple[str, ...] = ()
    """The words behind it there."""

    @property
    def is_config(self) -> bool:
        """Whether a ConfigMap holds it."""
        return self.where.startswith("ConfigMap ")

    @property
    def is_invocation(self) -> bool:
        """Whether it is a word of command or args."""
        return self.where in ("command", "args")


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in a text that names the container's own Pod."""

    text: Text
    """The text."""
    start: int
    """Where the host starts in it."""
    end: int
    """Where the address ends, a port that is glued to it included."""
    host: str
    """The host as it is written, without the port."""
    port: int | None
    """The port; None where it can't be seen."""
    port_place: tuple[int, int] | None
    """Where in the text a port stands that isn't glued to the host; None if it is, or is in
    another word.
    """
    is_port_glued: bool
    """Whether the port is written right behind the host."""
    is_port_elsewhere: bool
    """Whether the port is in another word of command or args."""

    @property
    def is_all_addresses(self) -> bool:
        """Whether it is 0.0.0.0 or [::], at which servers listen; a client reaches itself there."""
        return self.host in ("0.0.0.0", "[::]")  # noqa: S104 - compared, not bound

    @property
    def is_whole(self) -> bool:
        """Whether the text is nothing but the host."""
        return self.text.value.strip().removesuffix(".") == self.host

    @property
    def line_before(self) -> str:
        """What stands before it on its line, shortened."""
        value, start = self.text.value, max(0, self.start - _WINDOW)
        return value[max(start, value.rfind("\n", start, self.start) + 1) : self.start]

    @property
    def has_scheme(self) -> bool:
        """Whether it is the host of a URI, which may be encoded in another one."""
        before = self.line_before
        return SCHEME.search(before) is not None or before.upper().endswith("%3A%2F%2F")


def texts_of(workload: Workload, container: Container, manifests: ManifestSet) -> Iterator[Text]:
    """Every literal text that a container is told: words, variables, and the ConfigMaps of the
    scope that it reads.
    """
    resource = workload.resource
    invocation = container.invocation
    for index, word in enumerate(invocation):
        yield Text(
            container,
            word.where,
            resource,
            word.route,
            word.text,
            before=invocation[index - 1].text if index else "",
            after=tuple(other.text for other in invocation[index + 1 : index + 9]),
        )
    for variable in container.env:
        yield Text(container, "env", resource, variable.route, variable.value, name=variable.name)
    for word in container.words:
        if word.where in ("probe", "hook"):
            yield Text(container, word.where, resource, word.route, word.text)
    for config, key, value in config_values_of(workload, container, manifests):
        yield Text(
            container,
            f"ConfigMap {config.name}",
            config,
            ("data", key),
            value,
            name=_variable_of(container, config, key) or key,
            path=_path_of(workload, container, config, key),
        )


def _variable_of(container: Container, config: Resource, key: str) -> str:
    """The variable that a key of a ConfigMap is read into; empty if none."""
    for variable in as_mappings(container.data.get("env")):
        reference = as_mapping(value_at(variable, "valueFrom", "configMapKeyRef"))
        if (reference.get("name"), reference.get("key")) == (config.name, key):
            return as_text(variable.get("name"))
    return ""


def _path_of(workload: Workload, container: Container, config: Resource, key: str) -> str:
    """The file that a key of a ConfigMap is in a container; empty if none."""
    for mount in container.mounts:
        volume = as_mapping(workload.volumes_by_name.get(mount.volume))
        if value_at(volume, "configMap", "name") == config.name:
            is_file = mount.sub_path == key
            return mount.path if is_file else f"{mount.path.rstrip('/')}/{key}"
    return ""


def find_mentions(text: Text) -> list[Mention]:
    """The places in a text that name the container's own Pod; comment lines left out.

    Raises:
        Refused: they are more than are looked at.
    """
    value = text.value
    if not _MAY_MENTION.search(value):
        return []
    found: list[Mention] = []
    for match in _HOST.finditer(value):
        if _has_left_border(value, match.start()) and _has_right_border(value, match):
            mention = _mention(text, match)
            if not _is_comment(mention):
                found.append(mention)
        if len(found) > _MOST_MENTIONS:
            message = (
                f"{text.container.name} is told of its own Pod more than {_MOST_MENTIONS} times in"
                f" one text ({text.where}): divide it by hand"
            )
            raise Refused(Refusal.LOCALHOST_UNRESOLVED, message)
    return found


def _has_left_border(value: str, start: int) -> bool:
    if start == 0:
        return True
    before = value[start - 1]
    if not (before.isalnum() or before in "_.-/"):
        return True
    window = value[max(0, start - _WINDOW) : start]
    if before == "/":
        # Behind a single slash it is a part of a path.
        return window.endswith("//") or bool(_DEVICE.search(window))
    return any(pattern.search(window) for pattern in (_GLUED_OPTION, _SHELL_DEFAULT, _URL_ENCODED))


def _has_right_border(value: str, match: re.Match[str]) -> bool:
    rest = value[match.end() : match.end() + 2]
    if not rest:
        return True
    if rest[0] == "/" and _NETWORK.match(value, match.end()):
        # A range of addresses is nobody to call.
        return bool(_DEVICE.search(value, max(0, match.start() - _WINDOW), match.start()))
    if rest[0] == ".":
        # A final dot is that of a full name; another label makes it another name.
        return len(rest) == 1 or not rest[1].isalnum()
    return not (rest[0].isalnum() or rest[0] in "_-")


def _is_comment(mention: Mention) -> bool:
    line = mention.line_before.lstrip()
    if mention.text.is_config or "\n" in mention.text.value:
        return line.startswith(("#", ";", "//"))
    return False


def _mention(text: Text, match: re.Match[str]) -> Mention:
    value, host = text.value, match[0]
    window = value[max(0, match.start() - _WINDOW) : match.start()]
    glued = (_PORT_OF_DEVICE if _DEVICE.search(window) else _PORT_BEHIND).match(value, match.end())
    if glued is not None and (port := as_port(glued["port"])) is not None:
        return Mention(
            text,
            match.start(),
            glued.end(),
            host,
            port,
            port_place=None,
            is_port_glued=True,
            is_port_elsewhere=False,
        )
    place = None
    port = None
    is_elsewhere = False
    if not _PORT_HIDDEN.match(value, match.end()):
        place = _separate_port(text, match)
        port = int(value[place[0] : place[1]]) if place is not None else None
        if port is None and (port := _port_in_words(text, match)) is not None:
            is_elsewhere = True
        if port is None and (scheme := SCHEME.search(window)):
            port = SCHEME_PORTS.get(scheme[1])
    # With the final dot of a full name, which a Service's name must not have.
    end = match.end() + value.startswith(".", match.end())
    return Mention(
        text,
        match.start(),
        end,
        host,
        port,
        port_place=place,
        is_port_glued=False,
        is_port_elsewhere=is_elsewhere,
    )


def _separate_port(text: Text, match: re.Match[str]) -> tuple[int, int] | None:
    """Where a port stands in a text as a word or option beside the host; None if there is none."""
    value = text.value
    behind = _NEXT_WORD.match(value, match.end())
    if behind is not None and not text.is_config:
        return behind.span("port")
    start = max(0, match.start() - _WINDOW)
    for end in _COMMAND_END.finditer(value, start, match.start()):
        start = end.end()
    stop = _COMMAND_END.search(value, match.end(), match.end() + _WINDOW)
    options = [
        option
        for option in _PORT_OPTION.finditer(
            value, start, stop.start() if stop else match.end() + _WINDOW
        )
        if option.end() <= match.start() or option.start() >= match.end()
    ]
    if len(options) != 1:
        return None
    return options[0].span("port" if options[0]["port"] else "key_port")


def _port_in_words(text: Text, match: re.Match[str]) -> int | None:
    """A port in the words behind one that ends with the host."""
    if not text.is_invocation or match.end() != len(text.value):
        return None
    after = text.after
    if after and (next_word := re.fullmatch(r"(\d{2,5});?", after[0])):
        return as_port(next_word[1])
    return _port_option(after)


def _port_option(words: Sequence[str]) -> int | None:
    for index, word in enumerate(words):
        if word in ("-p", "-P", "--port") and index + 1 < len(words):
            return as_port(words[index + 1])
        glued = re.fullmatch(r"(?:-[pP]|--port=)(\d{2,5})", word)
        if glued:
            return as_port(glued[1])
    return None
