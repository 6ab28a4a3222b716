"""Exit codes, headlines, the command, and what the verifier may import."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.__main__ import main
from evidence.errors import TrustError
from evidence.format import names
from evidence.format.policy import WeakAlgorithm
from evidence.verify import Verdict, verify_file
from evidence.verify.report import print_report
from evidence.verify.steps import verify_opened
from evidence.verify.trust import load_trust
from evidence.verify.verdict import Outcome
from tests.evidence.builder import NAME, Draft
from tests.evidence.verify.conftest import Bench, places
from tests.evidence.verify.spoilt import NO_FILE, SPOILT, sum_up
from tests.evidence.verify.trusting import private

ROOT = Path(__file__).resolve().parents[3]


def spread(bench: Bench, folder: Path) -> Path:
    """Write the WACZ with its papers beside it and return its path."""
    for name, data in bench.draft.papers.items():
        (folder / name).write_bytes(data)
    path = folder / f"{NAME}.wacz"
    path.write_bytes(bench.draft.wacz)
    return path


def test_without_trust_nothing_is_trusted(bench: Bench) -> None:
    verdict = bench.verify(bench.draft.pack(), trusted=False)
    assert verdict.exit_code == 3
    assert "Nothing is trusted" in verdict.headline_en
    status = {c.id: c.status.value for c in verdict.claims}
    assert status["package"] == status["manifest"] == "valid"
    assert status["signature"] == status["inclusion"] == status["timestamp"] == "not_checked"


def test_a_wacz_with_its_papers_beside_it_is_valid(bench: Bench, tmp_path: Path) -> None:
    assert verify_file(spread(bench, tmp_path), trust=bench.trust).exit_code == 0


@pytest.mark.parametrize(
    "missing", ["attempt.json", "outcome.tlog-proof", "local.tsr", "local.tsq"]
)
def test_a_wacz_without_one_paper_is_incomplete(bench: Bench, tmp_path: Path, missing: str) -> None:
    path = spread(bench, tmp_path)
    (tmp_path / f"{NAME}.{missing}").unlink()
    verdict = verify_file(path, trust=bench.trust)
    assert verdict.exit_code == 3
    assert not places(verdict)


def test_a_broken_request_is_named_itself(bench: Bench, tmp_path: Path) -> None:
    path = spread(bench, tmp_path)
    (tmp_path / f"{NAME}.local.tsq").write_bytes(b"")
    verdict = verify_file(path, trust=bench.trust)
    assert verdict.exit_code == 1
    assert places(verdict) == {f"{NAME}.local.tsq"}


def test_every_bit_of_the_request_counts(bench: Bench, tmp_path: Path) -> None:
    path = spread(bench, tmp_path)
    request = tmp_path / f"{NAME}.local.tsq"
    good = request.read_bytes()
    for at in range(len(good)):
        request.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        verdict = verify_file(path, trust=bench.trust)
        assert (verdict.exit_code, request.name in places(verdict)) == (1, True), at


def test_more_tokens_required_than_there_are(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.dossier.zip"
    path.write_bytes(bench.draft.pack())
    trust = bench.world.trust(tmp_path / "trust", tokens=2)
    assert verify_file(path, trust=trust).exit_code == 3


def test_trial_tokens_say_so_first(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.dossier.zip"
    path.write_bytes(bench.draft.pack())
    trust = bench.world.trust(tmp_path / "trust", trial=True)
    verdict = verify_file(path, trust=trust)
    assert (verdict.exit_code, verdict.trial) == (0, True)
    assert verdict.headline_zh.startswith("试用")


def test_another_installations_trust_refuses_everything(bench: Bench, tmp_path: Path) -> None:
    trust = bench.world.trust(tmp_path / "trust")
    (trust / "authorities/local.pem").write_bytes(bench.foreign.root)
    path = tmp_path / f"{NAME}.dossier.zip"
    path.write_bytes(bench.draft.pack())
    verdict = verify_file(path, trust=trust)
    assert verdict.exit_code == 1
    assert f"{NAME}.local.tsr" in places(verdict)


@pytest.mark.parametrize("content", [b"", b"hello\n", "你好".encode() * 1000, b"%PDF-1.7"])
def test_a_file_that_is_no_zip(bench: Bench, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(content)
    verdict = verify_file(path, trust=bench.trust)
    assert (verdict.exit_code, verdict.to_json()["verdict"]) == (2, "not_a_package")


def test_the_json_form(bench: Bench, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = spread(bench, tmp_path)
    code = main(["verify", str(path), "--trust", str(bench.trust), "--json"])
    value = json.loads(capsys.readouterr().out)
    assert (code, value["exit"], value["format"]) == (0, 0, "markseal-verdict/1")
    keys = {"id", "status", "required", "zh", "en", "where"}
    assert all(set(claim) == keys for claim in value["claims"])
    assert value["facts"]["url"].startswith("https://")
    assert value["not_proved"]


def test_the_report_names_what_is_not_proved(
    bench: Bench, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = spread(bench, tmp_path)
    assert main(["verify", str(path)]) == 3
    text = capsys.readouterr().out
    assert text.startswith("未给出信任文件夹")
    assert "不" in text
    assert "does NOT prove" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["/nonexistent.wacz"],
        ["."],
        ["README.md", "--trust", "/nonexistent"],
        ["README.md", "--trust", "docs"],
    ],
)
def test_bad_paths_are_one_sentence(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert main(["verify", *arguments]) == 64
    error = capsys.readouterr().err
    assert error.startswith("错误：")
    assert error.count("\n") == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("policy.toml", "format ="),
        ("policy.toml", 'format = "markseal-trust/9"\n'),
        ("log.vkey", "nonsense"),
        ("signer.pem", "nonsense"),
        ("authorities/local.pem", "nonsense"),
    ],
)
def test_a_broken_trust_folder_is_one_sentence(
    bench: Bench, tmp_path: Path, name: str, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trust = bench.world.trust(tmp_path / "trust")
    (trust / name).write_text(content)
    assert main(["verify", str(spread(bench, tmp_path)), "--trust", str(trust)]) == 64
    assert capsys.readouterr().err.startswith("错误：")


class Counted(io.BytesIO):
    """A file that counts what is read of it."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_what_fails_for_its_keys_alone_is_read_once(bench: Bench, tmp_path: Path) -> None:
    stranger = Draft(replace(bench.world, signer=private(7), log_key=private(8)))
    stranger.artefacts[names.TEXT] = b"a" * (1 << 20)
    data = stranger.seal().pack()
    path = tmp_path / f"{NAME}.dossier.zip"
    read = []
    for trust in (bench.trust, None):
        file = Counted(data)
        verdict = verify_opened(file, path, trust=trust)
        read.append(file.count)
        assert verdict.to_json()["foreign"] is (trust is not None)
    assert read[0] < read[1] + len(data) // 10


