//! 2B.8: changes by hand, as tenant administrators and the front desk make them (2A.3).

use serde_json::{Value, json};

use crate::harness::{VISIT, example, small};

/// 2B.8 [inferred] Trap: changed e-mail on one CardholderGuid.
#[tokio::test]
async fn s2b8_an_address_changes_on_one_cardholder_guid() {
    let sim = example(&[]).await;
    let set = json!({ "EmailId": "hopper@acme.example" });
    sim.edit(json!({ "action": "modify_cardholder", "id": "88123", "set": set })).await;
    let people = sim.get("/institutions/4711/cardholders").await;
    assert_eq!(people.each("EmailId"), ["hopper@acme.example"]);
    assert_eq!(people.each("CardholderGuid"), ["5d1e0000-0000-0000-0000-000000000000"]);
}

/// 2A.3 [confirmed] Tenant administrators are a second writer: they add, change and remove people.
#[tokio::test]
async fn s2b8_a_cardholder_loses_the_address_becomes_inactive_and_is_removed() {
    let sim = example(&[]).await;
    let set = json!({ "EmailId": "", "IsActive": false });
    sim.edit(json!({ "action": "modify_cardholder", "id": "88123", "set": set })).await;
    let people = sim.get("/institutions/4711/cardholders").await;
    assert_eq!(
        (people.each("EmailId"), people.each("IsActive")),
        (vec!["null".into()], vec!["false".into()])
    );
    assert_eq!(sim.order("door", json!({ "person": "88123" })).await["reason"], "Inactive");
    sim.edit(json!({ "action": "remove_cardholder", "id": "88123" })).await;
    assert_eq!(sim.get("/institutions/4711/cardholders").await.data(), json!([]));
    sim.edit(json!([{ "action": "restore_cardholder", "id": "88123" },
                            { "action": "modify_cardholder", "id": "88123", "set": { "IsActive": true } }]))
        .await;
    assert_eq!(sim.order("door", json!({ "person": "88123" })).await["granted"], true);
}

/// 2B.8 [inferred] Trap: renamed company.
#[tokio::test]
async fn s2b8_a_company_is_renamed_added_and_removed() {
    let sim = example(&[]).await;
    sim.edit(json!({ "action": "modify_company", "id": "2000005989", "set": { "Name": "Acme Inc" } })).await;
    sim.edit(json!({ "action": "add_company", "company": { "Name": "Initech", "FloorIds": [9] } })).await;
    let list = sim.get("/institutions/4711/companies").await;
    assert_eq!(
        (list.each("Name"), list.each("CompanyId")),
        (vec!["Acme Inc".into(), "Initech".into()], vec!["2000005989".into(), "2000005990".into()],)
    );
    sim.edit(json!({ "action": "remove_company", "id": "2000005990" })).await;
    assert_eq!(sim.get("/institutions/4711/companies").await.each("Name"), ["Acme Inc"]);
}

/// 2B.8 [inferred] Trap: removed profile.
#[tokio::test]
async fn s2b8_a_profile_is_renamed_added_and_removed_from_cardholders_too() {
    let sim = example(&[]).await;
    sim.edit(json!([{ "action": "add_profile", "profile": { "Name": "Gym" } },
                            { "action": "modify_profile", "id": "78", "set": { "Description": "Floor 2" } },
                            { "action": "remove_profile", "id": "31" }]))
        .await;
    let list = sim.get("/institutions/4711/accessprofiles").await;
    assert_eq!(
        (list.each("Name"), list.each("Description")[1].as_str()),
        (vec!["Acme visitors".into(), "Gym".into()], "Floor 2")
    );
    assert_eq!(sim.get("/institutions/4711/cardholders").await.data()[0]["AccessProfileIds"], json!([]));
}

