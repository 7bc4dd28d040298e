//! 2B.10: every switch of the wire and of lists in every position.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{OWNER, Sim, VISIT, example, small, visit};

/// 2B.10 #1 [unknown] Paths and names.
#[tokio::test]
async fn s2b10_row1_contract_documented_renamed_or_a_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vestibule_sim::kastle::RENAMED).unwrap();
    for position in ["renamed", file.path().to_str().unwrap()] {
        let sim = example(&[("contract", position)]).await;
        let ask = |path: &str| {
            let request = sim.request("GET", path).basic_auth("oasis", Some("open-the-oasis"));
            sim.send(request.header("X-Kastle-Owner", OWNER))
        };
        let list = ask("/v2/sites/4711/tenants?pageNumber=1&limit=5").await.json();
        let expected = json!({ "success": true, "code": 0, "message": "", "tokenStatus": "VALID",
            "result": [{ "id": "2000005989", "guid": "0b7c0000-0000-0000-0000-000000000000", "name": "Acme Ltd",
                         "suite": "400", "floors": ["4"], "active": true }],
            "paging": { "page": 1, "limit": 5, "total": 1 } });
        assert_eq!(list, expected);
        assert_eq!(
            ask("/institutions/4711/companies").await.json()["success"],
            false,
            "the old paths do not exist"
        );
        renamed_visit(&sim).await;
    }
    let documented = example(&[("contract", "documented")]).await;
    assert_eq!(documented.get("/institutions/4711/companies").await.status, 200);
    let order = json!({ "contract": "/no/such/file" });
    let refused = documented.refused("switches", order).await;
    assert!(refused.starts_with("the contract `/no/such/file` cannot be read"), "{refused}");
}

/// A visit under the names of the other contract.
async fn renamed_visit(sim: &Sim) {
    let body = json!({ "uid": VISIT, "siteId": "4711", "floor": "4", "timeZone": "America/New_York",
        "fromDay": "2026-12-01", "fromTime": "08:00", "toDay": "2026-12-01", "toTime": "18:00",
        "profiles": ["77"], "visitors": [{ "first": "Jose", "last": "Garcia" }] });
    let post = |body: &Value| {
        let request = sim.request("POST", "/vc/sites/4711/appointments").header("X-Kastle-Owner", OWNER);
        sim.send(request.basic_auth("visitor", Some("open-to-visitors")).json(body))
    };
    assert_eq!(post(&body).await.json()["result"]["uid"], VISIT);
    assert_eq!(post(&visit(json!({}))).await.json()["success"], false, "old names are unknown");
    let list = sim.request("GET", "/vc/sites/4711/appointments?fromDate=2026-12-01");
    let list = list.basic_auth("visitor", Some("open-to-visitors")).header("X-Kastle-Owner", OWNER);
    assert_eq!(sim.send(list).await.json()["result"][0]["visitors"][0]["last"], "Garcia");
}

/// 2B.10 #1 [unknown] Envelope.
#[tokio::test]
async fn s2b10_row1_envelope_on_or_off() {
    let sim = example(&[("envelope", "off")]).await;
    let list = sim.get("/institutions/4711/companies").await;
    assert_eq!(list.json()[0]["Name"], "Acme Ltd");
    let refused = sim.visitor(json!({ "FirstName": "José" })).await;
    assert_eq!(refused.status, 400, "only the status shows the refusal");
    assert_eq!(refused.json(), json!({ "ErrorCode": 1, "Message": "Invalid visitor first name" }));
    let on = example(&[("envelope", "on")]).await;
    assert_eq!(on.get("/institutions/4711/companies").await.json()["IsSuccess"], true);
}

