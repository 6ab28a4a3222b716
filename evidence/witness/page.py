"""The witness's page, Chinese and English, made to be printed, signed and handed over."""

from __future__ import annotations

from html import escape

from evidence.errors import WitnessError
from evidence.format.digests import sha256_hex
from evidence.witness.keeper import Witness
from evidence.witness.state import KnownLog

STYLE = """
body { font: 16px/1.6 "Noto Sans CJK SC", "Noto Sans SC", sans-serif; color: #111;
  margin: 2rem auto; max-width: 46rem; padding: 0 1rem; background: #fff; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .25rem; }
h1 span, h2 span { display: block; font-size: .85em; font-weight: 400; color: #444; }
code { font: 15px/1.5 "Noto Sans Mono", monospace; overflow-wrap: anywhere; }
p code { display: block; padding: .5rem .75rem; border: 1px solid #888; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .35rem .5rem;
  border: 1px solid #888; overflow-wrap: anywhere; vertical-align: top; }
th:first-child { width: 30%; } th:nth-child(2) { width: 6rem; }
p.fingerprint code { width: 39ch; }
.sign { margin-top: 3rem; display: grid; grid-template-columns: 1fr 1fr; gap: 2rem; }
.sign div { border-top: 1px solid #111; padding-top: .25rem; }
@media print { body { margin: 0; } }
"""


def fingerprint(public: bytes) -> str:
    """Return the SHA-256 of a public key in groups of four hex digits, to be read aloud."""
    digest = sha256_hex(public)
    return " ".join(digest[start : start + 4] for start in range(0, 64, 4))


def render_page(witness: Witness) -> bytes:
    """Return the page: name, public key, fingerprint, and what was cosigned last of each log."""
    rows = "".join(map(_row, witness.logs)) or (
        '<tr><td colspan="3">未登记任何日志 / no log is known here</td></tr>'
    )
    name, vkey = escape(witness.key.name), escape(witness.key.text())
    return f"""<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>日志见证人 {name}</title>
<style>{STYLE}</style>
<h1>日志见证人 {name}<span lang="en">Witness of evidence logs</span></h1>
<p>本见证人只对“只增不减”的日志检查点签名：新检查点必须延续此前见证过的内容，大小从不倒退。
不查看任何证据内容。<br><span lang="en">This witness signs a checkpoint of a log only if it extends
what was cosigned before; it never goes backwards. It sees no evidence.</span></p>
<h2>公钥<span lang="en">Public key (vkey)</span></h2>
<p><code>{vkey}</code></p>
<h2>公钥指纹 SHA-256<span lang="en">Fingerprint of the key</span></h2>
<p class="fingerprint"><code>{fingerprint(witness.key.public)}</code></p>
<h2>已见证的日志<span lang="en">Logs</span></h2>
<table><thead><tr><th>日志 Log</th><th>大小 Size</th><th>树根 Root</th></tr></thead>
<tbody>{rows}</tbody></table>
<div class="sign"><div>签名、盖章 Signature, seal</div><div>日期 Date</div></div>
</html>
""".encode()


def _row(log: KnownLog) -> str:
    try:
        latest = log.latest()
    except WitnessError as error:
        size, root = "—", f"{error.zh} / {error.en}"
    else:
        size, root = (str(latest.size), latest.checkpoint.root.hex()) if latest else ("—", "—")
    cells = (log.key.name, size, root)
    return "<tr>" + "".join(f"<td><code>{escape(cell)}</code></td>" for cell in cells) + "</tr>"
