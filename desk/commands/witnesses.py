"""What the witnesses of a data folder know of its log, told as it is asked."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evidence.format.note import NoteKey
    from evidence.home import EvidenceHome
    from evidence.succession.known import Known

SECONDS = 10.0


def ask_witnesses(home: EvidenceHome, key: NoteKey) -> Sequence[Known]:
    """Return the newest checkpoint that each witness holds; who does not answer is named."""
    from desk.commands.witnessing import way_out
    from evidence.errors import WitnessError
    from evidence.succession.known import Known
    from evidence.witness.asked import load_asked
    from evidence.witness.client import fetch_newest

    found: list[Known] = []
    asked = load_asked(home.path)
    if not asked:
        print("没有见证人可询问。 / There is no witness to ask.", file=sys.stderr)
        return found
    with way_out(home) as proxy:
        for witness in asked:
            try:
                head = fetch_newest(witness, key, proxy=proxy, seconds=SECONDS)
            except WitnessError as error:
                print(f"{error.zh} / {error.en}", file=sys.stderr)
                continue
            size = "–" if head is None else str(head.size)
            print(f"见证人 / witness {witness.name}: {size}", file=sys.stderr)
            if head is not None:
                found.append(Known(head, witness.name))
    return found
