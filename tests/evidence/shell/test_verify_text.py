"""VERIFY.txt executed exactly as written, with sh, unzip, openssl and coreutils alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.authority import NamedAuthority
from evidence.format import names
from evidence.format.caseexport import CaseExport
from evidence.format.entry import CaseClosed, parse_entry
from evidence.format.names import Sidecars
from evidence.format.tlogproof import TlogProof
from evidence.format.verifytext import VERSIONS, render_verify_text
from tests.evidence.authority.places import now
from tests.evidence.authority.sm2place import Sm2Authority
from tests.evidence.builder import NAME, Draft, Tsa, World, png, zipped
from tests.evidence.keeping.authorities import Dated
from tests.evidence.keeping.years import Stand
from tests.evidence.rich import rich
from tests.evidence.shell.run import NOT_KNOWN, ShellResult, run_verify_text
from tests.evidence.shell.whole import WITNESS_KEY, Whole, awkward, trusting

OLD = Path(__file__).resolve().parents[1] / "verify/old"
SIDECARS = Sidecars(NAME)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return awkward(World.create(tmp_path_factory.mktemp("shell") / "world"))


@pytest.fixture(scope="module")
def whole(world: World) -> Whole:
    return Whole(world).seal()


@pytest.fixture
def trust(world: World, tmp_path: Path) -> Path:
    return trusting(world, tmp_path / "trust")


def run(
    folder: Path, parts: dict[str, bytes] | bytes, trust: Path | None, *, own: bool = True
) -> ShellResult:
    """Run the text on a dossier; not ``own``: that of the untouched dossier, kept elsewhere."""
    path = folder / f"{NAME}.dossier.zip"
    path.write_bytes(zipped(parts) if isinstance(parts, dict) else parts)
    text = None if own else render_verify_text(NAME, ["local"], names.REQUIRED).decode()
    return run_verify_text(path, trust, text=text)


def test_everything_holds(whole: Whole, trust: Path, tmp_path: Path) -> None:
    result = run(tmp_path, whole.parts(), trust)
    assert (result.exit_code, result.failed) == (0, [])
    assert WITNESS_KEY.text().count("+") > 2
    assert "not found" not in result.output
    for name in names.REQUIRED:
        assert f"OK {name}\n" in result.output
    for line in (
        "OK trust folder: as SHA256SUMS lists it\n",
        "OK token local: 2",
        "OK signature\n",
        "OK attempt: for this case\n",
        "OK outcome: names this package\n",
        "OK checkpoint: signed by the log\n",
        "OK inclusion: attempt is entry 3 of 5\n",
        "OK inclusion: outcome is entry 4 of 5\n",
        "OK witness notary.example/w: 2",
        "OK attempt's token local: the capture began not earlier than 2",
        "OK checkpoint token local: the log had both entries by 2",
        "OK chain: outcome follows attempt\n",
        "OK case: closed by the last entry, 2 attempts, each with its outcome\n",
        "NOTE token local: 试用机构",
        "VALID 以上各项均成立",
    ):
        assert line in result.output


def test_every_optional_file_is_told_too(world: World, tmp_path: Path) -> None:
    draft = rich(world).seal()
    result = run(tmp_path, draft.parts(), world.trust(tmp_path / "trust"))
    assert result.exit_code == 0
    for name in (*draft.artefacts, "technical review 技术核查记录"):
        assert f"OK {name}\n" in result.output


def test_without_a_trust_folder_nothing_is_trusted(whole: Whole, tmp_path: Path) -> None:
    result = run(tmp_path, whole.parts(), None)
    assert (result.exit_code, result.failed) == (3, [])
    assert "UNDECIDED" in result.output


def test_an_ended_certificate_is_judged_at_the_token_s_time(tmp_path: Path) -> None:
    then = datetime(2021, 3, 1, tzinfo=UTC)
    dated = Dated("local", then - timedelta(days=9), then + timedelta(days=300), then)
    keys = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
    world = World(tmp_path, keys[0], keys[1], Stand(dated))
    draft = Draft(world, now=then - timedelta(seconds=2)).seal()
    trust = world.trust(tmp_path / "trust")
    result = run(tmp_path, draft.parts(), trust)
    assert (result.exit_code, result.failed) == (0, [])
    assert (
        "OK token local: 2021-03-01T00:00:00Z\nNOTE token local: 机构证书现已到期" in result.output
    )
    dated.now = then + timedelta(days=301)
    late = draft.world.tsa.stamp(draft.inner[names.MANIFEST])
    draft.papers |= {f"{NAME}.local.tsq": late[0], f"{NAME}.local.tsr": late[1]}
    assert "FAILED token local" in run(tmp_path, draft.parts(), trust).failed


def test_a_dossier_of_an_earlier_version(tmp_path: Path) -> None:
    result = run_verify_text(OLD / "old.dossier.zip", OLD / "trust")
    assert result.exit_code == 0
    assert "OK signature\n" in result.output


def test_another_text_is_not_run(whole: Whole, trust: Path, tmp_path: Path) -> None:
    forged = whole.parts() | {names.VERIFY_TEXT: b"$ echo OK\n"}
    assert run(tmp_path, forged, trust) == ShellResult(2, f"{NOT_KNOWN}\n")


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_told_from_the_others(version: int, tmp_path: Path) -> None:
    text = render_verify_text(NAME, ["a", "b"], version=version)
    path = tmp_path / f"{NAME}.dossier.zip"
    path.write_bytes(zipped({names.VERIFY_TEXT: text + b"$ echo\n"}))
    assert run_verify_text(path, None).exit_code == 2


def test_every_altered_file_fails(whole: Whole, trust: Path, tmp_path: Path) -> None:
    inner = {n: d[:-1] + bytes([d[-1] ^ 1]) for n, d in whole.inner.items() if n in names.REQUIRED}
    parts = whole.parts() | {SIDECARS.wacz: zipped(whole.inner | inner)}
    failed = run(tmp_path, parts, trust).failed
    assert [f"FAILED {name}" for name in sorted(names.REQUIRED)] == failed[: len(inner)]
    assert "FAILED outcome: names this package" in failed


Parts = dict[str, bytes]
QUICK = ("trailing_byte", "signed_by_another", "path_edited", "case_without_its_failed_attempt")
CRIMES: dict[str, tuple[Callable[[Whole], Parts | bytes], str]] = {}


def crime(line: str) -> Callable[[Callable[[Whole], Parts | bytes]], None]:
    """Register a tampering under its name; ``line`` must be among those that fail."""

    def add(function: Callable[[Whole], Parts | bytes]) -> None:
        CRIMES[function.__name__] = (function, line)

    return add


def put(whole: Whole, **files: bytes) -> Parts:
    """Return the parts with some papers replaced, named by a key of ``Sidecars``."""
    return whole.parts() | {str(getattr(SIDECARS, name)): data for name, data in files.items()}


@crime("FAILED dossier: no bytes besides its files")
def trailing_byte(whole: Whole) -> bytes:
    return whole.pack() + b"\0"


@crime("FAILED dossier: no bytes besides its files")
def prepended_byte(whole: Whole) -> bytes:
    return b"\0" + whole.pack()


@crime("FAILED package: exactly the listed files")
def artefact_added(whole: Whole) -> Parts:
    inner = dict(sorted((whole.inner | {names.strip_name(1): png()}).items()))
    return put(whole, wacz=zipped(inner))


@crime("FAILED dossier: file passwd does not belong here")
def paper_added(whole: Whole) -> Parts:
    return whole.parts() | {"passwd": b"x"}


@crime("FAILED signature")
def manifest_edited(whole: Whole) -> Parts:
    data = whole.inner[names.MANIFEST].replace(b"markseal test", b"markseal Test")
    return put(whole, wacz=zipped(whole.inner | {names.MANIFEST: data}))


@crime("FAILED signature")
def signed_by_another(whole: Whole) -> Parts:
    key = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
    return Whole(whole.world, signer=key).seal().parts()


@crime("FAILED token local")
def token_of_another(whole: Whole) -> Parts:
    return whole.parts() | {f"{NAME}.local.tsr": whole.world.tsa.stamp(b"another")[1]}


@crime("FAILED token local")
def token_answers_another_request(whole: Whole) -> Parts:
    asked = whole.world.tsa.stamp(whole.inner[names.MANIFEST])[0]
    return whole.parts() | {f"{NAME}.local.tsq": asked}


@crime("FAILED inclusion: outcome is entry 4 of 5")
def path_edited(whole: Whole) -> Parts:
    proof = TlogProof.parse(whole.papers[SIDECARS.outcome_proof])
    hashes = (b"\0" * 32, *proof.hashes[1:])
    return put(whole, outcome_proof=replace(proof, hashes=hashes).to_bytes())


@crime("FAILED inclusion: outcome is entry 4 of 5")
def path_longer(whole: Whole) -> Parts:
    proof = TlogProof.parse(whole.papers[SIDECARS.outcome_proof])
    return put(whole, outcome_proof=replace(proof, hashes=(*proof.hashes, b"\0" * 32)).to_bytes())


@crime("FAILED attempt: the manifest names this entry")
def index_edited(whole: Whole) -> Parts:
    proof = TlogProof.parse(whole.papers[SIDECARS.attempt_proof])
    return put(whole, attempt_proof=replace(proof, index=2).to_bytes())


@crime("FAILED inclusion: outcome is entry 999999999999999 of 5")
def index_is_a_command(whole: Whole) -> Parts:
    data = whole.papers[SIDECARS.outcome_proof].replace(b"index 4", b"index x[$(echo)]")
    return put(whole, outcome_proof=data)


@crime("FAILED checkpoint: signed by the log")
def checkpoint_size_edited(whole: Whole) -> Parts:
    return {
        n: d.replace(b"\n5\n", b"\n6\n") if n.endswith("-proof") else d
        for n, d in whole.parts().items()
    }


@crime("FAILED outcome: names this manifest")
def outcome_edited(whole: Whole) -> Parts:
    data = whole.papers[SIDECARS.outcome]
    return put(whole, outcome=data.replace(b'"manifest_sha256":"', b'"manifest_sha256":"0', 1))


@crime("FAILED witness notary.example/w: 2")
def cosignature_edited(whole: Whole) -> Parts:
    parts = whole.parts()
    for name in (SIDECARS.attempt_proof, SIDECARS.outcome_proof):
        at = parts[name].rindex(b" ") + 60
        swapped = b"A" if parts[name][at : at + 1] != b"A" else b"B"
        parts[name] = parts[name][:at] + swapped + parts[name][at + 1 :]
    return parts


@crime("FAILED witnesses: as many as the trust folder requires (1)")
def cosignature_dropped(whole: Whole) -> Parts:
    parts = whole.parts()
    for name in (SIDECARS.attempt_proof, SIDECARS.outcome_proof):
        parts[name] = parts[name][: parts[name].rindex("— ".encode())]
    return parts


@crime("FAILED order: attempt, capture, tokens, outcome")
def backdated(whole: Whole) -> Parts:
    return Whole(whole.world, now=whole.now - timedelta(hours=2)).seal().parts()


@crime("FAILED witness notary.example/w: cosigned before the outcome")
def cosigned_before(whole: Whole) -> Parts:
    return Whole(whole.world, cosigned=whole.now - timedelta(hours=2)).seal().parts()


@crime("FAILED checkpoint token local: the log had both entries by 2")
def checkpoint_token_of_another(whole: Whole) -> Parts:
    asked, answered = whole.world.tsa.stamp(b"another")
    return whole.parts() | {
        f"{NAME}.checkpoint.local.tsq": asked,
        f"{NAME}.checkpoint.local.tsr": answered,
    }


@crime("FAILED case: closed by the last entry, 1 attempts, each with its outcome")
def case_without_its_failed_attempt(whole: Whole) -> Parts:
    return put(whole, case=whole.export(whole.mine[2:]).to_bytes())


@crime("FAILED case: witnesses: as many as the trust folder requires (1)")
def case_not_cosigned(whole: Whole) -> Parts:
    export = replace(whole.export(whole.mine), checkpoint=whole.head())
    return put(whole, case=export.to_bytes())


@crime("FAILED case: entry 1")
def case_entry_edited(whole: Whole) -> Parts:
    entry = whole.entries[1].replace(b'"number":1', b'"number":7')
    return put(whole, case=whole.export(whole.mine, {1: entry}).to_bytes())


@crime("FAILED case: entry 6")
def closing_forged(whole: Whole) -> Parts:
    closing = parse_entry(whole.entries[6])
    assert isinstance(closing, CaseClosed)
    lying = replace(closing, attempts=1, failed=0).to_bytes()
    return put(whole, case=whole.export(whole.mine[2:], {6: lying}).to_bytes())


@crime("FAILED case: its checkpoint is signed by the log")
def case_under_another_checkpoint(whole: Whole) -> Parts:
    export = CaseExport.parse(whole.papers[SIDECARS.case], "x")
    note = export.checkpoint.replace(b"\n7\n", b"\n8\n") if b"\n7\n" in export.checkpoint else b""
    return put(whole, case=replace(export, checkpoint=note).to_bytes())


@crime("FAILED case: this exhibit's two entries are among them")
def case_of_another_exhibit(whole: Whole) -> Parts:
    other = Whole(whole.world, now=whole.now - timedelta(seconds=1)).seal()
    return put(whole, case=other.papers[SIDECARS.case])


def caught(name: str, whole: Whole, trust: Path, folder: Path) -> str:
    """Return nothing where a tampering fails as it should, else what was said of it."""
    make, line = CRIMES[name]
    result = run(folder, make(whole), trust, own=False)
    named = [found for found in result.failed if found.startswith(line)]
    told = named and result.exit_code == 1 and "NOT VALID" in result.output
    return "" if told else f"{name}: {result.exit_code} {result.failed}"


@pytest.mark.parametrize("name", QUICK)
def test_a_tampering_fails_and_is_named(
    name: str, whole: Whole, trust: Path, tmp_path: Path
) -> None:
    assert caught(name, whole, trust, tmp_path) == ""


@pytest.mark.parametrize(
    ("name", "shell"),
    [
        (SIDECARS.attempt_proof, "bash"),
        pytest.param(SIDECARS.attempt_proof, "sh", marks=pytest.mark.soak),
        pytest.param(SIDECARS.outcome_proof, "sh", marks=pytest.mark.soak),
        pytest.param(SIDECARS.outcome_proof, "bash", marks=pytest.mark.soak),
    ],
)
def test_no_number_is_run_as_a_command(
    name: str, shell: str, whole: Whole, trust: Path, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    for field in (b"\nindex ", b"markseal\n"):
        at = whole.papers[name].index(field) + len(field)
        data = whole.papers[name]
        data = data[:at] + f"a[$(: > {made})]".encode() + data[data.index(b"\n", at) :]
        path = tmp_path / f"{NAME}.dossier.zip"
        path.write_bytes(zipped(whole.parts() | {name: data}))
        result = run_verify_text(path, trust, shell=shell)
        assert result.exit_code == 1
        assert "NOT VALID" in result.output
        assert not made.exists()


@pytest.mark.soak
def test_every_tampering_fails_and_is_named(whole: Whole, trust: Path, tmp_path: Path) -> None:
    assert [told for n in CRIMES if (told := caught(n, whole, trust, tmp_path))] == []
    print(f"soak: VERIFY.txt, executed as written, names each of {len(CRIMES)} tamperings")


def test_a_foreign_authority_fails(whole: Whole, trust: Path, tmp_path: Path) -> None:
    foreign = Tsa(tmp_path / "foreign", subject="Test Root")
    (trust / "authorities/local.pem").write_bytes(foreign.root)
    (trust / "SHA256SUMS").unlink()
    assert "FAILED token local" in run(tmp_path, whole.parts(), trust).failed


REVOKED = {
    'key_sha256 = "{key}"\nfrom = "2020-01-01T00:00:00.000000Z"\n': 1,
    'key_sha256 = "{key}"\nfrom = "2999-01-01T00:00:00.000000Z"\n': 0,
    'from = "2999-01-01T00:00:00.000000Z"\nkey_sha256 = "{key}"\n': 1,
    'key_sha256 = "{key}"\nfrom = "2999-01-01T00:00:00.000000Z"\nlog = "log.example/markseal"\n'
    "index = 6\n": 0,
    'key_sha256 = "{key}"\nfrom = "2999-01-01T00:00:00.000000Z"\nlog = "log.example/markseal"\n'
    "index = 5\n": 1,
}
"""The table of a policy; one is in an order that the text does not read, and fails."""


@pytest.mark.soak
def test_a_revoked_key_counts_only_before_and_a_gap_is_no_fault(
    world: World, tmp_path: Path
) -> None:
    whole = Whole(world, gap=True).seal()
    key = whole.inner[names.MANIFEST].decode().split('"key_sha256":"')[1][:64]
    for number, (table, code) in enumerate(REVOKED.items()):
        extra = "\n[[revoked]]\n" + table.format(key=key)
        trust = trusting(world, tmp_path / f"trust{number}", extra)
        result = run(tmp_path, whole.parts(), trust)
        assert result.exit_code == code, result.failed
        assert "chain: outcome" not in result.output
    print("soak: VERIFY.txt weighs revoked keys by the time of the tokens")


@pytest.mark.soak
def test_an_sm2_token_is_not_checked_and_fewer_tokens_were_enough_before(
    world: World, tmp_path: Path
) -> None:
    sm2 = Sm2Authority.new(tmp_path / "sm2")
    draft = Draft(world).seal()
    manifest = draft.inner[names.MANIFEST]
    token = NamedAuthority(sm2, sm2.roots, None, "sm3").stamp(manifest, clock=now)
    draft.papers |= {f"{NAME}.sm2.tsq": token.request, f"{NAME}.sm2.tsr": token.response}
    given = draft.parts() | draft.papers | {names.certificate_name("sm2"): sm2.roots}
    given[names.VERIFY_TEXT] = render_verify_text(NAME, ["local", "sm2"], draft.artefacts)
    parts = {n: given[n] for n in SIDECARS.dossier_order(("local", "sm2"))}
    listed = '\n[[authorities]]\nname = "sm2"\nroots = "authorities/sm2.pem"\ntrial = false\n'
    earlier = '\n[[earlier_tokens]]\ntokens = 1\nbefore = "2999-01-01T00:00:00.000000Z"\n'
    for number, (extra, code) in enumerate({listed: 3, listed + earlier: 0}.items()):
        trust = world.trust(tmp_path / f"trust{number}", tokens=2)
        (trust / "authorities/sm2.pem").write_bytes(sm2.roots)
        with (trust / "policy.toml").open("a") as policy:
            policy.write(extra)
        result = run(tmp_path, parts, trust)
        assert "NOTE token sm2: SM2" in result.output
        assert result.failed == []
        assert result.exit_code == code, result.failed
    print("soak: VERIFY.txt says of an SM2 token that it is not checked")


@pytest.mark.soak
def test_what_a_trust_folder_requires_is_weighed_or_left_undecided(
    world: World, whole: Whole, tmp_path: Path
) -> None:
    rows = (
        ("cosignatures = 1", "cosignatures = 1\nindependent = true", 0),
        ('relation = "notary"', 'relation = "party"', 0),
        ("cosignatures = 1", "cosignatures = 2", 1),
        ("tokens = 1", "tokens = 2", 1),
        ("tokens = 1", "tokens = 1\nrevocation = true", 3),
        ('"case"]', '"case", "review"]', 1),
    )
    for number, (before, after, code) in enumerate(rows):
        trust = trusting(world, tmp_path / f"trust{number}")
        (trust / "SHA256SUMS").unlink()
        policy = (trust / "policy.toml").read_text("utf-8")
        assert before in policy
        (trust / "policy.toml").write_text(policy.replace(before, after), "utf-8")
        result = run(tmp_path, whole.parts(), trust)
        assert result.exit_code == code, (after, result.failed)
    independent = policy.replace(*rows[0][:2]).replace(*rows[1][:2]).replace(*reversed(rows[5][:2]))
    (trust / "policy.toml").write_text(independent, "utf-8")
    failed = run(tmp_path, whole.parts(), trust).failed
    assert failed == ["FAILED witnesses: one of them neither party nor operator"]
    print(f"soak: VERIFY.txt weighs {len(rows) + 1} requirements of a trust folder")
