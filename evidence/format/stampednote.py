"""c2sp.org/signed-note: of a cosigned checkpoint the part over which tokens are asked.

Cosignatures come and go; the text and the log's own signature are the same for ever.
"""

from __future__ import annotations

from evidence.errors import FormatError
from evidence.format.checkpoint import Checkpoint
from evidence.format.note import SignedNote


def stamped_note(checkpoint: bytes, noun: str = "checkpoint") -> bytes:
    """Return the bytes of the note with the log's own signature line alone, the first one.

    Raises FormatError when the first signature is not by the checkpoint's origin. The signature
    is not verified.
    """
    note = SignedNote.parse(checkpoint, noun)
    own = note.signatures[0]
    if own.name != Checkpoint.parse(note.text).origin:
        raise FormatError(
            f"{noun} is not signed by its origin first", f"{noun} 的首个签名不是其来源的签名"
        )
    return SignedNote(note.text, (own,)).to_bytes()
