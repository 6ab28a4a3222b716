"""The page of the ground-truth site: one address from which every exchange is reached."""

from __future__ import annotations

STYLE = """@import '/imported.css';
@font-face { font-family: Own; src: url('/font.woff2') }
h1 { font-family: Own, sans-serif; background: url('/background.png') }"""
FRAME = "<!doctype html><meta charset=utf-8><p>框架内容</p><script>fetch('/inside?'+name)</script>"
POPUP = "<!doctype html><meta charset=utf-8><title>弹出</title><p>弹出的窗口<img src=/popup.png>"
EMBEDDED = "<!doctype html><meta charset=utf-8><p>嵌入的文档</p>"
GBK = "<title>国标</title><p>这是一个使用国标编码的页面。"

EARLY = """<!doctype html><meta charset=utf-8><title>多余的应答</title><p>服务器多发了一个应答。
<script>fetch('/surplus').then(() => fetch('/inside')).then(() => fetch('/xhr'))</script>"""
GIVES_UP = """<!doctype html><meta charset=utf-8><title>放弃</title><p>网页放弃了未完的应答。
<script>const stop = new AbortController(); fetch('/endless', {signal: stop.signal});
setTimeout(() => stop.abort(), 800)</script>"""

_PLAIN = (
    "odd-case", "reason-words", "reason-empty", "reason-none", "reason-latin1", "cookies",
    "blanks", "fold", "utf8-value", "repeated", "long-value", "bare-lf", "looks-like-a-head",
    "gzip", "br", "zstd", "deflate", "deflate-raw", "double", "chunked-gzip",
    "chunked", "chunk-extensions", "chunk-trailers", "chunk-ones", "chunk-odd", "chunk-empty",
    "early", "continue", "large", "empty", "drip",
    "204", "302", "404", "410", "418", "500",
    "reset-length", "reset-chunked", "cut-length", "until-close", "http10", "close-sized",
    "unknown?x=%E8%8C%B6&y=a%20b+c",
)  # fmt: skip

_HEAD = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>载入中</title>
<link rel="icon" href="/favicon.ico"><link rel="stylesheet" href="/style.css">
<link rel="preload" as="image" href="/preloaded.png">
<link rel="modulepreload" href="/module.js"></head><body><h1>甬江春茶</h1><h2>明前特级</h2>
<p>商品编号 10001，产地宁波，价格一百二十八元。</p>
<img src="/one.png"><img srcset="/set-1x.png 1x, /set-2x.png 2x">
<picture><source srcset="/picture.png"><img src="/fallback.png">
</picture>
<iframe name="same" src="/frame"></iframe>
<iframe name="cross" src="//localhost:{port}/frame"></iframe><iframe src="/gbk"></iframe>
<object data="/embedded" type="text/html"></object><embed src="/embed.png" type="image/png">
<audio src="/sound.wav" preload="auto"></audio><video src="/clip.wav" preload="auto"></video>
<script type="module" src="/module.js"></script>
<script>function callback() {{}}</script><script src="/jsonp"></script>
<div style="height:2500px"></div><img loading="lazy" src="/late.png">
<iframe name="target" hidden></iframe>
<form id="form" target="target" method="post" action="/echo?form">
<input name="名" value="茶 &amp; 水"><input name="b" value="二"></form>
<script>
const plain = {plain}, port = {port};
"""

_SCRIPT = """
const get = (path, more) => fetch(path, more).then(r => r.arrayBuffer());
const once = (start) => new Promise(done => start(done));
const bytes = new Uint8Array(16384).map((_, i) => i % 251);
const file = new FormData();
file.append('字段', '值'); file.append('upload', new Blob(['a\\r\\n\\r\\nb']), '附件.txt');
const type = {'Content-Type': 'application/json'};
const many = [
  () => get('/echo?json', {method: 'POST', headers: type, body: '{"a":"茶"}'}),
  () => get('/echo?file', {method: 'POST', body: file}),
  () => get('/echo?blob', {method: 'POST', body: new Blob([bytes])}),
  () => get('/echo?empty', {method: 'POST'}),
  () => get('/again', {method: 'POST', body: 'sent twice'}),
  () => get('/other', {method: 'POST', body: 'sent once'}),
  () => get('/item', {method: 'PUT', body: 'put'}),
  () => get('/item', {method: 'DELETE'}),
  () => get('/item', {method: 'PATCH', body: 'patch'}),
  () => get('/head', {method: 'HEAD'}),
  () => get('//localhost:' + port + '/crossing', {method: 'PUT', headers: {'X-Own': '1'}}),
  () => get('/range', {headers: {Range: 'bytes=100-299'}}),
  () => get('/304', {headers: {'If-None-Match': '"v1"'}, cache: 'no-store'}),
  () => get('/revalidated').then(() => get('/revalidated', {cache: 'no-cache'})),
  () => once(done => { const x = new XMLHttpRequest(); x.open('GET', '/xhr');
    x.onloadend = done; x.setRequestHeader('X-Odd', ' a  b '); x.send() }),
  () => once(done => { const e = new EventSource('/events'); e.onerror = done }),
  () => once(done => { const w = new Worker('/worker.js'); w.onmessage = w.onerror = done }),
  () => once(done => { const s = new SharedWorker('/shared.js');
    s.onerror = s.port.onmessage = done }),
  () => once(done => { const s = new WebSocket(location.origin.replace('http', 'ws')
    + '/websocket'); s.onclose = s.onerror = done }),
  () => once(done => { document.getElementsByName('target')[0].onload = done;
    document.getElementById('form').submit() }),
  async () => navigator.sendBeacon('/beacon', 'leaving'),
  async () => window.open('/popup'),
];
const patient = step => Promise.race([step(), new Promise(done => setTimeout(done, 4000))]);
Promise.allSettled([...plain.map(p => () => get('/' + p)), ...many].map(patient))
  .then(() => patient(() => get('/silent-once'))).catch(() => 0)
  .then(() => { document.title = '全部完成' });
</script></body></html>"""


def page(port: int) -> str:
    """Return the page; its title becomes 全部完成 when everything was asked for."""
    return _HEAD.format(port=port, plain=list(_PLAIN)) + _SCRIPT
