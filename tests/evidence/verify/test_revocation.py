"""Revocation data: fetched from where the certificates say, and what the verifier makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from evidence.authority import LocalAuthority, NamedAuthority, Token
from evidence.authority.revocation import RevocationData, fetch_revocation
from evidence.format.names import Sidecars, revocation_name
from evidence.format.policy import CLAIMS, Policy
from evidence.verify.papers import Papers
from evidence.verify.revocation import check_revocation
from evidence.verify.trust import Authority, Trust
from evidence.verify.verdict import Findings
from tests.evidence.authority.places import Answer, Asked, Ca, now, serving
from tests.evidence.verify.conftest import Bench

DATA = b"a manifest"
Change = Callable[[datetime], datetime | None]


@dataclass
class Bureau:
    """A CA with its list and its responder, and an authority under it that gave one token."""

    ca: Ca
    local: LocalAuthority
    token: Token
    asked: list[Asked] = field(default_factory=list)

    @property
    def leaf(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.local.home / "tsa.pem").read_bytes())

    def listing(
        self,
        revoked: datetime | None = None,
        *,
        ca: Ca | None = None,
        reason: x509.ReasonFlags = x509.ReasonFlags.superseded,
        end: timedelta = timedelta(days=7),
    ) -> bytes:
        """Return a list in which the authority's certificate is revoked from that time on."""
        signer = ca or self.ca
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.ca.root.subject)
            .last_update(now() - timedelta(days=1))
            .next_update(now() + end)
        )
        if revoked is not None:
            row = x509.RevokedCertificateBuilder().serial_number(self.leaf.serial_number)
            row = row.revocation_date(revoked).add_extension(x509.CRLReason(reason), False)
            builder = builder.add_revoked_certificate(row.build())
        return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def response(
        self, revoked: datetime | None = None, *, ca: Ca | None = None, delegated: bool = False
    ) -> bytes:
        """Return the responder's word, signed by the CA or by one that it certified for this."""
        signer = ca or self.ca
        certificate, key = signer.root, signer.key
        builder = ocsp.OCSPResponseBuilder()
        if delegated:
            certificate, key = signer.issue("responder", ExtendedKeyUsageOID.OCSP_SIGNING)
            builder = builder.certificates([certificate])
        builder = builder.add_response(
            cert=self.leaf,
            issuer=self.ca.root,
            algorithm=hashes.SHA1(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            this_update=now() - timedelta(minutes=5),
            next_update=now() + timedelta(days=1),
            revocation_time=revoked,
            revocation_reason=x509.ReasonFlags.superseded if revoked else None,
        ).responder_id(ocsp.OCSPResponderEncoding.NAME, certificate)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bureau]:
    folder = tmp_path_factory.mktemp("bureau")
    made: list[Bureau] = []

    def reply(asked: Asked) -> Answer:
        made[0].asked.append(asked)
        if asked.path == "/list":
            return 200, "application/pkix-crl", made[0].listing()
        return 200, "application/ocsp-response", made[0].response()

    with serving(reply) as address:
        ca = Ca()
        local = ca.authority(folder / "tsa", "far", address=address)
        token = NamedAuthority(local, local.roots).stamp(DATA, clock=now)
        made.append(Bureau(ca, local, token))
        yield made[0]


def test_what_the_certificates_name_is_fetched(bureau: Bureau) -> None:
    found = fetch_revocation(bureau.token.response, bureau.local.roots, proxy=None)
    assert [item.kind for item in found] == ["crl", "ocsp"]
    assert [asked.path for asked in bureau.asked] == ["/list", "/ocsp"]
    assert bureau.asked[1].headers["Content-Type"] == "application/ocsp-request"
    assert check(bureau, *found).claims[0].status.value == "valid"


def test_what_cannot_be_had_is_left_out(bureau: Bureau, tmp_path: Path) -> None:
    with serving(lambda asked: (200, "text/html", b"<html>")) as address:
        local = bureau.ca.authority(tmp_path / "tsa", "odd", address=address)
        token = NamedAuthority(local, local.roots).stamp(DATA, clock=now)
        assert fetch_revocation(token.response, local.roots, proxy=None) == []
    assert fetch_revocation(token.response, local.roots, proxy=None) == []
    assert fetch_revocation(b"junk", local.roots, proxy=None) == []


