"""The product's settings with handlers that only wait, for tests that kill workers."""

from __future__ import annotations

from config.settings import *  # noqa: F403

JOB_HANDLERS = {
    "slow": "tests.desk.slow_handlers.slow",
    "broken": "tests.desk.slow_handlers.broken",
    "dying": "tests.desk.slow_handlers.dying",
    "later": "tests.desk.slow_handlers.later",
}
