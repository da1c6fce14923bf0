(function () {
  'use strict';
  var root = document.documentElement;
  root.classList.add('js');
  var announce = document.getElementById('announce');
  var loadedAt = Date.now();
  var misses = 0;
  var pollTimer = 0;

  function page() { return document.getElementById('page'); }
  function say(words) { if (announce && words) { announce.textContent = words; } }
  function secondsHere() { return Math.floor((Date.now() - loadedAt) / 1000); }
  function spanText(pattern, seconds) {
    return pattern.replace('{major}', Math.floor(seconds / 60)).replace('{minor}', seconds % 60);
  }

  // The server gives lengths, never times of day, so a wrong clock on the phone changes nothing.
  function tick() {
    document.querySelectorAll('[data-seconds-left]').forEach(function (shown) {
      var left = Math.max(0, Number(shown.dataset.secondsLeft) - secondsHere());
      if (left < 3600) { shown.textContent = spanText(shown.dataset.pattern, left); }
      var box = shown.closest('.time-left');
      if (left < 120 && box && !box.classList.contains('short')) {
        box.classList.add('short');
        say(announce.dataset.timeShort);
      }
      if (left === 0 && !shown.dataset.over) {
        shown.dataset.over = '1';
        say(announce.dataset.timeOver);
        swap();
      }
    });
    document.querySelectorAll('[data-elapsed]').forEach(function (shown) {
      shown.textContent = spanText(shown.dataset.pattern, Number(shown.dataset.elapsed) + secondsHere());
    });
    document.querySelectorAll('[data-after]').forEach(function (late) {
      var from = document.querySelector('[data-elapsed]');
      if (late.hidden && from && Number(from.dataset.elapsed) + secondsHere() > Number(late.dataset.after)) {
        late.hidden = false;
        say(late.textContent.trim());
      }
    });
  }

  function plan(delay) {
    window.clearTimeout(pollTimer);
    if (page().hasAttribute('data-moving')) { pollTimer = window.setTimeout(poll, delay); }
  }

  function poll() {
    if (document.hidden) { plan(2500); return; }
    fetch(page().dataset.base + '/status', { credentials: 'same-origin', cache: 'no-store' })
      .then(function (answer) {
        if (answer.status === 403) { swap(); throw new Error('entry'); }
        if (!answer.ok) { throw new Error('status'); }
        return answer.json();
      })
      .then(function (status) {
        misses = 0;
        if (status.revision !== page().dataset.revision) { return swap(); }
        plan(2500);
      })
      .catch(function () { misses += 1; plan(Math.min(15000, 2500 * misses)); });
  }

  function swap() {
    var base = page().dataset.base;
    var here = window.location.pathname;
    var address = here === base + '/confirming' ? here + window.location.search : base;
    return fetch(address, { credentials: 'same-origin', cache: 'no-store' })
      .then(function (answer) { return answer.text().then(function (html) { return { html: html, url: answer.url }; }); })
      .then(function (got) {
        var fresh = new DOMParser().parseFromString(got.html, 'text/html');
        var next = fresh.getElementById('page');
        if (!next) { window.location.reload(); return; }
        var focused = page().contains(document.activeElement);
        page().replaceWith(document.importNode(next, true));
        loadedAt = Date.now();
        document.title = fresh.title;
        if (got.url) { window.history.replaceState(null, '', got.url); }
        var heading = document.getElementById('heading');
        var money = document.querySelector('.money p');
        if (focused && heading) { heading.focus(); }
        say([heading, money].map(function (part) { return part ? part.textContent : ''; }).join('. '));
        ready();
        plan(2500);
      });
  }

  function copied(button) {
    var before = button.textContent;
    button.textContent = announce.dataset.copied;
    say(announce.dataset.copied);
    window.setTimeout(function () { button.textContent = before; }, 2000);
  }

  function copyOld(words) {
    var field = document.createElement('textarea');
    field.value = words;
    field.className = 'unseen';
    document.body.appendChild(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }

  // Inside WeChat the app takes the payment; whatever it answers proves nothing, so that the channel is asked.
  function bridge() {
    var button = document.querySelector('[data-bridge]');
    if (!button || button.dataset.called) { return; }
    if (!window.WeixinJSBridge) {
      if (document.readyState === 'complete') { window.setTimeout(bridgeMissing, 3000); }
      return;
    }
    button.dataset.called = '1';
    window.WeixinJSBridge.invoke('getBrandWCPayRequest', JSON.parse(button.dataset.bridge), function () {
      window.location.assign(page().dataset.base + '/return');
    });
  }

  function bridgeMissing() {
    var told = document.querySelector('[data-no-bridge]');
    if (told && !window.WeixinJSBridge && told.hidden) { told.hidden = false; say(told.textContent.trim()); }
  }

  function ready() {
    bridge();
    document.querySelectorAll('[data-once]').forEach(function (form) {
      form.addEventListener('submit', function (event) {
        if (form.dataset.sent) { event.preventDefault(); return; }
        form.dataset.sent = '1';
        var button = form.querySelector('[type=submit]');
        if (button) { button.setAttribute('aria-busy', 'true'); }
      });
    });
  }

  document.addEventListener('click', function (event) {
    var button = event.target.closest ? event.target.closest('[data-copy], [data-print], [data-bridge]') : null;
    if (!button) { return; }
    if (button.hasAttribute('data-bridge')) { delete button.dataset.called; bridge(); return; }
    if (button.hasAttribute('data-print')) { window.print(); return; }
    var words = button.dataset.copy;
    if (navigator.clipboard && window.isSecureContext) {
      navigator.clipboard.writeText(words).then(function () { copied(button); }, function () { copyOld(words); copied(button); });
    } else {
      copyOld(words);
      copied(button);
    }
  });
  document.addEventListener('WeixinJSBridgeReady', bridge);
  window.addEventListener('load', bridge);
  document.addEventListener('visibilitychange', function () { if (!document.hidden) { plan(0); } });
  // A page kept by the browser for "back" would show an old state and a form already sent.
  window.addEventListener('pageshow', function (event) { if (event.persisted) { window.location.reload(); } });

  if (page()) {
    ready();
    window.setInterval(tick, 1000);
    plan(2500);
  }
}());
