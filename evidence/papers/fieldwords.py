"""The fields of a certificate in words, for whoever is told that one of them differs."""

from __future__ import annotations

import re
from collections.abc import Iterable

WORDS = {
    "authority": ("时间戳机构", "timestamp authority"),
    "capture_id": ("固证编号", "the capture's number"),
    "captured": ("取证时间", "time of the capture"),
    "declared": ("取证时的声明", "what was declared at the capture"),
    "finished": ("取证结束时间", "end of the capture"),
    "index": ("日志序号", "index in the log"),
    "log": ("日志", "log"),
    "manifest": ("清单哈希值", "digests of the manifest"),
    "manifest_sha256": ("清单 SHA-256", "SHA-256 of the manifest"),
    "manifest_sm3": ("清单 SM3", "SM3 of the manifest"),
    "name": ("封装文件名", "name of the package"),
    "number": ("凭证编号", "number of the certificate"),
    "origin": ("日志名称", "name of the log"),
    "package": ("封装文件的大小与哈希值", "size and digests of the package"),
    "package_sha256": ("封装文件 SHA-256", "SHA-256 of the package"),
    "package_size": ("封装文件大小", "size of the package"),
    "package_sm3": ("封装文件 SM3", "SM3 of the package"),
    "PDF": ("PDF 的内容", "content of the PDF"),
    "qr": ("二维码", "QR code"),
    "root": ("日志树根", "root of the log"),
    "size": ("日志条目数", "size of the log"),
    "started": ("取证开始时间", "beginning of the capture"),
    "time": ("时间戳时刻", "time of the timestamp"),
    "title": ("页面标题", "title of the page"),
    "tokens": ("时间戳", "timestamps"),
    "trial": ("是否试用", "whether it is for trial only"),
    "url": ("网址", "address"),
}
"""Field to its words; those of a token have a number behind (``time_0``)."""


def in_words(fields: Iterable[str]) -> tuple[str, str]:
    """Return the fields in Chinese and in English, each once; one without words as it is."""
    told = dict.fromkeys(WORDS.get(re.sub(r"_\d+\Z", "", one), (one, one)) for one in fields)
    return "、".join(zh for zh, _ in told), ", ".join(en for _, en in told)
