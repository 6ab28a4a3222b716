"""Drives the built ``verifier/dist/markseal-verify.html`` as a person would, and reads its verdict.

The file is opened by ``file://`` in Chromium without a network; evidence and trust folder are
chosen in its two file dialogues, the button is pressed, and the verdict that the page would save
is returned. One browser serves many verdicts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import Page, sync_playwright

from evidence.browser.finding import find_browser

BUILT = Path(__file__).resolve().parents[2] / "verifier" / "dist" / "markseal-verify.html"
SECONDS = 120


class RefusedInputError(Exception):
    """The page could not use the file or the trust folder, and said why."""


class HtmlVerifier:
    """A context manager: the page in a browser of its own; ``verify`` may be called repeatedly.

    ``requests`` holds every address that anything in the page asked for, beyond the file itself.
    """

    def __init__(self, built: Path = BUILT, *, script: str = "") -> None:
        self.built, self.script = built, script
        self.requests: list[str] = []
        self.problems: list[str] = []
        self._stack = ExitStack()
        self._page: Page | None = None
        self._trusted = False

    def __enter__(self) -> Self:
        playwright = self._stack.enter_context(sync_playwright())
        arguments = ["--disable-gpu"] + (["--no-sandbox"] if os.geteuid() == 0 else [])
        browser = playwright.chromium.launch(executable_path=find_browser(), args=arguments)
        self._stack.callback(browser.close)
        context = browser.new_context(offline=True, viewport={"width": 1100, "height": 900})
        if self.script:
            context.add_init_script(self.script)
        self._page = page = context.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self.problems.append(message.text))
        page.goto(self.built.as_uri())
        self.requests.clear()
        return self

    def __exit__(self, *_: object) -> None:
        self._page = None
        self._stack.close()

    @property
    def page(self) -> Page:
        """The page itself, for what ``verify`` does not do."""
        assert self._page is not None, "use HtmlVerifier in a with statement"
        return self._page

    def choose(self, files: Sequence[Path], trust: Path | None) -> None:
        """Choose the evidence and, if given, the trust folder; anything chosen before is gone."""
        page = self.page
        if self._trusted:
            page.reload()
        self._trusted = trust is not None
        self.requests.clear()
        if trust is not None:
            page.set_input_files("#trust-folder", trust)
        page.set_input_files("#evidence-files", list(files))

    def verify(self, files: Sequence[Path], trust: Path | None) -> dict[str, Any]:
        """Return the verdict (``markseal-verdict/1``) on the files, as the page made it.

        ``files`` is a dossier, or a WACZ and the papers beside it. Raises RefusedInputError when
        the page cannot use the trust folder.
        """
        self.choose(files, trust)
        page = self.page
        page.click("#verify")
        ended = ", ".join(f'body[data-state="{word}"]' for word in ("done", "refused", "broken"))
        page.wait_for_selector(ended)
        text = page.evaluate("window.marksealVerdict")
        if text is None:
            raise RefusedInputError(page.inner_text("#result"))
        verdict: dict[str, Any] = json.loads(text)
        return verdict
