//! What a company may do with money by its licences.

use crate::bed::{Setup, TestApp, order};
use serde_json::json;
use tk_app::store::Failure;
use tk_domain::audit::Origin;
use tk_domain::operating_profile::{ProfileKind, SetOperatingProfile};
use tk_domain::refusal::Refusal;

fn profile(app: &TestApp, kind: ProfileKind, licence_no: Option<&str>) -> SetOperatingProfile {
    let (tenant_id, origin) = (app.tenant_id, Origin::system());
    SetOperatingProfile { tenant_id, kind, licence_no: licence_no.map(str::to_owned), origin }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_provider_holds_no_funds() {
    for app in TestApp::each(Setup { sandbox: true, ..Setup::default() }).await {
        app.shop().await;
        let shown = app.get("/v1/operating_profile").await.expect(200);
        assert_eq!((&shown["kind"], &shown["licence_no"]), (&json!("own_funds"), &json!(null)));
        app.app.submit(profile(&app, ProfileKind::ServiceProvider, None)).await.unwrap();
        assert_eq!(app.get("/v1/operating_profile").await.expect(200)["kind"], "service_provider");
        let counter = json!({
            "channel": "counter", "name": "窗口", "methods": ["cash"], "fee_rate": "0",
            "settings": { "place": "一楼" }, "credentials": {},
        });
        app.post("/v1/channel_accounts", &counter).await.refused(422, "profile_forbids");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_institution_has_a_licence_and_no_wire_to_a_bank() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        for licence_no in [None, Some("")] {
            let refused = app.app.submit(profile(&app, ProfileKind::LicensedInstitution, licence_no)).await;
            assert!(refused.is_err(), "{licence_no:?}");
        }
        crate::tenants::bank_account(&app).await;
        let licensed = profile(&app, ProfileKind::LicensedInstitution, Some("Z2000133000019"));
        let refused = app.app.submit(licensed.clone()).await;
        let reason = "a payment institution is not wired straight to a bank";
        let said = Refusal::ProfileForbids { reason };
        assert!(matches!(refused, Err(Failure::Refused(refusal)) if refusal == said));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_payment_institution_clears_between_legal_entities() {
    for app in TestApp::each(Setup::default()).await {
        app.shop().await;
        app.patch("/v1/merchants/pnc", &json!({ "legal_entity": "91310000MA1" })).await.expect(200);
        let other = json!({ "code": "other", "name": "另一法人", "legal_entity": "91440300MA2" });
        app.post("/v1/merchants", &other).await.expect(201);
        let mut body = order("L-1", 10_000);
        body["splits"] = json!([{ "merchant": "other", "rate": "0.4" }]);
        app.post("/v1/payments", &body).await.refused(422, "split_needs_channel");
        let licensed = profile(&app, ProfileKind::LicensedInstitution, Some("Z2000133000019"));
        app.app.submit(licensed).await.unwrap();
        app.post("/v1/payments", &body).await.expect(201);
    }
}
