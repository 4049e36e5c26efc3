"""Reads scalars as the Kubernetes tools do, and writes scalars that every reader reads alike.

kubectl and the API server convert YAML to JSON with sigs.k8s.io/yaml, whose parser resolves plain
scalars by YAML 1.1 with additions (`resolve.go` of sigs.k8s.io/yaml/goyaml.v2). PyYAML differs:
there `0o755`, `1e3` and `y` are strings, `12:30:45` is a number and `2001-01-01` a date.
"""

from __future__ import annotations

import base64
import binascii
import json
import re

from service.errors import InputError
from service.yamldoc.nodes import Data, Scalar

CONSTANTS: dict[str, Data] = {
    word: value
    for value, words in (
        (True, "y Y yes Yes YES true True TRUE on On ON"),
        (False, "n N no No NO false False FALSE off Off OFF"),
        (None, "~ null Null NULL"),
    )
    for word in words.split()
} | {"": None}
"""The plain scalars that are no text and no numbers, and what they read as."""
_NOT_JSON = {
    ".nan",
    ".NaN",
    ".NAN",
    *(sign + word for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")),
}

MAYBE_NUMBER = frozenset("0123456789+-.")
"""First characters of plain scalars that may be numbers."""
NOT_SURELY_TEXT = MAYBE_NUMBER | frozenset("~ynYNtTfFoO")
"""First characters of plain scalars that may read as something other than text: numbers and the
words above.
"""
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_DOT_FLOAT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?\Z")
_INT = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))\Z"
)
_LONGEST_INTEGER = 300
"""Characters. A float holds 308 digits, and the time to read an integer grows with the square of
its length.
"""
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}

_TAGS = {
    f"tag:yaml.org,2002:{name}": name
    for name in ("str", "int", "float", "bool", "null", "binary", "timestamp")
}
"""The tags of scalars that mean a type to kubectl. With any other one, as in `!!string 5`, a scalar
is text, and a collection what it is without.
"""


def resolve_plain(text: str) -> Data:
    """What a plain scalar without a tag reads as.

    Raises:
        InputError: infinities and NaN, which JSON can't hold and kubectl refuses.
    """
    if text in CONSTANTS:
        return CONSTANTS[text]
    first = text[0]
    if first not in MAYBE_NUMBER:
        return text
    if text in _NOT_JSON:
        raise InputError(
            "not-a-number",
            "infinities and NaN have no JSON form; kubectl refuses them: quote the value",
        )
    if first == ".":
        return _number(text.replace("_", ""), text) if _DOT_FLOAT.match(text) else text
    plain = text.replace("_", "")
    if match := _INT.match(plain):
        base = match.lastgroup
        assert base is not None
        if len(plain) > _LONGEST_INTEGER:
            return _number(plain, text) if base == "dec" else text
        value = int(match[base], _BASES[base])
        value = -value if match["sign"] == "-" else value
        # The tools read an integer that doesn't fit into 64 bits with its sign as a float.
        if -(2**63) <= value < 2**63:
            return value
        try:
            return float(value)
        except OverflowError:
            return text
    return _number(plain, text) if _FLOAT.match(plain) else text


def _number(plain: str, text: str) -> Data:
    """The number that a text reads as, without its underscores; the text itself if it is too large
    for a float.
    """
    value = float(plain)
    if value in (float("inf"), float("-inf")):
        return text
    # JSON has one kind of number: 1.0 and 1e3 read as 1 and 1000.
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def read_scalar(node: Scalar) -> Data:
    """What a scalar reads as: str, int, float, bool or None.

    Raises:
        InputError: the text doesn't fit its tag, or has no JSON form.
    """
    if node.tag is None:
        if node.style:
            return node.text
        text = node.text
        # Most scalars are words that no rule is for; this saves their look-ups.
        if text and text[0] not in NOT_SURELY_TEXT:
            return text
        try:
            return resolve_plain(text)
        except InputError as error:
            raise InputError(error.code, error.message, node.start) from None
    return _tagged(node)


