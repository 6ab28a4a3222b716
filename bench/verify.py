"""The verifier's speed on a large dossier, beside openssl over the same bytes; and its memory.

``python -m bench.verify [--mib 2048] [--rounds 3] [--text 0]``. The dossier is a good one: half of
it a WARC of pictures and films (which do not compress), a quarter a recording of the screen, a
quarter the encrypted part. ``--text`` makes so many percent of the WARC text that compresses.
openssl is ``dgst -sha256`` and then ``dgst -sm3`` of the whole file. Memory is that of the
verifier's process at its highest.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from evidence.format import jcs, names
from evidence.format.cdxj import IndexLine, print_index
from evidence.format.datapackage import build_datapackage, build_datapackage_digest
from evidence.format.digests import Digests, digest_bytes, digest_stream, sha256_hex
from evidence.format.manifest import Artefact, Manifest, key_digest, sign_manifest
from evidence.format.zipform import ZipPart, write_zip
from evidence.verify import verify_file
from tests.evidence.builder import CAPTURE_ID, HTTP, NAME, URL, Draft
from tests.evidence.rich import CAPTURE, element
from tests.evidence.tamper.good import WACZ, Good

MIB = 1 << 20
BODY = 8 * MIB
LIMIT_MB, LIMIT_RATIO = 300, 1.5
Content = bytes | Path
Json = dict[str, str | int | float]


class Large(Draft):
    """A dossier whose large artefacts are files in ``folder``; they are never read whole."""

    folder: Path
    large: Mapping[str, Path]

    def build_manifest(self, index: int, entry_sha256: str) -> None:
        """Make the manifest and the WACZ, a file; ``wacz`` is only its path."""
        rows = (
            Artefact(n, names.media_type(n) or "", self.digests(n)) for n in sorted(self.artefacts)
        )
        built = Manifest(
            artefacts=tuple(rows),
            attempt_index=index,
            attempt_sha256=entry_sha256,
            capture_id=CAPTURE_ID,
            started=self.now - timedelta(seconds=4),
            finished=self.now - timedelta(seconds=1),
            fidelity="redacted",
            signer=key_digest(self.world.signer.public_key()),
            software="markseal bench",
            url=URL,
        )
        data = built.to_bytes()
        signature = sign_manifest(data, self.world.signer)
        package = build_datapackage(built, signature)
        self.inner = {
            names.MANIFEST: data,
            names.SIGNATURE: signature,
            names.DATAPACKAGE: package,
            names.DATAPACKAGE_DIGEST: build_datapackage_digest(package),
        }
        artefacts = [ZipPart(a.name, self.content(a.name)) for a in built.artefacts]
        closing = [ZipPart(name, content) for name, content in self.inner.items()]
        with (self.folder / WACZ).open("wb") as out:
            write_zip(out, [*artefacts, *closing])
        with (self.folder / WACZ).open("rb") as source:
            self.whole = digest_stream(source)

    def package_digests(self) -> Digests:
        """Return size and digests of the WACZ."""
        return self.whole

    def content(self, name: str) -> Content:
        """Return an artefact's bytes, or the file that holds them."""
        return self.large.get(name) or self.artefacts[name]

    def digests(self, name: str) -> Digests:
        """Return size and digests of an artefact."""
        if name in self.large:
            with self.large[name].open("rb") as source:
                return digest_stream(source)
        return digest_bytes(self.artefacts[name])


