"""The rows of one capture's environment record, each made by its own small probe."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.browser.launch import Running
from evidence.browser.order import CaptureOrder
from evidence.environment import answers, clocks, machine, network, program
from evidence.environment.answers import Answered
from evidence.environment.journal import JournalView
from evidence.environment.packages import code_row
from evidence.environment.rows import TOPICS, Row, attempt, checked, differs, not_checked
from evidence.environment.standing import Standing


@dataclass(frozen=True)
class Scene:
    """Everything the rows are made from."""

    order: CaptureOrder
    running: Running
    journal: JournalView
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    standing: Standing
    renderers: tuple[program.Renderer, ...]
    answered: Answered | None
    isolation: Mapping[str, Any]
    software: str
    time_servers: Callable[[], Row]


def rows_of(scene: Scene) -> list[Row]:
    """Return one row for each topic, in the order of ``TOPICS``."""
    kept = {row.id: row for row in scene.standing.rows}
    probes = {**_machine_probes(scene), **_network_probes(scene), **_browser_probes(scene)}
    return [kept[topic] if topic in kept else attempt(topic, probes[topic]) for topic in TOPICS]


def _machine_probes(scene: Scene) -> dict[str, Callable[[], Row]]:
    before, after = scene.before, scene.after
    return {
        "processes": lambda: machine.processes_row(before["processes"], after["processes"]),
        "code": lambda: code_row(scene.software),
        "review": lambda: _review_row(scene.standing.review),
        "time_servers": scene.time_servers,
        "authority_time": _authority_row,
        "clock": lambda: clocks.clock_row(dict(before), dict(after)),
        "time_sync": clocks.sync_row,
        "key_isolation": lambda: _isolation_row(scene.isolation),
        "user": lambda: machine.user_row(machine.user_name(), os.geteuid()),
        "disk": lambda: machine.disk_row(Path(tempfile.gettempdir())),
        "memory": machine.memory_row,
    }


def _network_probes(scene: Scene) -> dict[str, Callable[[], Row]]:
    journal, answered, guarded = scene.journal, scene.answered, scene.order.proxy is not None
    before, after = scene.before, scene.after
    variables = sorted({*before["proxy_variables"], *after["proxy_variables"]})
    looks = zip(before["files"], after["files"], strict=True)
    files = dict(zip(network.NAME_FILES, looks, strict=True))
    return {
        "proxy_variables": lambda: network.proxy_variables_row(variables, guarded=guarded),
        "system_proxy": network.system_proxy_row,
        "routes": lambda: network.compared(
            "routes", before["routes"], after["routes"], network.routes_row
        ),
        "addresses": lambda: network.compared(
            "addresses", before["addresses"], after["addresses"], network.addresses_row
        ),
        "egress_address": _egress_row,
        "egress_guard": lambda: answers.guard_row(journal, proxied=guarded),
        "hosts": lambda: network.name_file_row("hosts", *files["hosts"]),
        "resolv_conf": lambda: network.name_file_row("resolv_conf", *files["resolv_conf"]),
        "nsswitch": lambda: network.name_file_row("nsswitch", *files["nsswitch"]),
        "resolvers": lambda: answers.resolvers_row(journal),
        "server_address": lambda: answers.server_row(journal, answered),
        "certificate": lambda: answers.certificate_row(answered),
        "revocation": _revocation_row,
        "http_status": lambda: answers.status_row(answered),
    }


def _browser_probes(scene: Scene) -> dict[str, Callable[[], Row]]:
    order, running = scene.order, scene.running
    root_store = scene.answered.root_store if scene.answered else None
    return {
        "profile": lambda: _profile_row(order),
        "browser_version": lambda: checked(
            "browser_version",
            f"{running.version}。",
            f"{running.version}.",
            version=running.version,
        ),
        "browser_binary": lambda: _binary_row(scene),
        "browser_flags": lambda: program.flags_row(running.flags),
        "browser_policies": program.policies_row,
        "sandbox": lambda: program.sandbox_row(wanted=order.sandbox, found=scene.renderers),
        "root_store": lambda: program.root_store_row(root_store),
        "user_certificates": lambda: program.user_certificates_row(Path.home()),
        "system_roots": program.system_roots_row,
    }


def _review_row(review: Mapping[str, str]) -> Row:
    if not review:
        return not_checked(
            "review",
            "没有 48 小时内针对本浏览器和本程序的技术核查记录；请运行 markseal selftest。",
            "No technical review of this browser and code within 48 hours; run markseal selftest.",
        )
    when = review.get("finished", "")
    if review.get("result") != "passed":
        return differs(
            "review",
            f"{when} 的技术核查未通过。",
            f"The technical review of {when} did not pass.",
            **review,
        )
    return checked(
        "review",
        f"{when} 的技术核查通过，记录随证据附上。",
        f"The technical review of {when} passed; it is enclosed.",
        **review,
    )


def _authority_row() -> Row:
    return not_checked(
        "authority_time",
        "时间戳机构的时间见封装所附的时间戳令牌（取证之后签发）。",
        "The authority's time is in the tokens beside the package, given after the capture.",
        see="tokens",
    )


def _isolation_row(isolation: Mapping[str, Any]) -> Row:
    kind = str(isolation.get("key_isolation", "none"))
    if kind == "none":
        return differs(
            "key_isolation",
            "取证进程与签名密钥未作隔离（key isolation: none）。",
            "Nothing kept the capture's process from the keys (key isolation: none).",
            **isolation,
        )
    return checked(
        "key_isolation",
        f"取证进程不能读取签名密钥（{kind}）。",
        f"The capture's process cannot read the keys ({kind}).",
        **isolation,
    )


def _egress_row() -> Row:
    return not_checked(
        "egress_address",
        "未设置查询对外地址的服务，不主动向外查询。",
        "No service is configured that would tell it, and none is asked by itself.",
    )


def _revocation_row() -> Row:
    return not_checked(
        "revocation",
        "未核查网站证书是否被吊销（revocation not checked）。",
        "Whether the site's certificate was revoked was not checked.",
    )


def _profile_row(order: CaptureOrder) -> Row:
    data = {"profile": "fresh", "cookies_before": 0, "cache_before": "empty"}
    if order.login is not None:
        return checked(
            "profile",
            "全新浏览器配置，缓存为空；载入了声明的登录状态（其内容不进入证据）。",
            "Fresh profile, empty cache; a declared login state was loaded and is not in evidence.",
            **data,
            login="declared",
        )
    return checked(
        "profile",
        "全新浏览器配置，Cookie 与缓存均为空，无登录状态，用后删除。",
        "Fresh profile with no cookies, an empty cache and no login; deleted afterwards.",
        **data,
        login="none",
    )


def _binary_row(scene: Scene) -> Row:
    digest = scene.standing.browser_sha256
    if scene.running.binary is None or digest is None:
        return not_checked(
            "browser_binary",
            "本系统无法找到浏览器进程的程序文件。",
            "The file of the browser's process was not found or could not be read.",
        )
    return checked(
        "browser_binary",
        f"SHA-256 {digest}。",
        f"SHA-256 {digest}.",
        sha256=digest,
        file=scene.running.binary.name,
        looked=scene.standing.looked_text,
    )
