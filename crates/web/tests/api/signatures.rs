//! RFC 9421 signed requests (security list A).

use crate::bed::{Got, KeyPlan, Setup, TestApp, fresh_key, got, order};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA512,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tk_app::store::Ambient;
use tk_domain::access::SignatureAlgorithm;

enum Signer {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    RsaPss(RsaKeyPair),
    RsaV15(RsaKeyPair),
    Hmac(Vec<u8>),
}

impl Signer {
    fn new(algorithm: SignatureAlgorithm) -> (Self, Vec<u8>) {
        let random = SystemRandom::new();
        let rsa = || RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        match algorithm {
            SignatureAlgorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().unwrap();
                let public = pair.public_key().as_der().unwrap().as_ref().to_vec();
                (Self::Ed25519(pair), public)
            }
            SignatureAlgorithm::EcdsaP256Sha256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
                let public = pair.public_key().as_der().unwrap().as_ref().to_vec();
                (Self::Ecdsa(pair), public)
            }
            SignatureAlgorithm::RsaPssSha512 => {
                let pair = rsa();
                let public = pair.public_key().as_der().unwrap().as_ref().to_vec();
                (Self::RsaPss(pair), public)
            }
            SignatureAlgorithm::RsaV15Sha256 => {
                let pair = rsa();
                let public = pair.public_key().as_der().unwrap().as_ref().to_vec();
                (Self::RsaV15(pair), public)
            }
            SignatureAlgorithm::HmacSha256 => {
                let mut secret = vec![0; 32];
                aws_lc_rs::rand::SecureRandom::fill(&random, &mut secret).unwrap();
                (Self::Hmac(secret.clone()), secret)
            }
        }
    }

    fn sign(&self, base: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        let base = base.as_bytes();
        let rsa = |pair: &RsaKeyPair, padding| {
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(padding, &random, base, &mut signature).unwrap();
            signature
        };
        match self {
            Self::Ed25519(pair) => pair.sign(base).as_ref().to_vec(),
            Self::Ecdsa(pair) => pair.sign(&random, base).unwrap().as_ref().to_vec(),
            Self::RsaPss(pair) => rsa(pair, &RSA_PSS_SHA512),
            Self::RsaV15(pair) => rsa(pair, &RSA_PKCS1_SHA256),
            Self::Hmac(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), base).as_ref().to_vec()
            }
        }
    }
}

/// A request about to be signed and sent, each part open to be spoilt.
struct Draft {
    method: &'static str,
    path: String,
    signed_method: &'static str,
    signed_path: String,
    body: String,
    digest_of: String,
    key_id: String,
    algorithm: String,
    created_s: i64,
    nonce: String,
    covered: &'static [&'static str],
}

struct Signing<'a> {
    app: &'a TestApp,
    signer: Signer,
    key: String,
    key_id: String,
    algorithm: SignatureAlgorithm,
}

impl<'a> Signing<'a> {
    async fn new(app: &'a TestApp, algorithm: SignatureAlgorithm) -> Self {
        let (signer, public) = Signer::new(algorithm);
        let plan =
            KeyPlan { requires_signature: true, signature: Some((algorithm, public)), ..KeyPlan::default() };
        let (id, key) = app.new_key(app.tenant_id, &plan).await;
        Self { app, signer, key, key_id: id.to_string(), algorithm }
    }

    fn draft(&self, order_no: &str) -> Draft {
        let body = order(order_no, 100).to_string();
        Draft {
            method: "POST",
            path: "/v1/payments".to_owned(),
            signed_method: "POST",
            signed_path: "/v1/payments".to_owned(),
            digest_of: body.clone(),
            body,
            key_id: self.key_id.clone(),
            algorithm: self.algorithm.word().to_owned(),
            created_s: self.app.host.now_us() / 1_000_000,
            nonce: fresh_key(),
            covered: &["@method", "@target-uri", "content-digest"],
        }
    }

