"""What the browser tells its driver is written down whole, whatever the pieces it comes in."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path

import playwright
import pytest

from evidence.browser.failure import PageNotCaptured
from evidence.browser.heard import Heard, method_of, overheard

NODE = Path(playwright.__file__).with_name("driver") / "node"
SENT = "Network.requestWillBeSent"
DRIVER = """
const child = require('child_process').spawn('sh', [process.argv[1]],
  {stdio: ['ignore', 'inherit', 'inherit', 'ignore', 'pipe']});
child.stdio[4].on('data', chunk => process.stdout.write(chunk));
"""


def network(number: int, size: int) -> bytes:
    event = {"method": SENT, "params": {"n": number, "文": "甬" * size}, "sessionId": "S"}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def test_every_event_is_written_down_and_nothing_changed(tmp_path: Path) -> None:
    chance = random.Random(7)
    messages = []
    for number in range(300):
        messages += [
            network(number, chance.choice((0, 5, 90_000 if number % 50 == 0 else 3))),
            b'{"id":%d,"result":{"data":"%s"}}' % (number, b"A" * chance.choice((0, 200, 70_000))),
            b'{"method":"Net"}',
            b'{"method":"Network',
            b"{}",
        ]
    whole = b"".join(message + b"\0" for message in messages)
    (tmp_path / "sent").write_bytes(whole)
    pieces = "".join(f"head -c {chance.choice((1, 7, 19, 9000, 200_000))} >&4\n" for _ in range(30))
    (tmp_path / "browser").write_text(f"exec < '{tmp_path}/sent'\n{pieces}cat >&4\n")
    spool = tmp_path / 'a "quoted" \\ folder'
    spool.mkdir()
    with overheard(spool) as heard:
        passed = subprocess.run(
            [NODE, "-e", DRIVER, tmp_path / "browser"], check=True, capture_output=True
        )
    assert passed.stdout == whole
    wanted = [message for message in messages if message.startswith(b'{"method":"Network.')]
    assert len(wanted) == 300
    assert heard.read_bytes() == b"".join(message + b"\n" for message in wanted)
    assert heard.stat().st_mode & 0o777 == 0o600
    assert [event["n"] for _, event in Heard(heard).read(frozenset({SENT}))] == list(range(300))
    assert "NODE_OPTIONS" not in os.environ


def test_a_driver_that_cannot_write_ends(tmp_path: Path) -> None:
    (tmp_path / "event").write_bytes(network(1, 2000) + b"\0")
    (tmp_path / "browser").write_text(f"cat '{tmp_path}/event' >&4; exec sleep 20 >&- 2>&-")
    with overheard(tmp_path) as heard:
        done = subprocess.run(
            ["prlimit", "--fsize=1000", NODE, "-e", DRIVER, tmp_path / "browser"],
            check=False,
            capture_output=True,
        )
    assert done.returncode != 0
    assert heard.stat().st_size <= 1000


def test_an_event_is_read_once_it_is_whole(tmp_path: Path) -> None:
    path, first, second = tmp_path / "heard.jsonl", network(1, 2), network(2, 0)
    path.write_bytes(b"")
    heard = Heard.from_now(path)
    with path.open("ab", buffering=0) as file:
        file.write(first[:20])
        assert heard.read(frozenset({SENT})) == []
        file.write(first[20:] + b"\n" + b'{"method":"Network.other","params":{}}\n' + second[:9])
        assert [event["n"] for _, event in heard.read(frozenset({SENT}))] == [1]
        assert Heard.from_now(path).at > heard.at
        file.write(second[9:] + b"\n")
    assert [event["n"] for _, event in heard.read(frozenset({SENT}))] == [2]
    assert heard.read(frozenset({SENT})) == []
    assert method_of(b'{"id":1,"method":"x"}') == ""


@pytest.mark.parametrize("line", [b'{"method":"Network.x"', b'{"method":"Network.x"}'])
def test_what_is_no_event_is_not_passed_over(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "heard.jsonl"
    path.write_bytes(line + b"\n")
    for _ in range(2):
        with pytest.raises(PageNotCaptured, match="could not be read"):
            Heard(path).read(frozenset({"Network.x"}))


def test_a_driver_that_was_not_overheard_is_no_capture(tmp_path: Path) -> None:
    with pytest.raises(PageNotCaptured, match="could not be read"):
        Heard.from_now(tmp_path / "heard.jsonl")
