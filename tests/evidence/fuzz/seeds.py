"""Write the small corpora to begin with: ``python -m tests.evidence.fuzz.seeds``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from evidence.format import names
from evidence.format.names import revocation_name
from evidence.format.tlogproof import TlogProof
from tests.evidence.builder import png, warcinfo, zipped
from tests.evidence.fuzz.targets import good
from tests.evidence.rich import MHTML, webm
from tests.evidence.tamper.good import PAPERS
from tests.evidence.tamper.rows import all_rows

CORPUS = Path(__file__).parent / "corpus"


def seeds() -> Iterator[tuple[str, str, bytes]]:
    """Yield target, name and bytes of each seed: good ones, and some tampered ZIPs."""
    made = good()
    inner, papers, full = made.rich.inner, made.draft.papers, made.full
    yield "zip", "plain", made.draft.pack()
    yield "zip", "inner", zipped({"a": b"1", "b/c": b"2"})
    for row in all_rows():
        if row.name in ("zip:deflated", "zip:twice-last", "zip:zip64-end", "zip:between"):
            yield "zip", row.name.replace(":", "-"), row.make(made)
    for name in (names.MANIFEST, names.ATTEMPT, names.CERTIFICATES, names.REPLAY, names.REVIEW):
        yield "json", name.rpartition("/")[2], inner[name]
    for name in (PAPERS.attempt, PAPERS.outcome):
        yield "json", name, papers[name]
    yield "warc", "whole", inner[names.ARCHIVE]
    yield "warc", "warcinfo", warcinfo()
    yield "note", "proof", full[PAPERS.outcome_proof]
    yield "note", "checkpoint", TlogProof.parse(full[PAPERS.outcome_proof]).checkpoint
    yield "note", "vkey", full[names.LOG_KEY]
    yield "note", "policy", (made.witnessed("fuzz") / "policy.toml").read_bytes()
    yield "token", "request", papers[PAPERS.request("local")]
    yield "token", "response", papers[PAPERS.response("local")]
    yield "token", "crl", full[revocation_name("local", 1, "crl")]
    yield "token", "pem", made.authority.root
    yield "media", "png", png()
    yield "media", "webm", webm()
    yield "media", "mhtml", MHTML
    yield "media", "pdf", inner[names.PDF]
    yield "media", "index", inner[names.INDEX]
    yield "media", "pages", inner[names.PAGES]


def main() -> int:
    for target, name, data in seeds():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
