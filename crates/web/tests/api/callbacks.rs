//! Callbacks at the door (security list D, as far as HTTP decides it; the rest is the application's).

use crate::bed::{Setup, TestApp, got};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn account(app: &TestApp) -> String {
    let account = app.contract().await;
    account["callback_url"].as_str().unwrap().strip_prefix(&app.base).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_posts_of_a_known_channel_and_size_come_in() {
    let app = TestApp::start_with(Setup { sandbox: true, ..Setup::default() }).await;
    let path = account(&app).await;
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        got(app.request(method, &path)).await.refused(405, "method_not_allowed");
    }
    let form = |path: &str, body: &'static str| {
        let request = app.client.post(format!("{}{path}", app.base));
        request.header("content-type", "application/x-www-form-urlencoded").body(body)
    };
    got(form("/callbacks/mockpay/x", "a=b")).await.refused(404, "not_found");
    let unknown = got(form("/callbacks/alipay/pnc.cha_00000000000000000000000000", "a=b")).await;
    assert_eq!(unknown.status, 404);
    let large = app.client.post(format!("{}{path}", app.base)).body(vec![b'a'; 10 << 20]);
    got(large).await.refused(413, "body_too_large");
    // D01, D03, D08: unsigned, wrongly signed, other algorithm.
    for body in [
        "out_trade_no=T1&trade_status=TRADE_SUCCESS",
        "sign=AAAA&sign_type=RSA2&out_trade_no=T1",
        "sign=AAAA&sign_type=MD5&out_trade_no=T1",
    ] {
        let answer = got(form(&path, body)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text.as_str()),
            (401, "callback_signature_invalid"),
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_trickles_in_is_cut_off() {
    let app = TestApp::start_with(Setup { sandbox: true, ..Setup::default() }).await;
    let path = account(&app).await;
    let mut stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\na");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4_096];
    let read = stream.read(&mut answer).await.unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 408"));
}
