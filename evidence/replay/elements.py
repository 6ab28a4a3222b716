"""The page's own measures, asked in our isolated world: boxes that may explain a difference."""

from __future__ import annotations

from typing import Any

from evidence.replay.causes import Cause, Element, is_advertising, is_foreign
from evidence.replay.compare import Box

ELEMENTS = r"""(broken) => {
  const lost = new Set(broken), items = [];
  const add = (kind, rect, url) => {
    if (items.length < 3000 && rect.width > 0 && rect.height > 0)
      items.push({kind, url: String(url || '').slice(0, 2000),
        x: Math.floor(rect.x + scrollX), y: Math.floor(rect.y + scrollY),
        width: Math.ceil(rect.width), height: Math.ceil(rect.height)});
  };
  const full = text => { try { return new URL(text, document.baseURI).href } catch { return '' } };
  const named = (e, url) => {
    const kind = e.localName === 'iframe' || e.localName === 'frame' ? 'frame' : 'picture';
    add(lost.has(url) ? 'lost' : kind, e.getBoundingClientRect(), url);
  };
  for (const e of document.querySelectorAll('img')) named(e, e.currentSrc || e.src);
  for (const e of document.querySelectorAll('iframe, frame, embed')) named(e, e.src);
  for (const e of document.querySelectorAll('object')) named(e, e.data);
  for (const e of document.querySelectorAll('video, canvas, marquee'))
    add('moving', e.getBoundingClientRect(), e.currentSrc);
  for (const animation of document.getAnimations ? document.getAnimations() : []) {
    const target = animation.effect && animation.effect.target;
    if (target) add('moving', target.getBoundingClientRect());
  }
  const painted = lost.size ? Array.from(document.querySelectorAll('body, body *')) : [];
  for (const e of painted.slice(0, 5000)) {
    const found = /url\("([^"]*)"\)/.exec(getComputedStyle(e).backgroundImage);
    if (found && lost.has(full(found[1]))) add('lost', e.getBoundingClientRect(), full(found[1]));
  }
  const time = new RegExp(['\\d{1,2}\\s*[:：]\\s*\\d{2}',
    '(19|20)\\d{2}\\s*[-/年.]\\s*\\d{1,2}\\s*[-/月.]',
    '\\d+\\s*(秒|分钟|分|小时|天)(前|后|钟)?', '\\d+\\s*(second|minute|hour|day)s?'].join('|'));
  const walker = document.createTreeWalker(document.body || document, NodeFilter.SHOW_TEXT);
  for (let count = 0, node; (node = walker.nextNode()) && count < 20000; count++) {
    const text = node.nodeValue, above = node.parentElement && node.parentElement.parentElement;
    if (text.length < 200 && time.test(text)) {
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const rect of range.getClientRects()) add('clock', rect);
    } else if (/^\s*\d{1,2}\s*$/.test(text)) {
      for (const e of [node.parentElement, above])
        if (e && e.textContent.length <= 40 && time.test(e.textContent))
          { add('clock', e.getBoundingClientRect()); break; }
    }
  }
  return {width: window.innerWidth, items};
}"""
_KINDS = {"lost": Cause.NOT_RECORDED, "moving": Cause.ANIMATION, "clock": Cause.CLOCK}


def explaining(items: tuple[dict[str, Any], ...], page: str, scale: float) -> list[Element]:
    """Return the boxes that explain something, in pixels of the picture (CSS times ``scale``).

    A frame counts as advertisement when it is of another site than ``page``; a picture only
    when its host serves nothing else.
    """
    found = []
    for item in items:
        cause = _KINDS.get(item["kind"])
        if cause is None and (
            (item["kind"] == "frame" and is_foreign(item["url"], page))
            or is_advertising(item["url"])
        ):
            cause = Cause.ADVERTISEMENT
        if cause is not None:
            sides = [round(item[side] * scale) for side in ("x", "y", "width", "height")]
            found.append(Element(cause, Box(*sides)))
    return found
