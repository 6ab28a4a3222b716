"""How the browser really ran, and what guard and site answered, from files of the system's form."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from evidence.environment import answers, program
from evidence.environment.answers import Answered
from evidence.environment.journal import JournalView, read_journal
from evidence.environment.rows import Status, attempt

BROWSER = 100


def process(proc: Path, pid: int, parent: int, *, seccomp: int, locked: int, kind: str) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    (folder / "cmdline").write_bytes(b"/usr/lib/chromium/chromium\0" + kind.encode() + b"\0")
    (folder / "status").write_text(
        f"Name:\tchromium\nPPid:\t{parent}\nUid:\t1000\t1000\t1000\t1000\nNSpid:\t{pid}\t3\n"
        f"NoNewPrivs:\t{locked}\nSeccomp:\t{seccomp}\n"
    )


def tree(proc: Path, *, seccomp: int = 2, locked: int = 1) -> Path:
    process(proc, BROWSER, 1, seccomp=0, locked=0, kind="--headless")
    process(proc, 101, BROWSER, seccomp=0, locked=0, kind="--type=zygote")
    process(proc, 102, 101, seccomp=seccomp, locked=locked, kind="--type=renderer")
    process(proc, 200, 1, seccomp=0, locked=0, kind="--type=renderer")
    (proc / "self").mkdir()
    return proc


def test_the_sandbox_is_what_the_kernel_says_of_our_own_renderers(tmp_path: Path) -> None:
    found = program.renderers(BROWSER, tree(tmp_path))
    assert [r.pid for r in found] == [102]
    row = program.sandbox_row(wanted=True, found=found)
    assert row.status is Status.CHECKED
    assert row.data["renderers"] == [
        {"seccomp": "filter", "no_new_privileges": True, "process_namespaces": 2, "user_id": "1000"}
    ]


@pytest.mark.parametrize(("seccomp", "locked"), [(0, 1), (2, 0), (0, 0)])
def test_a_sandbox_that_was_asked_for_and_is_not_in_force_differs(
    tmp_path: Path, seccomp: int, locked: int
) -> None:
    found = program.renderers(BROWSER, tree(tmp_path, seccomp=seccomp, locked=locked))
    assert program.sandbox_row(wanted=True, found=found).status is Status.DIFFERS


def test_a_sandbox_that_is_off_or_could_not_be_seen_is_told(tmp_path: Path) -> None:
    assert program.sandbox_row(wanted=False, found=()).status is Status.DIFFERS
    assert program.sandbox_row(wanted=True, found=()).status is Status.NOT_CHECKED
    assert program.renderers(None, tmp_path) == ()


def test_flags_that_weaken_the_browser_are_named() -> None:
    assert program.flags_row(()).status is Status.NOT_CHECKED
    assert program.flags_row(("--headless", "--load-extension=")).status is Status.CHECKED
    row = program.flags_row(("--headless", "--ignore-certificate-errors", "--load-extension=/x"))
    assert row.status is Status.DIFFERS
    assert "--ignore-certificate-errors, --load-extension=/x" in row.en


def test_policies_laid_on_the_browser_are_hashed(tmp_path: Path) -> None:
    assert program.policies_row([tmp_path / "none"]).status is Status.CHECKED
    (tmp_path / "roots.json").write_text('{"CACertificates":["MIIB"]}')
    row = program.policies_row([tmp_path])
    assert (row.status, len(row.data["files"][0]["sha256"])) == (Status.DIFFERS, 64)


def nss(home: Path, *, certificates: int) -> None:
    store = home / ".pki/nssdb/cert9.db"
    store.parent.mkdir(parents=True, exist_ok=True)
    link = sqlite3.connect(store)
    link.execute("CREATE TABLE IF NOT EXISTS nssPublic (id PRIMARY KEY)")
    link.executemany("INSERT INTO nssPublic VALUES (?)", [(n,) for n in range(certificates)])
    link.commit()
    link.close()


def test_certificates_that_the_user_added_are_told(tmp_path: Path) -> None:
    assert program.user_certificates_row(tmp_path).status is Status.CHECKED
    nss(tmp_path, certificates=0)
    assert program.user_certificates_row(tmp_path).status is Status.CHECKED
    nss(tmp_path, certificates=2)
    row = program.user_certificates_row(tmp_path)
    assert (row.status, row.data["objects"]) == (Status.DIFFERS, 2)
    (tmp_path / ".pki/nssdb/cert9.db").write_bytes(b"no database at all, of some length")
    assert program.user_certificates_row(tmp_path).status is Status.NOT_CHECKED


def test_roots_are_counted_and_hashed_or_not_checked(tmp_path: Path) -> None:
    bundle = tmp_path / "roots.crt"
    bundle.write_text("-----BEGIN CERTIFICATE-----\nA\n" * 3)
    assert program.system_roots_row(bundle).data["count"] == 3
    gone = attempt("system_roots", lambda: program.system_roots_row(tmp_path / "none"))
    assert gone.status is Status.NOT_CHECKED
    assert program.root_store_row("24").status is Status.CHECKED
    assert program.root_store_row(None).status is Status.NOT_CHECKED


def journal(path: Path, *rows: dict[str, object], loopback: bool = False) -> JournalView:
    lines = [{"event": "start", "allow_loopback": loopback}, *rows]
    path.write_text("".join(json.dumps(row) + "\n" for row in lines))
    return read_journal(path)


def contact(host: str, **more: object) -> dict[str, object]:
    return {
        "event": "connection", "host": host, "port": 443, "address": "203.0.113.5",
        "verdict": "connected", "reason": None, "answers": ["203.0.113.5"], **more,
    }  # fmt: skip


def opinion(*said: str) -> list[dict[str, object]]:
    return [{"server": "192.0.2.53:53", "answers": list(said), "error": None}]


def test_resolvers_that_agree_and_that_do_not_are_told_by_name(tmp_path: Path) -> None:
    same = contact("a.example", comparison="agrees", resolvers=opinion("203.0.113.5"))
    other = contact("b.example", comparison="differs", resolvers=opinion("198.51.100.7"))
    agreed = answers.resolvers_row(journal(tmp_path / "a", same))
    assert (agreed.status, agreed.data["names"][0]["others"][0]["answers"]) == (
        Status.CHECKED,
        ["203.0.113.5"],
    )
    row = answers.resolvers_row(journal(tmp_path / "b", same, other, same))
    assert row.status is Status.DIFFERS
    assert "b.example" in row.en


def test_without_another_resolvers_word_names_are_not_checked(tmp_path: Path) -> None:
    silent = contact("a.example", comparison="not_checked", resolvers=[])
    for number, rows in enumerate(([], [contact("old.example")], [silent])):
        row = answers.resolvers_row(journal(tmp_path / str(number), *rows))
        assert row.status is Status.NOT_CHECKED


def test_the_guard_stands_in_the_record_with_what_it_refused(tmp_path: Path) -> None:
    refused = contact("10.1.2.3", verdict="refused", reason="private", address=None)
    home = contact("update.example", verdict="refused", reason="call_home", address=None)
    row = answers.guard_row(journal(tmp_path / "a", refused, home), proxied=True)
    assert (row.status, row.data["calls_home_refused"]) == (Status.CHECKED, 1)
    assert row.data["refused"] == [{"host": "10.1.2.3", "port": 443, "reason": "private"}]
    loose = answers.guard_row(journal(tmp_path / "b", loopback=True), proxied=True)
    assert loose.status is Status.DIFFERS
    assert answers.guard_row(read_journal(None), proxied=False).status is Status.NOT_CHECKED


def test_the_sites_answer_is_told(tmp_path: Path) -> None:
    view = journal(tmp_path / "a", contact("a.example"))
    good = Answered("https://a.example/x", 200, "accepted", ("0" * 64,))
    bad = Answered("https://a.example/x", 404, "bad", ("0" * 64,))
    plain = Answered("http://elsewhere.example/", 204, "none (http)")
    assert answers.server_row(view, good).data["addresses"] == ["203.0.113.5"]
    assert answers.server_row(view, plain).status is Status.NOT_CHECKED
    assert answers.certificate_row(good).status is Status.CHECKED
    assert answers.certificate_row(bad).status is Status.DIFFERS
    assert answers.certificate_row(plain).status is Status.NOT_CHECKED
    assert answers.status_row(good).status is Status.CHECKED
    assert answers.status_row(bad).status is Status.DIFFERS
    for row in (answers.server_row(view, None), answers.certificate_row(None)):
        assert row.status is Status.NOT_CHECKED
