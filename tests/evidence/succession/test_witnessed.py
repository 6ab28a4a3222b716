"""A restored log is held against its witnesses; the successor is witnessed as well."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from desk.commands.witnesses import ask_witnesses
from evidence.log.audit import VKEY, read_vkey
from evidence.succession.backup import back_up
from evidence.succession.export import export_trust
from evidence.succession.gap import Loss, prepare_gap
from evidence.succession.recovery import read_statement, sign_statement, write_statement
from evidence.succession.restore import restore
from evidence.succession.successor import open_successor
from tests.evidence.succession.conftest import Office
from tests.evidence.succession.rig import now, seal, verdict
from tests.evidence.succession.test_backup import OPEN, WRAP
from tests.evidence.witness.fixtures import Running, serving

pytestmark = pytest.mark.soak


def name(office: Office, witness: Running) -> None:
    """Write the witness into the installation's settings and its trust folder."""
    (office.home.path / "witnesses.toml").write_text(
        f'[[witnesses]]\nname = "公证处"\nvkey = "{witness.key.text()}"\n'
        f'url = "{witness.address}"\nrelation = "notary"\n',
        encoding="utf-8",
    )
    office.home.update_trust(now=now(), why="update")


def test_a_witness_knows_more_than_the_backup(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKSEAL_ALLOW_LOOPBACK", "1")
    old = read_vkey(office.home.log / VKEY)
    with serving(tmp_path / "witness", clock=now, log=old) as witness:
        name(office, witness)
        back_up(office.home, tmp_path / "one.backup", WRAP, now=now())
        seal(office.home, tmp_path / "handed", 2)
        shutil.rmtree(office.home.path)
        found = restore(tmp_path / "one.backup", tmp_path / "new", OPEN, ask=ask_witnesses)
        assert found.ahead is not None
        assert (found.audit.size, found.ahead.head.size, found.ahead.where) == (2, 4, "公证处")
        heads = ask_witnesses(found.home, old)
    loss = Loss("backup-older", "kept", now())
    statement = prepare_gap(found.home, loss, now=now(), heads=heads)
    write_statement(tmp_path / "gap.json", statement)
    for sheet in office.sheets[:2]:
        sign_statement(tmp_path / "gap.json", sheet)
    open_successor(found.home, read_statement(tmp_path / "gap.json"), now=now())
    fresh = read_vkey(found.home.log / VKEY)
    with serving(tmp_path / "witness", clock=now, log=fresh) as witness:
        (found.home.path / "witnesses.toml").unlink()
        name(Office(found.home, office.handed_out, office.sheets), witness)
        policy = found.home.trust / "policy.toml"
        listed = '"timestamp"]'
        policy.write_text(policy.read_text().replace(listed, '"timestamp", "witness"]'))
        seal(found.home, tmp_path / "handed", 3)
        export_trust(found.home, tmp_path / "newer", now=now())
        dossier = tmp_path / "handed/3.dossier.zip"
        claims = verdict(dossier, tmp_path / "newer/trust")
        assert claims["exit"] == 0
        assert [c["status"] for c in claims["claims"] if c["id"] == "witness"] == ["valid"]
        assert [known.head.size for known in ask_witnesses(found.home, fresh)] == [3]
    print("soak: a restored log two entries behind its witness is named; its successor is cosigned")
