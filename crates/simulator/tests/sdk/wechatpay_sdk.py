"""Talks to a running sandbox with wechatpayv3 and checks every answer.

Environment: BASE (address of the sandbox), KEYS (folder with the test keys).
Exits 0 only if every check holds.
"""

import gzip
import hashlib
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

from wechatpayv3 import WeChatPay, WeChatPayType, core

BASE = os.environ["BASE"].rstrip("/")
KEYS = os.environ["KEYS"]
MCHID = "1900000001"
APPID = "wxd678efh567hg6787"
SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
API_V3_KEY = "0123456789abcdef0123456789abcdef"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000000012024010100000000000001"
DAY_US = 86_400_000_000
RUN = f"{int(time.time() * 1000):x}"

# The SDK knows one host; the class sends it to the sandbox, the download of certificates included.
core.Core._gate_way = property(lambda self: BASE, lambda self, value: None)

checks = 0


def check(what, actual, expected):
    global checks
    checks += 1
    if actual != expected:
        sys.exit(f"FAILED {what}: got {actual!r}, expected {expected!r}")


def key(name):
    with open(os.path.join(KEYS, name), encoding="ascii") as file:
        return file.read()


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{BASE}/control/wechatpay/{path}", data=data, method=method)
    if data is not None:
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


class Merchant:
    """Receives callbacks and acknowledges them with an empty success."""

    def __init__(self):
        self.posts = []
        self.arrived = threading.Condition()
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                self.send_response(204)
                self.end_headers()
                with merchant.arrived:
                    merchant.posts.append((dict(self.headers.items()), body))
                    merchant.arrived.notify_all()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/notify"

    def wait(self, client, matches):
        def found():
            for headers, body in self.posts:
                opened = client.callback(headers=headers, body=body)
                if opened and matches(opened):
                    return headers, body, opened
            return None

        with self.arrived:
            if not self.arrived.wait_for(lambda: found() is not None, timeout=30):
                sys.exit("FAILED callback: none arrived within 30 s")
            return found()


def client(notify_url, pay_type=WeChatPayType.NATIVE, private_key="wechat_merchant.pkcs8.pem", **more):
    return WeChatPay(
        wechatpay_type=pay_type,
        mchid=MCHID,
        private_key=key(private_key),
        cert_serial_no=SERIAL,
        apiv3_key=API_V3_KEY,
        appid=APPID,
        notify_url=notify_url,
        **more,
    )


def asked(answer):
    status, text = answer
    return status, json.loads(text) if text else None


def refused(what, answer, status, code):
    actual, body = asked(answer)
    check(what, (actual, body["code"]), (status, code))


def native(pay, merchant):
    number = f"SDKN{RUN}"
    refused("query of nothing", pay.query(out_trade_no=number), 404, "ORDER_NOT_EXIST")
    status, made = asked(pay.pay(description="茶叶 100克", out_trade_no=number, amount={"total": 8888}))
    check("native", (status, "/wallet/" in made["code_url"]), (200, True))
    status, again = asked(pay.pay(description="茶叶 100克", out_trade_no=number, amount={"total": 8888}))
    check("native repeated", (status, again), (200, made))
    other = pay.pay(description="茶叶 100克", out_trade_no=number, amount={"total": 8887})
    refused("another amount", other, 403, "OUT_TRADE_NO_USED")
    status, order = asked(pay.query(out_trade_no=number))
    check("query before payment", (status, order["trade_state"], order["trade_type"]), (200, "NOTPAY", "NATIVE"))

    status, paid = control("POST", f"orders/{number}/pay")
    check("pay by control", (status, paid["trade"]["status"]), (200, "TRADE_SUCCESS"))
    status, order = asked(pay.query(out_trade_no=number))
    told = [order[name] for name in ("appid", "mchid", "trade_state", "out_trade_no")]
    check("query of a paid order", told, [APPID, MCHID, "SUCCESS", number])
    check("amount", (order["amount"]["total"], order["amount"]["currency"]), (8888, "CNY"))
    status, by_id = asked(pay.query(transaction_id=order["transaction_id"]))
    check("query by transaction", (status, by_id), (200, order))
    refused("close of a paid order", pay.close(out_trade_no=number), 400, "ORDERPAID")

    headers, body, opened = merchant.wait(pay, lambda told: told["resource"].get("out_trade_no") == number)
    told = [opened["event_type"], opened["resource"]["trade_state"], opened["resource"]["amount"]["total"]]
    check("callback", told, ["TRANSACTION.SUCCESS", "SUCCESS", 8888])
    check("callback names the transaction", opened["resource"]["transaction_id"], order["transaction_id"])
    check("tampered callback", pay.callback(headers=headers, body=body.replace("支付成功", "支付失败")), None)
    return number, order["transaction_id"]