def body(chance: random.Random, size: int, *, text: bool) -> bytes:
    """Return the body of an answer: bytes that do not compress, or text that does."""
    if not text:
        return chance.randbytes(size)
    words = [f"word{chance.randrange(10_000)} " for _ in range(5000)]
    line = "".join(chance.choices(words, k=20_000)).encode()
    return (line * (size // len(line) + 1))[:size]


def write_warc(path: Path, size: int, text: int) -> bytes:
    """Write a WARC of about ``size`` bytes and return its index."""
    chance = random.Random(size)
    lines = []
    with path.open("wb") as out:
        _record(out, "warcinfo", 0, b"software: bench\r\nfidelity: redacted\r\n", b"")
        number = 0
        while out.tell() < size:
            number += 1
            content = body(chance, BODY, text=number * text // 100 > (number - 1) * text // 100)
            at = out.tell()
            _record(out, "response", number, HTTP + content, content)
            stated = f"sha256:{sha256_hex(content)}"
            fields = (URL, "text/html", 200, stated, out.tell() - at, at)
            lines.append(IndexLine("example,shop)/item/1", "20260102030405", *fields))
    return print_index(lines)


def _record(out: BinaryIO, kind: str, number: int, block: bytes, payload: bytes) -> None:
    head = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: <urn:uuid:{number}>",
        "WARC-Date: 2026-01-02T03:04:05.000000Z",
        f"WARC-Block-Digest: sha256:{sha256_hex(block)}",
        f"Content-Length: {len(block)}",
    ]
    if kind == "response":
        head += [
            f"WARC-Target-URI: {URL}",
            "Content-Type: application/http;msgtype=response",
            f"WARC-Payload-Digest: sha256:{sha256_hex(payload)}",
        ]
    else:
        head.append("Content-Type: application/warc-fields")
    raw = ("\r\n".join(head) + "\r\n\r\n").encode() + block + b"\r\n\r\n"
    packer = zlib.compressobj(1 if b"word" in payload[:9] else 0, zlib.DEFLATED, 31)
    out.write(packer.compress(raw) + packer.flush())


def write_bytes(path: Path, size: int, head: bytes = b"") -> None:
    """Write a file of random bytes behind ``head``."""
    chance = random.Random(size)
    with path.open("wb") as out:
        out.write(head)
        for _ in range(max(1, size // MIB)):
            out.write(chance.randbytes(MIB))


def film_head(size: int) -> bytes:
    """Return what stands before the bytes of the one cluster of a film of ``size`` bytes."""
    ebml = element(0x1A45DFA3, element(0x4282, b"webm"))
    inner = element(0x1549A966, b"\xec\x81x") + element(0x1654AE6B, b"")
    cluster = (0x1F43B675).to_bytes(4) + (size | 1 << 56).to_bytes(8)
    length = len(inner) + len(cluster) + size
    return ebml + (0x18538067).to_bytes(4) + (length | 1 << 56).to_bytes(8) + inner + cluster


def build(folder: Path, mib: int, text: int) -> tuple[Path, Path]:
    """Write a dossier of about so many MiB; return it and the trust folder."""
    good = Good(folder / "good")
    large = {
        n: folder / n.rpartition("/")[2] for n in (names.ARCHIVE, names.RECORDING, names.PRIVATE)
    }
    quarter = max(1, mib // 4) * MIB
    draft = Large(good.world, now=good.draft.now)
    draft.folder, draft.large, draft.fidelity = folder, large, "redacted"
    draft.artefacts[names.INDEX] = write_warc(large[names.ARCHIVE], 2 * quarter, text)
    draft.artefacts[names.CAPTURE] = jcs.dumps(CAPTURE)
    draft.artefacts |= dict.fromkeys(large, b"")
    write_bytes(large[names.RECORDING], quarter, film_head(quarter))
    write_bytes(large[names.PRIVATE], quarter)
    draft.seal()
    for path in large.values():
        path.unlink()
    path = folder / f"{NAME}.dossier.zip"
    parts = draft.parts()
    with path.open("wb") as out:
        write_zip(
            out, [ZipPart(n, folder / WACZ if n == WACZ else data) for n, data in parts.items()]
        )
    (folder / WACZ).unlink()
    return path, good.trust


def openssl(path: Path) -> float:
    """Return the seconds of openssl's two digests of a file, one after the other."""
    started = time.perf_counter()
    for algorithm in ("-sha256", "-sm3"):
        command = ["openssl", "dgst", algorithm, str(path)]
        subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def child(path: Path, trust: Path) -> None:
    """Verify in this process; print seconds, processor seconds and the memory that it took."""
    started = time.perf_counter()
    verdict = verify_file(path, trust=trust)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "exit": verdict.exit_code,
        "seconds": seconds,
        "processor": used.ru_utime + used.ru_stime,
        "mb": used.ru_maxrss / 1024,
    }
    print(json.dumps(told))


def ours(path: Path, trust: Path) -> Json:
    """Verify a dossier in a process of its own and return what it told."""
    command = [sys.executable, "-m", "bench.verify", "--child", str(path), str(trust)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    told: Json = json.loads(done.stdout)
    if told["exit"] != 0:
        raise SystemExit("the dossier of the benchmark is not valid")
    return told


def rows(path: Path, trust: Path, rounds: int) -> Iterator[str]:
    """Yield the lines of the table."""
    ratios, seconds, memory, processor, peer = [], [], [], [], []
    openssl(path)
    for _ in range(rounds):
        beside = openssl(path)
        told = ours(path, trust)
        ratios.append(float(told["seconds"]) / beside)
        seconds.append(float(told["seconds"]))
        processor.append(float(told["processor"]))
        memory.append(float(told["mb"]))
        peer.append(beside)
    size = path.stat().st_size / 1e9
    yield f"dossier of {size:.2f} GB, {rounds} rounds, {os.cpu_count()} cores"
    yield ""
    yield "| | median | bound |"
    yield "|---|---|---|"
    yield f"| openssl dgst -sha256 and then -sm3 | {statistics.median(peer):.2f} s | |"
    yield f"| evidence verify | {statistics.median(seconds):.2f} s | |"
    yield f"| processor time of evidence verify | {statistics.median(processor):.2f} s | |"
    yield f"| ratio to openssl | {statistics.median(ratios):.2f} | {LIMIT_RATIO} |"
    yield f"| memory at its highest | {max(memory):.0f} MB | {LIMIT_MB} MB |"


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", type=int, default=0)
    parser.add_argument("--child", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return 0
    with tempfile.TemporaryDirectory() as name:
        path, trust = build(Path(name), options.mib, options.text)
        for line in rows(path, trust, options.rounds):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
