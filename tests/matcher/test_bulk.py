"""Many listings: the same bytes with any number of processes, and after any end of a run."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matcher import ListingsError
from matcher.bulk import LISTINGS, Desk, match_all, opening
from matcher.errors import MatchError
from matcher.listing import Offer
from matcher.resume import Progress
from matcher.stream import read_listings, write_line
from tests.matcher.samples import watchlist

TITLES = ("霖狸 矿泉水", "Zentavo wireless earbuds", "plain cup", "柯沫岚 面霜", '霖狸 "quoted"')
MARKS = "mark_id,name\n1,霖狸\n2,Zentavo\n"


def lines(count: int) -> bytes:
    rows = ({"id": f'n"{n}', "title": f"{TITLES[n % 5]} {n % 700}"} for n in range(count))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def matched(data: bytes, processes: int) -> bytes:
    out = io.BytesIO()
    match_all(watchlist(), io.BytesIO(data), out, processes=processes)
    return out.getvalue()


def test_leads_are_the_same_bytes_with_any_number_of_processes() -> None:
    data = lines(3 * LISTINGS + 1)
    listings = list(read_listings(io.BytesIO(data)))
    plain = b"".join(write_line(m) for found in watchlist().scan_all(listings) for m in found)
    assert plain.count(b"\n") > LISTINGS
    assert matched(data, 1) == plain
    assert matched(data, 2) == plain


def test_a_bad_line_is_named_whichever_process_met_it() -> None:
    data = lines(2 * LISTINGS) + b"{\n" + lines(LISTINGS)
    with pytest.raises(ListingsError, match=f"line {2 * LISTINGS + 1}"):
        matched(data, 2)


@pytest.mark.parametrize("name", ["a", 'q"\\', "霖", "\ud800", "\u2028\x00"])
def test_a_remembered_lead_carries_its_own_listing(name: str) -> None:
    desk = Desk(watchlist(), 0.0)
    (first,) = desk.leads([Offer("first", "霖狸 矿泉水")])
    (again,) = desk.leads([Offer(name, "霖狸 矿泉水")])
    (fresh,) = Desk(watchlist(), 0.0).leads([Offer(name, "霖狸 矿泉水")])
    assert again == fresh
    assert again[0][0].startswith(opening(name))
    assert len(first) == len(again) == 1


def test_a_run_goes_on_where_it_was_kept_and_refuses_other_inputs(tmp_path: Path) -> None:
    data, target = lines(3 * LISTINGS), tmp_path / "out.jsonl"
    progress = Progress(target, "inputs")
    source = io.BytesIO(data[: data.index(b'"n\\"700"')].rpartition(b"\n")[0] + b"\n")
    tally = match_all(watchlist(), source, progress.out, keeper=progress)
    progress.save(tally)
    progress.out.write(b"what was not kept")
    progress.out.close()
    with pytest.raises(MatchError, match="remove"):
        Progress(target, "others")
    other = Progress(target, "inputs")
    with other.out, pytest.raises(MatchError, match="other listings"):
        match_all(watchlist(), io.BytesIO(data.upper()), other.out, keeper=other)
    again = Progress(target, "inputs")
    assert again.tally.listings == 700
    whole = match_all(watchlist(), io.BytesIO(data), again.out, keeper=again)
    again.finish()
    assert whole.listings == 3 * LISTINGS
    assert target.read_bytes() == matched(data, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


@pytest.mark.soak
def test_killed_runs_go_on_and_end_with_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(MARKS, encoding="utf-8")
    (tmp_path / "l.jsonl").write_bytes(
        b"".join(
            json.dumps({"id": str(n), "title": f"{TITLES[n % 5]} {n}"}).encode() + b"\n"
            for n in range(8_000)
        )
    )
    command = [
        sys.executable, "-c", "from desk.cli import main; main()", "match",
        "--marks", str(tmp_path / "m.csv"), "--listings", str(tmp_path / "l.jsonl"),
    ]  # fmt: skip
    subprocess.run([*command, "--out", str(tmp_path / "plain.jsonl")], check=True)
    resumed = [*command, "--resume", "--processes", "2", "--out", str(tmp_path / "out.jsonl")]
    state, kills = tmp_path / ".out.jsonl.progress", 0
    while not (tmp_path / "out.jsonl").exists():
        before = state.read_bytes() if state.exists() else b""
        process = subprocess.Popen(resumed)
        while process.poll() is None:
            if kills < 3 and state.exists() and state.read_bytes() != before:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                kills += 1
            time.sleep(0.05)
    print(f"soak: bulk matching killed {kills} times, {8_000:,} listings")
    assert kills >= 1
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "plain.jsonl").read_bytes()
