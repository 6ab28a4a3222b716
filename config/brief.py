"""What the service writes of a request it refused: one line, without the way it went."""

from __future__ import annotations

import logging


class Brief(logging.Filter):
    """Takes the traceback off warnings: a page refused or not found is nobody's fault here."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True: every record is written, errors with their traceback."""
        if record.levelno < logging.ERROR:
            record.exc_info = record.exc_text = None
        return True
