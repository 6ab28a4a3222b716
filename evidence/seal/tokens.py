"""Asking every configured authority for a token over the manifest; what came is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from rfc3161_client import decode_timestamp_response

from evidence.authority import Token, stamp
from evidence.authority.client import check_kept
from evidence.errors import AuthorityError
from evidence.home import NamedAuthority
from evidence.log.durable import replace_file
from evidence.seal.workfolder import WorkFolder


def gather_tokens(
    work: WorkFolder,
    named: Sequence[NamedAuthority],
    manifest: bytes,
    *,
    clock: Callable[[], datetime],
) -> tuple[list[Token], list[str]]:
    """Return the tokens over ``manifest`` and, for each authority without one, why.

    A token that an earlier run kept is used again; it is asked for once only.
    """
    tokens: list[Token] = []
    missing: list[str] = []
    for item in named:
        kept = _kept(work, item, manifest)
        if kept is not None:
            tokens.append(kept)
            continue
        try:
            token = stamp(item.authority, manifest, clock=clock)
        except AuthorityError as error:
            missing.append(f"{error.zh} / {error.en}")
            continue
        folder = work.path / "tokens"
        replace_file(folder / f"{item.authority.name}.tsq", token.request)
        replace_file(folder / f"{item.authority.name}.tsr", token.response)
        tokens.append(token)
    return tokens, missing


def _kept(work: WorkFolder, item: NamedAuthority, manifest: bytes) -> Token | None:
    folder, name = work.path / "tokens", item.authority.name
    try:
        request = (folder / f"{name}.tsq").read_bytes()
        response = (folder / f"{name}.tsr").read_bytes()
    except FileNotFoundError:
        return None
    if not check_kept(request, response, manifest):
        return None
    moment = decode_timestamp_response(response).tst_info.gen_time
    return Token(name, item.authority.trial, request, response, moment)
