//! 2B.10: every switch of visits in every position.

use serde_json::{Value, json};

use crate::harness::{VISIT, VISITOR, example, visit, visits};

const PATH: &str = "/institutions/4711/visits/9c0f1c3e-6a0e-5d0b-9a51-2f2f6f0f9d10";

/// 2B.10 #4 [unknown] VisitGuid kept.
#[tokio::test]
async fn s2b10_row4_visit_guids_kept_or_replaced() {
    for (position, kept) in [("kept", true), ("replaced", false)] {
        let sim = example(&[("visit.guids", position)]).await;
        let made = sim.visit(json!({})).await.data();
        assert_eq!(made["VisitGuid"] == VISIT, kept, "{made}");
        assert_eq!(made["Visitors"][0]["CardholderGuid"], VISITOR);
        assert_eq!(sim.delete(PATH).await.status == 200, kept);
    }
    let sim = example(&[("visit.guids", "replaced")]).await;
    sim.visit(json!({})).await.data();
    sim.visit(json!({})).await.data();
    assert_eq!(visits(&sim).await, 2, "a visit without its GUID is not recognised");
}

/// 2B.10 #4 [unknown] CardholderGuid of a visitor kept.
#[tokio::test]
async fn s2b10_row4_attendee_guids_kept_or_replaced() {
    for (position, kept) in [("kept", true), ("replaced", false)] {
        let sim = example(&[("attendee.guids", position)]).await;
        let made = sim.visit(json!({})).await.data();
        assert_eq!(
            (made["Visitors"][0]["CardholderGuid"] == VISITOR, &made["VisitGuid"]),
            (kept, &json!(VISIT))
        );
    }
}

/// 2B.10 #5 [unknown] Same VisitGuid twice.
#[tokio::test]
async fn s2b10_row5_visit_duplicate_409_same_answer_or_second_visit() {
    for (position, status, there) in [("409", 409, 1), ("same-answer", 200, 1), ("second-visit", 200, 2)] {
        let sim = example(&[("visit.duplicate", position)]).await;
        let first = sim.visit(json!({})).await.text;
        let again = sim.visit(json!({ "Notes": "again" })).await;
        assert_eq!((again.status, visits(&sim).await), (status, there), "{position}");
        assert_eq!(again.text == first, position == "same-answer");
    }
}

/// 2B.6 [unknown] The GUID of a deleted visit is free, or stays in use.
#[tokio::test]
async fn s2b6_visit_dead_guid_free_or_taken() {
    for (position, status) in [("free", 200), ("taken", 409)] {
        let sim = example(&[("visit.dead-guid", position)]).await;
        sim.visit(json!({})).await.data();
        sim.delete(PATH).await.data();
        assert_eq!(sim.visit(json!({})).await.status, status, "{position}");
    }
}

/// 2B.10 #6 [unknown] Delete.
#[tokio::test]
async fn s2b10_row6_visit_delete_yes_no_or_before_arrival() {
    for (position, before, after) in
        [("yes", true, true), ("no", false, false), ("before-arrival", true, false)]
    {
        let sim = example(&[("visit.delete", position)]).await;
        for (at, works) in [("2026-12-01T12:59:59Z", before), ("2026-12-01T13:00:00Z", after)] {
            sim.order("reset", json!({})).await;
            sim.clock(at).await;
            sim.visit(json!({})).await.data();
            let answer = sim.delete(PATH).await.verdict();
            assert_eq!(answer.1, works, "{position} {at} {answer:?}");
            assert_eq!(visits(&sim).await, usize::from(!works));
        }
    }
}

/// 2B.10 #7 [unknown] Update.
#[tokio::test]
async fn s2b10_row7_visit_update_no_or_yes() {
    let later = visit(json!({ "DepartureTime": "20:00" }));
    let sim = example(&[("visit.update", "no")]).await;
    sim.visit(json!({})).await.data();
    assert_eq!(sim.put(PATH, &later).await.status, 405);
    let sim = example(&[("visit.update", "yes")]).await;
    assert_eq!(sim.put(PATH, &later).await.status, 404);
    sim.visit(json!({})).await.data();
    assert_eq!(sim.put(PATH, &later).await.data()["VisitGuid"], VISIT);
    let read = sim.get("/institutions/4711/visits").await.data();
    assert_eq!((&read[0]["DepartureTime"], &read[0]["PriorityLevel"]), (&json!("20:00"), &json!(1)));
    assert_eq!(sim.put(PATH, &visit(json!({ "FloorId": "x" }))).await.verdict().2, "Invalid FloorId");
}

