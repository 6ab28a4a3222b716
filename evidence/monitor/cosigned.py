"""Which witnesses cosigned the newest checkpoint of a followed log, and which did not.

A log asks its witnesses after it has signed: that one has not cosigned yet is told, and is no
finding; a cosignature that is wrong is one. Not checked: that a witness is honest, or its clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.errors import EvidenceError
from evidence.format.cosignature import WitnessKey, find_witnessed
from evidence.format.note import SignedNote
from evidence.format.policy import NOT_INDEPENDENT
from evidence.format.times import format_time
from evidence.log.report import AuditReport


@dataclass(frozen=True)
class Witness:
    """A witness that the trust folder lists: its name for people, its key, its relation."""

    name: str
    key: WitnessKey
    relation: str


@dataclass(frozen=True)
class Required:
    """The witnesses that are known, how many of them are wanted, and whether one stands apart."""

    witnesses: Sequence[Witness] = ()
    cosignatures: int = 0
    independent: bool = False


NOBODY = Required()


@dataclass(frozen=True)
class Cosigned:
    """One witness, when it says it cosigned the checkpoint (None: it did not), and if wrongly."""

    witness: Witness
    time: datetime | None
    wrong: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        time = None if self.time is None else format_time(self.time)
        return {
            "name": self.witness.name,
            "relation": self.witness.relation,
            "time": time,
            "wrong": self.wrong,
        }


def check_cosigned(note: bytes, required: Required, report: AuditReport) -> tuple[Cosigned, ...]:
    """Return what each known witness did with a checkpoint; a wrong cosignature is a finding."""
    signed, found = SignedNote.parse(note, "checkpoint"), []
    for witness in required.witnesses:
        try:
            seen = find_witnessed(signed, [witness.key])
        except EvidenceError as error:
            report.add(
                "witness",
                None,
                f"见证人 {witness.name} 在检查点上的见证签名有误：{error.zh.rstrip('。')}。",
                f"The cosignature of the witness {witness.name} on the checkpoint is wrong: "
                f"{error.en.rstrip('.')}.",
            )
            found.append(Cosigned(witness, None, wrong=True))
            continue
        found.append(Cosigned(witness, seen[0].time if seen else None))
    return tuple(found)


def enough(found: Sequence[Cosigned], required: Required) -> bool:
    """Return whether as many cosigned as are wanted, one of them independent where required."""
    seen = [one.witness for one in found if one.time is not None]
    apart = any(witness.relation not in NOT_INDEPENDENT for witness in seen)
    return len(seen) >= required.cosignatures and (apart or not required.independent)
