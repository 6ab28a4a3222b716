// What a page shows of itself, measured in an isolated world; counts and words, nothing changed.
() => {
  const LOGIN = /login|signin|sign-in|passport|\/sso\b|oauth/i;
  const CHALLENGES = ['#nocaptcha', '.nc-container', '.nc_wrapper', '#baxia-dialog-content',
    '.geetest_panel_box', '.geetest_box', '.JDJRV-bigimg', '#tcaptcha_iframe', '#tcaptcha_iframe_dy',
    '.captcha_verify_container', '#captcha-verify-image', '.yidun_panel', '.yidun_modal',
    '#px-captcha', '#challenge-form', '#challenge-stage', '#cf-challenge-running', '.vcode-spin',
    'iframe[src*="recaptcha/api2/bframe"]', 'iframe[src*="recaptcha/enterprise/bframe"]',
    'iframe[src*="hcaptcha.com/captcha"]', 'iframe[src*="challenges.cloudflare.com"]',
    'iframe[src*="captcha"]', 'form[action*="validateCaptcha"]'];
  const BUY = /加入购物车|立即购买|立即抢购|马上抢|领券购买|去购买|加购|联系客服|^\s*(?:add to (?:cart|bag|basket)|buy (?:it )?now|add to wish ?list)\s*$/i;
  const PRICE = /[¥￥$€£]\s?\d|\d[\d.,]*\s?元(?!素|旦)/g;
  const shown = e => {
    const box = e.getBoundingClientRect();
    if (box.width * box.height < 1) return false;
    const style = getComputedStyle(e);
    return style.visibility !== 'hidden' && style.display !== 'none' && +style.opacity > 0.05;
  };
  // What a person can see of an element: not clipped away, not transparent, not off the page.
  const seenBoxes = new Map();
  const visible = e => {
    if (!e || e === document.documentElement) return { left: -1e9, top: -1e9, right: 1e9, bottom: 1e9 };
    if (seenBoxes.has(e)) return seenBoxes.get(e);
    const style = getComputedStyle(e), above = visible(e.parentElement || (e.getRootNode() || {}).host);
    let found = above;
    if (!above || style.display === 'none' || +style.opacity < 0.15 || /inset\((?:50|100)%|circle\(0/.test(style.clipPath)) found = null;
    else if (style.overflowX !== 'visible' || style.overflowY !== 'visible' || (style.clip && style.clip !== 'auto')) {
      const b = e.getBoundingClientRect();
      found = style.clip !== 'auto' && style.position === 'absolute' && b.width * b.height < 25 ? null : {
        left: Math.max(above.left, b.left), right: Math.min(above.right, b.right),
        top: Math.max(above.top, b.top), bottom: Math.min(above.bottom, b.bottom) };
    }
    seenBoxes.set(e, found);
    return found;
  };
  const inView = (e, box, least) => {
    const view = visible(e);
    if (!view || getComputedStyle(e).visibility !== 'visible') return false;
    const width = Math.min(box.right, view.right) - Math.max(box.left, view.left);
    const height = Math.min(box.bottom, view.bottom) - Math.max(box.top, view.top);
    return width >= least && height >= least && box.right + scrollX > 0 && box.bottom + scrollY > 0;
  };
  const rgba = text => (text.match(/[\d.]+/g) || []).map(Number);
  const legible = e => {
    const style = getComputedStyle(e), ink = rgba(style.color);
    if (parseFloat(style.fontSize) < 7 || (ink.length > 3 && ink[3] < 0.2)) return false;
    for (let at = e; at; at = at.parentElement) {
      const around = getComputedStyle(at), ground = rgba(around.backgroundColor);
      if (around.backgroundImage !== 'none') return true;
      if (ground.length > 3 && ground[3] < 0.5) continue;
      return [0, 1, 2].reduce((sum, n) => sum + Math.abs(ink[n] - ground[n]), 0) > 24;
    }
    return ink[0] + ink[1] + ink[2] < 741;
  };
  const readable = () => {
    const walk = document.createTreeWalker(document.body || document, NodeFilter.SHOW_TEXT), range = document.createRange();
    const known = new Map();
    let text = '', before = null;
    for (let count = 0, node; count < 6000 && text.length < 200000 && (node = walk.nextNode()); count++) {
      const e = node.parentElement;
      if (!e || !/\S/.test(node.data) || /^(?:SCRIPT|STYLE|TEMPLATE|NOSCRIPT|TITLE)$/.test(e.tagName)) continue;
      if (!known.has(e)) known.set(e, legible(e));
      if (!known.get(e)) continue;
      range.selectNodeContents(node);
      if (!inView(e, range.getBoundingClientRect(), 5)) continue;
      const block = e.closest('p,div,li,td,th,h1,h2,h3,h4,h5,h6,section,article,body,button,label,option,dd,dt');
      text += (before && before !== block ? '\n' : '') + node.data.replace(/\s+/g, ' ');
      before = block;
    }
    return text;
  };
  const area = e => { const b = e.getBoundingClientRect(); return b.width * b.height; };
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const asksLogin = root => all('input[type=password]', root).some(shown)
    || all('iframe', root).some(e => shown(e) && LOGIN.test(e.src))
    || (root !== document && /扫码登录|密码登录|短信登录|验证码登录|账号登录/.test(root.innerText || ''));
  const isChallenge = root => CHALLENGES.some(s => (root !== document && root.matches(s))
    || all(s, root).some(e => shown(e) && area(e) >= 10000 && inView(e, e.getBoundingClientRect(), 30)));

  // The pane, if one lies over the middle of the window: above the page, not the page itself.
  let pane = document.elementFromPoint(innerWidth / 2, innerHeight / 2), over = '';
  for (let e = pane; e && e !== document.body && e !== document.documentElement; e = e.parentElement) {
    const style = getComputedStyle(e);
    if (style.position !== 'fixed' && !(style.position === 'absolute' && +style.zIndex > 0)) continue;
    if (area(e) < innerWidth * innerHeight * 0.08) continue;
    over = isChallenge(e) ? 'verification' : asksLogin(e) ? 'login' : over;
    if (over) break;
  }
  const words = (document.body ? document.body.innerText : '').slice(0, 200000);
  const types = all('script[type="application/ld+json"]').some(e => /"@type"\s*:\s*\[?\s*"Product/.test(e.textContent))
    || all('[itemtype*="schema.org/Product"], meta[property="og:type"][content*="product"]').length > 0;
  const elements = all('*').slice(0, 20000);
  const worded = /[\p{L}\p{N}]/u.test(words);
  // What style sheets write before and after elements is in no text; asked where there is no other.
  const styled = worded ? '' : elements.slice(0, 3000).flatMap(e => ['::before', '::after'].map(name => {
    const style = getComputedStyle(e, name);
    if (/^(?:none|normal)$/.test(style.content) || style.display === 'none' || style.visibility !== 'visible'
      || +style.opacity < 0.15 || parseFloat(style.fontSize) < 7 || !visible(e)) return '';
    return style.content.includes('counter') ? '0'
      : (style.content.match(/"(?:[^"\\]|\\.)*"/g) || []).map(one => one.slice(1, -1)).join('');
  })).filter(Boolean).join(' ').slice(0, 2000);
  const backgrounds = worded ? 0 : elements.slice(0, 3000)
    .filter(e => area(e) >= 3600 && /url\(/.test(getComputedStyle(e).backgroundImage) && shown(e)).length;
  const inside = root => Array.from(root.children).filter(e => !/^(?:STYLE|SCRIPT|TEMPLATE)$/.test(e.tagName))
    .map(e => e.innerText || '').join(' ');
  return {
    passwords: all('input[type=password]').filter(e => shown(e) && inView(e, e.getBoundingClientRect(), 5)).length,
    seen: readable(),
    frames: all('iframe, frame').filter(e => area(e) >= 3600 && inView(e, e.getBoundingClientRect(), 30)).length,
    styled, over, challenge: isChallenge(document),
    prices: (words.match(PRICE) || []).length,
    buys: all('button, a, input[type=submit], input[type=button], [role=button]').slice(0, 5000)
      .filter(e => BUY.test((e.innerText || e.value || '').slice(0, 40)) && shown(e)).length,
    product: types,
    pictures: [...all('img, video, canvas, svg, embed, object')].slice(0, 3000).filter(e => area(e) >= 3600 && shown(e)).length
      + backgrounds + (document.contentType === 'application/pdf' ? 1 : 0),
    links: all('a[href]').length,
    controls: all('input:not([type=hidden]), select, textarea, button').slice(0, 2000).filter(shown).length,
    shadow: elements.filter(e => e.shadowRoot && shown(e)).slice(0, 500)
      .map(e => inside(e.shadowRoot)).join(' ').slice(0, 2000),
    headings: all('h1, h2, [role=heading]').slice(0, 20)
      .filter(e => shown(e) && legible(e) && inView(e, e.getBoundingClientRect(), 5)).map(e => (e.innerText || '').slice(0, 100)).join('\n').slice(0, 800),
  };
}
