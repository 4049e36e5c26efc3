"""Every error that Podsplit raises on purpose.

    PodsplitError
    ├── InputError            what was sent can't be read; has a code, and a place if known
    │   ├── LimitExceeded     it could be read, but costs more than the limits allow
    │   └── OptionError       an option has a value that is not allowed
    └── EditError             a change can't be made in this text
        ├── CrossesAnchor     it would also change what an alias or a merge key stands for
        ├── RepeatedKey       a key on the way stands twice in its mapping
        └── OverlappingEdits  two edits replace the same text

    DeadlineExceeded          the work was stopped; no handler of errors may go on after it

Messages never quote a manifest: they name the place, the kind of problem and what to do, but no
values, which may be secrets.
"""

from __future__ import annotations


class PodsplitError(Exception):
    """The root of all errors; any other exception is a bug."""


class InputError(PodsplitError):
    """Input that can't be read.

    Attributes:
        code: a stable word for programs, such as `not-utf-8`.
        message: a sentence for people: what is wrong and what to do about it.
        offset: where in the text it was noticed, in code points, or None.
    """

    def __init__(self, code: str, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.offset = offset


class LimitExceeded(InputError):
    """Input over one of the limits; `code` names the limit."""


class OptionError(InputError):
    """An option with a value that is not allowed.

    Attributes:
        field: the option's name.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__("invalid-option", message)
        self.field = field


class DeadlineExceeded(BaseException):
    """The request took longer than it may, or nobody waits for it any more.

    It can be raised anywhere, and is no Exception, as code that catches those to go on with the
    next workload must not catch it.
    """


class EditError(PodsplitError):
    """An operation that this text doesn't allow.

    Attributes:
        reason: the reason code under which the change is held back.
    """

    reason = "cannot-edit"


class CrossesAnchor(EditError):
    """The edited node is shared through an anchor, or reached through an alias or a merge key."""

    reason = "anchor"


class RepeatedKey(EditError):
    """A key that stands twice in its mapping is edited, or leads to what is."""

    reason = "duplicate-key"


class OverlappingEdits(EditError):
    """Two edits replace the same text, and neither covers the other."""

    reason = "overlapping-edits"