    async fn send(&self, draft: &Draft) -> Got {
        let content_digest =
            format!("sha-256=:{}:", STANDARD.encode(digest(&SHA256, draft.digest_of.as_bytes()).as_ref()));
        let list: Vec<String> = draft.covered.iter().map(|name| format!("\"{name}\"")).collect();
        let parameters = format!(
            "({});created={};nonce=\"{}\";keyid=\"{}\";alg=\"{}\"",
            list.join(" "),
            draft.created_s,
            draft.nonce,
            draft.key_id,
            draft.algorithm
        );
        let mut base = String::new();
        for name in draft.covered {
            let value = match *name {
                "@method" => draft.signed_method.to_owned(),
                "@target-uri" => format!("{}{}", self.app.base, draft.signed_path),
                _ => content_digest.clone(),
            };
            base = format!("{base}\"{name}\": {value}\n");
        }
        base = format!("{base}\"@signature-params\": {parameters}");
        let signature = STANDARD.encode(self.signer.sign(&base));
        let method = reqwest::Method::from_bytes(draft.method.as_bytes()).unwrap();
        let request = self.app.client.request(method, format!("{}{}", self.app.base, draft.path));
        let request = request
            .bearer_auth(&self.key)
            .header("idempotency-key", fresh_key())
            .header("content-type", "application/json")
            .header("content-digest", content_digest)
            .header("signature-input", format!("sig1={parameters}"))
            .header("signature", format!("sig1=:{signature}:"));
        got(request.body(draft.body.clone())).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_algorithm_signs() {
    let app = TestApp::start().await;
    app.shop().await;
    for algorithm in SignatureAlgorithm::ALL {
        let signing = Signing::new(&app, *algorithm).await;
        signing.send(&signing.draft(&format!("S-{}", algorithm.word()))).await.expect(201);
        let mut spoilt = signing.draft("S-x");
        spoilt.body = spoilt.body.replace("100", "101");
        signing.send(&spoilt).await.refused(401, "signature_invalid");
    }
}

fn without_request_id(got: &Got) -> Value {
    let mut body = got.json();
    body["request_id"] = Value::Null;
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_holds_for_one_request_only() {
    let app = TestApp::start().await;
    app.shop().await;
    let signing = Signing::new(&app, SignatureAlgorithm::Ed25519).await;
    let now_s = app.host.now_us() / 1_000_000;
    // A01: signed requests are demanded of this app, and reading needs none.
    app.post_as(&signing.key, "/v1/payments", &order("A-1", 100)).await.refused(401, "signature_missing");
    app.get_as(&signing.key, "/v1/payments").await.expect(200);
    let draft = || signing.draft("A-1");
    let spoilt: Vec<(&str, Draft)> = vec![
        ("A03 unknown key", Draft { key_id: "key_00000000000000000000000000".to_owned(), ..draft() }),
        ("A04 body byte flipped", Draft { body: draft().body.replace("100", "900"), ..draft() }),
        ("A05 query added", Draft { path: "/v1/payments?x=1".to_owned(), ..draft() }),
        ("A06 GET signature for POST", Draft { signed_method: "GET", ..draft() }),
        ("other path", Draft { signed_path: "/v1/refunds".to_owned(), ..draft() }),
        ("A09 none", Draft { algorithm: "none".to_owned(), ..draft() }),
        ("A09 md5", Draft { algorithm: "rsa-v1_5-md5".to_owned(), ..draft() }),
        ("A09 hmac", Draft { algorithm: "hmac-sha256".to_owned(), ..draft() }),
        ("body not covered", Draft { covered: &["@method", "@target-uri"], ..draft() }),
        ("method not covered", Draft { covered: &["@target-uri", "content-digest"], ..draft() }),
        ("target not covered", Draft { covered: &["@method", "content-digest"], ..draft() }),
    ];
    let mut bodies = Vec::new();
    for (name, draft) in &spoilt {
        let got = signing.send(draft).await;
        assert_eq!(
            (got.status.as_u16(), got.code().as_str()),
            (401, "signature_invalid"),
            "{name}: {}",
            got.text
        );
        bodies.push(without_request_id(&got));
    }
    // A02: another key's signature, byte for byte the answer of an unknown key.
    let other = Signing::new(&app, SignatureAlgorithm::Ed25519).await;
    let forged = Signing { signer: other.signer, ..Signing::new(&app, SignatureAlgorithm::Ed25519).await };
    let got = forged.send(&forged.draft("A-2")).await;
    got.refused(401, "signature_invalid");
    bodies.push(without_request_id(&got));
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    for created_s in [now_s - 302, now_s + 310] {
        signing.send(&Draft { created_s, ..draft() }).await.refused(401, "timestamp_out_of_range");
    }
    signing.send(&Draft { created_s: now_s - 280, ..draft() }).await.expect(201);
    assert_eq!(app.get("/v1/events").await.expect(200)["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_is_used_once() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        let signing = Signing::new(&app, SignatureAlgorithm::HmacSha256).await;
        let first = signing.draft("N-1");
        signing.send(&first).await.expect(201);
        signing.send(&first).await.refused(401, "nonce_replayed");
        let again = Draft { nonce: first.nonce.clone(), ..signing.draft("N-2") };
        signing.send(&again).await.refused(401, "nonce_replayed");
        signing.send(&signing.draft("N-2")).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_key_is_no_shared_secret() {
    // A09: HMAC keyed with the public key of an RSA key record.
    let app = TestApp::start().await;
    app.shop().await;
    let (_, public) = Signer::new(SignatureAlgorithm::RsaV15Sha256);
    let plan = KeyPlan {
        requires_signature: true,
        signature: Some((SignatureAlgorithm::RsaV15Sha256, public.clone())),
        ..KeyPlan::default()
    };
    let (id, key) = app.new_key(app.tenant_id, &plan).await;
    for algorithm in [SignatureAlgorithm::HmacSha256, SignatureAlgorithm::RsaV15Sha256] {
        let signing = Signing {
            app: &app,
            signer: Signer::Hmac(public.clone()),
            key: key.clone(),
            key_id: id.to_string(),
            algorithm,
        };
        signing.send(&signing.draft("P-1")).await.refused(401, "signature_invalid");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_signatures_are_invalid_and_never_an_error_of_ours() {
    let app = TestApp::start().await;
    app.shop().await;
    let signing = Signing::new(&app, SignatureAlgorithm::Ed25519).await;
    let inputs = [
        "",
        "sig1",
        "sig1=",
        "sig1=()",
        "sig1=();created=1",
        "sig1=(\"@method\");created=x;keyid=\"k\"",
        "sig1=(\"@method\" \"@method\");created=1;keyid=\"k\"",
        "sig1=(\"@method\";created=1",
        "=();created=1;keyid=\"k\"",
        "sig1=(\"@method\");created=1;created=2;keyid=\"k\"",
        "sig1=(\"@method\");created=99999999999999999999;keyid=\"k\"",
        "sig1=(\"@method\");created=1;keyid=\"k\", sig2=(\"@method\");created=1;keyid=\"k\"",
    ];
    for input in inputs {
        let request = app.client.post(format!("{}/v1/payments", app.base)).bearer_auth(&signing.key);
        let request = request.header("signature-input", input).header("signature", "sig1=:AAAA:");
        let got = got(request.header("idempotency-key", fresh_key()).json(&json!({}))).await;
        assert_eq!((got.status.as_u16(), got.code().as_str()), (401, "signature_invalid"), "{input}");
    }
    let request = app.client.post(format!("{}/v1/payments", app.base)).bearer_auth(&signing.key);
    got(request.header("signature", "sig1=:AAAA:").json(&json!({}))).await.refused(401, "signature_missing");
}