/// 2B.10 #8 [unknown] Profiles usable for visitors.
#[tokio::test]
async fn s2b10_row8_profiles_visitors_all_subset_or_none() {
    for (position, staff, visitors, bare, listed) in
        [("all", true, true, true, 2), ("subset", false, true, true, 2), ("none", false, false, true, 0)]
    {
        let sim = example(&[("profiles.visitors", position)]).await;
        let sim = &sim;
        let made = |profiles: Value| {
            let body = visit(json!({ "VisitGuid": null, "AccessProfiles": profiles }));
            async move { sim.post("/institutions/4711/visits", &body).await.verdict().1 }
        };
        let found = (made(json!(["31"])).await, made(json!(["77"])).await, made(json!([])).await);
        assert_eq!(found, (staff, visitors, bare), "{position}");
        let list = sim.get("/institutions/4711/accessprofiles").await.each("Name");
        assert_eq!(list.len(), listed, "{position}");
        let held = sim.get("/institutions/4711/cardholders").await.data()[0]["AccessProfileIds"].clone();
        assert_eq!(held == json!([]), position == "none");
    }
}

/// 2B.10 #9 [unknown] Visit list and read-back.
#[tokio::test]
async fn s2b10_row9_visits_read_full_own_or_none() {
    for (position, success, shown) in [("full", true, 2), ("own", true, 1), ("none", false, 0)] {
        let sim = example(&[("visits.read", position)]).await;
        sim.visit(json!({})).await.data();
        sim.edit(json!({ "action": "add_visit", "visit": { "VisitorModel": [{ "LastName": "Byron" }] } }))
            .await;
        let list = sim.get("/institutions/4711/visits").await.json();
        assert_eq!(list["IsSuccess"], success, "{position}");
        assert_eq!(list["Data"].as_array().map_or(0, Vec::len), shown, "{position}");
    }
}

/// 2A.7 [confirmed] At most 10 visitors per submission.
#[tokio::test]
async fn s2b10_row11_cap_visitors_none_or_a_number() {
    let eleven: Vec<Value> = (0..11).map(|n| json!({ "LastName": format!("V{n}") })).collect();
    for (position, works) in [("none", true), ("10", false)] {
        let sim = example(&[("cap.visitors", position)]).await;
        let verdict = sim.visit(json!({ "VisitorModel": eleven })).await.verdict();
        assert_eq!(verdict.1, works, "{verdict:?}");
        assert!(sim.visit(json!({ "VisitGuid": null, "VisitorModel": eleven[..10] })).await.verdict().1);
    }
}

/// 2A.7 [confirmed] At most 180 consecutive days.
#[tokio::test]
async fn s2b10_row11_cap_days_none_or_a_number() {
    for (position, works) in [("none", true), ("180", false)] {
        let sim = example(&[("cap.days", position)]).await;
        let over = sim.visit(json!({ "DepartureDate": "2027-05-30" })).await.verdict();
        assert_eq!(over.1, works, "181 days: {over:?}");
        assert!(sim.visit(json!({ "VisitGuid": null, "DepartureDate": "2027-05-29" })).await.verdict().1);
    }
}

/// A change of the body that a rule refuses.
async fn ruled(rule: &str, changes: Value, visitor: bool) {
    for (position, works) in [("enforced", false), ("accepted", true)] {
        let sim = example(&[(rule, position)]).await;
        let answer =
            if visitor { sim.visitor(changes.clone()).await } else { sim.visit(changes.clone()).await };
        assert_eq!(answer.verdict().1, works, "{rule} {position}: {answer:?}");
    }
}

/// 2B.10 #12 [unknown] Accents and name rules.
#[tokio::test]
async fn s2b10_row12_rules_names_enforced_or_accepted() {
    ruled("rules.names", json!({ "FirstName": "José" }), true).await;
    ruled("rules.names", json!({ "LastName": "García" }), true).await;
    ruled("rules.names", json!({ "UserLastName": "Søn" }), false).await;
}

/// 2B.10 #12 [unknown] Phone rule.
#[tokio::test]
async fn s2b10_row12_rules_phone_enforced_or_accepted() {
    ruled("rules.phone", json!({ "MobileNumber": "555 0100" }), true).await;
}

/// 2A.4 [inferred] Each rule can be on or off (2B.8).
#[tokio::test]
async fn s2a4_each_rule_of_the_visit_is_enforced_or_accepted() {
    ruled("rules.visitors", json!({ "VisitorModel": [] }), false).await;
    ruled("rules.last-name", json!({ "LastName": "" }), true).await;
    ruled("rules.host-length", json!({ "UserFirstName": "x".repeat(41) }), false).await;
    ruled("rules.institution", json!({ "InstitutionID": "0" }), false).await;
    ruled("rules.floor", json!({ "FloorId": "ground" }), false).await;
    ruled("rules.order", json!({ "DepartureTime": "07:00" }), false).await;
    ruled("rules.zone", json!({ "Timezone": "Mars/Olympus" }), false).await;
    ruled("rules.guids", json!({ "VisitGuid": "visit-1" }), false).await;
    ruled("rules.types", json!({ "NotifyOnArrival": "yes" }), false).await;
    ruled("rules.profiles", json!({ "AccessProfiles": ["99"] }), false).await;
    ruled("rules.email", json!({ "Email": "no address" }), true).await;
}

