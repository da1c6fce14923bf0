// What WeChat's browser gives to pages, as far as a payment needs it. Only the simulator's own browser has it.
(function () {
  'use strict';
  function look(node, styles) {
    Object.keys(styles).forEach(function (name) { node.style.setProperty(name, styles[name]); });
    return node;
  }
  function part(tag, words, styles) {
    var node = document.createElement(tag);
    node.textContent = words || '';
    return look(node, styles || {});
  }
  function show(sheet, callback) {
    var cover = part('div', '', { position: 'fixed', inset: '0', background: 'rgba(0,0,0,.55)', 'z-index': '9' });
    var card = part('div', '', {
      position: 'absolute', left: '0', right: '0', bottom: '0', background: '#fff', color: '#111', padding: '1.25rem',
      'border-radius': '12px 12px 0 0', display: 'grid', gap: '.75rem', 'text-align': 'center'
    });
    cover.id = 'wechat-sheet';
    card.setAttribute('role', 'dialog');
    card.setAttribute('aria-modal', 'true');
    card.setAttribute('aria-label', sheet.words.title);
    card.appendChild(part('strong', sheet.words.title));
    card.appendChild(part('p', sheet.subject, { margin: '0' }));
    card.appendChild(part('p', sheet.amount, { margin: '0', 'font-size': '2rem', 'font-weight': '700' }));
    function way(act, said, strong) {
      var button = part('button', sheet.words[act], {
        'min-height': '3rem', border: '1px solid #06713b', 'border-radius': '8px', font: 'inherit', cursor: 'pointer',
        background: strong ? '#06713b' : '#fff', color: strong ? '#fff' : '#06713b'
      });
      button.type = 'button';
      button.id = 'wechat-' + act;
      button.addEventListener('click', function () {
        var done = act === 'pay' || act === 'time_out' ? fetch(sheet.address + '/' + act, { method: 'POST' }) : Promise.resolve();
        done.then(function () { cover.remove(); callback({ err_msg: 'get_brand_wcpay_request:' + said }); });
      });
      card.appendChild(button);
      return button;
    }
    var first = way('pay', 'ok', true);
    way('cancel', 'cancel');
    way('time_out', 'fail');
    way('lie', 'ok');
    cover.appendChild(card);
    document.body.appendChild(cover);
    first.focus();
  }
  window.WeixinJSBridge = {
    invoke: function (name, parameters, callback) {
      if (name !== 'getBrandWCPayRequest') { callback({ err_msg: 'system:function_not_exist' }); return; }
      fetch('/wechat/sheet', {
        method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(parameters)
      }).then(function (answer) {
        return answer.json().then(function (sheet) {
          if (answer.ok) { show(sheet, callback); }
          else { callback({ err_msg: 'get_brand_wcpay_request:fail', err_desc: sheet.error }); }
        });
      });
    }
  };
  document.addEventListener('DOMContentLoaded', function () {
    document.dispatchEvent(new Event('WeixinJSBridgeReady'));
  });
}());