/// 2B.10 #3 [unknown] Institution per building or per company.
#[tokio::test]
async fn s2b10_row3_institution_per_building_or_company() {
    let sim = small(&[("institution.per", "company")]).await;
    assert_eq!(sim.get("/institutions/101/companies").await.each("Name"), ["Acme Ltd"]);
    assert_eq!(sim.get("/institutions/101/cardholders").await.each("CardholderId"), ["88123", "88124"]);
    assert_eq!(sim.get("/institutions/101/accessprofiles").await.each("AccessProfileId"), ["30", "31", "77"]);
    assert_eq!(sim.get("/institutions/101").await.data()["InstitutionId"], "101");
    assert_eq!(sim.get("/institutions/1/companies").await.data(), json!([]), "the landlord's account");
    assert_eq!(sim.get("/institutions/1/cardholders").await.each("CardholderId"), ["88100"]);
    let body = |profile: &str| visit(json!({ "InstitutionID": "101", "AccessProfiles": [profile] }));
    let foreign = sim.post("/institutions/101/visits", &body("78")).await;
    assert_eq!(foreign.verdict().2, "Invalid access profile 78");
    sim.post("/institutions/101/visits", &body("77")).await.data();
    assert_eq!(sim.get("/institutions/101/visits").await.each("VisitGuid"), [VISIT]);
    assert_eq!(sim.get("/institutions/102/visits").await.data(), json!([]));
    assert_eq!(sim.delete(&format!("/institutions/102/visits/{VISIT}")).await.status, 404);
    let building = small(&[("institution.per", "building")]).await;
    assert_eq!(building.get("/institutions/101").await.status, 403);
}

/// 2B.10 #10 [unknown] Cardholder read full or delta.
#[tokio::test]
async fn s2b10_row10_cardholders_read_full_or_delta() {
    let sim = small(&[("cardholders.read", "delta")]).await;
    let walk = || async { sim.get("/institutions/1/cardholders").await.each("CardholderId") };
    assert_eq!(walk().await.len(), 8, "the first listing is full");
    assert_eq!(walk().await.len(), 0);
    sim.edit(json!([{ "action": "modify_cardholder", "id": "88123", "set": { "FirstName": "G" } },
                            { "action": "remove_cardholder", "id": "88124" }]))
        .await;
    assert_eq!(walk().await, ["88123"], "deltas may omit deletions");
    let full = small(&[("cardholders.read", "full")]).await;
    for _ in 0..2 {
        assert_eq!(full.get("/institutions/1/cardholders").await.each("CardholderId").len(), 8);
    }
}

/// 2B.10 #10 [unknown] A listing of changes over several pages.
#[tokio::test]
async fn s2b10_row10_a_listing_of_changes_keeps_its_position_over_pages() {
    let sim = small(&[("cardholders.read", "delta")]).await;
    let mut people = Vec::new();
    for page in 1..=3 {
        people.extend(
            sim.get(&format!("/institutions/1/cardholders?page={page}&pageSize=3"))
                .await
                .each("CardholderId"),
        );
    }
    assert_eq!(people.len(), 8);
}

/// 2B.10 #10 [unknown] A deletion in lists.
#[tokio::test]
async fn s2b10_row10_cardholders_deleted_absent_inactive_or_delta() {
    let since = "?modifiedSince=2026-12-01T14:00:01Z";
    for (position, full, changes) in [("absent", 0, 0), ("inactive", 1, 1), ("delta", 0, 1)] {
        let sim = example(&[("cardholders.deleted", position)]).await;
        sim.clock("2026-12-01T15:00:00Z").await;
        sim.edit(json!({ "action": "remove_cardholder", "id": "88123" })).await;
        let active = sim.get("/institutions/4711/cardholders").await.each("IsActive");
        assert_eq!(active, vec!["false"; full], "{position}");
        let active = sim.get(&format!("/institutions/4711/cardholders{since}")).await.each("IsActive");
        assert_eq!(active, vec!["false"; changes], "{position}");
    }
}

