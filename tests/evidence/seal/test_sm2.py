"""A page sealed with two authorities, one of which signs with SM2 and SM3; the whole way."""

from __future__ import annotations

from pathlib import Path

from evidence.authority import create_local
from evidence.seal import Status
from tests.evidence.authority.places import REPLY, Answer, Asked, granting, now, serving
from tests.evidence.authority.sm2place import Sm2Authority
from tests.evidence.seal.rig import Recorded, home_at, run, verdict


def test_sealed_and_verified(recorded: Recorded, tmp_path: Path) -> None:
    sm2, local = Sm2Authority.new(tmp_path / "sm2"), create_local(tmp_path / "far", now=now())
    home = home_at(tmp_path / "home")
    (home.authority / "sm2.pem").write_bytes(sm2.roots)
    (home.authority / "far.pem").write_bytes(local.roots)

    def reply(asked: Asked) -> Answer:
        return 200, REPLY, sm2.answer(asked.body)

    with serving(reply) as one, serving(granting(local)) as other:
        (home.authority / "authorities.toml").write_text(
            f'[[authorities]]\nname = "sm2"\nurl = "{one}"\nroots = "sm2.pem"\ndigest = "sm3"\n'
            f'[[authorities]]\nname = "far"\nurl = "{other}"\nroots = "far.pem"\n',
            encoding="utf-8",
        )
        home.update_trust(now=now(), why="update")
        result = run(recorded, home.path, tmp_path / "A.wacz")
    assert result.status is Status.SEALED
    found = verdict(tmp_path / "A.dossier.zip", home.trust)
    assert found["exit"] == 0
    assert [(t["authority"], t["trusted"]) for t in found["facts"]["tokens"]] == [
        ("far", True), ("sm2", True),
    ]  # fmt: skip
    path = tmp_path / "A.sm2.tsr"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    wrong = verdict(tmp_path / "A.wacz", home.trust)
    assert wrong["exit"] == 1
    assert any("sm2.tsr" in str(claim) for claim in wrong["claims"])
