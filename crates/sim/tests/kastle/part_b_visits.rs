//! 2B.5 to 2B.7: the life of a visit.

use serde_json::json;

use crate::harness::{VISIT, VISITOR, example};

/// 2B.5 [inferred] The normalized subset reads back.
#[tokio::test]
async fn s2b5_the_normalized_subset_reads_back_as_it_was_sent() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    let read = sim.get("/institutions/4711/visits").await.data()[0].clone();
    for (field, value) in [
        ("VisitGuid", json!(VISIT)),
        ("FloorId", json!("4")),
        ("ArrivalDate", json!("2026-12-01")),
        ("ArrivalTime", json!("08:00")),
        ("DepartureDate", json!("2026-12-01")),
        ("DepartureTime", json!("18:00")),
        ("AccessProfiles", json!(["77"])),
    ] {
        assert_eq!(read[field], value, "{field}");
    }
    let visitor = &read["VisitorModel"][0];
    assert_eq!((&visitor["FirstName"], &visitor["LastName"]), (&json!("Jose"), &json!("Garcia")));
    assert_eq!(visitor["Email"], "v-9c0f1c3e@visitor.invalid");
    assert_eq!(visitor["CardholderGuid"], VISITOR);
}

/// 2B.5 [inferred] Wall times of the zone that is sent.
#[tokio::test]
async fn s2b5_times_are_wall_times_of_the_zone_that_was_sent() {
    let sim = example(&[]).await;
    sim.visit(json!({ "Timezone": "America/Los_Angeles" })).await.data();
    let state = sim.look(&format!("state?visit={VISIT}")).await;
    assert_eq!((&state["start"], &state["ArrivalTime"]), (&json!("2026-12-01T16:00:00Z"), &json!("08:00")));
    assert_eq!(sim.visit(json!({ "Timezone": "Mars/Olympus" })).await.verdict().2, "Invalid Timezone");
}

/// 2B.6 [inferred] A dummy in a reserved domain is accepted and gets no mail.
#[tokio::test]
async fn s2b6_a_dummy_in_a_reserved_domain_is_accepted_and_gets_no_mail() {
    let sim = example(&[]).await;
    sim.visit(json!({ "IsSendMailToVisitors": true })).await.data();
    assert_eq!(sim.look("outbox").await, json!([]));
}

/// 2B.6 [inferred] An address has a dot after the @.
#[tokio::test]
async fn s2b6_an_address_has_a_dot_after_the_at() {
    let sim = example(&[]).await;
    assert_eq!(sim.visitor(json!({ "Email": "v@visitor" })).await.verdict().2, "Invalid visitor email");
    assert_eq!(sim.visit(json!({ "UserEmail": "grace" })).await.verdict().2, "Invalid host email");
}

/// 2B.6 [inferred] A retry after a lost answer cannot make a second visit.
#[tokio::test]
async fn s2b6_a_retry_after_a_lost_answer_cannot_make_a_second_visit() {
    let sim = example(&[]).await;
    sim.fault(json!({ "kind": "refuse", "when": "after", "operation": "PostVisit" })).await;
    let lost =
        sim.request("POST", "/institutions/4711/visits").basic_auth("visitor", Some("open-to-visitors"));
    let lost = lost.header("OwnerGuid", crate::harness::OWNER).json(&crate::harness::visit(json!({})));
    assert!(lost.send().await.is_err());
    assert_eq!(sim.visit(json!({})).await.status, 409);
    assert_eq!(crate::harness::visits(&sim).await, 1);
}

/// 2B.6 [inferred] Unknown access profiles are refused.
#[tokio::test]
async fn s2b6_an_unknown_access_profile_is_refused() {
    let sim = example(&[]).await;
    let refused = sim.visit(json!({ "AccessProfiles": ["77", "99"] })).await.verdict();
    assert_eq!(refused, (200, false, "Invalid access profile 99".to_owned()));
}

/// 2A.7 [confirmed] 888 means no floor control.
#[tokio::test]
async fn s2b6_floor_888_means_no_floor_control() {
    let sim = example(&[]).await;
    assert!(sim.visit(json!({ "FloorId": "888" })).await.verdict().1);
}

/// 2B.7 [inferred] Midnight: the visit of yesterday ends, the visit of today starts.
#[tokio::test]
async fn s2b7_at_midnight_a_visit_ends_and_that_of_the_next_day_starts() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    sim.clock("2026-12-02T05:00:00Z").await;
    let next = "9c0f1c3e-6a0e-5d0b-9a51-2f2f6f0f9d11";
    let day = json!({ "VisitGuid": next, "ArrivalDate": "2026-12-02", "DepartureDate": "2026-12-02" });
    assert_eq!(sim.delete(&format!("/institutions/4711/visits/{VISIT}")).await.status, 200);
    sim.visit(day).await.data();
    let list = sim.get("/institutions/4711/visits?from=2026-12-01&to=2026-12-02").await;
    assert_eq!(list.each("VisitGuid"), [next]);
}

/// 2B.7 [inferred] A deleted visit can be made again.
#[tokio::test]
async fn s2b7_a_deleted_visit_can_be_made_again_with_its_guid() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    sim.edit(json!({ "action": "remove_visit", "guid": VISIT })).await;
    assert_eq!(sim.get("/institutions/4711/visits").await.data(), json!([]));
    assert_eq!(sim.visit(json!({})).await.status, 200);
}

/// 2B.7 [inferred] A tenant's profile is removed, running visits stay.
#[tokio::test]
async fn s2b7_running_visits_stay_when_their_profile_is_removed() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    sim.edit(json!({ "action": "remove_profile", "id": "77" })).await;
    assert_eq!(sim.get("/institutions/4711/accessprofiles").await.each("AccessProfileId"), ["31"]);
    assert_eq!(sim.get("/institutions/4711/visits").await.data()[0]["AccessProfiles"], json!(["77"]));
}

/// 2B.8 [inferred] The decision of a reader: profiles, readers, windows.
#[tokio::test]
async fn s2b8_a_reader_grants_access_by_profile_within_the_window() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    let walk = |reader: &'static str| async move { (reader, "v-9c0f1c3e@visitor.invalid") };
    let (reader, person) = walk("14").await;
    let at = |reader: &str| json!({ "person": person, "reader": reader, "dry": true });
    assert_eq!(sim.order("door", at(reader)).await["granted"], true);
    assert_eq!(sim.order("door", at("Garage")).await["reason"], "No access to this reader");
    sim.clock("2026-12-01T12:59:59Z").await;
    assert_eq!(sim.order("door", at("14")).await["reason"], "Too early");
    sim.clock("2026-12-01T23:00:00Z").await;
    assert_eq!(sim.order("door", at("14")).await["reason"], "Expired");
    let stranger = sim.order("door", json!({ "person": "unknown", "dry": true })).await;
    assert_eq!(stranger["reason"], "Unknown");
    assert_eq!(sim.look("state").await["activity"], json!([]), "dry attempts leave no record");
}