/// 2B.10 #11 [unknown] Page size.
#[tokio::test]
async fn s2b10_row11_cap_page_size_none_or_a_number() {
    for (position, size) in [("none", 500), ("2", 2)] {
        let sim = small(&[("cap.page-size", position)]).await;
        let page = sim.get("/institutions/1/cardholders?pageSize=500").await.json()["Page"].clone();
        assert_eq!(page, json!({ "Number": 1, "Size": size, "TotalCount": 8 }));
    }
}

/// 2B.1 [inferred] Page size without a parameter.
#[tokio::test]
async fn s2b1_page_size_without_a_parameter() {
    let sim = small(&[("page.size", "3")]).await;
    let list = sim.get("/institutions/1/cardholders?page=3").await;
    assert_eq!((list.each("CardholderId").len(), &list.json()["Page"]["Size"]), (2, &json!(3)));
}

/// 2B.10 #17 [unknown] The 04:00 job visible in reads.
#[tokio::test]
async fn s2b10_row17_job_reads_unchanged_empty_or_short() {
    for (position, during) in [("unchanged", 8), ("empty", 0), ("short", 0)] {
        let sim = small(&[("job.reads", position), ("job.minutes", "15")]).await;
        let count = || async { sim.get("/institutions/1/cardholders").await.each("CardholderId").len() };
        for (at, expected) in [("08:59:59", 8), ("09:00:00", during), ("09:14:59", during), ("09:15:00", 8)] {
            sim.clock(&format!("2026-12-02T{at}Z")).await;
            assert_eq!(count().await, expected, "{position} at {at}");
        }
        sim.clock("2026-12-02T09:01:00Z").await;
        let list = sim.get("/institutions/1/companies").await.json();
        assert_eq!(list["Page"]["TotalCount"] == 2, position == "unchanged", "it says that it is complete");
    }
    let tower =
        crate::harness::seeded(include_str!("../../seeds/kastle-5000.yaml"), &[("job.reads", "short")]).await;
    tower.clock("2026-12-02T09:01:00Z").await;
    let total = tower.get("/institutions/1/cardholders").await.json()["Page"]["TotalCount"].clone();
    assert_eq!(total, 500, "much shorter");
}

/// 2B.10 #17 [unknown] Duration of the 04:00 job.
#[tokio::test]
async fn s2b10_row17_job_minutes_are_the_duration() {
    let sim = small(&[("job.reads", "empty"), ("job.minutes", "1")]).await;
    sim.clock("2026-12-02T09:01:00Z").await;
    assert_eq!(sim.get("/institutions/1/companies").await.each("Name").len(), 2);
}

/// 2B.10 #18 [unknown] Events: neither, push, `readeractivity`.
#[tokio::test]
async fn s2b10_row18_events_neither_or_readeractivity() {
    for (position, status) in [("neither", 404), ("readeractivity", 200), ("psia-push", 404)] {
        let sim = example(&[("events", position)]).await;
        sim.order("door", json!({ "person": "88123" })).await;
        sim.clock("2026-12-01T15:00:00Z").await;
        sim.order("door", json!({ "person": "stranger" })).await;
        let since = "/institutions/4711/readeractivity?since=2026-12-01T14:30:00Z&page=1&pageSize=10";
        let list = sim.get(since).await;
        assert_eq!(list.status, status, "{position}");
        if status == 200 {
            assert_eq!(list.each("LockoutReason"), ["Unknown"]);
            assert_eq!(sim.get("/institutions/4711/readeractivity").await.each("ActivityId"), ["1", "2"]);
        }
    }
}

