"""What went wrong, in a sentence for whoever reads the log of a build."""

from __future__ import annotations


class Trouble(Exception):
    """The bot can't go on; the message says why and what to do, and holds no manifest's content."""

    @property
    def public(self) -> str:
        """What everybody may read of it."""
        return str(self)


class Refused(Trouble):
    """The service can't do what it was asked to, however often it is asked."""

    def __init__(self, message: str, public: str) -> None:
        """Say why.

        Args:
            message: for whoever runs the bot.
            public: for everybody: without the address of the service.
        """
        super().__init__(message)
        self._public = public

    @property
    def public(self) -> str:
        """Why, without the address of the service."""
        return self._public


class Unreachable(Trouble):
    """The service gives no answer now, and may do so later."""
