"""A person at the console: signs in and presses buttons over HTTP, as a browser would."""

from __future__ import annotations

import http.client
import http.cookiejar
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from demo.errors import NotAsTold

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_REVISION = re.compile(r'name="revision" value="(\d+)"')


class Person:
    """One session at the console; raises NotAsTold when the console refuses."""

    def __init__(self, console: str, name: str, password: str) -> None:
        self._console = console.rstrip("/")
        self.name = name
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar).open
        page = self.post(
            "/sign-in/", {"username": name, "password": password, "next": "/"}, form="/sign-in/"
        )
        if 'name="password"' in page:
            raise NotAsTold(f"{name} cannot sign in.", f"账号 {name} 无法登录。")

    def page(self, path: str) -> str:
        """Return the page at this address."""
        return self._ask(urllib.request.Request(self._console + path))

    def post(self, path: str, fields: dict[str, str], *, form: str) -> str:
        """Send a form found on the page ``form`` with its token; return the page that follows."""
        page = self.page(form)
        token = _TOKEN.search(page)
        if token is None:
            raise NotAsTold(f"There is no form at {form}.", f"{form} 页面上没有可提交的表单。")
        filled = {"csrfmiddlewaretoken": token[1], **fields}
        seen = _REVISION.search(page)
        if seen is not None:
            filled.setdefault("revision", seen[1])
        request = urllib.request.Request(
            self._console + path,
            data=urllib.parse.urlencode(filled).encode(),
            headers={"Referer": self._console + form, "Origin": self._console},
        )
        return self._ask(request)

    def download(self, path: str, target: Path) -> Path:
        """Save the file at this address and return where it lies."""
        target.parent.mkdir(parents=True, exist_ok=True)
        request = urllib.request.Request(self._console + path)
        with self._answer(request) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
        return target

    def _ask(self, request: urllib.request.Request) -> str:
        with self._answer(request) as answer:
            return str(answer.read().decode("utf-8"))

    def _answer(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        try:
            answer: http.client.HTTPResponse = self._open(request, timeout=60)
            return answer
        except urllib.error.HTTPError as error:
            raise NotAsTold(
                f"The console answered {error.code} to {self.name} at {request.full_url}.",
                f"控制台对 {self.name} 的请求 {request.full_url} 返回 {error.code}。",
            ) from error
