//! What every page must hold for people who cannot see it well or use no mouse.

use super::driver::Browser;
use serde_json::Value;

/// Finds what WCAG 2.2 AA and our own bar forbid: contrast under 4.5:1, unnamed controls, small targets,
/// headings, language, identifiers twice, content wider than the window, tab order by number.
const AUDIT: &str = r#"
const found = [];
const say = (rule, node) => found.push(rule + ': ' + (node.outerHTML || '').slice(0, 120));
const shown = node => node.getClientRects().length > 0 && getComputedStyle(node).visibility !== 'hidden'
  && !node.closest('.unseen') && !node.matches('.skip');
const rgb = text => (text.match(/[\d.]+/g) || []).map(Number);
const light = part => { const c = part / 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
const luminance = c => .2126 * light(c[0]) + .7152 * light(c[1]) + .0722 * light(c[2]);
const ground = node => {
  for (let at = node; at; at = at.parentElement) {
    const c = rgb(getComputedStyle(at).backgroundColor);
    if (c.length && (c.length < 4 || c[3] === 1)) { return c; }
  }
  return [255, 255, 255];
};
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode.parentElement;
  if (!walk.currentNode.textContent.trim() || !node || !shown(node) || node.closest('noscript, script')) { continue; }
  const [a, b] = [luminance(rgb(getComputedStyle(node).color)), luminance(ground(node))];
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  if (ratio < 4.5) { say('contrast ' + ratio.toFixed(2), node); }
}
document.querySelectorAll('a[href], button, input:not([type=hidden])').forEach(node => {
  if (!shown(node)) { return; }
  const label = node.closest('label') || (node.id && document.querySelector('label[for="' + node.id + '"]'));
  if (!((node.getAttribute('aria-label') || (label || node).textContent || '').trim())) { say('no name', node); }
  const box = (['radio', 'checkbox'].includes(node.type) ? label : node).getBoundingClientRect();
  if (box.height < 43.5 || box.width < 43.5) { say('target ' + box.width.toFixed(0) + 'x' + box.height.toFixed(0), node); }
  if (node.tabIndex > 0) { say('tab order by number', node); }
});
if (document.querySelectorAll('h1').length !== 1) { found.push('not one h1'); }
if (!document.documentElement.lang) { found.push('no language'); }
if (!document.title) { found.push('no title'); }
if (!document.querySelector('main')) { found.push('no main'); }
if (!document.querySelector('[aria-live=polite]')) { found.push('no live region'); }
const ids = [...document.querySelectorAll('[id]')].map(node => node.id);
ids.filter((id, at) => ids.indexOf(id) !== at).forEach(id => found.push('id twice: ' + id));
document.querySelectorAll('svg:not([aria-hidden=true])').forEach(node => {
  if (node.getAttribute('role') !== 'img' || !node.getAttribute('aria-label')) { say('picture without words', node); }
});
if (document.documentElement.scrollWidth > window.innerWidth) { found.push('wider than the window'); }
return found;
"#;

/// Asserts that the page in the browser has none of them.
pub async fn audit(browser: &Browser, name: &str) {
    let found = browser.run(AUDIT).await;
    assert_eq!(found, Value::Array(Vec::new()), "{name}");
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{name}: {complaints:?}");
}

/// Whether the focused element shows that it is.
pub async fn focus_is_seen(browser: &Browser) -> bool {
    let script = "const at = document.activeElement; const ring = node => { const s = getComputedStyle(node); \
        return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; }; \
        return ring(at) || Boolean(at.closest('label') && ring(at.closest('label')));";
    browser.run(script).await == Value::Bool(true)
}
