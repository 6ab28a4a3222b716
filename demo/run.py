"""``make demo``: the whole product once on the demo shop, from a mark to a verified dossier.

1. start the shop; 2. start the service; 3. organisations, accounts, marks; 4. a watch, which the
service does; 5. compare the leads with the catalogue; 6. an officer shortlists one lead and orders
its preservation, over the console; 7. verify the dossier, with markseal and with openssl.

Ends 0 only if everything is as promised. Without ``--once`` the console stays up until stopped.
"""

from __future__ import annotations

import argparse
import fcntl
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TextIO

from demo.errors import DemoError
from demo.processes import ROOT, Household
from demo.story import Story
from demo.wording import Teller

BUILD = ROOT / "build" / "demo"
MARKER = ".markseal-demo"
STEPS = 7


class Stopped(Exception):
    """Somebody asked the demo to stop."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo and return 0 if all is as promised, 1 if not, 130 when interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m demo.run",
        description="演示：从商标到证据移交包 / the demo: from a mark to a verified dossier",
        epilog="例 / example: python -m demo.run --once",
    )
    parser.add_argument("--once", action="store_true", help="完成后退出 / end when done")
    parser.add_argument(
        "--home",
        type=Path,
        default=BUILD / "home",
        help="演示数据目录，每次重新建立 / data folder of the demo, made anew each time",
    )
    arguments = parser.parse_args(argv)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, _stop)
    teller = Teller(STEPS)
    household = Household(arguments.home.resolve() / "demo" / "logs")
    told = False
    try:
        lock = fresh_home(arguments.home.resolve())
        with lock:
            story = Story(arguments.home.resolve(), BUILD / "shop", household, teller)
            story.tell()
            told = True
            if not arguments.once:
                story.tell_doors()
                _stay(household, teller)
        return 0
    except Stopped:
        teller.say("正在停止……", "Stopping …")
        return 0 if told else 130
    except Exception as error:
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        if zh is None or en is None:
            raise
        print(f"\n错误：{zh}\nError: {en}", file=sys.stderr)
        return int(getattr(error, "exit_code", 1))
    finally:
        household.stop()


def _stop(number: int, frame: FrameType | None) -> None:
    for known in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(known, signal.SIG_IGN)  # once is enough; stopping is not interrupted
    raise Stopped


def fresh_home(home: Path) -> TextIO:
    """Make the folder anew and return its lock, held as long as the file is open.

    Raises DemoError if another demo uses it, or if it holds something that is not a demo's.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    lock = home.with_name(home.name + ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise DemoError(
            f"Another demo is running in {home}; stop it first, or give --home another folder.",
            f"另一个演示正在使用 {home}；请先停止它，或用 --home 指定别的目录。",
        ) from error
    if home.exists() and any(home.iterdir()) and not (home / MARKER).is_file():
        lock.close()
        raise DemoError(
            f"{home} is not empty and not a demo's folder; nothing was touched.",
            f"{home} 不为空，也不是演示目录；未做任何改动。",
        )
    remove(home)
    home.mkdir(mode=0o700)
    (home / MARKER).touch()
    return lock


def remove(home: Path) -> None:
    """Remove an earlier demo's folder, marker last: a removal cut short goes on next time."""
    if not home.is_dir():
        return
    for path in sorted(home.iterdir(), key=lambda path: path.name == MARKER):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    home.rmdir()


def _stay(household: Household, teller: Teller) -> None:
    """Keep everything up until stopped; raises ChildEnded when a part ends by itself."""
    teller.say(
        "控制台与商城保持运行；按 Ctrl-C 停止。",
        "The console and the shop stay up; Ctrl-C stops them.",
    )
    while True:
        household.check()
        time.sleep(1)


if __name__ == "__main__":
    sys.exit(main())
