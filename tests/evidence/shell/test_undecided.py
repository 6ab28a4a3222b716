"""VERIFY.txt where something that it needs is missing: undecided, never *not valid*."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from evidence.format.names import VERIFY_TEXT
from evidence.format.verifytext import render_verify_text
from tests.evidence.builder import NAME, World
from tests.evidence.shell.run import commands, tools
from tests.evidence.shell.whole import Whole, awkward, trusting

DOSSIER = f"{NAME}.dossier.zip"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a dossier, its trust folder, and the only tools that there are."""
    folder = tmp_path_factory.mktemp("undecided")
    world = awkward(World.create(folder / "world"))
    whole = Whole(world).seal()
    (folder / DOSSIER).write_bytes(whole.pack())
    (folder / VERIFY_TEXT).write_bytes(whole.parts()[VERIFY_TEXT])
    trusting(world, folder / "trust")
    tools(folder / "bin")
    return folder


def executed(
    place: Path, folder: Path, *, lacking: str = "", **env: str
) -> tuple[int, list[str], str]:
    """Run the script in ``folder``; return exit code, lines of output, and what went to stderr."""
    path = place / "bin"
    if lacking:
        path = folder.parent / "lacking"
        path.mkdir()
        for tool in (place / "bin").iterdir():
            if tool.name != lacking:
                (path / tool.name).symlink_to(tool.readlink())
    script = commands((place / VERIFY_TEXT).read_text("utf-8"))
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=folder, env={"PATH": str(path)} | env,
        capture_output=True, check=False, text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, done.stdout.splitlines(), done.stderr


def folders(folder: Path) -> list[str]:
    """The folders that were left."""
    return [path.name for path in folder.iterdir() if path.is_dir()]


@pytest.fixture
def work(place: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "a folder 文件夹"
    folder.mkdir()
    (folder / DOSSIER).symlink_to(place / DOSSIER)
    return folder


WRONG: Mapping[str, tuple[Mapping[str, str], str]] = {
    "no such trust folder": ({"TRUST": "/nope"}, "TRUST=/nope is not a folder"),
    "no policy": ({"TRUST": "."}, "TRUST=. holds no policy.toml"),
    "no dossier": ({"DOSSIER": "other.zip"}, "there is no file"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_slip_is_one_sentence(name: str, place: Path, work: Path) -> None:
    env, sentence = WRONG[name]
    code, lines, noise = executed(place, work, **env)
    assert (code, len(lines), noise) == (3, 1, "")
    assert lines[0].startswith("UNDECIDED 未定：")
    assert sentence in lines[0]
    assert folders(work) == []


@pytest.mark.parametrize("tool", ["unzip", "openssl", "basenc"])
def test_a_missing_tool_is_named(tool: str, place: Path, work: Path) -> None:
    code, lines, noise = executed(place, work, lacking=tool, TRUST=str(place / "trust"))
    assert (code, len(lines), noise) == (3, 1, "")
    assert f"the command {tool} is missing" in lines[0]


def test_in_an_unpacked_folder_the_dossier_is_asked_for(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    subprocess.run(["unzip", "-q", place / DOSSIER, "-d", folder], check=True)
    code, lines, noise = executed(place, folder, TRUST=str(place / "trust"))
    assert (code, len(lines), noise) == (3, 1, "")
    assert f"{DOSSIER}: run this in the folder of the dossier" in lines[0]


@pytest.mark.parametrize("how", ["changed", "missing", "gone", "unlisted"])
def test_a_damaged_trust_folder_is_not_the_dossier_s_fault(
    how: str, place: Path, work: Path, tmp_path: Path
) -> None:
    trust = tmp_path / "trust"
    subprocess.run(["cp", "-r", place / "trust", trust], check=True)
    with (trust / "log.vkey").open("a") as file:
        file.write("x")
    if how in ("missing", "gone"):
        (trust / "log.vkey").unlink()
    if how == "gone":
        (trust / "SHA256SUMS").unlink()
    if how == "unlisted":
        sums = (trust / "SHA256SUMS").read_text().splitlines(keepends=True)
        (trust / "SHA256SUMS").write_text("".join(row for row in sums if "log.vkey" not in row))
    code, lines, noise = executed(place, work, TRUST=str(trust))
    assert (code, len(lines), noise) == (3, 1, "")
    assert "trust folder" in lines[0]
    assert folders(work) == []


HAND_WRITTEN = (
    "tokens = 1 # one",
    '"tokens" = 2',
    "\ttokens = 2",
    "tokens=2",
    "tokens = 0",
    "tokens = 0x2",
    "tokens = 1_0",
    "require = []",
    "require = ['package']",
    'require = ["all"]',
    'require = ["re\\u0076ocation"]',
    'weak = [{algorithm = "sha256"}]',
    "[[ weak ]]",
    "[log]\nvkey = 'log.vkey'",
    '[log]\nvkey = "../log.vkey"',
    '[log]\nkey = "log.vkey"',
    '[[revoked]]\nkey_sha256 = "' + "A" * 64 + '"',
    '[[weak]]\nfrom = "yesterday"',
    "clock_bound_seconds = 9999999999",
    'format = "markseal-trust/3"',
    "[signer]\r",
)


def test_a_policy_is_read_as_exported_or_not_at_all(place: Path, tmp_path: Path) -> None:
    full = (place / "trust/policy.toml").read_text("utf-8")
    policies = [full, *HAND_WRITTEN]
    for number, policy in enumerate(policies):
        (tmp_path / f"{number:02d}").write_text(policy + "\n", "utf-8")
    script = commands((place / VERIFY_TEXT).read_text("utf-8")).splitlines()
    made = [script.index(line) for line in script if line.startswith(("number()", "form()"))]
    ends = script.index("}", made[1])
    seconds = next(line for line in script if line.startswith("seconds()"))
    ask = 'for f in [0-9]*; do form < $f && echo "$f"; done; :'
    program = "\n".join(
        ["export LC_ALL=C", script[made[0]], seconds, *script[made[1] : ends + 1], ask]
    )
    done = subprocess.run(
        ["/bin/sh", "-c", program], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert (done.stdout.split(), done.stderr) == (["00"], "")


def test_a_renamed_dossier_verifies_and_nothing_is_left(place: Path, work: Path) -> None:
    (work / DOSSIER).rename(work / "renamed copy.zip")
    code, lines, noise = executed(
        place, work, TRUST=str(place / "trust"), DOSSIER="renamed copy.zip"
    )
    assert (code, noise) == (0, "")
    assert lines[-1].startswith("VALID ")
    assert folders(work) == []


def test_no_name_of_a_variable_stands_in_the_explanations() -> None:
    text = render_verify_text(NAME, ["local"]).decode()
    prose = [line for line in text.splitlines() if not line.startswith(("$ ", "PS> ", "    "))]
    assert not any("$B" in line or "$(" in line for line in prose)
