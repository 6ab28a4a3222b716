"""The page opened from disk: the same verdicts as the command, no request, both languages."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from evidence.format.names import Sidecars
from evidence.verify import verify_file
from evidence.verify.headline import FOREIGN_ADVICE
from evidence.verify.report import print_report
from tests.evidence.builder import NAME, Draft, Tsa, World
from tests.evidence.rich import rich
from tests.evidence.verify.spoilt import SPOILT, sum_up
from tests.evidence.verify.test_old import OLD
from tests.verifier.driver import BUILT, HtmlVerifier, RefusedInputError

pytestmark = pytest.mark.browser

# What a browser without WebCrypto's signatures would have: nothing, in the page and in its worker.
WITHOUT_WEBCRYPTO = """
const remove = "if (globalThis.SubtleCrypto) for (const name of Object.getOwnPropertyNames("
  + "SubtleCrypto.prototype)) if (name !== 'constructor') delete SubtleCrypto.prototype[name];";
Function.prototype.call.call(() => { for (const name of Object.getOwnPropertyNames(
  SubtleCrypto.prototype)) if (name !== 'constructor') delete SubtleCrypto.prototype[name]; });
const Real = Blob;
window.Blob = class extends Real {
  constructor(parts, options) {
    super(options && options.type === "text/javascript" ? [remove, ...parts] : parts, options);
  }
};
"""


class Bench:
    """Dossiers, a trust folder and the page, once for all tests here."""

    def __init__(self, folder: Path, html: HtmlVerifier) -> None:
        self.folder, self.html = folder, html
        self.world = World.create(folder / "world")
        self.trust = self.world.trust(folder / "trust")
        self.draft = Draft(self.world).seal()

    def dossier(self, data: bytes) -> Path:
        path = self.folder / f"{NAME}.dossier.zip"
        path.write_bytes(data)
        return path


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with HtmlVerifier(script=WITHOUT_WEBCRYPTO) as html:
        yield Bench(tmp_path_factory.mktemp("html"), html)
        assert html.problems == []


def told(verdict: dict[str, Any]) -> list[tuple[str, str, bool, str | None]]:
    return [(c["id"], c["status"], c["required"], c["where"]) for c in verdict["claims"]]


def agree(bench: Bench, path: Path, trust: Path | None) -> dict[str, Any]:
    """Return the page's verdict after holding it against the command's."""
    found = bench.html.verify([path], trust)
    due = verify_file(path, trust=trust).to_json()
    assert told(found) == told(due)
    assert {key: value for key, value in found.items() if key != "claims"} == {
        key: value for key, value in due.items() if key != "claims"
    }
    assert all(c["zh"] and c["en"] for c in found["claims"])
    assert [url for url in bench.html.requests if not url.startswith("blob:")] == []
    return found


def test_a_dossier_of_an_earlier_release_is_valid(bench: Bench) -> None:
    found = agree(bench, OLD / "old.dossier.zip", OLD / "trust")
    assert (found["exit"], found["trial"]) == (0, True)
    assert found["headline"]["zh"].startswith("试用：核验通过")


def test_good_dossiers_are_valid(bench: Bench) -> None:
    for data in (bench.draft.pack(), rich(bench.world).seal().pack()):
        assert agree(bench, bench.dossier(data), bench.trust)["exit"] == 0


def test_without_a_trust_folder_nothing_is_trusted(bench: Bench) -> None:
    found = agree(bench, bench.dossier(bench.draft.pack()), None)
    assert found["verdict"] == "incomplete"


def test_a_package_with_the_papers_beside_it(bench: Bench) -> None:
    folder = bench.folder / "beside"
    folder.mkdir()
    (folder / Sidecars(NAME).wacz).write_bytes(bench.draft.wacz)
    for name, data in bench.draft.papers.items():
        (folder / name).write_bytes(data)
    found = bench.html.verify(sorted(folder.iterdir()), bench.trust)
    due = verify_file(folder / Sidecars(NAME).wacz, trust=bench.trust).to_json()
    assert (found["exit"], told(found), found["facts"]) == (0, told(due), due["facts"])


@pytest.mark.parametrize("where", [0.2, 0.5, 0.8])
def test_a_changed_byte_is_refused(bench: Bench, where: float) -> None:
    data = bytearray(bench.draft.pack())
    data[int(len(data) * where)] ^= 1
    path = bench.dossier(bytes(data))
    found = bench.html.verify([path], bench.trust)
    due = verify_file(path, trust=bench.trust).to_json()
    assert (found["exit"], due["exit"]) == (1, 1)
    wrong = [{c["id"] for c in v["claims"] if c["status"] == "invalid"} for v in (found, due)]
    assert wrong[0] == wrong[1]
    assert all(c["where"] for c in found["claims"] if c["status"] == "invalid")
    assert found["headline"] == due["headline"]
    failing = print_report(verify_file(path, trust=bench.trust)).splitlines()[2]
    shown = bench.html.page.inner_text("#failing").partition("：")[2]
    assert failing == f"不成立之处 Failing: {shown}"


def test_another_installation_is_not_trusted(bench: Bench) -> None:
    other = World(bench.folder, bench.world.log_key, bench.world.signer, Tsa(bench.folder / "tsa2"))
    trust = other.trust(bench.folder / "other")
    found = agree(bench, bench.dossier(bench.draft.pack()), trust)
    assert found["foreign"] is True
    assert FOREIGN_ADVICE[0] in bench.html.page.inner_text("#headline")
    wrong = {c["id"] for c in found["claims"] if c["status"] == "invalid"}
    assert found["exit"] == 1
    assert {"signature", "inclusion", "timestamp"} <= wrong


def test_a_text_file_is_no_package(bench: Bench) -> None:
    path = bench.folder / "notes.txt"
    path.write_text("PK is not enough\n")
    found = agree(bench, path, bench.trust)
    assert (found["verdict"], found["exit"]) == ("not_a_package", 2)


def test_a_folder_without_a_policy_is_refused(bench: Bench) -> None:
    folder = bench.folder / "empty"
    folder.mkdir()
    (folder / "log.vkey").write_text("x\n")
    with pytest.raises(RefusedInputError, match=r"policy\.toml"):
        bench.html.verify([bench.dossier(bench.draft.pack())], folder)


def test_a_spoilt_trust_folder_is_not_judged_by(bench: Bench, tmp_path: Path) -> None:
    dossier = bench.dossier(bench.draft.pack())
    for number, (spoil, said) in enumerate(SPOILT.values()):
        trust = sum_up(bench.world.trust(tmp_path / str(number)))
        spoil(trust)
        with pytest.raises(RefusedInputError, match=re.escape(said.strip("()"))):
            bench.html.verify([dossier], trust)


def test_both_languages_the_fingerprints_and_the_saved_verdict(bench: Bench) -> None:
    found = bench.html.verify([bench.dossier(bench.draft.pack())], bench.trust)
    page = bench.html.page
    assert page.inner_text("#headline .word").endswith(found["headline"]["zh"])
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    shown = page.inner_text("#prints").replace("\n", " ")
    assert "清单签名公钥" in shown
    assert all(len(group) == 4 for group in page.locator("#prints .hex span").all_inner_texts())
    page.focus("#language")
    page.keyboard.press("Enter")
    assert page.inner_text("#headline .word").endswith(found["headline"]["en"])
    assert page.evaluate("document.documentElement.lang") == "en"
    with page.expect_download() as started:
        page.click("#save")
    saved = json.loads(Path(started.value.path()).read_text("utf-8"))
    assert saved == found
    for language in ("zh", "en"):
        assert "侵权" not in found["headline"][language]


def test_the_page_itself_lets_nothing_out(bench: Bench) -> None:
    """Not the test's browser but the page's own policy stops every way out."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser = bench.html.page.context.browser
    assert browser is not None
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(BUILT.as_uri())
        refused = page.evaluate(
            """async (to) => {
                const tries = [
                    () => fetch(to + "fetch"),
                    () => new Promise((yes, no) => Object.assign(
                        new Image(), { onload: yes, onerror: no, src: to + "image" })),
                    () => new Promise((yes, no) => {
                        const worker = new Worker(URL.createObjectURL(new Blob(
                            [`fetch("${to}worker").then(
                                () => postMessage(1), () => postMessage(0))`],
                            { type: "text/plain" })));
                        worker.onmessage = (told) => (told.data ? yes : no)();
                        worker.onerror = no;
                    }),
                ];
                const done = await Promise.allSettled(tries.map((one) => one()));
                return done.map((one) => one.status);
            }""",
            f"http://127.0.0.1:{server.server_port}/",
        )
    finally:
        context.close()
        server.shutdown()
        server.server_close()
    assert refused == ["rejected"] * 3
    assert asked == []
