"""The command line of the desk: the service as a whole, accounts, marks, watches."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.desk.conftest import listing_json
from tests.desk.house import ROOT, House, house, until

MARKS = "mark_id,name,classes,kind,holder\n100,甬舟,30,word,甬舟茶业\n"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[House]:
    """Return an empty house."""
    with house(tmp_path / "home") as place:
        yield place


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, line
    return found.group()


def _fetch(address: str) -> int:
    with urllib.request.urlopen(address, timeout=30) as answer:
        return int(answer.status)


def test_the_service_runs_serves_and_ends_whole(desk: House) -> None:
    service = desk.start("run", "--port", "0")
    assert _fetch(_address(service)) == 200
    assert len(desk.residents()) >= 4
    service.send_signal(signal.SIGTERM)
    assert service.wait(30) == 0
    assert desk.residents() == []


def test_killed_outright_it_takes_everything_along_and_starts_again(desk: House) -> None:
    service = desk.start("run", "--port", "0")
    address = _address(service)
    assert _fetch(address) == 200
    service.kill()
    service.wait()
    until(lambda: desk.residents() == [], seconds=10)
    port = re.search(r":(\d+)/", address)
    assert port
    again = desk.start("run", "--port", port.group(1))
    assert _fetch(_address(again)) == 200


def test_a_broken_worker_is_started_again(desk: House) -> None:
    service = desk.start("run", "--port", "0")
    _address(service)

    def workers() -> list[int]:
        return [
            pid
            for pid in desk.residents()
            if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").endswith(b"work")
        ]

    first = until(workers)
    subprocess.run(["kill", "-9", str(first[0])], check=True)
    until(lambda: workers() and workers() != first)


def test_a_taken_port_is_one_sentence(desk: House) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = desk.run("run", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 64
    assert "无法监听" in done.stderr
    assert "Traceback" not in done.stderr


def test_from_an_empty_home_to_leads(desk: House, tmp_path: Path) -> None:
    marks, rows = tmp_path / "marks.csv", tmp_path / "list.jsonl"
    marks.write_text(MARKS, encoding="utf-8")
    rows.write_text("\n".join(json.dumps(listing_json(n)) for n in (1, 2)), encoding="utf-8")
    assert "新增 1" in desk.run("marks", "import", str(marks)).stdout
    assert json.loads(desk.run("marks", "list", "--json").stdout)["name"] == "甬舟"
    made = desk.run("user", "add", "li", "--role", "officer", "--organisation", "鄞州局", "--json")
    assert len(json.loads(made.stdout)["password"]) >= 12
    added = desk.run("watch", "add", str(rows), "--every", "60", "--name", "清单")
    assert added.returncode == 0, added.stderr
    ran = desk.run("watch", "run", "1")
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert "疑似线索 2 条" in ran.stdout
    assert "complete" in desk.run("watch", "list").stdout
    again = desk.run("watch", "run", "1")
    assert "疑似线索 0 条" in again.stdout


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("user", "add", "x", "--role", "king", "--organisation", "局", "--kind", "bureau"), 1),
        (("user", "add", "x", "--role", "auditor", "--organisation", "局"), 1),
        (("user", "add", "x", "--role", "owner", "--organisation", "局", "--kind", "bureau"), 1),
        (("marks", "import", "/no/such.csv"), 1),
        (("watch", "add", "http://a.example/"), 1),
        (("watch", "run", "9"), 1),
        (("watch", "run", "x"), 64),
        (("watch", "fly"), 64),
        (("run", "--colour"), 64),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    desk: House, command: tuple[str, ...], code: int
) -> None:
    done = desk.run(*command)
    assert done.returncode == code
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2, done.stderr
    assert lines[0].startswith("错误：")
    assert lines[1].startswith("Error: ")
    if code != 64:
        count = "from desk.register.models import *\nanswer = Organisation.objects.count()"
        assert desk.ask(count) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"MARKSEAL_DATABASE_URL": "mysql://x"},
        {"MARKSEAL_DATABASE_URL": "postgres://u@127.0.0.1:9/d"},
        {"MARKSEAL_HOME": "/proc/nowhere"},
        {"MARKSEAL_ALLOW_LOOPBACK": "maybe"},
    ],
)
def test_a_setting_that_cannot_be_used_is_one_sentence(
    desk: House, changes: dict[str, str]
) -> None:
    desk.environment.update(changes)
    done = desk.run("marks", "list")
    assert done.returncode == 64, done.stderr
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr


def test_settings_are_listed_without_secrets(desk: House) -> None:
    desk.environment["MARKSEAL_DATABASE_URL"] = "postgres://u:geheim@h/d"
    said = desk.run("settings").stdout
    assert "MARKSEAL_HOME=" in said
    assert "geheim" not in said


def test_commands_without_records_load_no_django() -> None:
    program = "import sys, desk.cli; desk.cli.build_parser(); sys.exit('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 0
