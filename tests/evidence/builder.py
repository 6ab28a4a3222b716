"""Builds dossiers for tests from ``evidence.format`` and ``openssl ts``: no browser, no writer.

``World`` is one installation (keys, authority, log); ``Draft`` is one dossier before it is
packed, every part of which a test may change before or after sealing.
"""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence.format import jcs, merkle, names
from evidence.format.attempt import AttemptRecord, case_tag, url_commitment
from evidence.format.cdxj import IndexLine, print_index, print_pages
from evidence.format.checkpoint import Checkpoint
from evidence.format.datapackage import build_datapackage, build_datapackage_digest
from evidence.format.digests import ZERO, Digests, digest_bytes, sha256_hex, sm3_hex
from evidence.format.entry import Attempt, Sealed, entry_hash
from evidence.format.manifest import Artefact, Manifest, key_digest, sign_manifest
from evidence.format.names import Sidecars
from evidence.format.note import NoteKey, sign_note
from evidence.format.policy import CLAIMS, Policy, TrustedAuthority
from evidence.format.times import format_time
from evidence.format.tlogproof import TlogProof
from evidence.format.verifytext import render_verify_text
from evidence.format.zipform import ZipPart, write_zip

NAME = "exhibit"
URL = "https://shop.example/item/1"
CAPTURE_ID = "0123456789abcdef0123456789abcdef"
SALT = "11" * 32
ORIGIN = "log.example/markseal"

TSA_CONFIG = """
[ req ]
distinguished_name = dn
[ dn ]
[ ca ]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[ tsa_ext ]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ no_eku ]
basicConstraints = critical,CA:false
[ tsa ]
default_tsa = local
[ local ]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(*arguments: str | Path) -> bytes:
    """Run openssl and return its output."""
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, check=False, timeout=60
    )
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return done.stdout


class Tsa:
    """A timestamp authority in ``folder``: a root and a signer made with openssl."""

    def __init__(
        self, folder: Path, subject: str = "Test Root", extension: str = "tsa_ext"
    ) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.config = folder / "tsa.cnf"
        self.config.write_text(TSA_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config")
        root, key = folder / "root.pem", folder / "root.key"
        tail = ("-x509", "-days", "3650", "-subj", f"/CN={subject}", "-extensions", "ca")
        openssl(*new, self.config, *tail, "-keyout", key, "-out", root)
        request = folder / "tsa.csr"
        tail = ("-subj", f"/CN={subject} TSA")
        openssl(*new, self.config, *tail, "-keyout", folder / "tsa.key", "-out", request)
        issue = ("x509", "-req", "-in", request, "-CA", root, "-CAkey", key, "-days", "3650")
        extra = ("-extfile", self.config, "-extensions", extension, "-set_serial", "7")
        openssl(*issue, *extra, "-out", folder / "tsa.pem")

    @property
    def root(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def stamp(self, data: bytes) -> tuple[bytes, bytes]:
        """Return request and response over the SHA-256 of ``data``."""
        paths = [self.folder / n for n in ("data", "query.tsq", "reply.tsr")]
        paths[0].write_bytes(data)
        openssl("ts", "-query", "-data", paths[0], "-sha256", "-cert", "-out", paths[1])
        openssl("ts", "-reply", "-config", self.config, "-queryfile", paths[1], "-out", paths[2])
        return paths[1].read_bytes(), paths[2].read_bytes()


@dataclass(frozen=True)
class World:
    """Keys and authority of one installation."""

    folder: Path
    signer: Ed25519PrivateKey
    log_key: Ed25519PrivateKey
    tsa: Tsa

    @classmethod
    def create(cls, folder: Path) -> World:
        keys = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
        return cls(folder, keys[0], keys[1], Tsa(folder / "tsa"))

    @property
    def note_key(self) -> NoteKey:
        return NoteKey(ORIGIN, self.log_key.public_key().public_bytes_raw())

    @property
    def signer_pem(self) -> bytes:
        form = PublicFormat.SubjectPublicKeyInfo
        return self.signer.public_key().public_bytes(Encoding.PEM, form)

    def trust(self, folder: Path, *, trial: bool = False, tokens: int = 1) -> Path:
        """Write the trust folder of this installation and return its path."""
        (folder / "authorities").mkdir(parents=True)
        authority = TrustedAuthority("local", "authorities/local.pem", trial)
        policy = Policy(CLAIMS, tokens, "log.vkey", "signer.pem", (authority,))
        (folder / "policy.toml").write_text(policy.to_text(), encoding="utf-8")
        (folder / "log.vkey").write_text(self.note_key.text() + "\n")
        (folder / "signer.pem").write_bytes(self.signer_pem)
        (folder / "authorities/local.pem").write_bytes(self.tsa.root)
        return folder


def png(width: int = 4, height: int = 3) -> bytes:
    """Return a small PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\0" + bytes(range(3 * width)) for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def warc_record(kind: str, headers: dict[str, str], block: bytes, *, digest: bool = True) -> bytes:
    """Return one WARC record as a gzip member."""
    lines = ["WARC/1.1", f"WARC-Type: {kind}"] + [f"{k}: {v}" for k, v in headers.items()]
    if digest:
        lines.append(f"WARC-Block-Digest: sha256:{sha256_hex(block)}")
    lines += [f"Content-Length: {len(block)}", "", ""]
    raw = "\r\n".join(lines).encode() + block + b"\r\n\r\n"
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(raw) + packer.flush()


