"""``python -m evidence verify FILE``: the verifier alone, without anything that captures."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence
from typing import NoReturn

from evidence.errors import EvidenceError
from evidence.verify.command import add_arguments, run

EXIT_USAGE = 64


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        _say(
            f"命令行有误（{message}）；请用 {self.prog} --help 查看用法。",
            f"The command line is not understood ({message}); see {self.prog} --help.",
        )
        raise SystemExit(EXIT_USAGE)


def _say(zh: str, en: str) -> None:
    print(f"错误：{zh}\nError: {en}", file=sys.stderr)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; errors become one sentence."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    parser = _Parser(prog="python -m evidence", description="证据核验 / Verify evidence.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_arguments(
        commands.add_parser("verify", help="核验证据包或证据移交包 / verify a package or dossier")
    )
    arguments = parser.parse_args(argv)
    try:
        return run(arguments.file, arguments.trust, as_json=arguments.json)
    except EvidenceError as error:
        _say(error.zh, error.en)
        return error.exit_code
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        _say("已中断。", "Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
