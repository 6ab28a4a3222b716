"""The tokens of one sealing: over the manifest, then over the checkpoint of the proofs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace

from evidence.authority import Authorities, NamedAuthority, Token
from evidence.authority.revocation import fetch_revocation
from evidence.format.digests import sha256_hex
from evidence.format.names import Sidecars, revocation_name
from evidence.format.stampednote import stamped_note
from evidence.log.durable import replace_file
from evidence.seal.authorityhealth import note_heard
from evidence.seal.means import Means
from evidence.seal.publish import Papers
from evidence.seal.tokens import Gathered, gather_tokens
from evidence.seal.workfolder import WorkFolder

KEPT = "kept"
"""The file that says that an authority's revocation data is there, as far as it could be had."""


@dataclass(frozen=True)
class Stamps:
    """What the authorities gave for a manifest.

    ``named`` are those whose tokens are here; ``waiting_for`` says, as long as they do not
    suffice, what each of the others lacked.
    """

    stamping: Authorities
    named: tuple[NamedAuthority, ...]
    tokens: tuple[Token, ...]
    waiting_for: tuple[str, ...]


def stamp_manifest(work: WorkFolder, manifest: bytes, means: Means) -> Stamps:
    """Return the tokens over ``manifest``: those kept before, and what is answered now."""
    stamping = means.home.stamping(proxy=means.proxy)
    found = _gather(work, "tokens", stamping, manifest, means)
    means.fault("tokens gathered")
    if not found.enough:
        why = (*_too_few(stamping), *found.missing) or (
            "时间戳数量不足。 / There are too few timestamps.",
        )
        return Stamps(stamping, stamping.named, found.tokens, why)
    answered = {token.authority for token in found.tokens}
    named = tuple(item for item in stamping.named if item.name in answered)
    return Stamps(stamping, named, found.tokens, ())


def _too_few(stamping: Authorities) -> tuple[str, ...]:
    """Say it where so many tokens are required that all the authorities cannot give them."""
    asked, needed = len(stamping.named), stamping.tokens
    if asked >= needed:
        return ()
    why = (
        f"trust/policy.toml 要求 {needed} 枚时间戳，authorities.toml 只列有 {asked} 家机构；"
        f"请增加机构，或降低要求。 / trust/policy.toml requires {needed} tokens and "
        f"authorities.toml lists {asked} authorities; add some, or lower what is required."
    )
    return (why,)


def stamp_checkpoint(work: WorkFolder, name: str, papers: Papers, means: Means) -> Papers:
    """Return the papers with tokens over the checkpoint of their proofs, as far as any came.

    They bound the order of the log from above; without them the capture is sealed all the same.
    """
    note = stamped_note(papers.checkpoint)
    stamping = means.home.stamping(proxy=means.proxy)
    folder = f"checkpoints/{sha256_hex(note)}"
    found = _gather(work, folder, stamping, note, means)
    means.fault("checkpoint stamped")
    sidecars, files = Sidecars(name), dict(papers.files)
    for token in found.tokens:
        asked, answered = sidecars.checkpoint(token.authority)
        files |= {asked: token.request, answered: token.response}
    return replace(papers, files=files)


def with_revocation(work: WorkFolder, stamps: Stamps, papers: Papers, means: Means) -> Papers:
    """Return the papers with that day's revocation data of the authorities, as far as there is any.

    It is fetched once, when the tokens are there, and kept. Sealing never waits for it.
    """
    roots = {item.name: item.roots for item in stamps.named}
    files = dict(papers.files)
    for token in stamps.tokens:
        folder = work.path / "revocation" / token.authority
        if not (folder / KEPT).exists():
            shutil.rmtree(folder, ignore_errors=True)
            found = fetch_revocation(token.response, roots[token.authority], proxy=means.proxy)
            means.fault(f"revocation data of {token.authority} came")
            for number, item in enumerate(found, 1):
                replace_file(folder / f"{number}.{item.kind}", item.data)
            replace_file(folder / KEPT, b"")
        for path in folder.glob("*.*"):
            files[revocation_name(token.authority, int(path.stem), path.suffix[1:])] = (
                path.read_bytes()
            )
    means.fault("revocation data kept")
    return replace(papers, files=files)


def _gather(
    work: WorkFolder, folder: str, stamping: Authorities, data: bytes, means: Means
) -> Gathered:
    found = gather_tokens(
        work.path / folder,
        stamping,
        data,
        clock=means.clock,
        fault=means.fault,
        pause=means.pause,
    )
    note_heard(means.home.path, stamping, found.heard, now=means.clock())
    return found
