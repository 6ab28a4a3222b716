// What a page shows as text: as innerText gives it, with shadow trees (open ones, and the closed
// ones handed over) in the place of their hosts, and with what stands in form fields.
(...closed) => {
  const roots = new Map(closed.map(root => [root.host, root]));
  const rootOf = e => roots.get(e) || e.shadowRoot;
  const CONTROLS = 'input, textarea, select';
  const special = new Set();
  const mark = e => {
    for (let n = e; n && !special.has(n); n = n.parentNode || n.host) special.add(n);
  };
  const collect = top => {
    for (const e of top.querySelectorAll('*')) {
      const root = rootOf(e);
      if (root) {
        mark(e);
        for (const slot of root.querySelectorAll('slot')) mark(slot);
        collect(root);
      } else if (e.matches(CONTROLS)) mark(e);
    }
  };
  const body = document.body;
  if (!body) return document.documentElement ? document.documentElement.textContent : '';
  collect(document);
  if (!special.has(body)) return body.innerText;
  const BUTTONS = ['button', 'submit', 'reset'];
  const SILENT = ['password', 'hidden', 'checkbox', 'radio', 'range', 'color', 'file', 'image'];
  const valueOf = (e, style) => {
    if (style.webkitTextSecurity !== 'none') return '';
    if (e.localName === 'select') {
      const all = e.multiple || e.size > 1 ? e.options : e.selectedOptions;
      return Array.from(all, option => option.label || option.text).join('\n');
    }
    if (e.localName === 'input' && SILENT.includes(e.type)) return '';
    return e.value || (BUTTONS.includes(e.type) ? '' : e.placeholder) || '';
  };
  let out = '';
  const line = () => { if (out && !out.endsWith('\n')) out += '\n'; };
  const isInline = display => /^(inline|contents|ruby)/.test(display);
  const put = (text, display) => {
    if (display === 'table-cell') {
      if (out && !/[\n\t]$/.test(out)) out += '\t';
      out += text;
    } else if (isInline(display)) out += text;
    else { line(); out += text; line(); }
  };
  const words = node => {
    const style = getComputedStyle(node.parentElement || node.parentNode.host);
    if (style.visibility !== 'visible') return;
    if (style.whiteSpaceCollapse.startsWith('preserve')) { out += node.data; return; }
    const text = node.data.replace(/[ \t\r\n\f]+/g, ' ');
    out += /(^|\s)$/.test(out) ? text.trimStart() : text;
  };
  const walk = node => {
    if (node.nodeType === Node.TEXT_NODE) { words(node); return; }
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    const style = getComputedStyle(node), display = style.display;
    if (display === 'none' || (display !== 'contents' && !node.checkVisibility())) return;
    if (node.localName === 'br') { out += '\n'; return; }
    if (!special.has(node)) {
      put(node.innerText === undefined ? node.textContent : node.innerText, display);
      return;
    }
    if (!isInline(display)) display === 'table-cell' ? put('', display) : line();
    const root = rootOf(node);
    if (root) root.childNodes.forEach(walk);
    else if (node.matches(CONTROLS)) {
      if (style.visibility === 'visible') {
        if (out && !/\s$/.test(out)) out += ' ';
        out += valueOf(node, style) + ' ';
      }
    } else if (node.localName === 'slot' && node.assignedNodes().length)
      node.assignedNodes().forEach(walk);
    else node.childNodes.forEach(walk);
    if (!isInline(display) && display !== 'table-cell') line();
  };
  walk(body);
  return out;
}
