"""The command ``verify``, shared by ``python -m evidence verify`` and ``markseal verify``."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TextIO

from evidence.errors import EvidenceError
from evidence.verify.report import print_report
from evidence.verify.steps import verify_file
from evidence.verify.verdict import Verdict

DESCRIPTION = (
    "离线核验证据包或证据移交包 "
    "/ Verify a package (WACZ with its sidecars beside it) or a dossier. "
    "退出码 Exit: 0 通过 valid; 1 不通过 invalid; 2 不是封装 not a package; "
    "3 未全部核查 incomplete (always so without --trust); "
    "64 文件或信任文件夹不可用 file or trust folder unusable."
)
EXIT_USAGE = 64
EXIT_UNWRITTEN = 74
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
EPILOG = "例 Example: {program} exhibit.dossier.zip --trust trust/"


class Parser(argparse.ArgumentParser):
    """Tells a command line that is not understood in one sentence and ends with 64."""

    def error(self, message: str) -> NoReturn:
        """Say what is not understood, and leave."""
        say(
            f"命令行有误（{message}）；请用 {self.prog} --help 查看用法。",
            f"The command line is not understood ({message}); see {self.prog} --help.",
        )
        raise SystemExit(EXIT_USAGE)


def say(zh: str, en: str) -> None:
    """Tell an error in both languages."""
    sys.stderr.write(f"错误：{zh}\nError: {en}\n")


def end(parser: Parser, argv: Sequence[str] | None) -> int:
    """Parse the command line, verify, and return the exit code; errors become one sentence.

    A verdict that could not be written ends with 74, one that nobody reads with 141: neither is
    an exit code of a verdict.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    arguments = parser.parse_args(argv)
    try:
        code = run(arguments.file, arguments.trust, as_json=arguments.json)
        sys.stdout.flush()
    except EvidenceError as error:
        say(error.zh, error.en)
        return error.exit_code
    except BrokenPipeError:
        return _abandoned(EXIT_BROKEN_PIPE)
    except OSError as error:
        why = error.strerror or str(error)
        say(f"无法写出结果（{why}）。", f"The output cannot be written ({why}).")
        return _abandoned(EXIT_UNWRITTEN)
    except KeyboardInterrupt:
        say("已中断。", "Interrupted.")
        return EXIT_INTERRUPTED
    return code


def _abandoned(code: int) -> int:
    """Point the output at nothing, so that the interpreter's own last flush is silent."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    return code


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` the description, example and arguments of the command."""
    parser.description = DESCRIPTION
    parser.epilog = EPILOG.format(program=parser.prog)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="NAME.wacz 或 NAME.dossier.zip / the file to verify"
    )
    parser.add_argument(
        "--trust",
        type=Path,
        metavar="DIR",
        help="信任文件夹，须另行取得 / the trust folder, received apart from the file",
    )
    parser.add_argument("--json", action="store_true", help="输出 JSON / print the verdict as JSON")


def run(file: Path, trust: Path | None, *, as_json: bool, out: TextIO | None = None) -> int:
    """Verify ``file``, write the verdict to ``out`` and return the exit code.

    Raises InputError or TrustError (exit 64) when a path cannot be used.
    """
    return tell(verify_file(file, trust=trust), as_json=as_json, out=out)


def tell(verdict: Verdict, *, as_json: bool, out: TextIO | None = None) -> int:
    """Write a verdict to ``out`` and return the exit code."""
    target = out or sys.stdout
    if as_json:
        target.write(json.dumps(verdict.to_json(), ensure_ascii=False, indent=2) + "\n")
    else:
        target.write(print_report(verdict))
    return verdict.exit_code
