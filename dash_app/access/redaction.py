"""What is logged has no token in it, whoever logs it: the server, a library, or a traceback."""

import logging
import re
from typing import Any

# A query string as a whole, however it is written; a token wherever else it stands, such as in a header gone wrong.
SECRETS = re.compile(r"(\?|\b(?:token|key)=)[^\s'\"]+|[A-Za-z0-9_-]{32,}")


def redact(text: str) -> str:
    """The text without query strings and tokens."""
    return SECRETS.sub(lambda found: f"{found[1] or ''}[redacted]", text)


class RedactedRecord(logging.LogRecord):
    """A record for `logging.setLogRecordFactory`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info:
            self.exc_text = redact(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> str:  # noqa: N802 - the name that logging gives it
        """The message, redacted."""
        return redact(super().getMessage())