def _tagged(node: Scalar) -> Data:
    """What a scalar with a tag reads as."""
    name = _TAGS.get(node.tag or "", "str")
    if name in ("str", "timestamp"):
        return node.text
    if name == "binary":
        try:
            return base64.b64decode(node.text, validate=False).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise InputError(
                "bad-binary", "a !!binary scalar is not base64 of UTF-8 text", node.start
            ) from None
    value = resolve_plain(node.text)
    kinds: dict[str, tuple[type, ...]] = {
        "int": (int,),
        "float": (int, float),
        "bool": (bool,),
        "null": (type(None),),
    }
    if not isinstance(value, kinds[name]) or (isinstance(value, bool) and name != "bool"):
        raise InputError("bad-tag", f"a scalar tagged !!{name} doesn't read as one", node.start)
    return value


def is_word(text: str) -> bool:
    """Whether a plain scalar, as a key, surely reads as it is written and is no merge key."""
    return bool(text) and text[0] not in NOT_SURELY_TEXT and text != "<<"


def read_key(node: Scalar) -> str:
    """What a mapping key reads as: JSON keys are strings, so 80 is "80" and yes is "true".

    Raises:
        InputError: a null key, which kubectl refuses.
    """
    text = node.text
    if node.tag is None and (node.style or (text and text[0] not in NOT_SURELY_TEXT)):
        return text
    value = read_scalar(node)
    if isinstance(value, str):
        return value
    if value is None:
        raise InputError(
            "null-key",
            "a mapping key is empty; kubectl refuses it: give it a name or quote it",
            node.start,
        )
    return json.dumps(value)


# What PyYAML, readers of YAML 1.2 or later versions of the Go parser read as something other than
# a string.
_READ_DIFFERENTLY = re.compile(
    r"""(?: [-+]?[0-9][0-9_,]*(:[0-5]?[0-9])*(\.[0-9_]*)?([eE][-+]?[0-9]+)?   # also in base 60
          | [-+]?\.[0-9_]+([eE][-+]?[0-9]+)?
          | [-+]?0[xXoObB][0-9a-fA-F_]+
          | [-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)
          | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*                                   # dates
          | = | <<
        )\Z""",
    re.VERBOSE,
)
_SAFE_PLAIN = re.compile(
    r"[A-Za-z0-9_./\\$(+^~;][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]*\Z"
)
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*\Z")
"""Plain text that is no number and holds no indicator."""
_PRINTABLE = re.compile(
    r"[\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*\Z"
)


def plain_is_safe(text: str, *, flow: bool) -> bool:
    """Whether every reader reads `text`, written without quotes, as this string.

    Args:
        text: the string.
        flow: whether it is written in a flow collection.
    """
    if WORD.match(text):
        return text not in CONSTANTS
    if not _SAFE_PLAIN.match(text) or text in CONSTANTS or _READ_DIFFERENTLY.match(text):
        return False
    try:
        if resolve_plain(text) != text:
            return False
    except InputError:
        return False
    if (
        text != text.strip()
        or ": " in text
        or " #" in text
        or text.endswith(":")
        or text.startswith(("---", "..."))
    ):
        return False
    return not (flow and re.search(r"[\[\]{},:#&*!|>'\"%@`?]", text))


def quote(text: str, preferred: str = '"') -> str:
    """`text` in quotes, on one line.

    In single quotes where those are preferred and can hold it, or where double quotes would need
    escapes for quotes only; otherwise in double quotes.

    Args:
        text: the string.
        preferred: the quote that the file prefers; empty for double quotes in any case.
    """
    if (
        preferred == "'"
        and _PRINTABLE.match(text)
        and not re.search("[\n\t\x85\u2028\u2029]", text)
    ):
        return "'" + text.replace("'", "''") + "'"
    if (
        preferred == '"'
        and '"' in text
        and "'" not in text
        and "\\" not in text
        and re.fullmatch(r"[\x20-\x7e]*", text)
    ):
        return f"'{text}'"
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]",
        lambda found: f"\\u{ord(found[0]):04x}",
        quoted,
    )


def scalar_text(
    value: Data, *, preferred: str = '"', flow: bool = False, json_style: bool = False
) -> str:
    """A scalar as it is written on one line, in quotes where some reader would read it as
    something else without.

    Args:
        value: str, int, float, bool, None, or an empty dict or list.
        preferred: the quote that the file prefers.
        flow: whether it is written in a flow collection.
        json_style: whether it is written in a JSON document.
    """
    if not isinstance(value, str) or json_style:
        return json.dumps(value, ensure_ascii=False)
    return value if plain_is_safe(value, flow=flow) else quote(value, preferred)