BODY = b"<html><title>item</title>" + b"x" * 400 + b"</html>"
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def response_headers(number: int = 1, body: bytes = BODY) -> dict[str, str]:
    """Return the headers of the response record."""
    return {
        "WARC-Record-ID": f"<urn:uuid:{number}>",
        "WARC-Date": "2026-01-02T03:04:05.000000Z",
        "WARC-Target-URI": URL,
        "Content-Type": "application/http;msgtype=response",
        "WARC-Payload-Digest": f"sha256:{sha256_hex(body)}",
    }


def warcinfo() -> bytes:
    """Return the first record."""
    headers = {
        "WARC-Record-ID": "<urn:uuid:0>",
        "WARC-Date": "2026-01-02T03:04:05.000000Z",
        "Content-Type": "application/warc-fields",
    }
    return warc_record("warcinfo", headers, b"software: test\r\n")


def index_line(offset: int, length: int, digest: str = sha256_hex(BODY)) -> IndexLine:
    """Return the index line of the response record."""
    key, moment = "example,shop)/item/1", "20260102030405"
    stated = f"sha256:{digest}"
    return IndexLine(key, moment, URL, "text/html", 200, stated, length, offset)


@dataclass
class Draft:
    """A dossier in the making: change any part, then ``pack``."""

    world: World
    now: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=2))
    artefacts: dict[str, bytes] = field(default_factory=dict)
    attempt_time: datetime | None = None
    outcome_time: datetime | None = None
    papers: dict[str, bytes] = field(default_factory=dict)
    inner: dict[str, bytes] = field(default_factory=dict)
    wacz: bytes = b""
    filler: int = 5
    started: datetime | None = None
    signer: Ed25519PrivateKey | None = None
    fidelity: str = "decoded"
    lying: bool = False

    def __post_init__(self) -> None:
        info = warcinfo()
        response = warc_record("response", response_headers(), HTTP + BODY)
        request = {k: v for k, v in response_headers(2).items() if "Payload" not in k}
        request["WARC-Concurrent-To"] = "<urn:uuid:1>"
        self.artefacts |= {
            names.ARCHIVE: info
            + response
            + warc_record("request", request, b"GET /item/1 HTTP/1.1\r\n\r\n"),
            names.CAPTURE: jcs.dumps({"steps": ["load", "scroll"], "title": "商品"}),
            names.DOM: BODY,
            names.ENVIRONMENT: jcs.dumps({"browser": "none"}),
            names.PDF: b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n",
            names.SCREENSHOT: png(),
            names.TEXT: "商品一号\n".encode(),
            names.INDEX: print_index([index_line(len(info), len(response))]),
            names.PAGES: print_pages(
                [{"id": "1", "url": URL, "ts": "2026-01-02T03:04:05Z", "title": "商品"}]
            ),
        }

    def seal(self) -> Draft:
        """Make manifest, signature, token, log entries and proofs from the artefacts."""
        entries = [b'{"other":%d}' % n for n in range(self.filler)]
        attempt = Attempt(
            CAPTURE_ID,
            case_tag(SALT, "案件-1"),
            1,
            entry_hash(entries[-1]) if entries else ZERO,
            self.attempt_time or self.now - timedelta(seconds=5),
            url_commitment(SALT, URL),
        ).to_bytes()
        entries.append(attempt)
        index = len(entries) - 1
        record = AttemptRecord(
            CAPTURE_ID, "案件-1", SALT, 1, URL, SALT, index, entry_hash(attempt), "officer"
        )
        self.artefacts.setdefault(names.ATTEMPT, record.to_bytes())
        self.build_manifest(index, entry_hash(attempt))
        request, response = self.world.tsa.stamp(self.inner[names.MANIFEST])
        sidecars = Sidecars(NAME)
        self.papers[sidecars.attempt] = attempt
        self.papers[sidecars.request("local")] = request
        self.papers[sidecars.response("local")] = response
        self.close(entries, index)
        return self

    def build_manifest(self, index: int, entry_sha256: str) -> None:
        """Make the manifest, its signature and the WACZ from the artefacts."""
        signer = self.signer or self.world.signer
        manifest = Manifest(
            artefacts=tuple(
                Artefact(n, names.media_type(n) or "", digest_bytes(self.artefacts[n]))
                for n in sorted(self.artefacts)
            ),
            attempt_index=index,
            attempt_sha256=entry_sha256,
            capture_id=CAPTURE_ID,
            started=self.started or self.now - timedelta(seconds=4),
            finished=self.now - timedelta(seconds=1),
            fidelity=self.fidelity,
            signer=key_digest(signer.public_key()),
            software="markseal test",
            url=URL,
        )
        data = unchecked(manifest) if self.lying else manifest.to_bytes()
        signature = sign_manifest(data, signer)
        package = b"{}" if self.lying else build_datapackage(manifest, signature)
        self.inner = {
            **{n: self.artefacts[n] for n in sorted(self.artefacts)},
            names.MANIFEST: data,
            names.SIGNATURE: signature,
            names.DATAPACKAGE: package,
            names.DATAPACKAGE_DIGEST: build_datapackage_digest(package),
        }
        self.wacz = zipped(self.inner)

    def close(self, entries: list[bytes], attempt_index: int) -> None:
        """Append the outcome and make both proofs under one checkpoint."""
        manifest = self.inner[names.MANIFEST]
        outcome = Sealed(
            CAPTURE_ID,
            case_tag(SALT, "案件-1"),
            1,
            entry_hash(entries[-1]),
            self.outcome_time or self.now + timedelta(seconds=3),
            attempt_index,
            sha256_hex(manifest),
            sm3_hex(manifest),
            self.package_digests(),
        ).to_bytes()
        entries = [*entries, outcome]
        read = merkle.memory_reader([merkle.leaf_hash(e) for e in entries])
        size = len(entries)
        head = Checkpoint(ORIGIN, size, merkle.tree_root(size, read))
        note = sign_note(head.text(), ORIGIN, self.world.log_key).to_bytes()
        sidecars = Sidecars(NAME)
        self.papers[sidecars.outcome] = outcome
        for name, index in (
            (sidecars.attempt_proof, attempt_index),
            (sidecars.outcome_proof, size - 1),
        ):
            hashes = tuple(merkle.inclusion_proof(index, size, read))
            self.papers[name] = TlogProof(index, hashes, note).to_bytes()

    def package_digests(self) -> Digests:
        """Return size and digests of the WACZ."""
        return digest_bytes(self.wacz)

    def parts(self) -> dict[str, bytes]:
        """Return the files of the dossier in their order."""
        given = {
            Sidecars(NAME).wacz: self.wacz,
            names.certificate_name("local"): self.world.tsa.root,
            names.LOG_KEY: (self.world.note_key.text() + "\n").encode(),
            names.SIGNER_KEY: self.world.signer_pem,
            names.VERIFY_TEXT: render_verify_text(NAME, ["local"], self.artefacts),
        } | self.papers
        return {n: given[n] for n in Sidecars(NAME).dossier_order(("local",)) if n in given}

    def pack(self) -> bytes:
        """Return the dossier's bytes."""
        return zipped(self.parts())


def unchecked(manifest: Manifest) -> bytes:
    """Return a manifest's bytes without asking whether it is one: a liar's."""
    sizes = [(a, a.digests) for a in manifest.artefacts]
    return jcs.dumps(
        {
            "format": "markseal-manifest/1",
            "artefacts": [
                {
                    "name": a.name,
                    "media_type": a.media_type,
                    "size": d.size,
                    "sha256": d.sha256,
                    "sm3": d.sm3,
                }
                for a, d in sizes
            ],
            "attempt": {"index": manifest.attempt_index, "entry_sha256": manifest.attempt_sha256},
            "capture_id": manifest.capture_id,
            "captured": {
                "started": format_time(manifest.started),
                "finished": format_time(manifest.finished),
            },
            "fidelity": manifest.fidelity,
            "signer": {"algorithm": "Ed25519", "key_sha256": manifest.signer},
            "software": manifest.software,
            "url": manifest.url,
        }
    )


def zipped(parts: dict[str, bytes]) -> bytes:
    """Return the canonical ZIP of ``parts`` in their order."""
    out = io.BytesIO()
    write_zip(out, [ZipPart(name, data) for name, data in parts.items()])
    return out.getvalue()
