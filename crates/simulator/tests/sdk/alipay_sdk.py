"""Talks to a running sandbox with python-alipay-sdk and checks every answer.

Environment: BASE (address of the sandbox), KEYS (folder with the test keys).
Exits 0 only if every check holds.
"""

import json
import os
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

os.environ["TZ"] = "Asia/Shanghai"  # the SDK stamps requests with local time
time.tzset()

from alipay import AliPay, DCAliPay  # noqa: E402
from alipay.exceptions import AliPayException  # noqa: E402

BASE = os.environ["BASE"].rstrip("/")
KEYS = os.environ["KEYS"]
APP_ID = "2021000000000001"
SELLER_ID = "2088101117955611"
RUN = f"{int(time.time() * 1000):x}"

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
    request = urllib.request.Request(f"{BASE}/control/alipay/{path}", data=data, method=method)
    if data is not None:
        request.add_header("content-type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


class Merchant:
    """Receives notifications and acknowledges them."""

    def __init__(self):
        self.forms = []
        self.arrived = threading.Condition()
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["content-length"])
                form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode(), strict_parsing=True))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"success")
                with merchant.arrived:
                    merchant.forms.append(form)
                    merchant.arrived.notify_all()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/notify"

    def wait(self, matches):
        found = lambda: next((form for form in self.forms if matches(form)), None)
        with self.arrived:
            if not self.arrived.wait_for(lambda: found() is not None, timeout=30):
                sys.exit("FAILED notification: none arrived within 30 s")
            return dict(found())


def key_mode_client(notify_url, private_key="alipay_app.pkcs1.pem", private_text=None):
    client = AliPay(
        appid=APP_ID,
        app_notify_url=notify_url,
        app_private_key_string=private_text or key(private_key),
        alipay_public_key_string=key("alipay_platform.pub.pem"),
        sign_type="RSA2",
    )
    client._gateway = f"{BASE}/gateway.do"
    return client


def certificate_client():
    client = DCAliPay(
        appid=APP_ID,
        app_notify_url=None,
        app_private_key_string=key("alipay_app.pkcs1.pem"),
        app_public_key_cert_string=key("alipay_app.cer.pem"),
        alipay_public_key_cert_string=key("alipay_platform.cer.pem"),
        alipay_root_cert_string=key("alipay_root.cer.pem"),
    )
    client._gateway = f"{BASE}/gateway.do"
    return client


def query_unknown(client, number):
    answer = client.api_alipay_trade_query(out_trade_no=number)
    check("query of nothing", (answer["code"], answer["sub_code"]), ("40004", "ACQ.TRADE_NOT_EXIST"))


def precreate_and_pay(client, merchant):
    number = f"SDKQR{RUN}"
    query_unknown(client, number)
    made = client.api_alipay_trade_precreate(subject="茶叶 100克", out_trade_no=number, total_amount="88.88")
    check("precreate", (made["code"], made["out_trade_no"]), ("10000", number))
    check("qr_code is a link", made["qr_code"].startswith("http"), True)
    query_unknown(client, number)

    status, paid = control("POST", f"orders/{number}/pay")
    check("pay by control", (status, paid["trade"]["status"]), (200, "TRADE_SUCCESS"))
    status, again = control("POST", f"orders/{number}/pay")
    check("pay twice", (status, again["code"]), (409, "already_paid"))

    answer = client.api_alipay_trade_query(out_trade_no=number)
    told = [answer[name] for name in ("code", "trade_status", "total_amount", "receipt_amount", "out_trade_no")]
    check("query of a paid trade", told, ["10000", "TRADE_SUCCESS", "88.88", "88.88", number])
    by_trade_no = client.api_alipay_trade_query(trade_no=answer["trade_no"])
    check("query by trade_no", by_trade_no["out_trade_no"], number)

    form = merchant.wait(lambda form: form["out_trade_no"] == number)
    sign = form.pop("sign")
    wrong = dict(form, total_amount="88.87")
    told = [form[name] for name in ("trade_status", "total_amount", "app_id", "seller_id", "trade_no")]
    check("notification", told, ["TRADE_SUCCESS", "88.88", APP_ID, SELLER_ID, answer["trade_no"]])
    check("notification signature", client.verify(form, sign), True)
    check("tampered notification", client.verify(wrong, sign), False)
    return number, answer["trade_no"]