/// 2B.8 [inferred] Trap: visit changed by another writer.
#[tokio::test]
async fn s2b8_a_visit_is_changed_by_another_writer() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    let set = json!({ "DepartureTime": "20:00", "Notes": "late" });
    sim.edit(json!({ "action": "modify_visit", "guid": VISIT, "set": set })).await;
    let read = sim.get("/institutions/4711/visits").await.data()[0].clone();
    assert_eq!((&read["DepartureTime"], &read["Notes"]), (&json!("20:00"), &json!("late")));
    assert_eq!(read["PriorityLevel"], 1, "SEQUENCE has risen");
    assert_eq!(read["VisitorModel"][0]["Email"], "v-9c0f1c3e@visitor.invalid");
}

/// 2B.8 [inferred] Edits are done wholly or not at all.
#[tokio::test]
async fn s2b8_orders_are_done_wholly_or_not_at_all() {
    let sim = example(&[]).await;
    let orders =
        json!([{ "action": "remove_cardholder", "id": "88123" }, { "action": "remove_company", "id": "x" }]);
    assert_eq!(sim.refused("edit", orders).await, "there is no company `x`");
    assert_eq!(sim.get("/institutions/4711/cardholders").await.each("CardholderId"), ["88123"]);
    for order in [json!({ "action": "fly" }), json!(3), json!({ "action": "add_visit", "visit": {} })] {
        assert!(!sim.refused("edit", order).await.is_empty());
    }
}

/// 2B.8 [inferred] New credentials of a door.
#[tokio::test]
async fn s2b8_new_credentials_of_a_door_end_its_tokens() {
    let sim = small(&[("auth.mode", "token")]).await;
    let owner = "{00000000-0000-0000-0000-000000000001}";
    let ask = sim.request("POST", "/token").basic_auth("sim", Some("sim")).header("OwnerGuid", owner);
    let token = sim.send(ask).await.data()["Token"].as_str().unwrap().to_owned();
    let list = |path: &'static str| sim.send(sim.request("GET", path).bearer_auth(&token));
    assert_eq!(list("/institutions/1/visits").await.status, 200);
    let change = json!({ "action": "set_password", "door": "visitor-connect", "password": "new" });
    sim.edit(change).await;
    assert_eq!(list("/institutions/1/visits").await.status, 401);
    assert_eq!(list("/institutions/1/companies").await.status, 200, "the other door is unchanged");
    sim.edit(json!({ "action": "end_tokens" })).await;
    assert_eq!(list("/institutions/1/companies").await.status, 401);
}

/// 2B.8 [inferred] State, limited by its query.
#[tokio::test]
async fn s2b8_the_state_is_limited_by_its_query() {
    let sim = small(&[]).await;
    let person = sim.look("state?cardholder=88123").await;
    assert_eq!((&person["FirstName"], &person["admitted"]), (&json!("Grace"), &json!(true)));
    assert_eq!(sim.look("state?cardholder=1").await, Value::Null);
    let one = sim.look("state?institution=2").await;
    assert_eq!((one["institutions"].as_array().unwrap().len(), &one["visits"]), (1, &json!([])));
    assert_eq!(sim.look("state?people=none").await["institutions"][0]["cardholders"], json!([]));
}

/// 2B.8 [inferred] The page for people.
#[tokio::test]
async fn s2b8_the_page_shows_visits_and_finds_people() {
    let sim = small(&[]).await;
    sim.order("door", json!({ "person": "ada@visitors.example" })).await;
    let page = sim.page("").await;
    for text in ["Small Building", "Ada Byron", "Acme visitors", "arrived", "has arrived", "Lobby turnstile"]
    {
        assert!(page.contains(text), "{text}");
    }
    let found = sim.page("?q=ripley").await;
    assert!(found.contains("Ellen Ripley") && !found.contains("Ada Byron</b>"));
    assert!(!page.contains("<script"), "works without JavaScript");
}

/// 2B.8 [inferred] Outbox of mails that Kastle would send.
#[tokio::test]
async fn s2b8_the_outbox_is_cleared_by_hand() {
    let sim = small(&[]).await;
    sim.order("door", json!({ "person": "ada@visitors.example" })).await;
    assert_eq!(sim.look("outbox").await.as_array().unwrap().len(), 1);
    sim.edit(json!({ "action": "clear_outbox" })).await;
    assert_eq!(sim.look("outbox").await, json!([]));
}
