"""``python -m demo.shop.serve --data DIR --port N``: the filled shop on this machine's own address.

It ends on SIGTERM, and with the process that started it (Linux), so that nothing is left behind.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

PR_SET_PDEATHSIG = 1


class Shop(BaseApplication):
    """Gunicorn with the shop in it."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def load_config(self) -> None:
        for name, value in {
            "bind": self.address,
            "workers": 2,
            "threads": 4,
            "preload_app": True,
            "loglevel": "warning",
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,
            "control_socket_disable": True,
            "graceful_timeout": 2,
        }.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        from demo.shop.wsgi import application

        return application


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends; does nothing but on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> int:
    """Serve until told to stop; 1 if the shop has not been filled."""
    parser = argparse.ArgumentParser(prog="python -m demo.shop.serve", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder fill was given")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    if not (data / "filled").is_file():
        print(
            f"错误：{data} 中没有商品，请先运行 python -m demo.shop.fill --data {data}。\n"
            f"Error: {data} has no goods yet; run python -m demo.shop.fill --data {data} first.",
            file=sys.stderr,
        )
        return 1
    os.environ["DEMO_SHOP_DATA"] = str(data)
    end_with_parent()
    Shop(f"127.0.0.1:{arguments.port}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
