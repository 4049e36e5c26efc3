"""JSON logs on stderr, one object a line: names and counts, no token and no manifest."""

from __future__ import annotations

import json
import logging
import time


class JsonFormatter(logging.Formatter):
    """Time, level, logger and message, then the fields of `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """A record as one line of JSON."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            # Only the type: the text of an exception may quote what was read.
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)
