"""Firefox by WebDriver BiDi (W3C): the built file opened from disk in the browser people have.

Playwright does not drive Debian's Firefox; what is needed here are six commands.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

SECONDS = 120
_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


def find_firefox() -> str | None:
    """Return the path of Firefox, or None."""
    return shutil.which("firefox-esr") or shutil.which("firefox")


class _Session:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._number = socket, 0
        self.requests: list[str] = []

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the result of a command; RuntimeError with the browser's words if it fails."""
        self._number += 1
        order = {"id": self._number, "method": method, "params": parameters}
        await self._socket.send_json(order)
        while True:
            answer = json.loads(await self._socket.receive_str())
            if answer.get("method") == "network.beforeRequestSent":
                self.requests.append(answer["params"]["request"]["url"])
            if answer.get("id") == self._number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['message']}")
                result: dict[str, Any] = answer["result"]
                return result


@asynccontextmanager
async def _opened(profile: Path) -> AsyncIterator[_Session]:
    """Yield a session with a Firefox of its own."""
    firefox = find_firefox()
    assert firefox is not None
    process = await asyncio.create_subprocess_exec(
        firefox,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        address = None
        while address is None:
            line = (await asyncio.wait_for(process.stderr.readline(), SECONDS)).decode()
            assert line, "Firefox ended before it listened"
            address = _LISTENING.search(line)
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(f"{address[1]}/session", max_msg_size=0) as socket,
        ):
            yield _Session(socket)
    finally:
        process.terminate()
        await process.wait()


async def _verify(
    built: Path, files: Sequence[Path], trust: Sequence[Path], profile: Path
) -> tuple[dict[str, Any], list[str]]:
    async with _opened(profile) as session:
        await session.send("session.new", capabilities={})
        await session.send("session.subscribe", events=["network.beforeRequestSent"])
        context = (await session.send("browsingContext.getTree"))["contexts"][0]["context"]
        opened = {"context": context, "url": built.as_uri(), "wait": "complete"}
        await session.send("browsingContext.navigate", **opened)
        session.requests.clear()
        for selector, paths in (("#trust-files", trust), ("#evidence-files", files)):
            locator = {"type": "css", "value": selector}
            nodes = await session.send(
                "browsingContext.locateNodes", context=context, locator=locator
            )
            element = {"sharedId": nodes["nodes"][0]["sharedId"]}
            names = [str(path.resolve()) for path in paths]
            if names:
                await session.send("input.setFiles", context=context, element=element, files=names)
        text = await session.send(
            "script.callFunction",
            functionDeclaration="""() => new Promise((done) => {
                document.getElementById('verify').click();
                setInterval(() => {
                    const state = document.body.dataset.state;
                    if (['done', 'refused', 'broken'].includes(state))
                        done(window.marksealVerdict ?? state);
                }, 50);
            })""",
            target={"context": context},
            awaitPromise=True,
        )
        value = text["result"]["value"]
        assert value.startswith("{"), value
        return json.loads(value), session.requests


def verify_in_firefox(
    built: Path, files: Sequence[Path], trust: Path, profile: Path
) -> tuple[dict[str, Any], list[str]]:
    """Return the verdict as the page made it in Firefox, and every address that was asked for.

    The trust folder's files are given one by one, without their folders.
    """
    profile.mkdir()
    listed = [path for path in sorted(trust.rglob("*")) if path.is_file()]
    return asyncio.run(asyncio.wait_for(_verify(built, files, listed, profile), SECONDS))
