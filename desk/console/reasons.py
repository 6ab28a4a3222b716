"""What a capture's records say in English alone, said in the language of the page.

The records are sealed as they are; here each of their phrases has its Chinese beside it. A
phrase that is not known is quoted as it stands, in brackets, and said to be a quotation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language

LIMIT = 300

# Each pattern is a reason as the capture writes it (evidence/capture); the holes are its groups.
REASONS = tuple(
    (re.compile(pattern + r"\Z"), words)
    for pattern, words in (
        (r"(\d+) characters", "网址共 {} 个字符"),
        (r"part kept \((.*)\)", "已保留收到的部分（{}）"),
        (r"frames are not recorded \((\d+) bytes\)", "通信帧未记录，共 {} 字节"),
        (r"the request is recorded, no answer came", "请求已记录，没有收到应答"),
        (r"(\d+) times, answered from this capture's cache", "共 {} 次，由本次取证的缓存应答"),
        (r"by the egress guard \((.*)\)", "由出口守卫拒绝（{}）"),
        (r"blocked by declaration; pages run without one", "按声明停用，页面在没有它时运行"),
        (r"(\S+), (\d+) times", "连接失败（{}），共 {} 次"),
        (r"open", "取证结束时仍未完成"),
        (r"finished", "浏览器报告已完成，网络日志中没有"),
        (r"redirected", "浏览器报告已转向，网络日志中没有"),
        (r"failed", "浏览器报告失败"),
        (r"((?:net::)?ERR_\w+|[\w-]+)", "浏览器报告失败（{}）"),
        (r"its exchanges are recorded, its picture is not taken", "往来内容已记录，没有截图"),
        (r"closed at once: more than (\d+)", "已立即关闭：弹出窗口超过 {} 个"),
        (r"its exchange is recorded, the file is not kept beside it", "往来内容已记录，未另存文件"),
        (r"not whole \(the bound on time\)", "不完整（达到时间上限）"),
        (r"not whole \((.*)\)", "不完整（{}）"),
        (
            r"Pillow on this machine cannot encode VP8.*",
            "本机的图像组件不能编码录屏（Pillow、WebP）",
        ),
        (r"the browser gave no frames", "浏览器没有给出画面"),
        (r"it answered with status (\d+)", "应答状态码为 {}"),
        (r"no answer", "没有应答"),
    )
)
PARTS = {
    "request": "请求",
    "response": "应答",
    "interim": "临时应答",
    "head": "头部",
    "body": "正文",
    "framing": "分块标记",
    "surplus": "应答之后的多余字节",
    "trailer": "尾部字段",
    "text": "文字",
    "part": "部分",
    "object": "对象",
    "picture": "画面",
    "record": "记录",
}
FORMS = {
    "plain": "原样",
    "percent-encoded": "网址编码",
    "percent-encoded twice": "两次网址编码",
    "JSON-escaped": "JSON 转义",
    "HTML-escaped": "HTML 转义",
    "hexadecimal": "十六进制",
    "not searched": "未查找",
    "unreadable, masked whole": "无法读取，整体遮盖",
    "bytes after the answer, masked whole": "应答之后的字节，整体遮盖",
}
PLACES = {
    "central directory": "目录区",
    "end record": "结束记录",
}
"""Places of a ZIP that are no file, as a claim's ``where`` names them."""


def reason_words(reason: Any) -> str:
    """Return why something was not recorded, in the language of the page."""
    told = str(reason)[:LIMIT] if reason is not None else ""
    if get_language() == "en" or not told:
        return told
    for pattern, words in REASONS:
        match = pattern.match(told)
        if match is not None:
            return words.format(*match.groups())
    return f"原文记载（{told}）"


def masked_words(item: Mapping[str, Any]) -> str:
    """Return where something was masked and in what form: file, part, kind."""
    file, part, what = (str(item.get(key, "")) for key in ("file", "part", "what"))
    if get_language() != "en":
        part = "".join(PARTS.get(word, word) for word in part.split())
        decoded = re.fullmatch(r"stored decoded \((.*)\)", what)
        what = f"解码后存放（{decoded[1]}）" if decoded else FORMS.get(what, what)
    return " · ".join((file, part, what))


def place_words(where: str) -> str:
    """Return where a claim fails; the names of files stay, those of a ZIP's parts are said."""
    archive, mark, part = where.rpartition("!")
    if get_language() == "en" or part not in PLACES:
        return where
    return f"{archive}{mark}{PLACES[part]}（{part}）"