def refund(pay, merchant, number, transaction_id):
    request = f"SDKR{RUN}"
    amount = {"refund": 888, "total": 8888, "currency": "CNY"}
    refused("refund query before", pay.query_refund(out_refund_no=request), 404, "RESOURCE_NOT_EXISTS")
    status, taken = asked(pay.refund(out_refund_no=request, amount=amount, out_trade_no=number, reason="退货"))
    told = [taken[name] for name in ("status", "out_refund_no", "out_trade_no", "transaction_id")]
    check("refund", (status, told), (200, ["PROCESSING", request, number, transaction_id]))
    status, again = asked(pay.refund(out_refund_no=request, amount=amount, out_trade_no=number))
    check("refund repeated", (status, again["refund_id"]), (200, taken["refund_id"]))
    wrong = {**amount, "refund": 887}
    refused("refund with another amount", pay.refund(out_refund_no=request, amount=wrong, out_trade_no=number), 400, "REFUND_FEE_MISMATCH")
    status, done = asked(pay.query_refund(out_refund_no=request))
    check("refund query", (status, done["status"], done["amount"]["refund"]), (200, "SUCCESS", 888))
    soon = pay.refund(out_refund_no=request + "s", amount=amount, out_trade_no=number)
    refused("refund within a minute", soon, 429, "FREQUENCY_LIMITED")
    over = {**amount, "refund": 8001}
    refused("refund over the rest", pay.refund(out_refund_no=request + "x", amount=over, out_trade_no=number), 400, "INVALID_REQUEST")
    _, _, opened = merchant.wait(pay, lambda told: told["resource"].get("out_refund_no") == request)
    told = [opened["event_type"], opened["resource"]["refund_status"], opened["resource"]["amount"]["refund"]]
    check("refund callback", told, ["REFUND.SUCCESS", "SUCCESS", 888])
    status, order = asked(pay.query(out_trade_no=number))
    check("query of a refunded order", (status, order["trade_state"]), (200, "REFUND"))


def close(pay):
    number = f"SDKC{RUN}"
    refused("close of nothing", pay.close(out_trade_no=number), 404, "ORDER_NOT_EXIST")
    check("order", asked(pay.pay(description="tea", out_trade_no=number, amount={"total": 1}))[0], 200)
    check("close", asked(pay.close(out_trade_no=number)), (204, None))
    check("query after close", asked(pay.query(out_trade_no=number))[1]["trade_state"], "CLOSED")
    check("pay after close", control("POST", f"orders/{number}/pay")[1]["code"], "closed")
    refused("close again", pay.close(out_trade_no=number), 400, "ORDER_CLOSED")
    refused("order after close", pay.pay(description="tea", out_trade_no=number, amount={"total": 1}), 400, "ORDER_CLOSED")


def other_products(pay):
    number = f"SDKJ{RUN}"
    answer = pay.pay(
        description="tea", out_trade_no=number, amount={"total": 1}, payer={"openid": "oSdkPayer"}, pay_type=WeChatPayType.JSAPI
    )
    status, made = asked(answer)
    check("jsapi", (status, made["prepay_id"].startswith("wx")), (200, True))
    signed = pay.sign([APPID, "1414561699", "nonce", f"prepay_id={made['prepay_id']}"])
    check("pay sign", len(signed) > 300, True)
    check("jsapi is paid", control("POST", f"orders/{number}/pay")[0], 200)
    check("the payer is named", asked(pay.query(out_trade_no=number))[1]["payer"]["openid"], "oSdkPayer")
    number = f"SDKH{RUN}"
    scene = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    answer = pay.pay(description="tea", out_trade_no=number, amount={"total": 1}, scene_info=scene, pay_type=WeChatPayType.H5)
    status, made = asked(answer)
    check("h5", status, 200)
    with urllib.request.urlopen(made["h5_url"], timeout=20) as page:
        check("the wallet shows the order", number in page.read().decode(), True)
    lacking = pay.pay(description="tea", out_trade_no=number + "x", amount={"total": 1}, scene_info={"device_id": "1"}, pay_type=WeChatPayType.H5)
    refused("h5 without the payer's address", lacking, 400, "PARAM_ERROR")


