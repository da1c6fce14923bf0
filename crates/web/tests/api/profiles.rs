//! What a company may do with money by its licences.

use crate::bed::{Setup, TestApp};
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
