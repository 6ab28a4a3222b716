"""Whether the user that captures run as can run what a capture needs: tried, as that user."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from evidence.errors import InputError
from evidence.worker.private import Account

_SECONDS = 30
_TRY = """import os, sys
for path in sys.argv[1:]:
    if not os.access(path, os.R_OK | os.X_OK):
        sys.exit(f"?{path}")
import evidence.worker
"""


def require_runs(owner: Account, *programs: Path) -> None:
    """Raise InputError, naming what it is, if ``owner`` cannot use interpreter, code or programs.

    It is found out by trying, so that no capture is begun which must fail for it.
    """
    code = Path(__file__).resolve().parents[2]
    found = find_spec("playwright")
    driver = [] if found is None or found.origin is None else [Path(found.origin).parent]
    needed = [code / "evidence", *driver, *(path.resolve() for path in programs)]
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _TRY, *map(str, needed)],
            cwd="/",
            env={
                "PATH": os.environ.get("PATH", os.defpath),
                "PYTHONPATH": os.pathsep.join(
                    filter(None, [str(code), os.environ.get("PYTHONPATH")])
                ),
            },
            user=owner.uid,
            group=owner.gid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except (PermissionError, FileNotFoundError) as error:
        raise _closed(owner, sys.executable) from error
    except subprocess.TimeoutExpired as error:
        raise _closed(owner, sys.executable) from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise _closed(owner, last[1:] if last.startswith("?") else str(code))


def _closed(owner: Account, what: str) -> InputError:
    return InputError(
        f"The user {owner.name} (MARKSEAL_CAPTURE_USER) cannot read or run {what}; open it and the "
        "folders above it to that user (chmod o+rx), or install markseal where everybody can read "
        "it, such as /opt.",
        f"用户 {owner.name}（MARKSEAL_CAPTURE_USER）无法读取或运行 {what}；请对该用户开放它及其上级"
        "目录（chmod o+rx），或将 markseal 安装到所有用户可读之处，如 /opt。",
    )
