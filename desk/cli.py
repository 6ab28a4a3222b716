"""The command ``markseal``: one place where errors become sentences.

Nothing but the way out is loaded here, so that Ctrl+C is heard from the first moment on; the
parser is in ``desk.commands.parser``.
"""

from __future__ import annotations

import signal
import sys

from desk.commands.saying import (
    close_streams,
    hear_interrupts,
    open_streams,
    say,
    say_fault,
)

EXIT_FAULT = 1
EXIT_USAGE = 64
EXIT_UNWRITTEN = 74  # EX_IOERR of sysexits.h: no verdict of any command
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; errors become one sentence.

    Without ``argv`` it is the program's own command line: then streams and signals are this
    function's, and what nobody reads any more (``| head -1``) is given up in silence.
    """
    if argv is not None:
        return _answer(argv)
    hear_interrupts()
    open_streams()
    code = EXIT_FAULT
    try:
        code = _answer(sys.argv[1:])
    except SystemExit as ending:  # of --help, and of a command line that is not understood
        code = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said; the way out is short
        fault = close_streams()
    if fault is not None:
        say_fault(fault)
    return code if fault is None else EXIT_UNWRITTEN


def _answer(words: list[str]) -> int:
    try:
        from desk.commands.parser import build_parser, require_known, require_options

        words = ["--help"] if words == ["help"] else words
        require_known(words[0] if words else "-")
        parser = build_parser(words[0] if words else None)
        require_options(parser, words)
        arguments = parser.parse_args(words)
        return int(arguments.run(arguments))
    except BrokenPipeError:
        return EXIT_BROKEN_PIPE
    except KeyboardInterrupt:
        say("已中断。", "Interrupted.")
        return EXIT_INTERRUPTED
    except UnicodeEncodeError as error:
        if not any("\ud800" <= letter <= "\udfff" for letter in error.object):
            raise
        say(
            "命令行中有不是 UTF-8 的文字；请检查终端的字符集。",
            "The command line has text that is not UTF-8; check the terminal's character set.",
        )
        return EXIT_USAGE
    except Exception as error:
        zh, en = getattr(error, "zh", None), getattr(error, "en", None)
        if zh is not None and en is not None:
            say(zh, en)
            return int(getattr(error, "exit_code", EXIT_FAULT))
        if not isinstance(error, OSError):
            raise
        say_fault(error)
        return EXIT_FAULT if error.filename is not None else EXIT_UNWRITTEN


if __name__ == "__main__":
    sys.exit(main())