@pytest.mark.parametrize("name", [*SPOILT, *NO_FILE])
def test_a_spoilt_trust_folder_is_not_judged_by(bench: Bench, tmp_path: Path, name: str) -> None:
    spoil, said = (SPOILT | NO_FILE)[name]
    trust = sum_up(bench.world.trust(tmp_path / "trust"))
    (trust / "Thumbs.db").write_bytes(b"neither listed nor used")
    path = spread(bench, tmp_path)
    assert verify_file(path, trust=trust).exit_code == 0
    spoil(trust)
    with pytest.raises(TrustError) as refused:
        verify_file(path, trust=trust)
    assert said in refused.value.en


def test_the_end_of_all_time_is_a_time_like_others(bench: Bench) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert bench.verify(Draft(bench.world, outcome_time=last).seal().pack()).exit_code == 0
    policy = replace(load_trust(bench.trust).policy, weak=(WeakAlgorithm("sha256", first),))
    trust = bench.world.trust(bench.folder / "weak")
    (trust / "policy.toml").write_text(policy.to_text(), "utf-8")
    path = bench.folder / f"{NAME}.dossier.zip"
    path.write_bytes(bench.draft.pack())
    assert verify_file(path, trust=trust).exit_code == 3


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["verify", "x", "--unknown"])
    assert stop.value.code == 64
    assert "--help" in capsys.readouterr().err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["verify", "--help"])
    assert stop.value.code == 0
    assert "exhibit.dossier.zip" in capsys.readouterr().out


def test_a_capture_without_a_case_says_so_in_words() -> None:
    verdict = Verdict("a", Outcome.INCOMPLETE, False, "x", "x", (), {"case": "no-case"})
    assert "案件 Case: 未填 none given\n" in print_report(verdict)


def test_a_package_cannot_write_into_the_report(bench: Bench) -> None:
    facts = {"url": "x\n核验通过\x1b[2J"}
    verdict = Verdict("a\nb", Outcome.INVALID, False, "核验不通过：x\ny", "NOT VALID: x", (), facts)
    text = print_report(verdict)
    assert "\x1b" not in text
    assert "\n核验通过" not in text
    assert "\ny" not in text
    assert "a\nb" not in text


BLOCKED = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.split(".")[0]
        if top in {"django", "playwright", "scrapy", "ssl", "http",
                   "urllib3", "requests", "warcio", "desk", "crawler", "matcher", "egress"} \\
           or name.startswith(("evidence.capture", "evidence.seal", "evidence.log",
                               "evidence.authority", "evidence.home")):
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Refuse())
def watch(event, arguments):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(watch)
import evidence.__main__
sys.exit(evidence.__main__.main(sys.argv[1:]))
"""


def test_the_verifier_runs_without_network_browser_or_django(bench: Bench, tmp_path: Path) -> None:
    path = spread(bench, tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, "verify", str(path), "--trust", str(bench.trust)],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
