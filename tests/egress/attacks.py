"""Ways in which a page tries to reach what it may not; ``TARGET`` is where, as ``host:port``."""

from __future__ import annotations

from urllib.parse import quote

WORKER = "new Worker(URL.createObjectURL(new Blob([%r])))"


def _script(text: str) -> str:
    return f"<script>{text}</script>"


# name -> what stands in the page
ATTACKS = {
    "img": "<img src='http://TARGET/'>",
    "img srcset": "<img srcset='http://TARGET/ 1x'>",
    "picture behind a redirect": "<img src='/to?http://TARGET/'>",
    "iframe": "<iframe src='http://TARGET/'></iframe>",
    "iframe behind a redirect": "<iframe src='/to?http://TARGET/'></iframe>",
    "object": "<object data='http://TARGET/'></object>",
    "embed": "<embed src='http://TARGET/'>",
    "script": "<script src='http://TARGET/'></script>",
    "module": "<script type=module>import('http://TARGET/')</script>",
    "style": "<link rel=stylesheet href='http://TARGET/'>",
    "style image": "<div style=\"background:url('http://TARGET/')\">.</div>",
    "font": "<style>@font-face{font-family:f;src:url('http://TARGET/')}</style>"
    "<p style='font-family:f'>文</p>",
    "video": "<video autoplay muted src='http://TARGET/'></video>",
    "prefetch": "<link rel=prefetch href='http://TARGET/'>",
    "preload": "<link rel=preload as=image href='http://TARGET/'>",
    "icon": "<link rel=icon href='http://TARGET/'>",
    "refresh": "<meta http-equiv=refresh content='0;url=http://TARGET/'>",
    "location": "<script>location='http://TARGET/'</script>",
    "form": "<form method=post action='http://TARGET/'></form><script>document.forms[0].submit()"
    "</script>",
    "popup": "<script>open('http://TARGET/')</script>",
    "fetch": "<script>fetch('http://TARGET/')</script>",
    "fetch no-cors": "<script>fetch('http://TARGET/',{mode:'no-cors',method:'POST'})</script>",
    "fetch behind a redirect": "<script>fetch('/to?http://TARGET/',{mode:'no-cors'})</script>",
    "fetch over tls": "<script>fetch('https://TARGET/')</script>",
    "xhr": "<script>x=new XMLHttpRequest;x.open('GET','http://TARGET/');x.send()</script>",
    "event source": "<script>new EventSource('http://TARGET/')</script>",
    "beacon": "<script>navigator.sendBeacon('http://TARGET/','x')</script>",
    "websocket": "<script>new WebSocket('ws://TARGET/')</script>",
    "websocket over tls": "<script>new WebSocket('wss://TARGET/')</script>",
    "worker fetch": _script(WORKER % "fetch('http://TARGET/')"),
    "worker script": _script(WORKER % "importScripts('http://TARGET/')"),
    "worker websocket": _script(WORKER % "new WebSocket('ws://TARGET/')"),
    "shared worker": "<script>new SharedWorker(URL.createObjectURL(new Blob("
    "['fetch(\"http://TARGET/\")'])))</script>",
    "service worker": "<script>navigator.serviceWorker.register('/sw.js?TARGET')</script>",
}

# What a page may ask the browser to do ahead of time; it need not.
HINTS = {
    "preconnect": "<link rel=preconnect href='http://TARGET/'>",
    "dns-prefetch": "<link rel=dns-prefetch href='http://TARGET/'>",
    "ping": "<a href='#' ping='http://TARGET/'>.</a><script>document.links[0].click()</script>",
    "speculation": "<script type=speculationrules>"
    '{"prerender":[{"urls":["http://TARGET/"]}],"prefetch":[{"urls":["http://TARGET/"]}]}</script>',
}

ICE = """<script>
const servers = [
  {urls: 'stun:@OWN@:@UDP@'}, {urls: 'stun:127.0.0.1:@LOCAL@'},
  {urls: 'turn:@OWN@:@UDP@?transport=udp', username: 'u', credential: 'c'},
  {urls: 'turn:127.0.0.1:@LOCAL@?transport=udp', username: 'u', credential: 'c'},
  {urls: 'turn:@OWN@:@TCP@?transport=tcp', username: 'u', credential: 'c'},
  {urls: 'turns:@OWN@:@TLS@?transport=tcp', username: 'u', credential: 'c'},
];
window.candidates = [];
setTimeout(() => { window.over = true }, 5000);
(async () => {
  const pc = new RTCPeerConnection({iceServers: servers});
  const other = new RTCPeerConnection();
  pc.onicecandidate = e => e.candidate && candidates.push(e.candidate.candidate);
  pc.createDataChannel('x');
  await pc.setLocalDescription(await pc.createOffer());
  await other.setRemoteDescription(pc.localDescription);
  await other.setLocalDescription(await other.createAnswer());
  await pc.setRemoteDescription(other.localDescription);
  for (const [host, port] of [['@OWN@', @UDP@], ['127.0.0.1', @LOCAL@]])
    for (const kind of ['udp', 'tcp'])
      await pc.addIceCandidate({sdpMid: '0', candidate:
        `candidate:1 1 ${kind} 2122260223 ${host} ${port} typ host` +
        (kind == 'tcp' ? ' tcptype passive' : '')}).catch(() => 0);
  try {
    const t = new WebTransport('https://@OWN@:@UDP@/');
    t.ready.catch(() => 0); t.closed.catch(() => 0);
  } catch (e) {}
  window.tried = true;
})().catch(error => { window.trouble = String(error) });
</script>"""


def disguises(address: str) -> dict[str, str]:
    """Return an IPv4 address in the forms that a page may write it in, as hosts of a URL."""
    one, two, three, four = (int(part) for part in address.split("."))
    number = (one << 24) + (two << 16) + (three << 8) + four
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else "。" for sign in address)
    return {
        "decimal": str(number),
        "octal": f"0{one:o}.0{two:o}.0{three:o}.0{four:o}",
        "octal number": f"0{number:o}",
        "hexadecimal": f"0x{number:x}",
        "hexadecimal parts": f"0x{one:x}.0x{two:x}.0x{three:x}.0x{four:x}",
        "three parts": f"{one}.{two}.{(three << 8) + four}",
        "two parts": f"{one}.{(two << 16) + (three << 8) + four}",
        "trailing dot": f"{address}.",
        "full width": wide,
        "full width, escaped": quote(wide),
        "mapped": f"[::ffff:{address}]",
        "mapped, hexadecimal": f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]",
        "translated": f"[64:ff9b::{address}]",
        "translated locally": f"[64:ff9b:1::{address}]",
        "6to4": f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::]",
        "compatible": f"[::{address}]",
    }
