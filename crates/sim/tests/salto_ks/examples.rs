//! 2.16: the worked examples in their order, as one client would call them.

use serde_json::json;

use crate::harness::{NOTHING, SITE, sim, text};

/// [M][V]
#[tokio::test]
async fn s2_16_the_worked_examples_in_their_order() {
    let sim = sim(&[]).await;
    let sites = sim.get("/v1.2/sites").await.is(200);
    assert_eq!(
        sites["items"][0],
        json!({ "id": SITE, "site_uid": "SIM001", "customer_reference": "Small Building" })
    );
    assert_eq!((&sites["next_page_link"], &sites["count"]), (&NOTHING, &NOTHING));
    let me = sim.s("GET", "/me", NOTHING).await.is(200);
    assert_eq!(
        (&me["roles"][0]["code"], &me["subscription_state"]),
        (&json!("site_admin"), &json!("subscribed"))
    );
    let role = sim.role("site_user").await;

    let look = "/users?$filter=user/email eq 'ada@example.org'&$inlinecount=allpages";
    let missing = sim.s("GET", look, NOTHING).await;
    assert_eq!(missing.json, json!({ "items": [], "next_page_link": null, "count": 0 }));
    let made = sim.ada().await.is(200);
    let (su, pu) = (text(&made["id"]), text(&made["user"]["id"]));
    assert_eq!(sim.outbox().await.len(), 1);

    let group = sim.group("Coworking").await;
    let users = format!("/access_groups/{group}/users");
    sim.s("POST", &users, json!({ "user_id": su })).await.error(404, "2202");
    sim.s("POST", &users, json!({ "user_id": pu })).await.is(200);
    assert!(sim.door(&su, "Meeting room").await.0);
    sim.s("PATCH", &users, json!({ "add_ids": [pu], "remove_ids": [] })).await.ok();
    sim.s("DELETE", &format!("{users}/{pu}"), NOTHING).await.ok();
    assert!(!sim.door(&su, "Meeting room").await.0);

    let guest = json!({ "alias": "Visitor 123", "expires_at": "2026-09-01T18:00:00Z" });
    let guest = sim.s("POST", "/guests", guest).await.is(201);
    let visitor = text(&guest["id"]);
    sim.s("PATCH", &format!("/users/{visitor}"), json!({ "use_pin": true })).await.is(200);
    assert!(sim.s("PUT", &format!("/users/{visitor}/pin"), json!({})).await.is(200).is_string());
    let path = format!("/users/{su}/subscription");
    sim.s("PATCH", &path, json!({ "state": "suspended" })).await.ok();
    sim.s("PATCH", &path, json!({ "subscription_state": "suspended" })).await.error(400, "1101");
    sim.s("DELETE", &format!("/users/{su}"), NOTHING).await.is(202);
    let entries = sim.s1("GET", "/entries?$orderby=utc_date_time desc&$top=20", NOTHING).await.is(200);
    assert_eq!(entries, json!({ "items": [], "continuation_token": null }));
    let grace = sim
        .get(&format!("/v1.1/users/search?search_for=grace@hopper.example&for_site_id={SITE}"))
        .await
        .is(200);
    let body = json!({ "id": grace["id"], "role_ids": [role], "alias": "Grace Hopper" });
    sim.s1("POST", "/users/existing", body).await.is(200);
}
