//! Identity checks before payment: thresholds, the provider and his faults, photos, and a way other than the face.

use crate::bed::{Got, KeyPlan, Setup, TestApp, fresh_key, got, order};
use serde_json::{Value, json};
use std::sync::Arc;
use tk_domain::access::Scope;
use tk_domain::audit::Act;
use tk_domain::id::{IdentityCheckId, TypedId};
use tk_domain::identity::{DecideIdentityReview, IdentityCheck, IdentityStatus};
use tk_simulator::identity::{IdentityFault, IdentityHouse, router};
use tokio::net::TcpListener;

const SECRET: &str = "a shared secret of a test";
const OWN: &str = "110101199001011234";
const NOT_OWN: &str = "110101199001011235";

/// A provider beside the server, and the tenant's rules: a name from 10 yuan on, a face from 100.
async fn provider(app: &TestApp) -> Arc<IdentityHouse> {
    let host = app.host.clone();
    let house = IdentityHouse::new(SECRET, Arc::new(move || tk_app::Ambient::now_us(host.as_ref())));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let served = router(Arc::clone(&house));
    tokio::spawn(async move { axum::serve(listener, served).await.unwrap() });
    let policy = json!({
        "name_from": 1_000, "face_from": 10_000, "consent_version": "2026-11",
        "provider": { "base_url": base_url }, "credentials": { "secret": SECRET }, "actor": "王五",
    });
    let saved = app.patch("/v1/identity_policy", &policy).await.expect(200);
    assert!(!saved.to_string().contains(SECRET));
    house
}

async fn payment(app: &TestApp, order_no: &str, amount: i64) -> String {
    let payment = app.post("/v1/payments", &order(order_no, amount)).await.expect(201);
    format!("/v1/payments/{}", payment["id"].as_str().unwrap())
}

fn person(level: &str, id_number: &str) -> Value {
    json!({ "level": level, "name": "张三", "id_number": id_number, "phone": "13812345678",
        "consent_version": "2026-11" })
}

async fn start(app: &TestApp, payment: &str) -> Got {
    app.post(&format!("{payment}/attempts"), &json!({ "method": "alipay_qr" })).await
}

async fn upload(app: &TestApp, path: &str, bytes: Vec<u8>) -> Got {
    let request = app.request("POST", path).header("idempotency-key", fresh_key()).body(bytes);
    got(request.header("content-type", "application/octet-stream")).await
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), body].concat()
}

/// A grey JPEG of 640 by 480 whose camera wrote where it was.
fn photo() -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    file.extend(segment(0xE1, b"Exif\0\0GPSLatitude 39.9042 of Zhang San"));
    file.extend(segment(0xDB, &[&[0_u8][..], &[1; 64]].concat()));
    file.extend(segment(0xC0, &[8, 1, 0xE0, 2, 0x80, 1, 1, 0x11, 0]));
    for class in [0x00_u8, 0x10] {
        file.extend(segment(0xC4, &[&[class, 1][..], &[0; 15], &[0]].concat()));
    }
    file.extend(segment(0xDA, &[1, 1, 0x00, 0, 63, 0]));
    file.extend(vec![0_u8; 1_200]);
    file.extend([0xFF, 0xD9]);
    file
}

