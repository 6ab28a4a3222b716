"""The documents say what the product does: commands, settings, links, and README's own commands."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import SETTINGS
from desk.commands.parser import build_parser

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
COMMANDS = (ROOT / "docs" / "commands.md").read_text("utf-8")


def walk(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield every parser that a person can call, sub-commands included."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for child in dict.fromkeys(action.choices.values()):
            yield from walk(child)


LEAVES = list(walk(build_parser()))


def section(prog: str) -> str:
    """Return the part of docs/commands.md that speaks of one command."""
    found = re.search(rf"^### `{re.escape(prog)}`(.*?)(?=^##|\Z)", COMMANDS, re.M | re.S)
    return found.group(1) if found else ""


@pytest.mark.parametrize("parser", LEAVES, ids=lambda parser: parser.prog)
def test_every_command_and_option_is_documented(parser: argparse.ArgumentParser) -> None:
    text = section(parser.prog)
    assert text, f"docs/commands.md has no section for {parser.prog}"
    for action in parser._actions:
        for option in action.option_strings:
            if option.startswith("--") and option != "--help":
                assert f"`{option}" in text, f"{parser.prog} {option} is not documented"


@pytest.mark.parametrize("parser", LEAVES, ids=lambda parser: parser.prog)
def test_every_command_has_help_with_an_example(parser: argparse.ArgumentParser) -> None:
    text = parser.format_help()
    assert "markseal" in (parser.epilog or ""), f"{parser.prog} --help shows no example"
    assert re.search("[\u4e00-\u9fff]", text), f"{parser.prog} --help has no Chinese"


def test_no_command_is_documented_that_does_not_exist() -> None:
    known = {parser.prog for parser in LEAVES}
    named = set(re.findall(r"^### `(markseal[^`]*)`", COMMANDS, re.M))
    assert named - known == set()


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    names = {one.name for one in SETTINGS}
    assert {name for name in names if f"`{name}`" not in text} == set()
    assert set(re.findall(r"`(MARKSEAL_[A-Z_]+)`", text)) - names == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("name", READMES)
def test_the_first_screen_names_the_two_commands(name: str) -> None:
    first = "\n".join((ROOT / name).read_text("utf-8").splitlines()[:40])
    assert "make demo" in first
    assert "make test" in first


@pytest.mark.parametrize("name", READMES)
def test_make_targets_named_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`?make ([a-z]+)", (ROOT / name).read_text("utf-8")):
        assert re.search(rf"^{target}:", makefile, re.M), f"{name} names make {target}"


def blocks(name: str) -> list[str]:
    """Return the shell blocks of a README."""
    return re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text("utf-8"), re.S)


def test_both_readmes_give_the_same_commands() -> None:
    def stripped(name: str) -> list[str]:
        return [re.sub(r"\s*#.*", "", block) for block in blocks(name)]

    assert stripped(READMES[0]) == stripped(READMES[1])


@pytest.mark.parametrize("name", READMES)
def test_commands_in_the_readme_are_understood(name: str) -> None:
    parser = build_parser()
    seen = 0
    for block in blocks(name):
        for line in block.replace("\\\n", " ").splitlines():
            words = line.split("#")[0].split()
            if words[:1] == ["markseal"]:
                parser.parse_args([word.strip("\"'") for word in words[1:]])
                seen += 1
    assert seen >= 5


def test_nothing_names_this_machine_or_a_registry() -> None:
    import subprocess

    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    pattern = re.compile(
        r"-{2}(?:extra-)?index-url|-{2}find-links|\"resolved\": *\"http"
        r"|(?:^|[\s\"'(=])/(?:work|farm|root)/"
    )
    for name in names:
        path = ROOT / name
        if name == "tests/test_docs.py" or not path.is_file():
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        assert not pattern.search(text), f"{name}: {pattern.search(text)}"


def test_pins_carry_hashes_and_no_address() -> None:
    for path in ROOT.glob("requirements*.txt"):
        text = path.read_text("utf-8")
        assert "://" not in text, path.name
        pins = re.findall(r"^[\w.\[\]-]+==", text, re.M)
        assert pins
        assert text.count("--hash=sha256:") >= len(pins), path.name
