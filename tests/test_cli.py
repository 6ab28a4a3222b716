"""The command line loads only the family it needs, and knows every command's family."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from desk.cli import main
from desk.commands.parser import EXIT_USAGE, FAMILIES, build_parser


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
        "import sys; from desk.commands.parser import build_parser; "
        f"build_parser({command!r}); print('django' in sys.modules, 'playwright' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"], done.stderr


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["nonsense"],
        [""],
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


def test_a_misspelt_command_is_told_what_is_near(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["verfy", "A.wacz"])
    said = capsys.readouterr().err
    assert "是否指 verify" in said
    assert "did you mean verify; see markseal --help." in said


@pytest.mark.parametrize("words", [["help"], ["--help"], ["--version"]])
def test_help_and_version_are_no_errors(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    assert capsys.readouterr().out.startswith(("usage: markseal", "markseal "))


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


def markseal(*words: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line as a program of its own."""
    return subprocess.run(
        [sys.executable, "-m", "desk.cli", *words],
        cwd=Path(__file__).resolve().parent.parent,
        check=False,
        text=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams,
    )


def test_a_second_ctrl_c_does_not_disturb_what_the_first_one_ends() -> None:
    script = (
        "import os, signal\n"
        "from desk.commands.saying import hear_interrupts\n"
        "hear_interrupts()\n"
        "try:\n"
        "    try:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    finally:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "        print('put in order')\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "put in order\ninterrupted\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = markseal("settings", stdout=writing)
    finally:
        os.close(writing)
    assert done.stderr == ""
    assert done.returncode in (0, 141)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_output_that_cannot_be_written_is_one_sentence_and_a_failure() -> None:
    with Path("/dev/full").open("w") as full:
        done = markseal("settings", stdout=full)
    assert done.returncode == 74
    assert done.stderr.startswith("错误：无法写出结果（")
    assert done.stderr.count("\n") == 2
    old = Path(__file__).parent / "evidence" / "verify" / "old" / "old.dossier.zip"
    for words in (["desk.cli", "verify"], ["evidence", "verify"]):
        command = [sys.executable, "-m", *words, str(old)]
        with Path("/dev/full").open("w") as full:
            told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
        assert told.returncode == 74, words
        assert told.stderr.decode().count("\n") == 2


def test_closed_streams_and_poor_character_sets_are_no_crash() -> None:
    assert markseal("settings", preexec_fn=lambda: os.closerange(0, 3)).returncode == 0
    poor = {**os.environ, "PYTHONIOENCODING": "ascii"}
    assert markseal("settings", env=poor).returncode == 0
    strange = markseal("verify", "\udcff.wacz")
    assert strange.returncode == 64
    assert "\\udcff.wacz" in strange.stderr


def test_a_data_folder_is_meant_from_where_the_command_is_run() -> None:
    done = markseal("settings", env={**os.environ, "MARKSEAL_HOME": "some/where"})
    here = Path(__file__).resolve().parent.parent
    assert done.stdout.startswith(f"MARKSEAL_HOME={here}/some/where\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["capture", "http://localhost/", "--ouut", "a.wacz"], "没有选项 --ouut，是否指 --out"),
        (["capture", "http://localhost/"], "缺少 --out"),
        (["log", "audit", "--qqqqq"], "没有选项 --qqqqq；"),
        (["watch", "list", "--qqqqq=1"], "没有选项 --qqqqq；"),
        (["match", "--marks"], "--marks 后面缺少一个值"),
        (["certificate", "a", "--lang", "xx", "--out", "b"], "--lang 不能是 'xx'，可选 "),
        (["capture", "http://localhost/", "--out", "a", "b"], "多出 b"),
    ],
)
def test_a_mistaken_command_line_is_named_in_both_languages(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        main(words)
    assert ending.value.code == EXIT_USAGE
    said = capsys.readouterr().err
    assert told in said
    assert "--help" in said