def refund(client, merchant, number, trade_no):
    request = f"R{RUN}"
    none = client.api_alipay_trade_fastpay_refund_query(out_request_no=request, out_trade_no=number)
    check("refund query before", (none["code"], none.get("refund_status")), ("10000", None))
    done = client.api_alipay_trade_refund("8.88", out_trade_no=number, out_request_no=request)
    told = [done[name] for name in ("code", "fund_change", "refund_fee", "trade_no")]
    check("refund", told, ["10000", "Y", "8.88", trade_no])
    again = client.api_alipay_trade_refund("8.88", out_trade_no=number, out_request_no=request)
    check("refund repeated", (again["fund_change"], again["refund_fee"]), ("N", "8.88"))
    other = client.api_alipay_trade_refund("8.87", out_trade_no=number, out_request_no=request)
    check("refund with another amount", other["sub_code"], "ACQ.DISCORDANT_REPEAT_REQUEST")
    over = client.api_alipay_trade_refund("80.01", out_trade_no=number, out_request_no=request + "x")
    check("refund over the rest", over["sub_code"], "ACQ.REASON_TRADE_REFUND_FEE_ERR")
    found = client.api_alipay_trade_fastpay_refund_query(out_request_no=request, out_trade_no=number)
    told = [found[name] for name in ("code", "refund_status", "refund_amount", "total_amount", "out_request_no")]
    check("refund query", told, ["10000", "REFUND_SUCCESS", "8.88", "88.88", request])
    form = merchant.wait(lambda form: form.get("out_biz_no") == request)
    sign = form.pop("sign")
    check("refund notification", (form["refund_fee"], form["trade_status"]), ("8.88", "TRADE_SUCCESS"))
    check("refund notification signature", client.verify(form, sign), True)
    rest = client.api_alipay_trade_refund("80.00", out_trade_no=number, out_request_no=request + "z")
    check("refund of the rest", (rest["fund_change"], rest["refund_fee"]), ("Y", "88.88"))
    closed = client.api_alipay_trade_query(out_trade_no=number)
    check("query of a fully refunded trade", closed["trade_status"], "TRADE_CLOSED")


def close(client):
    number = f"SDKCLOSE{RUN}"
    absent = client.api_alipay_trade_close(out_trade_no=number)
    check("close of nothing", absent["sub_code"], "ACQ.TRADE_NOT_EXIST")
    client.api_alipay_trade_precreate(subject="tea", out_trade_no=number, total_amount="0.01")
    check("open by control", control("POST", f"orders/{number}/open")[0], 200)
    answer = client.api_alipay_trade_close(out_trade_no=number)
    check("close", (answer["code"], answer["out_trade_no"]), ("10000", number))
    check("pay after close", control("POST", f"orders/{number}/pay")[1]["code"], "closed")
    answer = client.api_alipay_trade_precreate(subject="tea", out_trade_no=number, total_amount="0.01")
    check("precreate after close", answer["sub_code"], "ACQ.TRADE_HAS_CLOSE")


def bar_code(client):
    number = f"SDKBAR{RUN}"
    code = f"28{int(time.time() * 1000000) % 10**16:016d}"
    bad = client.api_alipay_trade_pay(number, "bar_code", "1234567890123456", "tea", total_amount="1.00")
    check("bar code of nobody", bad["sub_code"], "ACQ.PAYMENT_AUTH_CODE_INVALID")
    paid = client.api_alipay_trade_pay(number, "bar_code", code, "tea", total_amount="1.00")
    check("bar code", (paid["code"], paid["total_amount"]), ("10000", "1.00"))
    answer = client.api_alipay_trade_cancel(out_trade_no=number)
    check("cancel of a paid trade", (answer["code"], answer["action"], answer["retry_flag"]), ("10000", "refund", "N"))
    big = f"SDKBIG{RUN}"
    waiting = client.api_alipay_trade_pay(big, "bar_code", f"29{code[2:]}", "tea", total_amount="1000.00")
    check("bar code that asks the payer", waiting["code"], "10003")
    answer = client.api_alipay_trade_cancel(out_trade_no=big)
    check("cancel while waiting", (answer["code"], answer["action"]), ("10000", "close"))


def page(client):
    number = f"SDKPAGE{RUN}"
    order = client.api_alipay_trade_page_pay("茶叶", number, "5.00", return_url="http://127.0.0.1/back?a=1")
    with urllib.request.urlopen(f"{BASE}/gateway.do?{order}", timeout=20) as answer:
        check("page pay opens the wallet", "/wallet/" in answer.url, True)
        check("the wallet shows the order", number in answer.read().decode(), True)
    check("trade after opening", client.api_alipay_trade_query(out_trade_no=number)["trade_status"], "WAIT_BUYER_PAY")


def certificates():
    client = certificate_client()
    number = f"SDKCERT{RUN}"
    query_unknown(client, number)
    made = client.api_alipay_trade_precreate(subject="证书", out_trade_no=number, total_amount="0.01")
    check("precreate in certificate mode", made["code"], "10000")
    parameters = client.build_body("alipay.trade.query", {"out_trade_no": number})
    with urllib.request.urlopen(f"{BASE}/gateway.do?{client.sign_data(parameters)}", timeout=20) as answer:
        check("the answer names its certificate", "alipay_cert_sn" in json.loads(answer.read()), True)


def wrong_key():
    from Cryptodome.PublicKey import RSA

    stranger = key_mode_client(None, private_text=RSA.generate(2048).export_key().decode())
    try:
        answer = stranger.api_alipay_trade_query(out_trade_no="T1")
    except AliPayException as error:
        check("wrong key refused", "isv.invalid-signature" in str(error), True)
        return
    sys.exit(f"FAILED wrong key: answered {answer!r}")


def main():
    merchant = Merchant()
    client = key_mode_client(merchant.url)
    number, trade_no = precreate_and_pay(client, merchant)
    refund(client, merchant, number, trade_no)
    close(client)
    bar_code(client)
    page(client)
    certificates()
    wrong_key()
    status, truth = control("GET", "truth")
    trade = next(trade for trade in truth["trades"] if trade["out_trade_no"] == number)
    check("truth", (status, trade["paid_fen"], trade["refunded_fen"]), (200, 8888, 8888))
    print(f"python-alipay-sdk: {checks} checks passed")


if __name__ == "__main__":
    main()
