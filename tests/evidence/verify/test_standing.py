"""Which tokens stand, against a slow oracle that follows every chain of renewals."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from evidence.verify.standing import NEVER, Vouch, enough, standing, stands_until

START = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def by_oracle(vouches: list[Vouch], weak: dict[str, datetime], now: datetime) -> set[str]:
    """Return the places of the tokens that stand, each question asked anew."""

    def stands(one: Vouch) -> bool:
        later = [o for o in vouches if o.number > one.number and one.covered]

        def kept(until: datetime, *, data: bool) -> bool:
            good = (o for o in later if o.time <= until and (o.data or not data))
            return now <= until or any(stands(o) for o in good)

        return kept(one.signed_until(weak), data=False) and kept(
            one.bound_until(weak), data=one.data
        )

    return {one.where for one in vouches if stands(one)}


def drawn(chance: random.Random) -> tuple[list[Vouch], dict[str, datetime]]:
    names = ("sha256", "sha512")
    vouches = []
    moment = START
    for at in range(chance.randint(1, 6)):
        number = max(0, at - chance.randint(0, 1)) if at else 0
        number = max(number, vouches[-1].number) if vouches else 0
        moment += chance.randint(0, 400) * DAY
        vouches.append(
            Vouch(
                where=str(at),
                authority=chance.choice("abc"),
                time=moment,
                ends=moment + chance.randint(1, 900) * DAY,
                over=chance.choice(names),
                signing=frozenset(chance.sample(names, 1)),
                number=number,
                data=number == 0 or chance.random() < 0.4,
                covered=number > 0 or chance.random() < 0.9,
            )
        )
    weak = {n: START + chance.randint(0, 2500) * DAY for n in names if chance.random() < 0.5}
    return vouches, weak


def test_what_stands_is_what_the_oracle_says() -> None:
    chance = random.Random(9)
    for _ in range(3000):
        vouches, weak = drawn(chance)
        now = START + chance.randint(0, 3500) * DAY
        found = {one.where for one in standing(vouches, weak, now)}
        assert found == by_oracle(vouches, weak, now), (vouches, weak, now)


def test_until_when_is_the_last_moment_at_which_it_is_enough() -> None:
    chance = random.Random(10)
    seen = 0
    for _ in range(1500):
        vouches, weak = drawn(chance)
        wanted = chance.choice((1, 1, 2))
        limit = stands_until(vouches, weak, wanted=wanted)
        if limit is None:
            assert not enough(vouches, weak, START, wanted=wanted)
            continue
        if limit == NEVER:
            continue
        seen += 1
        assert enough(vouches, weak, limit, wanted=wanted)
        for later in (timedelta(microseconds=1), DAY, 4000 * DAY):
            assert not enough(vouches, weak, limit + later, wanted=wanted)
        for _ in range(5):
            earlier = START + (limit - START) * chance.random()
            assert enough(vouches, weak, earlier, wanted=wanted)
    assert seen > 300