def crl(data: bytes) -> RevocationData:
    return RevocationData("crl", data)


def check(bureau: Bureau, *found: RevocationData, required: bool = False) -> Findings:
    """Return what the verifier finds with these enclosed."""
    sidecars = Sidecars("A")
    files = {
        sidecars.request("far"): bureau.token.request,
        sidecars.response("far"): bureau.token.response,
    }
    for number, item in enumerate(found, 1):
        files[revocation_name("far", number, item.kind)] = item.data
    policy = Policy(CLAIMS, 1, "log.vkey", "signer.pem", (), revocation=required)
    roots = tuple(x509.load_pem_x509_certificates(bureau.local.roots))
    trust = Trust(policy, (), (), (Authority("far", roots, trial=False),))
    findings = Findings(frozenset(CLAIMS))
    check_revocation(Papers(sidecars, files), trust, [], findings)
    return findings


def status(bureau: Bureau, *found: RevocationData, required: bool = False) -> set[str]:
    findings = check(bureau, *found, required=required)
    assert all(claim.id == "revocation" for claim in findings.claims)
    return {claim.status.value for claim in findings.claims}


def test_without_data_nothing_is_said_unless_it_is_required(bureau: Bureau) -> None:
    assert status(bureau) == set()
    findings = check(bureau, required=True)
    assert [(c.status.value, c.required) for c in findings.claims] == [("not_checked", True)]


def test_good_lists_and_responses(bureau: Bureau) -> None:
    assert status(bureau, crl(bureau.listing()), required=True) == {"valid"}
    for delegated in (False, True):
        data = bureau.response(delegated=delegated)
        assert status(bureau, RevocationData("ocsp", data)) == {"valid"}


def test_revoked_before_it_stamped(bureau: Bureau) -> None:
    before = now() - timedelta(days=1)
    assert "invalid" in status(bureau, crl(bureau.listing(before)))
    assert "invalid" in status(bureau, RevocationData("ocsp", bureau.response(before)))
    both = (crl(bureau.listing()), RevocationData("ocsp", bureau.response(before)))
    assert "invalid" in status(bureau, *both)


def test_revoked_later_counts_unless_the_key_was_stolen(bureau: Bureau) -> None:
    later = bureau.token.gen_time + timedelta(hours=1)
    assert status(bureau, crl(bureau.listing(later))) == {"valid"}
    stolen = bureau.listing(later, reason=x509.ReasonFlags.key_compromise)
    assert status(bureau, crl(stolen)) == {"not_checked"}


def test_a_list_of_another_day_does_not_count(bureau: Bureau) -> None:
    stale = bureau.listing(end=-timedelta(hours=1))
    assert status(bureau, crl(stale)) == {"not_checked"}


def test_who_is_not_the_issuer_cannot_speak(bureau: Bureau) -> None:
    impostor = Ca()
    assert "invalid" in status(bureau, crl(bureau.listing(ca=impostor)))
    forged = RevocationData("ocsp", bureau.response(ca=impostor))
    assert "invalid" in status(bureau, forged)
    forged = RevocationData("ocsp", bureau.response(ca=impostor, delegated=True))
    assert "invalid" in status(bureau, forged)


@pytest.mark.parametrize("kind", ["crl", "ocsp"])
def test_changed_bytes_are_noticed(bureau: Bureau, kind: str) -> None:
    good = bureau.listing() if kind == "crl" else bureau.response()
    for at in range(0, len(good), 11):
        data = bytearray(good)
        data[at] ^= 1
        assert "valid" not in status(bureau, RevocationData(kind, bytes(data))), at
    assert "invalid" in status(bureau, RevocationData(kind, good + b"\0"))


def test_old_dossiers_say_nothing_of_it(bench: Bench) -> None:
    verdict = bench.verify(bench.draft.pack())
    assert verdict.exit_code == 0
    assert "revocation" not in {claim.id for claim in verdict.claims}
