"""The command line of the desk: the service as a whole, accounts, marks, watches."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import SettingError
from desk.cli import main
from desk.commands.house import listen, sole
from desk.commands.opening import open_home
from desk.leads.models import Watch
from desk.register.models import Organisation, User
from tests.desk.conftest import Town, listing_json
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


def _workers(desk: House) -> list[int]:
    return [
        pid
        for pid in desk.residents()
        if Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").endswith(b"work")
    ]


def test_the_service_lives_and_ends_whole(desk: House) -> None:
    """Serves, restarts a broken worker, takes all along when killed, starts again, stops."""
    service = desk.start("run", "--port", "0")
    address = _address(service)
    assert _fetch(address) == 200
    first = until(lambda: _workers(desk))
    os.kill(first[0], signal.SIGKILL)
    until(lambda: set(_workers(desk)) - set(first))
    service.kill()
    service.wait()
    until(lambda: desk.residents() == [], seconds=10)
    port = re.search(r":(\d+)/", address)
    assert port
    again = desk.start("run", "--port", port.group(1))
    assert _fetch(_address(again)) == 200
    again.send_signal(signal.SIGTERM)
    assert again.wait(40) == 0
    assert desk.residents() == []


def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingError) as caught:
            listen("127.0.0.1", taken.getsockname()[1])
    assert "无法监听" in caught.value.zh
    with pytest.raises(SettingError):
        listen("no.such.host.invalid", 1)


def test_a_second_service_on_one_home_is_refused_until_the_first_is_dead(desk: House) -> None:
    script = (
        "import sys, time; from pathlib import Path; from desk.commands.house import sole\n"
        "with sole(Path(sys.argv[1])):\n"
        "    print('held', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(desk.home)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        second = desk.run("run", "--port", "0")
        first.kill()
    assert second.returncode == 1
    assert f"进程 {first.pid}" in second.stderr
    assert second.stderr.count("\n") == 2
    with sole(desk.home):
        pass


def test_from_an_empty_home_to_leads(desk: House, tmp_path: Path) -> None:
    marks, rows = tmp_path / "marks.csv", tmp_path / "list.jsonl"
    marks.write_text(MARKS, encoding="utf-8")
    rows.write_text("\n".join(json.dumps(listing_json(n)) for n in (1, 2)), encoding="utf-8")
    assert "新增 1" in desk.run("marks", "import", str(marks)).stdout
    made = desk.run("user", "add", "li", "--role", "officer", "--organisation", "鄞州局", "--json")
    assert len(json.loads(made.stdout)["password"]) >= 12
    added = desk.run("watch", "add", str(rows), "--every", "60", "--name", "清单")
    assert added.returncode == 0, added.stderr
    ran = desk.run("watch", "run", "1")
    assert ran.returncode == 0, ran.stderr + ran.stdout
    assert "疑似线索 2 条" in ran.stdout
    again = desk.run("watch", "run", "1")
    assert "疑似线索 0 条" in again.stdout
    tip = desk.run("tip", "https://item.jd.com/100031.html", "甬舟茶叶", "--leads")
    assert tip.returncode == 0, tip.stderr
    assert "疑似线索 1 条" in tip.stdout
    assert "粘贴的线索" in desk.run("sources", "list").stdout


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("user", "add", "x", "--role", "king", "--organisation", "局", "--kind", "bureau"), 1),
        (("user", "add", "x", "--role", "auditor", "--organisation", "局"), 1),
        (("user", "add", "x", "--role", "owner", "--organisation", "局", "--kind", "bureau"), 1),
        (("user", "add", "x", "--role", "king", "--organisation", "局"), 1),
        (("watch", "add", "http://a.example/", "--query", " "), 1),
        (("marks", "import", "/no/such.csv"), 1),
        (("marks", "import", "/no/such.csv", "--organisation", "某权利人"), 1),
        (("sellers", "import", "/no/such.csv"), 1),
        (("watch", "add", "http://a.example/"), 1),
        (("watch", "run", "9"), 1),
        (("watch", "run", "x"), 64),
        (("watch", "fly"), 64),
        (
            (
                "user",
                "add",
                "\udcff",
                "--role",
                "auditor",
                "--organisation",
                "局",
                "--kind",
                "bureau",
            ),
            64,
        ),
        (("run", "--colour"), 64),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], code: int
) -> None:
    try:
        ended = main(command)
    except SystemExit as stop:
        ended = int(str(stop.code))
    said = capsys.readouterr().err.strip().splitlines()
    assert ended == code
    assert [line.partition(" ")[0][:3] for line in said] == ["错误：", "Err"], said
    assert not Organisation.objects.exists()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_watches_are_added_once_to_the_right_bureau(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "http://a.example/"
    assert main(["watch", "add", url]) == 1, "there are two bureaux"
    assert main(["watch", "add", url, "--organisation", "甬舟茶业"]) == 1, "no bureau"
    bureau = ["--organisation", "鄞州局"]
    assert main(["watch", "add", url, "--query", "甬", "--every", "5", *bureau]) == 0
    assert main(["watch", "add", url, "--query", "甬", *bureau]) == 1, "a watch of this name"
    assert main(["watch", "add", url, "--query", "江", *bureau]) == 0
    assert main(["watch", "add", url, "--recipe", "no-such", *bureau]) != 0
    assert main(["watch", "add", "http://[::1", *bureau]) == 1, "no address"
    assert main(["watch", "add", url, "--query", "", *bureau]) == 1, "an empty keyword"
    assert main(["watch", "add", "示例商城", "--name", "二", "--every", "0", *bureau]) == 1
    assert main(["watch", "add", "示例商城", "--name", "二", *bureau]) == 0
    assert town.bureau.sources.count() == 2
    assert Watch.objects.count() == 4
    capsys.readouterr()
    assert main(["watch", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


def test_a_home_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARKSEAL_HOME", "/proc/nowhere")
    with pytest.raises(SettingError):
        open_home()


@pytest.mark.parametrize("url", ["mysql://x", "postgres://u@127.0.0.1:9/d"])
def test_a_database_that_cannot_be_used_is_one_sentence(desk: House, url: str) -> None:
    desk.environment["MARKSEAL_DATABASE_URL"] = url
    done = desk.run("marks", "list")
    assert done.returncode == 64, done.stderr
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MARKSEAL_SECRET_KEY_FILE", "/dev/null"),
        ("MARKSEAL_SECRET_KEY_FILE", "/proc/nowhere/key"),
        ("MARKSEAL_PUBLIC_URL", "desk.example.cn"),
    ],
)
def test_the_service_does_not_start_with_a_setting_it_cannot_use(
    desk: House, name: str, value: str
) -> None:
    desk.environment[name] = value
    done = desk.run("run", "--port", "0")
    assert done.returncode == 64
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 2, done.stderr


@pytest.mark.django_db
def test_an_unknown_role_is_named_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "add", "x", "--role", "king", "--organisation", "局"]) == 1
    assert "'king'" in capsys.readouterr().err


@pytest.mark.django_db
def test_a_brand_owner_made_by_an_import_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marks = tmp_path / "marks.csv"
    marks.write_text(MARKS, encoding="utf-8")
    words = ["marks", "import", str(marks), "--organisation", "甬舟茶行"]
    assert main(words) == 0
    assert "甬舟茶行 is a new brand owner" in capsys.readouterr().out
    assert main(words) == 0
    assert "new brand owner" not in capsys.readouterr().out


def test_settings_are_listed_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MARKSEAL_DATABASE_URL", "postgres://u:geheim@h/d")
    assert main(["settings"]) == 0
    said = capsys.readouterr().out
    assert "MARKSEAL_HOME=" in said
    assert "geheim" not in said


def test_commands_without_records_load_no_django() -> None:
    program = (
        "import sys; from desk.commands.parser import build_parser; build_parser(); "
        "sys.exit('django' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert done.returncode == 0
