"""Lines of JSON on stderr, one a request; what was asked and answered is in them only where the operator wants it."""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import Any

logger = logging.getLogger("samovar.requests")


class JsonFormatter(logging.Formatter):
    """One record, one line: time, level, who says it, what, and whatever else came along as ``fields``."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json() -> None:
    """Send every log of this process to stderr as lines of JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    logger.setLevel(logging.INFO)


def log_request(fields: dict[str, Any]) -> None:
    """One request that has ended."""
    logger.info("request", extra={"fields": fields})
