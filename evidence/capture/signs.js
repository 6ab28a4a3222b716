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
  const area = e => { const b = e.getBoundingClientRect(); return b.width * b.height; };
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const asksLogin = root => all('input[type=password]', root).some(shown)
    || all('iframe', root).some(e => shown(e) && LOGIN.test(e.src))
    || (root !== document && /扫码登录|密码登录|短信登录|验证码登录|账号登录/.test(root.innerText || ''));
  const isChallenge = root => CHALLENGES.some(s => (root !== document && root.matches(s))
    || all(s, root).some(e => shown(e) && area(e) >= 10000));

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
  const backgrounds = /[\p{L}\p{N}]/u.test(words) ? 0 : elements.slice(0, 3000)
    .filter(e => area(e) >= 3600 && /url\(/.test(getComputedStyle(e).backgroundImage) && shown(e)).length;
  const inside = root => Array.from(root.children).filter(e => !/^(?:STYLE|SCRIPT|TEMPLATE)$/.test(e.tagName))
    .map(e => e.innerText || '').join(' ');
  return {
    passwords: all('input[type=password]').filter(shown).length,
    over, challenge: isChallenge(document),
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
    headings: all('h1, h2, [role=heading]').slice(0, 20).filter(shown)
      .map(e => (e.innerText || '').slice(0, 100)).join('\n').slice(0, 800),
  };
}
