"""``python -m evidence verify FILE``: the verifier alone, without anything that captures."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from evidence.verify.command import Parser, add_arguments, end


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; errors become one sentence."""
    parser = Parser(prog="python -m evidence", description="证据核验 / Verify evidence.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_arguments(
        commands.add_parser("verify", help="核验证据包或证据移交包 / verify a package or dossier")
    )
    return end(parser, argv)


if __name__ == "__main__":
    sys.exit(main())
