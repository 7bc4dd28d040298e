//! 2B.4: the lists and their pages.

use serde_json::{Value, json};

use crate::harness::{example, seeded, small};

const TOWER: &str = include_str!("../../seeds/kastle-5000.yaml");

/// 2B.4 [inferred] `GET /institutions/{I}`.
#[tokio::test]
async fn s2b4_an_institution_shows_its_building_and_zone() {
    let sim = example(&[]).await;
    let data = sim.get("/institutions/4711").await.data();
    let expected = json!({ "InstitutionId": "4711", "Name": "Example Building", "BuildingId": "501",
        "BuildingNumber": "0501", "BuildingAddress": "1 Example Street, New York", "Timezone": "America/New_York" });
    assert_eq!(data, expected);
}

/// 2B.4 [inferred] Pages from 1, the last one when Number * Size >= TotalCount.
#[tokio::test]
async fn s2b4_five_thousand_people_are_listed_page_by_page() {
    let sim = seeded(TOWER, &[]).await;
    let mut people = Vec::new();
    for page in 1..=50 {
        let answer = sim.get(&format!("/institutions/1/cardholders?page={page}&pageSize=100")).await;
        assert_eq!(answer.json()["Page"], json!({ "Number": page, "Size": 100, "TotalCount": 5000 }));
        people.extend(answer.each("CardholderGuid"));
    }
    people.sort_unstable();
    people.dedup();
    assert_eq!(people.len(), 5000);
    let beyond = sim.get("/institutions/1/cardholders?page=51&pageSize=100").await;
    assert_eq!((beyond.data(), &beyond.json()["Page"]["TotalCount"]), (json!([]), &json!(5000)));
    assert_eq!(sim.get("/institutions/1/companies").await.each("Name").len(), 40);
}

/// 2B.4 [inferred] An invalid page is refused.
#[tokio::test]
async fn s2b4_an_invalid_page_is_refused() {
    let sim = example(&[]).await;
    for query in ["page=0", "page=-1", "page=x", "pageSize=0", "pageSize=1.5", "page=99999999999999999999"] {
        let verdict = sim.get(&format!("/institutions/4711/companies?{query}")).await.verdict();
        assert!(!verdict.1 && verdict.2.starts_with("Invalid page"), "{query}: {verdict:?}");
    }
    let far =
        sim.get("/institutions/4711/companies?page=9999999999999999999&pageSize=9999999999999999999").await;
    assert_eq!(far.data(), json!([]));
}

/// 2B.4 [inferred] modifiedSince is an ISO-8601 instant.
#[tokio::test]
async fn s2b4_modified_since_gives_changes_from_that_instant_on() {
    let sim = small(&[]).await;
    sim.clock("2026-12-01T15:00:00Z").await;
    let set =
        json!({ "action": "modify_cardholder", "id": "88123", "set": { "EmailId": "gh@acme.example" } });
    sim.edit(set).await;
    let path = "/institutions/1/cardholders?modifiedSince=2026-12-01T15:00:00Z";
    assert_eq!(sim.get(path).await.each("EmailId"), ["gh@acme.example"]);
    let wrong = sim.get("/institutions/1/cardholders?modifiedSince=yesterday").await;
    assert_eq!(wrong.verdict(), (200, false, "Invalid modifiedSince".to_owned()));
}

/// 2B.4 [inferred] `GET visits` overlaps local dates, both included.
#[tokio::test]
async fn s2b4_visits_overlap_the_window_of_local_dates_both_included() {
    let sim = example(&[]).await;
    for (last, day) in [("A", "2026-12-01"), ("B", "2026-12-02"), ("C", "2026-12-03")] {
        let body = json!({ "VisitGuid": null, "ArrivalDate": day, "ArrivalTime": "00:00", "DepartureDate": day,
                           "DepartureTime": "23:59", "VisitorModel": [{ "LastName": last }] });
        sim.visit(body).await.data();
    }
    let sim = &sim;
    let names = |query: &'static str| async move {
        let list = sim.get(&format!("/institutions/4711/visits{query}")).await.data();
        let name = |v: &Value| v["VisitorModel"][0]["LastName"].as_str().unwrap().to_owned();
        list.as_array().unwrap().iter().map(name).collect::<String>()
    };
    assert_eq!(names("?from=2026-12-02&to=2026-12-02").await, "B");
    assert_eq!(names("?from=2026-12-02&to=2026-12-03").await, "BC");
    assert_eq!(names("?to=2026-12-01").await, "A");
    assert_eq!(names("").await, "ABC");
    assert_eq!(names("?from=2026-12-03&to=2026-12-01").await, "");
    let wrong = sim.get("/institutions/4711/visits?from=12/01/2026").await;
    assert_eq!(wrong.verdict(), (200, false, "Invalid from date".to_owned()));
}

/// 2B.4 [inferred] GUIDs of a path in any case, with braces or without.
#[tokio::test]
async fn s2b4_the_guid_of_a_path_is_read_in_any_case_and_with_braces() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    let path = "/institutions/4711/visits/%7B9C0F1C3E-6A0E-5D0B-9A51-2F2F6F0F9D10%7D";
    assert_eq!(sim.delete(path).await.status, 200);
}

/// 2B.4 [inferred] `readeractivity` is off by default.
#[tokio::test]
async fn s2b4_reader_activity_is_off_unless_switched_on() {
    let sim = example(&[]).await;
    assert_eq!(sim.get("/institutions/4711/readeractivity").await.status, 404);
}

/// 2B.4 [inferred] No create, update, delete of companies, cardholders, access profiles.
#[tokio::test]
async fn s2b4_companies_cardholders_and_profiles_cannot_be_written() {
    let sim = example(&[]).await;
    for list in ["companies", "cardholders", "accessprofiles"] {
        assert_eq!(sim.post(&format!("/institutions/4711/{list}"), &json!({})).await.status, 405);
        assert_eq!(sim.delete(&format!("/institutions/4711/{list}/1")).await.status, 404);
    }
}

/// 2B.4 [inferred] An owner does not see the data of another.
#[tokio::test]
async fn s2b4_another_owners_institution_is_never_shown() {
    let sim = small(&[]).await;
    let ask = |path: &str| {
        let request = sim.request("GET", path).basic_auth("other", Some("other"));
        sim.send(request.header("OwnerGuid", "{00000000-0000-0000-0000-000000000002}"))
    };
    assert_eq!(ask("/institutions/2").await.status, 200);
    assert_eq!(ask("/institutions/1").await.status, 403);
    assert_eq!(ask("/institutions/2/visits").await.data(), json!([]));
}

/// 2B.8 [inferred] Traps: no e-mail, one e-mail of two people, inactive, a visit of another maker.
#[tokio::test]
async fn s2b8_the_small_building_holds_the_data_traps() {
    let sim = small(&[]).await;
    let people = sim.get("/institutions/1/cardholders").await;
    let emails = people.each("EmailId");
    assert!(emails.contains(&"null".to_owned()), "one person without an e-mail");
    let lower: Vec<String> = emails.iter().map(|email| email.to_lowercase()).collect();
    assert_eq!(
        lower.iter().filter(|email| *email == "desk@globex.example").count(),
        2,
        "two with one e-mail"
    );
    assert!(people.each("IsActive").contains(&"false".to_owned()), "one inactive person");
    assert_eq!(
        sim.get("/institutions/1/visits").await.each("VisitGuid").len(),
        1,
        "a visit of another maker"
    );
}
