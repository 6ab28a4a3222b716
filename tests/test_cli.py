"""The command line loads only the family it needs, and knows every command's family."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from desk.cli import EXIT_USAGE, FAMILIES, build_parser, main


def names(parser: argparse.ArgumentParser) -> set[str]:
    return {
        name
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name in action.choices
    }


def test_every_command_has_its_family() -> None:
    assert names(build_parser()) == set(FAMILIES)


@pytest.mark.parametrize("command", FAMILIES)
def test_a_command_is_found_in_its_family(command: str) -> None:
    assert command in names(build_parser(command))


@pytest.mark.parametrize("command", ["verify", "settings", "extract"])
def test_light_commands_load_neither_django_nor_the_browser(command: str) -> None:
    script = (
        "import sys; from desk.cli import build_parser; "
        f"build_parser({command!r}); print('django' in sys.modules, 'playwright' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"], done.stderr


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["nonsense"],
        ["verify", "--nonsense", "x"],
        ["log"],
        ["watch", "run"],
        ["run", "--port", "70000"],
        ["run", "--port", "-1"],
    ],
)
def test_a_wrong_command_line_is_one_sentence(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line)
    assert ended.value.code == EXIT_USAGE
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 2
    assert said[0].startswith("错误：")
    assert said[1].startswith("Error: ")


def test_ctrl_c_while_a_command_is_still_loading_is_one_sentence() -> None:
    script = (
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'desk.commands.evidence':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from desk.cli import main\n"
        "sys.exit(main(['capture', '--help']))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stderr.splitlines() == ["错误：已中断。", "Error: Interrupted."]