/// 2B.3 [inferred] Bodies are application/json.
#[tokio::test]
async fn s2b3_rules_content_type_enforced_or_accepted() {
    for (position, works) in [("enforced", false), ("accepted", true)] {
        let sim = example(&[("rules.content-type", position)]).await;
        let request =
            sim.request("POST", "/institutions/4711/visits").header("OwnerGuid", crate::harness::OWNER);
        let request =
            request.basic_auth("visitor", Some("open-to-visitors")).header("content-type", "text/plain");
        let answer = sim.send(request.body(visit(json!({})).to_string())).await;
        assert_eq!(answer.verdict().1, works, "{position}");
    }
}

/// 2B.10 #13 [unknown] Names of time zones.
#[tokio::test]
async fn s2b10_row13_zones_names_iana_or_windows() {
    for (position, takes, other) in [
        ("iana", "America/New_York", "Eastern Standard Time"),
        ("windows", "Eastern Standard Time", "America/New_York"),
    ] {
        let sim = example(&[("zones.names", position)]).await;
        assert_eq!(sim.visit(json!({ "Timezone": other })).await.verdict().2, "Invalid Timezone");
        sim.visit(json!({ "Timezone": takes })).await.data();
        assert_eq!(sim.get("/institutions/4711/visits").await.each("Timezone"), [takes]);
        assert_eq!(sim.get("/institutions/4711").await.data()["Timezone"], takes);
        assert_eq!(sim.look(&format!("state?visit={VISIT}")).await["start"], "2026-12-01T13:00:00Z");
    }
}

/// 2B.10 #13 [unknown] The gap.
#[tokio::test]
async fn s2b10_row13_zones_gap_rejected_or_shifted() {
    let day = json!({ "ArrivalDate": "2027-03-14", "ArrivalTime": "02:30", "DepartureDate": "2027-03-14" });
    let sim = example(&[("zones.gap", "rejected")]).await;
    assert!(!sim.visit(day.clone()).await.verdict().1);
    let sim = example(&[("zones.gap", "shifted")]).await;
    sim.visit(day).await.data();
    assert_eq!(sim.get("/institutions/4711/visits").await.each("ArrivalTime"), ["03:30"]);
}

/// 2B.10 #14 [unknown] Floor required, 888 accepted.
#[tokio::test]
async fn s2b10_row14_floor_required_optional_or_no_888() {
    for (position, without, eights) in
        [("required", false, true), ("optional", true, true), ("no-888", false, false)]
    {
        let sim = example(&[("floor", position)]).await;
        let none = sim.visit(json!({ "VisitGuid": null, "FloorId": null })).await.verdict().1;
        let all = sim.visit(json!({ "VisitGuid": null, "FloorId": "888" })).await.verdict().1;
        assert_eq!((none, all), (without, eights), "{position}");
    }
}

/// 2B.10 #15 [unknown] Dummy address; mail suppressed.
#[tokio::test]
async fn s2b10_row15_mail_dummy_accepted_rejected_or_mailed() {
    for (position, works, mails) in [("accepted", true, 0), ("rejected", false, 0), ("mailed", true, 1)] {
        let sim = example(&[("mail.dummy", position)]).await;
        assert_eq!(sim.visit(json!({})).await.verdict().1, works, "{position}");
        assert_eq!(sim.look("outbox").await.as_array().unwrap().len(), mails, "{position}");
    }
}

/// 2B.10 #16 [unknown] QR code in the answer.
#[tokio::test]
async fn s2b10_row16_qr_mailed_or_in_the_answer() {
    for (position, shown) in [("mailed", false), ("answer", true)] {
        let sim = example(&[("qr", position)]).await;
        let visitor = sim.visit(json!({})).await.data()["Visitors"][0].clone();
        assert_eq!(visitor["QrCode"].is_string(), shown, "{visitor}");
        assert_eq!(visitor.get("ExternalNumber").is_some(), shown, "{visitor}");
    }
}

/// 2A.5 [inferred] The same, or a faithful read-back.
#[tokio::test]
async fn s2a5_readback_lossy_or_faithful() {
    for (position, last, priority) in [("lossy", "Ann", 0), ("faithful", "Smith", 5)] {
        let sim = example(&[("readback", position)]).await;
        sim.visit(json!({ "UserFirstName": "Mary Ann", "UserLastName": "Smith", "PriorityLevel": 5 }))
            .await
            .data();
        let read = sim.get("/institutions/4711/visits").await.data()[0].clone();
        assert_eq!(
            (&read["UserLastName"], &read["PriorityLevel"]),
            (&json!(last), &json!(priority)),
            "{position}"
        );
    }
}