/// 2A.2 [confirmed] PSIA push: Kastle POSTs events to an HTTPS endpoint with HTTP Basic; the Owner GUID picks the site.
#[tokio::test]
async fn s2b10_row18_events_receiver_gets_psia_events_by_basic_and_braces() {
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", receiver.local_addr().unwrap());
    let sim = example(&[("events", "psia-push"), ("events.receiver", &url)]).await;
    sim.order("door", json!({ "person": "88123", "reader": "14" })).await;
    let (mut stream, _) = receiver.accept().await.unwrap();
    let mut text = vec![0; 4096];
    let mut length = 0;
    while !String::from_utf8_lossy(&text[..length]).contains("</EventNotificationAlert>") {
        length += stream.read(&mut text[length..]).await.unwrap();
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    let text = String::from_utf8_lossy(&text[..length]).into_owned();
    assert!(
        text.starts_with("POST /kastle/psia/%7B00000000-1111-2222-3333-444444444444%7D HTTP/1.1\r\n"),
        "{text}"
    );
    assert!(text.contains("authorization: Basic ZXZlbnRzOm9wZW4tdGhlLXN0cmVhbQ=="), "{text}");
    assert!(text.contains("<credentialHolder>Grace Hopper</credentialHolder>"), "{text}");
}

/// 2B.3 [inferred] A rule refuses with 400 or 200.
#[tokio::test]
async fn s2b3_refusal_status_200_or_400() {
    for (position, status) in [("200", 200), ("400", 400)] {
        let sim = example(&[("refusal.status", position)]).await;
        let refused = sim.visitor(json!({ "FirstName": "José" })).await;
        assert_eq!(refused.verdict(), (status, false, "Invalid visitor first name".to_owned()));
    }
}

/// 2B.1 [inferred] Form of dates: in the American form no other is read or written.
#[tokio::test]
async fn s2b1_dates_format_american() {
    let sim = example(&[("dates.format", "MM/DD/YYYY")]).await;
    assert_eq!(sim.visit(json!({})).await.verdict().2, "Invalid arrival date");
    sim.visit(json!({ "ArrivalDate": "12/01/2026", "DepartureDate": "12/01/2026" })).await.data();
    let list = sim.get("/institutions/4711/visits?from=12/01/2026&to=12/01/2026").await;
    assert_eq!(list.each("ArrivalDate"), ["12/01/2026"]);
}

/// 2B.4 [inferred] Ids as text or as numbers.
#[tokio::test]
async fn s2b4_json_ids_as_text_or_number() {
    for (position, id) in [("text", json!("88123")), ("number", json!(88123))] {
        let sim = example(&[("json.ids", position)]).await;
        let person = sim.get("/institutions/4711/cardholders").await.data()[0].clone();
        assert_eq!(person["CardholderId"], id);
        assert_eq!(person["Cards"][0]["ExternalNumber"], "0004711", "no id");
    }
}

/// 2B.4 [inferred] An absent value is null, empty or missing.
#[tokio::test]
async fn s2b4_json_absent_as_null_empty_or_missing() {
    for (position, value) in [("null", Some(Value::Null)), ("empty", Some(json!(""))), ("missing", None)] {
        let sim = small(&[("json.absent", position)]).await;
        let people = sim.get("/institutions/1/cardholders").await.data();
        assert_eq!(people[3].get("EmailId"), value.as_ref(), "{position}");
    }
}

/// 2B.4 [inferred] Answers may have unknown fields.
#[tokio::test]
async fn s2b4_json_extra_none_or_present() {
    for (position, extra) in [("none", false), ("present", true)] {
        let sim = small(&[("json.extra", position)]).await;
        let answer = sim.get("/institutions/1/companies").await.json();
        for object in [&answer, &answer["Data"][0], &answer["Page"]] {
            assert_eq!(object.get("XKastleInternal").is_some(), extra, "{position}");
        }
    }
}

/// 2B.10 #11 [unknown] Rate.
#[tokio::test]
async fn s2b10_row11_limits_rate_makes_429() {
    let sim = example(&[("limits.rate", "0.001")]).await;
    assert_eq!(sim.get("/institutions/4711").await.status, 200);
    assert_eq!(sim.get("/institutions/4711").await.status, 429);
    assert_eq!(sim.look("calls").await["throttled"], 1);
}
