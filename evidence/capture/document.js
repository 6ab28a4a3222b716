// The document as HTML, with its shadow trees (open ones, and the closed ones handed over) as
// declarative templates in the place where they hang.
(...closed) => {
  const top = document.documentElement;
  const kind = document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '';
  if (!top) return kind;
  const hidden = new Map(closed.map(root => [root.host, root]));
  const roots = [];
  const collect = within => {
    for (const e of within.querySelectorAll('*')) {
      const root = hidden.get(e) || e.shadowRoot;
      if (root) { roots.push(root); collect(root); }
    }
  };
  collect(document);
  if (!roots.length) return kind + top.outerHTML;
  const shell = top.cloneNode(false).outerHTML, cut = shell.lastIndexOf('</');
  return kind + shell.slice(0, cut) + top.getHTML({shadowRoots: roots}) + shell.slice(cut);
}