def bar_code(pay):
    number, code = f"SDKB{RUN}", f"13{int(time.time() * 1000000) % 10**16:016d}"
    scene = {"store_info": {"id": "1"}}

    def charge(number, auth_code, total):
        payer = {"auth_code": auth_code}
        return pay.pay(
            description="tea", out_trade_no=number, amount={"total": total}, payer=payer, scene_info=scene,
            pay_type=WeChatPayType.CODEPAY,
        )

    refused("bar code of nobody", charge(number, "280000000000000000", 100), 400, "AUTH_CODE_INVALID")
    status, order = asked(charge(number, code, 100))
    check("bar code", (status, order["trade_state"], order["trade_type"]), (200, "SUCCESS", "MICROPAY"))
    status, undone = asked(pay.codepay_reverse(out_trade_no=number))
    check("reverse of a paid order", (status, undone["out_trade_no"]), (200, number))
    check("query after reverse", asked(pay.query(out_trade_no=number))[1]["trade_state"], "REVOKED")
    big = f"SDKG{RUN}"
    status, waiting = asked(charge(big, f"14{code[2:]}", 100_000))
    check("bar code that asks the payer", (status, waiting["trade_state"]), (200, "USERPAYING"))
    check("reverse while waiting", asked(pay.codepay_reverse(out_trade_no=big))[0], 200)
    refused("reverse of nothing", pay.codepay_reverse(out_trade_no=f"SDKZ{RUN}"), 404, "ORDER_NOT_EXIST")


def bills(pay, number):
    now_us = control("GET", "clock")[1]["now_us"]
    beijing_us = now_us + 8 * 3_600_000_000
    date = time.strftime("%Y-%m-%d", time.gmtime(beijing_us / 1e6))
    refused("bill of today", pay.trade_bill(bill_date=date), 400, "NO_STATEMENT_EXIST")
    # Ten in the morning of the next day in Beijing; this process goes along, as it stamps its requests.
    step_us = DAY_US - beijing_us % DAY_US + 10 * 3_600_000_000
    check("advance", control("POST", "clock/advance", {"by_us": step_us})[0], 200)
    here = time.time
    time.time = lambda: here() + step_us / 1e6
    for ask, name, row in [(pay.trade_bill, "交易状态", f"`{number}"), (pay.fundflow_bill, "收支类型", f"`{number}")]:
        status, link = asked(ask(bill_date=date))
        check(f"{name}: link", (status, link["hash_type"]), (200, "SHA1"))
        status, packed = pay.download_bill(url=link["download_url"])
        plain = gzip.decompress(packed)
        check(f"{name}: hash", (status, hashlib.sha1(plain).hexdigest()), (200, link["hash_value"]))
        text = plain.decode("utf-8-sig")
        check(f"{name}: rows", (name in text.splitlines()[0], row in text), (True, True))
    time.time = here


def modes(merchant, number):
    by_key = client(merchant.url, public_key=key("wechat_platform.pub.pem"), public_key_id=PUBLIC_KEY_ID)
    check("public key mode", asked(by_key.query(out_trade_no=number))[1]["out_trade_no"], number)
    try:
        client(merchant.url, private_key="alipay_app.pkcs8.pem")
    except Exception as error:  # the SDK raises bare Exception
        check("wrong key gets no certificates", "No wechatpay platform certificate" in str(error), True)
    else:
        sys.exit("FAILED wrong key: certificates were given")
    wrong = client(
        merchant.url, private_key="alipay_app.pkcs8.pem", public_key=key("wechat_platform.pub.pem"), public_key_id=PUBLIC_KEY_ID
    )
    refused("wrong key", wrong.query(out_trade_no=number), 401, "SIGN_ERROR")
    check("the order is untouched", control("GET", "truth")[0], 200)


def main():
    merchant = Merchant()
    pay = client(merchant.url)
    check("certificates", [f"{one.serial_number:X}" for one in pay._core._certificates], ["7132D72A03E93CDDF8C03BBD1F37EEDF9A3C1D2E"])
    number, transaction_id = native(pay, merchant)
    refund(pay, merchant, number, transaction_id)
    close(pay)
    other_products(pay)
    bar_code(pay)
    modes(merchant, number)
    bills(pay, number)
    _, truth = control("GET", "truth")
    trade = next(trade for trade in truth["trades"] if trade["out_trade_no"] == number)
    check("truth", (trade["paid_fen"], trade["refunded_fen"]), (8888, 888))
    print(f"wechatpayv3: {checks} checks passed")


if __name__ == "__main__":
    main()
