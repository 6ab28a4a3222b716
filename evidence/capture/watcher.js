// Runs in an isolated world (CDP) of every page and frame of an attended capture: it sees what a
// person does, the page sees nothing of it. Counts and labels, never a key or a text; a password is
// told apart from the record, so that it can be masked wherever it went, and is written nowhere.
(() => {
  const say = (kind, more) => {
    try { markseal(JSON.stringify({kind, ...more})); } catch (e) { /* the page is going */ }
  };
  const brief = text => (text || '').replace(/\s+/g, ' ').trim().slice(0, 80);
  const typed = e => e instanceof HTMLTextAreaElement || e.isContentEditable
    || (e instanceof HTMLInputElement && !['button', 'submit', 'reset', 'checkbox', 'radio', 'image',
      'file', 'range', 'color'].includes(e.type));

  // What an element is called: its kind and label; of a field never what stands in it.
  const describe = from => {
    const e = from instanceof Element ? from : document.documentElement;
    const near = e.closest('a,button,label,select,input,textarea,option,summary,li,img,'
      + '[role=button],[role=link],[role=tab],[role=menuitem],[onclick]') || e;
    const kind = near.localName + (near.type && near.matches('input,button') ? ' ' + near.type : '')
      + (near.id ? '#' + near.id.slice(0, 40) : '');
    let label = near.getAttribute('aria-label') || near.getAttribute('alt')
      || near.getAttribute('placeholder') || near.getAttribute('title') || '';
    if (!label && near instanceof HTMLInputElement && !typed(near)) label = near.value;
    if (!label && !typed(near) && !near.querySelector('input,textarea,select,[contenteditable]'))
      label = near.innerText;
    if (!label) label = near.getAttribute('name') || '';
    return brief(kind) + (label ? ' “' + brief(label) + '”' : '');
  };
  // Once a password field, always one: pages show what is in it by changing its type. Some draw
  // dots in a field of another type; a code that was sent to the person is a secret as well.
  const SECRET = /passw|pwd|passcode|\botp\b|one-?time|current-password|new-password|密码|口令|短信码|验证码|校验码|动态码/i;
  const passwords = new Set();
  const isSecret = e => {
    if (e instanceof HTMLInputElement && e.type === 'password') return true;
    if (!(e instanceof HTMLElement) || !typed(e)) return false;
    const security = getComputedStyle(e).webkitTextSecurity;
    return (security && security !== 'none') || SECRET.test([e.getAttribute('autocomplete'),
      e.getAttribute('name'), e.id, e.getAttribute('placeholder'), e.getAttribute('aria-label')].join(' '));
  };
  const secret = e => {
    if (isSecret(e)) passwords.add(e);
    return passwords.has(e);
  };
  // Before the page hears of it: an eye beside the field, or the first key, makes it a text field.
  const remember = target => {
    if (target instanceof Element) secret(target);
    for (const e of document.querySelectorAll('input[type=password]')) passwords.add(e);
  };
  const reveal = () => {
    for (const e of document.querySelectorAll('input, textarea')) secret(e);
    for (const e of passwords) {
      const value = e.value ?? e.textContent;
      if (value) say('secret', {name: e.getAttribute('name') || e.id || '', value: value.slice(0, 500)});
    }
  };

  // Keys are counted per field; in a password field not even that.
  let field = null, keys = 0, timer = 0, inside = '';
  // Fields in a closed shadow tree are not seen, only its host: what is typed there is told apart,
  // and the recorder finds out whether the tree holds a password field.
  const closed = e => e instanceof Element && !e.shadowRoot && e.localName !== 'body' && !typed(e)
    && (e.localName.includes('-') || /^(?:article|aside|blockquote|div|footer|h[1-6]|header|main|nav|p|section|span)$/
      .test(e.localName)) && document.activeElement === e && e.tabIndex < 0;
  const flush = () => {
    clearTimeout(timer);
    if (inside) say('closed', {value: inside.slice(0, 500)});
    inside = '';
    if (field && keys) say('keys', secret(field)
      ? {target: describe(field), password: true}
      : {target: describe(field), count: keys});
    if (field && secret(field)) reveal();
    field = null; keys = 0;
  };
  const on = (name, act) => window.addEventListener(name, e => { if (e.isTrusted) act(e); },
    {capture: true, passive: name !== 'keydown'});

  on('keydown', e => {
    if (e.ctrlKey && e.shiftKey && e.code === 'KeyM') {
      e.preventDefault(); e.stopImmediatePropagation();
      if (!e.repeat) { flush(); say('mark'); }
      return;
    }
    if (['Control', 'Shift', 'Alt', 'Meta', 'AltGraph', 'CapsLock'].includes(e.key)) return;
    say('input');
    const target = e.composedPath()[0];
    remember(target);
    if (target !== field) { flush(); field = target; }
    keys++;
    if (closed(target) && !inside) say('look');  // now: once it is sent, the document may be gone
    if (closed(target)) inside = e.key === 'Backspace' ? inside.slice(0, -1)
      : inside + (e.key.length === 1 && !e.ctrlKey && !e.metaKey ? e.key : '');
    clearTimeout(timer);
    timer = setTimeout(flush, 1500);
    if (e.key === 'Enter') flush();
  });
  on('pointerdown', e => { remember(e.composedPath()[0]); flush(); say('active'); say('input'); });
  on('pointerup', () => say('input'));
  on('click', e => say('click', {target: describe(e.composedPath()[0]),
    x: Math.round(e.clientX), y: Math.round(e.clientY)}));
  on('auxclick', e => say('click', {target: describe(e.composedPath()[0]), button: e.button}));
  on('dblclick', e => say('double click', {target: describe(e.composedPath()[0])}));
  on('paste', e => { flush(); say('paste', {target: describe(e.composedPath()[0])}); });
  on('drop', e => say('drop', {target: describe(e.composedPath()[0])}));
  on('submit', e => { flush(); reveal(); say('submit', {target: describe(e.target)}); });
  on('change', e => {
    if (secret(e.target)) reveal();
    else if (!typed(e.target)) say('change', {target: describe(e.target)});
  });
  on('focusin', e => remember(e.composedPath()[0]));
  on('focus', e => { if (e.target === window) say('active'); });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') say('active');
  });

  // Told as it begins and again where it came to rest; between the two it is one doing.
  let still = 0, moved = null;
  const scrolled = () => {
    const e = moved || document.scrollingElement || document.documentElement;
    say('scroll', {x: Math.round(e.scrollLeft), y: Math.round(e.scrollTop),
      ...(moved ? {target: describe(moved)} : {})});
  };
  on('scroll', e => {
    moved = e.target === document ? null : e.target;
    if (!still) scrolled();
    clearTimeout(still);
    still = setTimeout(() => { still = 0; scrolled(); }, 400);
  });
  window.addEventListener('pagehide', () => { flush(); reveal(); }, true);
})();
