"""On what terms authorities are asked, and each way in which an answer can be wrong on arrival."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client._rust import parse_timestamp_request

from evidence.authority import (
    Credentials,
    LocalAuthority,
    NamedAuthority,
    RemoteAuthority,
    create_local,
    read_authorities,
    stamp,
)
from evidence.authority.client import read_response
from evidence.authority.local import POLICY
from evidence.authority.request import build_request, is_oid
from evidence.errors import AuthorityError, EvidenceError, InputError
from evidence.verify.token import parse_token, verify_token
from evidence.verify.trust import Authority
from tests.evidence.authority.places import (
    PEM,
    REPLY,
    Answer,
    Asked,
    Ca,
    granting,
    in_ber,
    now,
    private_pem,
    serving,
)

DATA = b"the manifest's bytes"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    return create_local(tmp_path_factory.mktemp("home") / "authority", now=now())


def ask(local: LocalAuthority, reply: Callable[[Asked], Answer], **terms: str) -> tuple[str, str]:
    """Return reason and sentence of the failure when an authority replies so."""
    with serving(reply) as url:
        named = NamedAuthority(RemoteAuthority("far", url, None), local.roots, **terms)
        with pytest.raises(AuthorityError) as caught:
            named.stamp(DATA, clock=now)
    assert caught.value.zh
    return caught.value.reason, caught.value.en


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_every_digest_is_asked_for_and_verifies(local: LocalAuthority, digest: str) -> None:
    named = NamedAuthority(local, local.roots, POLICY, digest)
    token = named.stamp(DATA, clock=now)
    asked = parse_timestamp_request(token.request)
    assert asked.as_bytes() == token.request
    assert bytes(asked.message_imprint.message) == hashlib.new(digest, DATA).digest()
    parsed = parse_token(token.response, "x", algorithm=None)
    assert (parsed.algorithm, asked.policy) == (digest, parsed.response.tst_info.policy)
    verify_token(parsed, parsed.digest(DATA), trusted(local))


def trusted(local: LocalAuthority) -> Authority:
    return Authority(
        local.name, tuple(x509.load_pem_x509_certificates(local.roots)), trial=local.trial
    )


def test_object_identifiers() -> None:
    assert all(map(is_oid, ("1.3.6.1.4.1.6449.2.1.1", "2.999.6.1", "0.4.0.2023.1.1")))
    assert not any(map(is_oid, ("", "1", "3.1", "1.40", "1.02", "1.3.x", "1.3\n")))
    for oid in ("1.3.6.1.4.1.6449.2.1.1", "2.999.6.1"):
        asked = parse_timestamp_request(build_request(DATA, policy=oid).data)
        assert asked.policy == x509.ObjectIdentifier(oid)


def without_policy(request: bytes) -> bytes:
    """Return the request as one would forge it that asks for no policy."""
    oid = b"\x06\x04\x88\x37\x06\x09"
    at = request.index(oid)
    return bytes([0x30, request[1] - len(oid)]) + request[2:at] + request[at + len(oid) :]


def test_a_token_under_another_policy_than_asked(local: LocalAuthority) -> None:
    def reply(asked: Asked) -> Answer:
        return 200, REPLY, local.answer(without_policy(asked.body))

    assert ask(local, reply, policy="2.999.6.9")[0] == "wrong-policy"
    assert ask(local, granting(local), policy="2.999.6.9")[0] == "refused"


def test_an_answer_of_100_megabytes_is_not_read_to_its_end(local: LocalAuthority) -> None:
    body = bytes(100 << 20)
    assert ask(local, lambda asked: (200, REPLY, body))[0] == "too-large"


def test_an_authority_that_keeps_silent(local: LocalAuthority) -> None:
    over = threading.Event()

    def reply(asked: Asked) -> Answer:
        over.wait(20)
        return 200, REPLY, b""

    with serving(reply) as url:
        with pytest.raises(AuthorityError) as caught:
            stamp(RemoteAuthority("far", url, None, seconds=0.3), DATA, clock=now)
        over.set()
    assert (caught.value.reason, caught.value.passing) == ("timeout", True)


def test_a_redirection_is_not_followed(local: LocalAuthority) -> None:
    assert ask(local, lambda asked: (302, "text/html", b""))[0] == "http-error"


def test_html_and_a_busy_server(local: LocalAuthority) -> None:
    assert ask(local, lambda asked: (200, "text/html", b"<html>"))[0] == "not-a-token"
    assert ask(local, lambda asked: (200, REPLY, b"0<html>"))[0] == "not-a-token"
    assert ask(local, lambda asked: (503, "text/plain", b""))[0] == "busy"


def test_a_certificate_that_has_ended(local: LocalAuthority, tmp_path: Path) -> None:
    old = create_local(tmp_path / "old", now=now() - timedelta(days=365 * 11))
    reason, sentence = ask(old, granting(old))
    assert reason == "certificate"
    assert "expired" in sentence


def test_another_authority_in_its_place(local: LocalAuthority, tmp_path: Path) -> None:
    other = create_local(tmp_path / "other", now=now())
    assert ask(local, granting(other))[0] == "certificate"


def test_a_clock_one_hour_off(local: LocalAuthority) -> None:
    named = NamedAuthority(local, local.roots)
    for off in (timedelta(hours=1), -timedelta(hours=1)):
        with pytest.raises(AuthorityError, match="more than 5 minutes") as caught:
            named.stamp(DATA, clock=lambda off=off: now() + off)  # type: ignore[misc]
        assert caught.value.reason == "clock"
    with pytest.raises(AuthorityError, match=r"more than 0\.5 minutes"):
        named.stamp(DATA, clock=lambda: now() + timedelta(minutes=1), bound=timedelta(seconds=30))


def test_an_answer_in_ber_is_kept_as_it_came_and_verified_by_openssl(
    local: LocalAuthority,
) -> None:
    def reply(asked: Asked) -> Answer:
        return 200, REPLY, in_ber(local.answer(asked.body))

    with serving(reply) as url:
        named = NamedAuthority(RemoteAuthority("far", url, None), local.roots)
        token = named.stamp(DATA, clock=now)
    assert token.response[:2] == b"\x30\x80"
    parsed = parse_token(token.response, "x")
    assert parsed.ber == token.response
    assert verify_token(parsed, parsed.digest(DATA), trusted(local)) == token.gen_time
    for bad in (token.response + b"\0", token.response[:-2], token.response[:-40]):
        with pytest.raises(EvidenceError):
            parse_token(bad, "x")
    signature = bytearray(token.response)
    signature[-20] ^= 1
    changed = parse_token(bytes(signature), "x")
    with pytest.raises(EvidenceError):
        verify_token(changed, changed.digest(DATA), trusted(local))
    assert read_response(b"0") is None


def test_a_changed_byte_of_a_token_is_noticed(local: LocalAuthority) -> None:
    """The version and algorithm fields too, which the signature of CMS does not cover."""
    token = NamedAuthority(local, local.roots).stamp(DATA, clock=now)
    digest = hashlib.sha256(DATA).digest()
    size = len(token.response)
    for at in (*range(30, 38), *range(size // 2, size - 130, 60), *range(size - 130, size, 2)):
        data = bytearray(token.response)
        data[at] ^= 1
        with pytest.raises(EvidenceError):
            verify_token(parse_token(bytes(data), "x"), digest, trusted(local))


def test_user_and_password_are_sent_and_refusal_is_told(local: LocalAuthority) -> None:
    def reply(asked: Asked) -> Answer:
        known = asked.headers.get("Authorization") == "Basic dXNlcjrlr4bnoIE="
        return granting(local)(asked) if known else (401, "text/plain", b"")

    with serving(reply) as url:
        far = RemoteAuthority("far", url, None, credentials=Credentials("user", "密码"))
        assert stamp(far, DATA, clock=now).authority == "far"
        assert "密码" not in repr(far)
        with pytest.raises(AuthorityError, match="credentials") as caught:
            stamp(replace(far, credentials=Credentials()), DATA, clock=now)
    assert (caught.value.reason, caught.value.passing) == ("credentials", False)


def test_a_clients_certificate_over_tls(local: LocalAuthority, tmp_path: Path) -> None:
    ca = Ca()
    for name, purpose in (
        ("server", ExtendedKeyUsageOID.SERVER_AUTH),
        ("client", ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        certificate, key = ca.issue(name, purpose)
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(PEM))
        (tmp_path / f"{name}.key").write_bytes(private_pem(key))
    roots = tmp_path / "roots.pem"
    roots.write_bytes(ca.root.public_bytes(PEM))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    tls.load_verify_locations(roots)
    tls.verify_mode = ssl.CERT_REQUIRED
    known = Credentials(
        certificate=str(tmp_path / "client.pem"),
        key=str(tmp_path / "client.key"),
        tls_roots=str(roots),
    )
    with serving(granting(local), tls=tls) as url:
        far = RemoteAuthority("far", url, None, credentials=known)
        assert stamp(far, DATA, clock=now)
        for other in (Credentials(tls_roots=str(roots)), Credentials()):
            with pytest.raises(AuthorityError, match="could not be reached"):
                stamp(replace(far, credentials=other), DATA, clock=now)


GOOD = '[[authorities]]\nname = "a"\nurl = "https://tsa.example/"\nroots = "a.pem"\n'


def write(folder: Path, local: LocalAuthority, text: str) -> Path:
    (folder / "a.pem").write_bytes(local.roots)
    for name, mode in (("secret", 0o600), ("open", 0o644)):
        (folder / name).write_text("word\n", encoding="utf-8")
        (folder / name).chmod(mode)
    path = folder / "authorities.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_authorities_as_they_are_set(local: LocalAuthority, tmp_path: Path) -> None:
    rest = (
        'policy = "1.2.3"\ndigest = "sha512"\ntimeout_seconds = 5\nuser = "u"\n'
        'password_file = "secret"\ntrial = true\n'
    )
    text = "tokens = 1\nclock_bound_seconds = 60\n" + GOOD + rest + GOOD.replace('"a"', '"b"', 1)
    found = read_authorities(write(tmp_path, local, text), proxy="127.0.0.1:9")
    assert (found.tokens, found.clock_bound) == (1, timedelta(seconds=60))
    first, second = found.named
    assert (first.policy, first.digest, first.authority.trial) == ("1.2.3", "sha512", True)
    assert isinstance(first.authority, RemoteAuthority)
    assert (first.authority.seconds, first.authority.proxy) == (5.0, "127.0.0.1:9")
    assert first.authority.credentials == Credentials("u", "word")
    assert (second.policy, second.digest) == (None, "sha256")
    plain = read_authorities(write(tmp_path, local, GOOD), proxy=None)
    assert (plain.tokens, plain.clock_bound) == (1, timedelta(minutes=5))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "authorities = []",
        "authorities = 1",
        GOOD + GOOD,
        GOOD.replace('"a"', '"A"', 1),
        GOOD.replace("https:", "ftp:"),
        GOOD.replace("a.pem", "none.pem"),
        GOOD + "unknown = 1\n",
        GOOD + 'policy = "x"\n',
        GOOD + 'digest = "md5"\n',
        GOOD + "timeout_seconds = 0\n",
        GOOD + "timeout_seconds = 1000\n",
        GOOD + 'user = "u"\n',
        GOOD + 'password_file = "secret"\n',
        GOOD + 'user = "u"\npassword_file = "open"\n',
        GOOD + 'key = "secret"\n',
        GOOD + 'trial = "yes"\n',
        GOOD.replace("https:", "http:") + 'user = "u"\npassword_file = "secret"\n',
        "tokens = 2\n" + GOOD,
        "tokens = 0\n" + GOOD,
        "clock_bound_seconds = 0\n" + GOOD,
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    local: LocalAuthority, tmp_path: Path, text: str
) -> None:
    with pytest.raises(InputError, match="not usable") as caught:
        read_authorities(write(tmp_path, local, text), proxy=None)
    assert caught.value.zh
