"""The verifier by itself: ``markseal-verify FILE --trust DIR``, from the small wheel."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from evidence.verify.command import Parser, add_arguments, end


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; errors become one sentence."""
    parser = Parser(prog="markseal-verify")
    add_arguments(parser)
    return end(parser, argv)


if __name__ == "__main__":
    sys.exit(main())
