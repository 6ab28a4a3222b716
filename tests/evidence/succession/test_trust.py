"""The trust folder: exported with its fingerprint sheet, brought up to date, never in silence."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desk.cli import main
from desk.commands.trust import warn_stale
from evidence.capture import find_browser
from evidence.errors import InputError, TrustError
from evidence.format.ledger import FormerSigner, Ledger, Revoked
from evidence.home import EvidenceHome, open_home
from evidence.succession.export import export_trust
from evidence.trustfolder import read_policy
from evidence.verify.trust import load_trust

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


def public() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


@pytest.fixture
def home(tmp_path: Path) -> EvidenceHome:
    return open_home(tmp_path / "home", clock=lambda: NOW)


def test_the_sheet_has_the_digests_that_sha256sum_prints(
    home: EvidenceHome, tmp_path: Path
) -> None:
    made = export_trust(home, tmp_path / "out", now=NOW)
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"], cwd=made.trust, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
    text, page = made.text.read_text("utf-8"), made.page.read_text("utf-8")
    for path in [*sorted(made.trust.rglob("*.*")), made.trust / "SHA256SUMS"]:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        groups = [digest[at : at + 4] for at in range(0, 64, 4)]
        assert " ".join(groups[:8]) in text
        assert " ".join(groups[8:]) in text
        assert "".join(f"<span>{group}</span>" for group in groups) in page
    assert "2026-03-01 08:00 UTC+00:00" in text
    assert read_policy(made.trust) == read_policy(home.trust)
    with pytest.raises(TrustError, match=r"give .*out/trust\."):
        load_trust(tmp_path / "out")
    assert max(len(line.encode("gb18030")) for line in text.splitlines()) <= 110


def test_nothing_is_replaced_by_an_export(home: EvidenceHome, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").touch()
    with pytest.raises(InputError, match="not an empty folder"):
        export_trust(home, tmp_path / "out", now=NOW)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_an_authority_added_later_reaches_the_trust_folder_and_is_noted(
    home: EvidenceHome, tmp_path: Path
) -> None:
    root = (home.authority / "root.pem").read_bytes()
    (home.authority / "authorities.toml").write_text(
        '[[authorities]]\nname = "far"\nurl = "http://127.0.0.1:1/"\nroots = "root.pem"\n'
    )
    with pytest.raises(InputError, match="markseal trust update"):
        export_trust(home, tmp_path / "out", now=NOW)
    assert home.update_trust(now=NOW, why="update") == ["authorities/far.pem", "policy.toml"]
    assert home.stale_trust() == []
    assert [a.name for a in load_trust(home.trust).authorities] == ["far", "trial"]
    lines = (home.path / "evidence/trust-changes.jsonl").read_text().splitlines()
    noted = json.loads(lines[-1])
    assert noted["files"]["authorities/far.pem"] == hashlib.sha256(root).hexdigest()
    assert noted["why"] == "update"


def test_the_clock_bound_of_sealing_is_that_of_verifying(home: EvidenceHome) -> None:
    (home.authority / "authorities.toml").write_text(
        'clock_bound_seconds = 900\n[[authorities]]\nname = "far"\n'
        'url = "http://127.0.0.1:1/"\nroots = "root.pem"\n'
    )
    home.update_trust(now=NOW, why="update")
    assert load_trust(home.trust).policy.clock_bound == timedelta(minutes=15)


def test_what_a_person_decided_stays(home: EvidenceHome) -> None:
    path = home.trust / "policy.toml"
    path.write_text(path.read_text().replace("tokens = 1", "tokens = 2"))
    home.write_ledger(
        Ledger(
            signers=(FormerSigner(public(), None, NOW),),
            revoked=(Revoked(public(), NOW),),
            need=2,
            recovery=(public(), public(), public()),
        )
    )
    home.update_trust(now=NOW, why="update")
    policy = load_trust(home.trust).policy
    assert (policy.tokens, policy.recovery, len(policy.recovery_keys)) == (2, 2, 3)
    assert [item.end for item in policy.signers] == [NOW]
    assert [item.start for item in policy.revoked] == [NOW]


def test_the_ledger_prints_what_it_reads() -> None:
    ledger = Ledger(
        (FormerSigner(public(), NOW, None),), (Revoked(public(), NOW),), (), 1, (public(),)
    )
    assert Ledger.parse(ledger.to_bytes()) == ledger


@pytest.mark.browser
@pytest.mark.parametrize("keys", [0, 5, 15])
def test_the_sheet_is_one_page(home: EvidenceHome, tmp_path: Path, keys: int) -> None:
    home.write_ledger(
        Ledger(
            signers=tuple(FormerSigner(public(), None, NOW) for _ in range(keys // 3)),
            need=min(keys, 3),
            recovery=tuple(public() for _ in range(keys)),
        )
    )
    home.update_trust(now=NOW, why="update")
    made = export_trust(home, tmp_path / "out", now=NOW)
    target = tmp_path / "sheet.pdf"
    browser = [
        str(find_browser()),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-pdf-header-footer",
    ]
    where = f"--user-data-dir={tmp_path / 'profile'}"
    subprocess.run(
        [*browser, where, f"--print-to-pdf={target}", made.page.as_uri()],
        capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert target.read_bytes().count(b"/Type /Page\n") == 1


def test_a_trust_folder_that_no_longer_fits_is_told(
    home: EvidenceHome, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_stale(home)
    assert capsys.readouterr().err == ""
    (home.trust / "signer.pem").write_bytes(b"another")
    warn_stale(home)
    assert "signer.pem" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["trust", "export", "--out", "out"],
        ["trust", "update"],
        ["keys", "list"],
        ["keys", "rotate", "signer"],
        ["keys", "statement", "signer", "--out", "out"],
        ["backup", "--out", "out", "--passphrase-file", "words"],
        ["resume"],
        ["renew", "--due"],
        ["hold", "list"],
        ["erase", "--open-backups"],
    ],
)
def test_a_wrong_data_folder_is_not_made(
    tmp_path: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--home", str(tmp_path / "nowhere")]) == 64
    assert "no installation" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
