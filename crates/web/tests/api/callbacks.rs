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

#[tokio::test(flavor = "multi_thread")]
async fn who_is_turned_away_is_on_record() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        let path = account(&app).await;
        let stranger = app.key.replace(&app.key[app.key.len() - 4..], "0000");
        app.get_as(&stranger, "/v1/payments").await.refused(401, "token_invalid");
        for forged in 1..=4 {
            let body = "sign=AAAA&out_trade_no=T1";
            let answer = got(app.client.post(format!("{}{path}", app.base)).body(body)).await;
            assert_eq!(answer.status.as_u16(), 401);
            app.app.write_down_refusals().await.unwrap();
            let list = app.get("/v1/security_records?code=callback_signature_invalid").await.expect(200);
            let records = list["data"].as_array().unwrap();
            let times: i64 = records.iter().map(|row| row["times"].as_i64().unwrap()).sum();
            assert_eq!(times, forged, "{list}");
            let name = records[0]["subject"].as_str().unwrap();
            assert!(name.starts_with("cha_") && path.ends_with(name), "{list}");
            assert_eq!(records[0]["source"], "127.0.0.1");
        }
        let all = app.get("/v1/security_records").await.expect(200).to_string();
        assert!(all.contains("token_invalid"), "{all}");
        let unknown = "/v1/security_records?starting_after=sec_00000000000000000000000000";
        app.get(unknown).await.refused(400, "cursor_invalid");
    }
}
