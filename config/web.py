"""How gunicorn serves the pages: one process, some threads, gone with its parent."""

from __future__ import annotations

import os
from typing import Any

from desk.jobs.leash import end_with_parent

wsgi_app = "config.wsgi:application"
worker_class = "gthread"
workers = 1
threads = 8
timeout = 180
graceful_timeout = 10
keepalive = 5
loglevel = "warning"
control_socket_disable = True
_master = os.getpid()


def post_fork(_arbiter: Any, _worker: Any) -> None:
    """Tie each worker to the master that forked it."""
    end_with_parent(_master)
