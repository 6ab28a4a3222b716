"""What the first line of a capture says of its records where they are not one whole; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evidence.capture.stillness import Rest
from evidence.format.declared import CHANGED, NOT_STOPPED, STYLED, TOO_LARGE, Line

MOVED: Line = (
    "网页打开后自行转到其他网址或重新载入，所录为其后显示的页面",
    "once loaded, the page moved or loaded again by itself; the records are of what it then showed",
)

BARE: Line = (
    "服务器只以错误状态作答，没有内容；各项记录所示为浏览器自身的提示页",
    "the server answered an error without content; what the records show is the browser's notice",
)

ENDLESS: Line = (
    "网页的脚本长时间没有让出，网页不作响应，其脚本已被停止；所录为其后的页面",
    "a script of the page went on and on and the page gave no answer; its scripts were stopped",
)

_NAMED = 20


def left_out_lines(count: int, *, page: bool) -> Iterator[Line]:
    """Yield what is to be said of exchanges that could not be published masked.

    ``page`` says that the page's own is one of them.
    """
    if page:
        yield (
            "网页本身的交互记录中有无法遮盖的登录凭据，未予公布，原文仅在加密部分内",
            "the page's own exchange has a secret not to be masked; it is in the encrypted part",
        )
    if count:
        yield (
            f"有 {count} 条交互记录中的登录凭据无法遮盖，未予公布，原文在加密部分内",
            f"exchanges with secrets that could not be masked, in the encrypted part: {count}",
        )


def told_of_rest(rest: Rest, *, changed: bool) -> Iterator[Line]:
    """Yield what is to be said of a page that could not be kept still.

    ``changed`` says that its text or its first screen is not what it was before.
    """
    if rest.changes or changed:
        yield CHANGED
    if rest.why_not:
        yield NOT_STOPPED
    if rest.left:
        yield (
            "留存各项记录期间网页要转到其他网址或重新载入，未予放行；所录为此前的页面",
            "the page wanted to move or to load again while it was recorded and was held there",
        )


def told_of_parts(*, passed: int, inside: int, missed: int | None) -> Iterator[Line]:
    """Yield what is to be said of parts of the page that not every record holds."""
    if passed:
        yield (
            f"滚动时曾显示、最终页面上已没有的文字有 {passed} 行，截图中没有，列于 text.txt 末尾",
            f"{passed} lines shown while scrolling are not in the picture, but at text.txt's end",
        )
    if inside:
        yield (
            f"页面内有 {inside} 处可单独滚动的区域，截图和 PDF 只含其可见部分",
            f"{inside} parts of the page scroll by themselves; picture and PDF show a part of them",
        )
    if missed is None:
        yield TOO_LARGE
    elif missed:
        yield (
            f"有 {missed} 个封闭的影子树不在文字记录内",
            f"{missed} closed shadow trees are not in the text record",
        )


def told_of_styled(words: str) -> Iterator[Line]:
    """Yield what is to be said of a page that has no words but those of its style sheets."""
    if any(character.isalnum() for character in words):
        yield STYLED


def told_of_mhtml(*, kept: bool) -> Iterator[Line]:
    """Yield what is to be said of a page of which there is no MHTML file."""
    if not kept:
        yield (
            "未能将页面另存为 MHTML 文件，原因见 capture.json",
            "the page could not be kept as an MHTML file, see capture.json",
        )


def told_of_moments(lines: Mapping[int, Sequence[Line]]) -> Iterator[Line]:
    """Yield what is to be said of the records at marked moments, each sentence once."""
    found: dict[Line, list[int]] = {}
    for number, told in sorted(lines.items()):
        for line in told:
            found.setdefault(line, []).append(number)
    for (zh, en), numbers in found.items():
        more = len(numbers) - _NAMED
        first = [str(number) for number in numbers[:_NAMED]]
        at = f"标记时刻 {'、'.join(first)}" + (f" 等 {len(numbers)} 个" if more > 0 else "")
        on = f"moment{'s' if numbers[1:] else ''} {', '.join(first)}"
        yield f"{at}：{zh}", f"{on}{f' and {more} more' if more > 0 else ''}: {en}"


def told_of_width(width: int, shown: int) -> Iterator[Line]:
    """Yield what is to be said of a page that is wider than its picture (CSS pixels)."""
    if width > shown:
        yield (
            f"页面宽 {width} 像素，截图只含左起 {shown} 像素",
            f"the page is {width} pixels wide, its picture shows the first {shown} of them",
        )
