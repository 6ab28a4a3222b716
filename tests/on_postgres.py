"""``python -m tests.on_postgres [PYTEST ARGUMENTS]``: the desk's tests on PostgreSQL.

Where no tests are named: tests/desk tests/scheduler tests/console tests/api, without those that
look only at what a page says or how it is drawn (tests/console/test_access asks for every page).
Where PostgreSQL's programs are missing it says so and ends 0, unless
MARKSEAL_TEST_REQUIRE_POSTGRES=1.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.postgres import NoPostgres, server

ROOMS = ("tests/desk", "tests/scheduler", "tests/console", "tests/api")
LOOKS = ("test_accessible.py", "test_language.py", "test_papers.py")
ROOT = Path(__file__).resolve().parent.parent
NOTHING_COLLECTED = 5


def main(arguments: list[str]) -> int:
    """Run pytest on a PostgreSQL of its own and return its exit code."""
    named = any(argument.startswith("tests") for argument in arguments)
    rooms = [] if named else [room for room in ROOMS if (ROOT / room).is_dir()]
    looks = [] if named else [f"--ignore=tests/console/{name}" for name in LOOKS]
    wanted = [*arguments, *rooms, *looks]
    try:
        with server() as url:
            environment = {**os.environ, "MARKSEAL_DATABASE_URL": url}
            command = [sys.executable, "-m", "pytest", *wanted]
            code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
            return 0 if code == NOTHING_COLLECTED else code
    except NoPostgres:
        sys.stdout.write(
            "没有 PostgreSQL 程序，跳过这部分测试（apt install postgresql 后可运行）。\n"
        )
        sys.stdout.write("PostgreSQL's programs are not here; its tests are skipped.\n")
        return 1 if os.environ.get("MARKSEAL_TEST_REQUIRE_POSTGRES") == "1" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
