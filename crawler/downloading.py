"""Scrapy as the downloader: the thin edge between a walk and the network.

Imported by the crawl's own process alone. Redirects, retries and robots are the walk's
business, because each of them has a state; Scrapy gives connections, proxying, decoding
of contents and bounds on size and time.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from scrapy import Request, Spider
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)

from crawler.fetching import Answer, Fetch, NoAnswer

TIMEOUT_SECONDS = 30
MAX_BYTES = 10 * 1024 * 1024
_MARK = re.compile(r"Markseal-(Refused|Failed) (\w+)")
_CERTIFICATE = re.compile(r"certificate verify failed|certificate_unknown|VerificationError", re.I)
Job = Callable[[Fetch], Awaitable[None]]


class Downloads(Spider):
    """A spider that crawls nothing of itself: it lends its engine to a job."""

    name = "markseal"
    job: Job
    proxy: str | None
    failure: BaseException | None = None

    async def start(self) -> AsyncIterator[Any]:
        """Run the job to its end; yields nothing."""
        try:
            await self.job(self.fetch)
        except Exception as error:  # noqa: BLE001 - handed to the caller of run_downloads
            self.failure = error
        nothing: tuple[Any, ...] = ()
        for request in nothing:
            yield request

    async def fetch(self, url: str, body: str | None = None) -> Answer | NoAnswer:
        """Return the answer to one GET, or one POST of JSON, or why there is none."""
        meta = {"proxy": f"http://{self.proxy}"} if self.proxy else {}
        engine = self.crawler.engine
        try:
            request = Request(url, meta=meta, dont_filter=True, **_posted(body))
            response = await engine.download_async(request)
        except ValueError:
            return NoAnswer(url, "bad_host", refused=True)
        except (DownloadTimeoutError, TimeoutError):
            return NoAnswer(url, "timed_out")
        except (DownloadCancelledError, IgnoreRequest):  # too long as sent, or once unpacked
            return NoAnswer(url, "too_large")
        except CannotResolveHostError:
            return NoAnswer(url, "name_not_found")
        except DownloadConnectionRefusedError:
            return NoAnswer(url, "connect_failed")
        except (DownloadFailedError, ResponseDataLossError, OSError, TunnelError) as error:
            return _reason(url, str(error))
        headers = {
            name.decode("latin-1").lower(): values[-1].decode("latin-1")
            for name, values in response.headers.items()
            if values
        }
        for name, refused in (("x-markseal-refused", True), ("x-markseal-failed", False)):
            if name in headers and self.proxy:
                return NoAnswer(url, headers[name], refused=refused)
        return Answer(url, response.status, headers, response.body)


def _posted(body: str | None) -> dict[str, Any]:
    if body is None:
        return {}
    return {"method": "POST", "body": body, "headers": {"Content-Type": "application/json"}}


def _reason(url: str, words: str) -> NoAnswer:
    found = _MARK.search(words)
    if found is not None:
        return NoAnswer(url, found[2], refused=found[1] == "Refused")
    if _CERTIFICATE.search(words):
        return NoAnswer(url, "bad_certificate")
    return NoAnswer(url, "bad_answer")


def run_downloads(
    job: Job,
    *,
    proxy: str | None,
    user_agent: str,
    at_once: int,
    timeout: float = TIMEOUT_SECONDS,
) -> None:
    """Run a job with a fetch of its own in Scrapy's event loop; raise what it raised.

    Can be called once in a process: the reactor cannot start again.
    """
    process = AsyncCrawlerProcess(
        settings=_settings(user_agent, at_once, timeout), install_root_handler=False
    )
    crawler = process.create_crawler(Downloads)
    process.crawl(crawler, job=job, proxy=proxy)
    process.start(install_signal_handlers=True)
    spider = crawler.spider
    failure = getattr(spider, "failure", None)
    if failure is not None:
        raise failure


def _settings(user_agent: str, at_once: int, timeout: float) -> dict[str, Any]:
    return {
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "USER_AGENT": user_agent,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.6",
        },
        "CONCURRENT_REQUESTS": max(at_once, 1),
        "CONCURRENT_REQUESTS_PER_DOMAIN": max(at_once, 1),
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": timeout,
        "DOWNLOAD_MAXSIZE": MAX_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "REDIRECT_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "HTTPPROXY_ENABLED": False,
        "COOKIES_ENABLED": True,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
    }
