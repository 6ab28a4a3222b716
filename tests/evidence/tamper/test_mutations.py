"""Random mutations of good dossiers: none passes, crashes or hangs; what nothing covers is listed.

A mutation flips, cuts, inserts or swaps. It is done to the whole file; or to one file inside the
dossier, or inside its package, with all checksums of the ZIPs made right again.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from evidence.verify import verify_file
from tests.evidence.builder import zipped
from tests.evidence.tamper.good import DOSSIER, WACZ, Good

UNCOVERED = {
    "authorities/local.pem": "text around and line ends within a certificate in PEM: the dossier's "
    "copy is for reading, its certificates are compared, and VERIFY.txt takes those of the trust "
    "folder",
}
"""Files of a dossier in which bytes can be changed unnoticed by whoever mends the checksums."""
PIECES, EACH = 5, 20_000


def mutated(good: bytes, chance: random.Random) -> bytes:
    """Return ``good`` with something flipped, cut out, inserted or swapped."""
    data = bytearray(good)
    kind, at = chance.randrange(4), chance.randrange(len(data))
    length = chance.randrange(1, min(200, len(data)) + 1)
    if kind == 0:
        data[at] ^= chance.randrange(1, 256)
    elif kind == 1:
        del data[at : at + length]
    elif kind == 2:
        piece = chance.randbytes(length) if chance.random() < 0.5 else bytes(data[at : at + length])
        data[at:at] = piece
    else:
        other = chance.randrange(len(data))
        first, second = sorted((at, other))
        length = min(length, second - first, len(data) - second)
        one, two = data[first : first + length], data[second : second + length]
        data[first : first + length], data[second : second + length] = two, one
    return bytes(data)


def one(
    parts: dict[str, bytes], inner: dict[str, bytes], chance: random.Random
) -> tuple[str, bytes]:
    """Return what was mutated, and the dossier."""
    way = chance.randrange(3)
    if way == 0:
        return "the file", mutated(zipped(parts), chance)
    if way == 1:
        name = chance.choice([n for n in parts if n != WACZ])
        return name, zipped(parts | {name: mutated(parts[name], chance)})
    name = chance.choice(list(inner))
    wacz = zipped(inner | {name: mutated(inner[name], chance)})
    return f"{WACZ}!{name}", zipped(parts | {WACZ: wacz})


def run(folder: Path, seed: int, count: int) -> Counter[str]:
    """Mutate so many times; return in which parts a changed byte was not noticed, how often."""
    chance = random.Random(seed)
    good = Good(folder / "good")
    dossiers = [
        (good.draft.parts(), good.draft.inner, good.trust),
        (good.rich.parts(), good.rich.inner, good.trust),
        (good.full, good.draft.inner, good.witnessed("mutations")),
    ]
    whole = [zipped(parts) for parts, _, _ in dossiers]
    passed: Counter[str] = Counter()
    path = folder / DOSSIER
    for _ in range(count):
        number = chance.randrange(3)
        parts, inner, trust = dossiers[number]
        where, data = one(parts, inner, chance)
        if data == whole[number]:
            continue
        path.write_bytes(data)
        verdict = verify_file(path, trust=trust)
        if verdict.exit_code == 0:
            passed[where] += 1
    return passed


def test_a_sample_of_mutations_does_not_pass(tmp_path: Path) -> None:
    assert set(run(tmp_path, 1, 120)) <= set(UNCOVERED)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("piece", range(PIECES))
def test_random_mutations_never_pass_crash_or_hang(tmp_path: Path, piece: int) -> None:
    passed = run(tmp_path, 1000 + piece, EACH)
    told = ", ".join(f"{name} {count}" for name, count in passed.items()) or "none"
    print(f"soak: mutations {EACH:,}; unnoticed in what nothing covers: {told}; elsewhere 0")
    assert set(passed) <= set(UNCOVERED)