fn with_channel() -> Setup {
    Setup { sandbox: true, ..Setup::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_threshold_on_an_attempt_needs_a_proven_name() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let house = provider(&app).await;
        start(&app, &payment(&app, "I-0", 999).await).await.expect(201);
        let path = payment(&app, "I-1", 1_000).await;
        let refused = start(&app, &path).await;
        refused.refused(422, "identity_required");
        assert!(
            refused.text.contains("identity_checks") && refused.text.contains("real_name"),
            "{}",
            refused.text
        );
        let mut old = person("real_name", OWN);
        old["consent_version"] = json!("2025-01");
        app.post(&format!("{path}/identity_checks"), &old).await.refused(422, "field_invalid");
        let failed = app.post(&format!("{path}/identity_checks"), &person("real_name", NOT_OWN)).await;
        let failed = failed.expect(201);
        assert_eq!(
            (&failed["status"], &failed["failure"]),
            (&json!("failed"), &json!("name_and_number_differ"))
        );
        start(&app, &path).await.refused(422, "identity_required");
        let passed =
            app.post(&format!("{path}/identity_checks"), &person("real_name", OWN)).await.expect(201);
        assert_eq!(passed["status"], "passed");
        assert_eq!(passed["elements"]["id_number"], "110***1234");
        assert!(!passed.to_string().contains(OWN) && !passed.to_string().contains("张三"));
        start(&app, &path).await.expect(201);
        assert_eq!(house.made(), (2, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn small_payments_of_one_document_add_up_over_the_day() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        provider(&app).await;
        for (number, id_no, fits) in
            [("D-1", OWN, true), ("D-2", "11010119900101 1234", false), ("D-3", NOT_OWN, true)]
        {
            let mut body = order(number, 600);
            body["payer"] = json!({ "id_no": id_no });
            let made = app.post("/v1/payments", &body).await.expect(201);
            let path = format!("/v1/payments/{}", made["id"].as_str().unwrap());
            let started = start(&app, &path).await;
            if fits {
                started.expect(201);
            } else {
                started.refused(422, "identity_required");
            }
        }
        // With confirm, payment and attempt are refused together, and nothing is kept.
        let mut body = order("D-4", 600);
        body["payer"] = json!({ "id_no": OWN });
        body["method"] = json!("alipay_qr");
        body["confirm"] = json!(true);
        app.post("/v1/payments", &body).await.refused(422, "identity_required");
        let kept = app.get("/v1/payments?merchant=pnc&merchant_order_no=D-4").await.expect(200);
        assert_eq!(kept["data"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_provider_s_answer_lacks_lets_nobody_through() {
    for app in TestApp::each(Setup { workers: true, ..with_channel() }).await {
        app.shop().await;
        app.contract().await;
        let house = provider(&app).await;
        let faults = [
            IdentityFault::LostBefore,
            IdentityFault::LostAfter,
            IdentityFault::WrongKey,
            IdentityFault::AnotherCheck,
            IdentityFault::OldAnswer,
            IdentityFault::Garbage,
            IdentityFault::Down,
            IdentityFault::Pending,
        ];
        for (number, fault) in faults.into_iter().enumerate() {
            let path = payment(&app, &format!("F-{number}"), 2_000).await;
            house.script(&[fault]);
            let check =
                app.post(&format!("{path}/identity_checks"), &person("real_name", OWN)).await.expect(202);
            assert_eq!(
                (&check["status"], &check["outcome_unknown"]),
                (&json!("processing"), &json!(true)),
                "{fault:?}"
            );
            start(&app, &path).await.refused(422, "identity_required");
            let again = app.post(&format!("{path}/identity_checks"), &person("real_name", OWN)).await;
            again.refused(409, "identity_in_progress");
        }
        // The workers ask; what the provider knows by then is believed, and what never arrived has failed.
        app.advance(20 * 60_000_000);
        for (number, fault) in faults.into_iter().enumerate() {
            let id =
                app.get(&format!("/v1/payments?merchant=pnc&merchant_order_no=F-{number}")).await.expect(200);
            let id = id["data"][0]["id"].as_str().unwrap().to_owned();
            let lost = matches!(fault, IdentityFault::LostBefore | IdentityFault::Down);
            let ended = if lost { "failed" } else { "passed" };
            loop {
                let checks = app.get(&format!("/v1/identity_checks?payment={id}")).await.expect(200);
                let status = checks["data"][0]["status"].clone();
                if status != "processing" {
                    assert_eq!(status, ended, "{fault:?}");
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_face_goes_to_the_provider_and_is_kept_nowhere() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let house = provider(&app).await;
        let path = payment(&app, "P-1", 10_000).await;
        let refused = start(&app, &path).await;
        refused.refused(422, "identity_required");
        assert!(refused.text.contains("face"), "{}", refused.text);
        let check = app.post(&format!("{path}/identity_checks"), &person("face", OWN)).await.expect(201);
        assert_eq!(check["status"], "created");
        let at = format!("/v1/identity_checks/{}", check["id"].as_str().unwrap());
        upload(&app, &format!("{at}/face"), photo()).await.refused(422, "field_invalid");
        upload(&app, &format!("{at}/photos?side=front"), b"\x7fELF front.jpg".to_vec())
            .await
            .refused(415, "file_type");
        upload(&app, &format!("{at}/photos?side=front"), photo()[..300].to_vec())
            .await
            .refused(422, "image_limits");
        upload(&app, &format!("{at}/photos?side=top"), photo()).await.refused(400, "parameter_invalid");
        upload(&app, &format!("{at}/photos?side=front"), photo()).await.expect(201);
        upload(&app, &format!("{at}/photos?side=back"), photo()).await.expect(201);
        let done = upload(&app, &format!("{at}/face"), photo()).await.expect(201);
        assert_eq!(done["status"], "passed", "{done}");
        assert_eq!(house.made(), (1, 1));
        start(&app, &path).await.expect(201);
        let photos = app.get(&at).await.expect(200)["photo_list"].clone();
        assert_eq!(photos.as_array().unwrap().len(), 2, "the face is not among them");
        read_for_a_reason(&app, &at, photos[0]["id"].as_str().unwrap()).await;
    }
}

async fn read_for_a_reason(app: &TestApp, at: &str, photo_id: &str) {
    let at_photo = format!("{at}/photos/{photo_id}");
    app.get(&at_photo).await.refused(400, "parameter_invalid");
    app.get(&format!("{at_photo}?reason=a")).await.refused(400, "parameter_invalid");
    let (_, plain) = app
        .new_key(app.tenant_id, &KeyPlan { scopes: vec![Scope::PaymentsRead], ..KeyPlan::default() })
        .await;
    app.get_as(&plain, &format!("{at_photo}?reason=a&actor=b")).await.refused(403, "scope_missing");
    let answer =
        app.request("GET", &format!("{at_photo}?reason=%E5%A4%8D%E6%A0%B8&actor=%E7%8E%8B%E4%BA%94"));
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "image/jpeg");
    assert_eq!(answer.headers()["content-disposition"], "attachment");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes.starts_with(&[0xFF, 0xD8, 0xFF, 0xDB]), "EXIF is gone");
    assert!(!bytes.windows(3).any(|three| three == b"GPS"));
    let check_id = at.rsplit('/').next().unwrap();
    let acts = app.app.reader().audits_of(app.tenant_id, check_id).await.unwrap();
    let reads: Vec<&str> =
        acts.iter().filter(|act| act.act == Act::IdentityPhotoRead).map(|act| act.detail.as_str()).collect();
    assert_eq!(reads.len(), 1, "what was refused was not read");
    assert!(reads[0].contains("复核") && reads[0].contains("王五"));
}

/// A payer's browser at a payment's page, over plain HTTP.
struct Payer<'a> {
    app: &'a TestApp,
    page: String,
    cookies: String,
    csrf: String,
}

impl<'a> Payer<'a> {
    async fn come(app: &'a TestApp, order_no: &str) -> Self {
        let made = app.post("/v1/payments", &order(order_no, 10_000)).await.expect(201);
        let page = made["cashier_url"].as_str().unwrap().to_owned();
        let opened = app.client.get(&page).send().await.unwrap();
        let cookie = opened.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let body = opened.text().await.unwrap();
        let csrf = body.split_once("name=\"csrf\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        Self { app, page, cookies: cookie, csrf }
    }

    async fn send(&self, path: &str, kind: &str, body: Vec<u8>) -> (u16, String) {
        let request = self.app.client.post(format!("{}/{path}", self.page)).header("cookie", &self.cookies);
        let answer = request.header("content-type", kind).body(body).send().await.unwrap();
        let onward = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let status = answer.status().as_u16();
        (status, onward.unwrap_or(answer.text().await.unwrap()))
    }

    async fn form(&self, path: &str, fields: &str) -> (u16, String) {
        let body = format!("csrf={}&{fields}", self.csrf).into_bytes();
        self.send(path, "application/x-www-form-urlencoded", body).await
    }

    fn files(csrf: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body =
            format!("--XX\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n").into_bytes();
        for (name, bytes) in files {
            let head = format!(
                "--XX\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"<b>.jpg\"\r\n\r\n"
            );
            body.extend([head.as_bytes(), bytes, b"\r\n"].concat());
        }
        body.extend(b"--XX--\r\n");
        body
    }
}

const FILES: &str = "multipart/form-data; boundary=XX";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_takes_only_its_own_forms_and_hands_the_face_over() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        let house = provider(&app).await;
        let payer = Payer::come(&app, "W-1").await;
        let own = "name=%E5%BC%A0%E4%B8%89&id_number=11010519491231002x&consent=yes&consent_version=2026-11";
        assert_eq!(payer.send("identity", "text/plain", own.as_bytes().to_vec()).await.0, 403);
        let (status, body) = payer.form("identity", &own.replace("002x", "0021")).await;
        assert!(status == 422 && body.contains("href=\"#id_number\""), "{status} {body}");
        // A text that is no longer in force is no consent to the one that is.
        let _ = payer.form("identity", &own.replace("2026-11", "2025-01")).await;
        assert_eq!(app.get("/v1/identity_checks").await.expect(200)["data"], json!([]));
        assert_eq!(payer.form("identity", own).await.0, 303);
        let check = app.get("/v1/identity_checks").await.expect(200)["data"][0].clone();
        assert_eq!((&check["status"], &check["level"]), (&json!("created"), &json!("face")));

        let photo = photo();
        let both: [(&str, &[u8]); 2] = [("front", &photo), ("back", &photo)];
        assert_eq!(payer.send("identity/photos", FILES, Payer::files("AAAA", &both)).await.0, 403);
        assert_eq!(
            payer.send("identity/photos", "multipart/form-data", Payer::files("", &both)).await.0,
            400
        );
        let cut = Payer::files(&payer.csrf, &both)[..900].to_vec();
        assert_eq!(payer.send("identity/photos", FILES, cut).await.0, 400);
        let huge = Payer::files(&payer.csrf, &[("front", &vec![0; 12 * 1024 * 1024])]);
        assert_eq!(payer.send("identity/photos", FILES, huge).await.0, 413);
        let elf: [(&str, &[u8]); 2] = [("front", &photo), ("back", b"\x7fELF")];
        let (status, body) = payer.send("identity/photos", FILES, Payer::files(&payer.csrf, &elf)).await;
        assert!(
            status == 422 && body.contains("href=\"#back\"") && !body.contains("href=\"#front\""),
            "{body}"
        );
        assert!(!body.contains("<b>"), "what a file is called is shown nowhere");
        assert_eq!(payer.send("identity/photos", FILES, Payer::files(&payer.csrf, &both[1..])).await.0, 303);
        let at = format!("/v1/identity_checks/{}", check["id"].as_str().unwrap());
        let photos = app.get(&at).await.expect(200)["photo_list"].clone();
        assert_eq!(photos.as_array().unwrap().len(), 2);

        let (status, onward) = payer.form("identity/camera", "").await;
        assert!(status == 303 && onward.ends_with("/identity/camera"), "{status} {onward}");
        let request =
            app.client.get(format!("{}/identity/camera", payer.page)).header("cookie", &payer.cookies);
        let body = request.send().await.unwrap().text().await.unwrap();
        let link = body.split_once("content=\"0;url=").unwrap().1.split('"').next().unwrap();
        let link = link.replace("&#38;", "&");
        let elsewhere = link.replace("return=http", "return=https");
        assert_eq!(app.client.get(&elsewhere).send().await.unwrap().status(), 403, "the way back is signed");
        let (address, query) = link.split_once('?').unwrap();
        let pressed = app.client.post(address).header("content-type", "application/x-www-form-urlencoded");
        let back = pressed.body(format!("{query}&act=pass")).send().await.unwrap();
        assert_eq!(back.headers()["location"].to_str().unwrap(), format!("{}/identity/return", payer.page));
        assert_eq!(house.made(), (1, 1));
        start(&app, &format!("/v1/payments/{}", check["payment"].as_str().unwrap()))
            .await
            .refused(422, "identity_required");
        app.client.get(format!("{}/identity/return", payer.page)).send().await.unwrap();
        assert_eq!(app.get(&at).await.expect(200)["status"], "passed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_no_face_is_found_and_proves_nothing_by_it() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        provider(&app).await;
        let payer = Payer::come(&app, "O-1").await;
        let own = "name=%E5%BC%A0%E4%B8%89&id_number=11010519491231002X&consent=yes&consent_version=2026-11";
        assert_eq!(payer.form("identity", own).await.0, 303);
        let photo = photo();
        let both: [(&str, &[u8]); 2] = [("front", &photo), ("back", &photo)];
        assert_eq!(payer.send("identity/photos", FILES, Payer::files(&payer.csrf, &both)).await.0, 303);
        assert_eq!(app.get("/v1/identity_checks?other_way=asked").await.expect(200)["data"], json!([]));
        assert_eq!(payer.form("identity/other-way", "").await.0, 303);
        let asked = app.get("/v1/identity_checks?other_way=asked").await.expect(200);
        assert_eq!(asked["data"].as_array().unwrap().len(), 1);
        assert!(asked["data"][0]["other_way_asked_at"].is_string());
        assert!(!asked.to_string().contains("11010519491231002X") && !asked.to_string().contains("张三"));
        app.get("/v1/identity_checks?other_way=1").await.refused(400, "parameter_invalid");
        let path = format!("/v1/payments/{}", asked["data"][0]["payment"].as_str().unwrap());
        start(&app, &path).await.refused(422, "identity_required");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_face_a_second_person_decides() {
    for app in TestApp::each(with_channel()).await {
        app.shop().await;
        app.contract().await;
        provider(&app).await;
        let path = payment(&app, "R-1", 10_000).await;
        let check = app.post(&format!("{path}/identity_checks"), &person("face", OWN)).await.expect(201);
        let id = IdentityCheckId::parse(check["id"].as_str().unwrap()).unwrap();
        let at = format!("/v1/identity_checks/{id}");
        let ask = json!({ "reason": "无法使用人脸", "actor": "王五" });
        app.post(&format!("{at}/review"), &ask).await.refused(409, "identity_not_open");
        upload(&app, &format!("{at}/photos?side=front"), photo()).await.expect(201);
        upload(&app, &format!("{at}/photos?side=back"), photo()).await.expect(201);
        app.post(&format!("{at}/review"), &json!({ "reason": "a" })).await.refused(400, "field_missing");
        let waiting = app.post(&format!("{at}/review"), &ask).await.expect(202);
        assert_eq!(waiting["status"], "pending_approval");
        start(&app, &path).await.refused(422, "identity_required");
        let listed = app.get("/v1/identity_checks?status=pending_approval").await.expect(200);
        assert_eq!(listed["data"][0]["id"], check["id"]);
        let row: IdentityCheck = app.app.reader().get(&(app.tenant_id, id)).await.unwrap().unwrap();
        let decide = DecideIdentityReview {
            tenant_id: app.tenant_id,
            check_id: id,
            payment_id: row.payment_id,
            content_hash: row.content_hash(),
            verdict: IdentityStatus::Passed,
            checker: "赵六".to_owned(),
            origin: tk_domain::audit::Origin::system(),
        };
        app.app.submit(decide).await.unwrap();
        start(&app, &path).await.expect(201);
    }
}
