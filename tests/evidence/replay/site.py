"""Pages that are hard to show twice the same, and one that is easy."""

from __future__ import annotations

import gzip
from itertools import count
from urllib.parse import parse_qs, urlsplit

import brotli

from tests.evidence.ground.answers import chunked, coded, html, image, moved, raw, sized
from tests.evidence.ground.ledger import Request
from tests.evidence.ground.server import Answer, Script

STILL = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
<title>甬江春茶 旗舰店</title><link rel="stylesheet" href="/style.css"></head><body>
<h1>甬江春茶 明前特级</h1><p>商品编号 10001，产地宁波，包装二百五十克。</p>
<p id="price" style="font-size:40px">价格 128.00 元</p><p id="api"></p><p id="posted"></p>
<p id="worked"></p><img src="/picture.png" width="200" height="150">
<iframe src="/frame" width="300" height="80"></iframe>
<div style="height:1500px"></div><img loading="lazy" src="/late.png" width="90" height="90">
<script>
fetch('/api?t=' + Date.now()).then(r => r.text()).then(t => api.textContent = t);
fetch('/post', {method: 'POST', body: '第一'}).then(r => r.text()).then(one =>
  fetch('/post', {method: 'POST', body: '第二'}).then(r => r.text())
    .then(two => posted.textContent = one + '，' + two));
const w = new Worker('/worker.js'); w.onmessage = e => worked.textContent = e.data;
</script></body></html>"""
MOVING = """<!doctype html><meta charset="utf-8"><title>不停变化</title><style>
@keyframes turn { from { background: red } 50% { background: lime } to { background: blue } }
.turning { display: inline-block; width: 80px; height: 80px; margin: 40px;
  animation: turn linear infinite }</style>
<p style="font-size:30px">现在时间 <span id="now"></span></p>
<div class="turning" style="animation-duration:3.1s"></div>
<div class="turning" style="animation-duration:1.9s"></div>
<div class="turning" style="animation-duration:1.3s"></div>
<div class="turning" style="animation-duration:0.7s"></div>
<iframe src="//localhost:{port}/ad" width="400" height="100" frameborder="0"></iframe>
<p>商品编号 10001，价格一百二十八元，现货供应。</p>
<script>for (const one of document.querySelectorAll('.turning'))
  one.style.animationDelay = -100 * Math.random() + 's';
setInterval(() => now.textContent = new Date().toLocaleTimeString() + '.'
  + new Date().getMilliseconds(), 50)</script>"""
AD = """<!doctype html><meta charset="utf-8"><body style="margin:0;font-size:60px"><script>
document.body.style.background = `hsl(${Math.random() * 360}, 90%, 50%)`
document.body.append(String(Math.random()).slice(2, 12))</script>"""
LOST = """<!doctype html><meta charset="utf-8"><title>随机图片</title>
<p>商品编号 10001，产地宁波。</p><img id="one" width="200" height="150"><script>
one.src = '/any.png?x' + Math.random().toString(36).slice(2)</script>"""
BUSTED = """<!doctype html><meta charset="utf-8"><title>防缓存</title><p>商品编号 10001，产地宁波。
<p id="one"></p><p id="two"></p><img id="picture" width="200" height="150"><script>
picture.src = '/picture.png?' + Date.now();
fetch('/from-worker?' + Math.random()).then(r => r.text()).then(t => one.textContent = t);
fetch('/from-worker?k=1&_' + Date.now()).then(r => r.text()).then(t => two.textContent = t);
</script>"""
STUCK = """<!doctype html><meta charset="utf-8"><title>只在回放时卡住</title><p>商品编号 10001。
<script>fetch('/any.png?x' + Math.random().toString(36).slice(2))
  .catch(() => { for (;;); })</script>"""
POPS = """<!doctype html><meta charset="utf-8"><title>弹窗</title><p>商品编号 10001，产地宁波。</p>
<div style="height:2500px"></div><img loading="lazy" src="/late.png" width="90" height="90">
<script>window.open('/still'); alert('你好')</script>"""
POSTS = {"第一": "甲", "第二": "乙"}


def site(port: int) -> dict[str, Answer]:
    visits = count(1)

    def differing(_: Request) -> Script:
        text = "价格 128.00 元" if next(visits) == 1 else "该商品已下架"
        page = f"<!doctype html><meta charset=utf-8><title>两样</title><h1>甬江春茶</h1><h2>{text}"
        return html(page)(_)

    def api(request: Request) -> Script:
        moment = parse_qs(urlsplit(request.target).query)["t"][0]
        return sized(f"接口应答 {len(moment)}".encode())

    def post(request: Request) -> Script:
        return sized(POSTS[request.body.decode()].encode())

    def greeting(request: Request) -> Script:
        known = request.header("cookie").partition("=")[2]
        return html(f"<!doctype html><meta charset=utf-8><title>会员</title><p>会员编号 {known}")(
            request
        )

    style = b"h1 { color: #a00; border-bottom: 3px solid }"
    return {
        "/": moved("302 Found", "/moved"),
        "/moved": moved("307 Temporary Redirect", "/still"),
        "/still": html(STILL),
        "/style.css": chunked(style[:9], style[9:], lines=("Content-Type: text/css",)),
        "/picture.png": image("teal"),
        "/late.png": image("navy"),
        "/any.png": image("red"),
        "/frame": coded(_packed("<meta charset=utf-8><p>框架里的文字</p>"), "gzip, br"),
        "/api": api,
        "/post": post,
        "/worker.js": raw(sized(WORKER.encode(), kind="text/javascript").pieces[0]),
        "/from-worker": sized_text("工人的应答"),
        "/moving": html(MOVING.replace("{port}", str(port))),
        "/ad": html(AD),
        "/lost": html(LOST),
        "/busted": html(BUSTED),
        "/stuck": html(STUCK),
        "/pops": html(POPS),
        "/greeting": greeting,
        "/differing": differing,
    }


WORKER = "fetch('/from-worker').then(r => r.text()).then(t => postMessage(t))"


def sized_text(text: str) -> Answer:
    return lambda _: sized(text.encode())


def _packed(text: str) -> bytes:
    return bytes(brotli.compress(gzip.compress(text.encode())))
