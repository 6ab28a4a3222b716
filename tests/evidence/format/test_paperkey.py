"""A recovery key on paper: read back after typing, every single slip found and named."""

from __future__ import annotations

import itertools

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.errors import InputError
from evidence.format.paperkey import ALPHABET, print_key, read_key

SECRET = bytes(range(7, 39))
GROUPS = print_key(SECRET)


@pytest.mark.parametrize("secret", [SECRET, bytes(32), b"\xff" * 32])
def test_what_is_printed_is_read(secret: bytes) -> None:
    groups = print_key(secret)
    assert (len(groups), {len(group) for group in groups}) == (16, {5})
    assert read_key(" ".join(groups)).private_bytes_raw() == secret


def test_a_random_key_survives_a_person() -> None:
    key = Ed25519PrivateKey.generate()
    typed = (
        "\n".join(print_key(key.private_bytes_raw())).lower().replace("0", "o").replace("1", "l")
    )
    assert read_key(f"\t{typed}-  ").private_bytes_raw() == key.private_bytes_raw()


def test_every_wrong_character_is_found_in_its_group() -> None:
    for at, group in enumerate(GROUPS):
        for place, wrong in itertools.product(range(5), ALPHABET):
            if wrong == group[place]:
                continue
            typed = [*GROUPS]
            typed[at] = group[:place] + wrong + group[place + 1 :]
            with pytest.raises(InputError, match=f"Group {at + 1} "):
                read_key(" ".join(typed))


def test_two_swapped_characters_and_two_swapped_groups_are_found() -> None:
    for at, group in enumerate(GROUPS):
        for first, second in itertools.combinations(range(5), 2):
            if group[first] != group[second]:
                letters = [*group]
                letters[first], letters[second] = letters[second], letters[first]
                typed = [*GROUPS]
                typed[at] = "".join(letters)
                with pytest.raises(InputError, match=f"Group {at + 1} "):
                    read_key(" ".join(typed))
    for first, second in itertools.combinations(range(16), 2):
        typed = [*GROUPS]
        typed[first], typed[second] = typed[second], typed[first]
        with pytest.raises(InputError, match=f"Group {first + 1} "):
            read_key(" ".join(typed))


def test_a_group_of_another_sheet_is_found() -> None:
    other = print_key(bytes(32))
    typed = [*GROUPS[:5], other[5], *GROUPS[6:]]
    with pytest.raises(InputError, match="one sheet"):
        read_key(" ".join(typed))


def test_a_missing_group_is_told() -> None:
    with pytest.raises(InputError, match="75 characters"):
        read_key(" ".join(GROUPS[:-1]))
