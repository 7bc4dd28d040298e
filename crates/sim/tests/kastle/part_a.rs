//! 2A: the confirmed facts about Kastle.

use serde_json::{Value, json};

use crate::harness::{OWNER, VISIT, example, visit};

/// 2A.1 [confirmed] A visit of an integration shows as submitted by an authorizer, not by an employee.
#[tokio::test]
async fn s2a1_a_visit_of_an_integration_shows_an_authorizer_as_its_maker() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    let state = sim.look(&format!("state?visit={VISIT}")).await;
    assert_eq!(state["made_by"], "authorizer visitor");
}

/// 2A.1 [confirmed] Company ids have ten digits in the portal (example value).
#[tokio::test]
async fn s2a1_the_company_id_has_ten_digits() {
    let sim = example(&[]).await;
    assert_eq!(sim.get("/institutions/4711/companies").await.each("CompanyId"), ["2000005989"]);
}

/// 2A.2 [confirmed] The Owner GUID is written with braces and hyphens.
#[tokio::test]
async fn s2a2_the_owner_guid_is_written_with_braces_and_hyphens() {
    let sim = example(&[]).await;
    let ask = |owner: &str| {
        let request = sim.request("GET", "/institutions/4711").basic_auth("oasis", Some("open-the-oasis"));
        sim.send(request.header("OwnerGuid", owner))
    };
    assert_eq!(ask(OWNER).await.status, 200);
    assert_eq!(ask("00000000-1111-2222-3333-444444444444").await.status, 403);
    assert_eq!(ask("{00000000111122223333444444444444}").await.status, 403);
}

/// 2A.2 [confirmed] Oasis Connect and Event Stream each have their own username, password and Owner GUID; Visitor Connect has its own account.
#[tokio::test]
async fn s2a2_each_door_has_its_own_credentials() {
    let sim = example(&[]).await;
    let doors = [("oasis", "open-the-oasis"), ("visitor", "open-to-visitors"), ("events", "open-the-stream")];
    for (path, door) in
        [("/companies", "oasis"), ("/visits", "visitor"), ("/readeractivity?since=", "events")]
    {
        for (user, password) in doors {
            let request = sim.request("GET", &format!("/institutions/4711{path}"));
            let answer = sim.send(request.basic_auth(user, Some(password)).header("OwnerGuid", OWNER)).await;
            assert_eq!(answer.status == 401, user != door, "{path} as {user}: {answer:?}");
        }
    }
}

/// 2A.3 [confirmed] Kastle's own job at 04:00 local time recomputes the people who may enter the building.
#[tokio::test]
async fn s2a3_the_job_at_four_recomputes_the_people_who_may_enter() {
    let sim = example(&[]).await;
    sim.visit(json!({ "DepartureDate": "2026-12-01" })).await.data();
    let admitted = || async { sim.look("state?people=none").await["institutions"][0]["admitted"].clone() };
    assert_eq!(admitted().await, 2, "the cardholder, and at once the visitor of today");
    sim.clock("2026-12-02T08:59:00Z").await;
    assert_eq!(admitted().await, 2, "yesterday's visitor until 04:00");
    sim.clock("2026-12-02T09:00:00Z").await;
    assert_eq!(admitted().await, 1, "04:00 in New York");
    let job = &sim.look("state?people=none").await["institutions"][0]["job"];
    assert_eq!(job, &json!({ "ran_at": "2026-12-02T09:00:00Z", "runs": 1 }));
}

/// 2A.3 [inferred] A visit made for today may enter at once, one made for tomorrow after tomorrow's job.
#[tokio::test]
async fn s2a3_a_visit_made_for_tomorrow_is_admitted_by_tomorrows_job_only() {
    let sim = example(&[]).await;
    sim.visit(json!({ "ArrivalDate": "2026-12-02", "ArrivalTime": "00:30", "DepartureDate": "2026-12-02" }))
        .await
        .data();
    let walk = || sim.order("door", json!({ "person": "v-9c0f1c3e@visitor.invalid", "dry": true }));
    assert_eq!(walk().await["reason"], "Too early");
    sim.clock("2026-12-02T06:00:00Z").await;
    assert_eq!(walk().await["reason"], "Not admitted today");
    sim.clock("2026-12-02T09:00:00Z").await;
    assert_eq!(walk().await["reason"], "");
}

/// 2A.3 [confirmed] The QR code is in the mail that Kastle sends.
#[tokio::test]
async fn s2a3_the_qr_code_is_in_the_mail_that_kastle_sends() {
    let sim = example(&[]).await;
    let mut body = visit(json!({ "IsSendMailToVisitors": true }));
    body["VisitorModel"][0]["Email"] = json!("jose@guests.example");
    sim.post("/institutions/4711/visits", &body).await.data();
    let mail = &sim.look("outbox").await[0];
    assert_eq!(
        (&mail["to"], &mail["kind"], &mail["visit"]),
        (&json!("jose@guests.example"), &json!("invitation"), &json!(VISIT))
    );
    assert!(mail["text"].as_str().unwrap().contains("QR code KASTLE-"), "{mail}");
}

/// 2A.3 [confirmed] Several visitors per request.
#[tokio::test]
async fn s2a3_one_request_has_several_visitors() {
    let sim = example(&[]).await;
    let made = sim.visit(json!({ "VisitorModel": [{ "LastName": "One" }, { "LastName": "Two" }] })).await;
    assert_eq!(made.data()["Visitors"].as_array().unwrap().len(), 2);
}

/// 2A.3 [confirmed] Columns of the reader activity report.
#[tokio::test]
async fn s2a3_the_report_of_readers_has_its_six_columns() {
    let sim = example(&[("events", "readeractivity")]).await;
    sim.order("door", json!({ "person": "88123", "reader": "Garage" })).await;
    let record = sim.get("/institutions/4711/readeractivity").await.data()[0].clone();
    let expected = json!({ "ActivityId": "1", "DateTimeUtc": "2026-12-01T14:00:00Z", "PersonnelName": "Grace Hopper",
        "CardNumber": "0004711", "LockoutReason": "", "CompanyName": "Acme Ltd", "ReaderId": "20" });
    assert_eq!(record, expected);
}

/// 2A.7 [confirmed] The host gets a mail at check-in.
#[tokio::test]
async fn s2a7_the_host_gets_a_mail_at_check_in() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    for _ in 0..2 {
        let answer =
            sim.order("door", json!({ "person": "v-9c0f1c3e@visitor.invalid", "reader": "14" })).await;
        assert_eq!(answer["granted"], true);
    }
    let outbox = sim.look("outbox").await;
    assert_eq!(outbox.as_array().unwrap().len(), 1, "once, at the first reader");
    assert_eq!((&outbox[0]["to"], &outbox[0]["kind"]), (&json!("grace@acme.example"), &json!("arrival")));
}

/// 2A.4 [confirmed] VisitorModel and LastName of each visitor are required.
#[tokio::test]
async fn s2a4_visitors_and_their_last_names_are_required() {
    let sim = example(&[]).await;
    for body in [json!({ "VisitorModel": null }), json!({ "VisitorModel": [] })] {
        let refused = (200, false, "Visitor list is required".to_owned());
        assert_eq!(sim.visit(body).await.verdict(), refused);
    }
    let refused = (200, false, "Visitor last name is required".to_owned());
    assert_eq!(sim.visitor(json!({ "LastName": null })).await.verdict(), refused);
    assert_eq!(sim.visitor(json!({ "LastName": "  " })).await.verdict(), refused);
}

/// 2A.4 [confirmed] InstitutionID is a non-zero integer, FloorId a required integer.
#[tokio::test]
async fn s2a4_institution_id_is_a_non_zero_integer_and_floor_id_an_integer() {
    let sim = example(&[]).await;
    for id in [json!("0"), json!("x"), json!(""), json!(null), json!("4712")] {
        let (_, success, message) = sim.visit(json!({ "InstitutionID": id })).await.verdict();
        assert_eq!((success, message.as_str()), (false, "Invalid InstitutionID"), "{id}");
    }
    assert_eq!(sim.visit(json!({ "FloorId": "ground" })).await.verdict().2, "Invalid FloorId");
    assert_eq!(sim.visit(json!({ "FloorId": null })).await.verdict().2, "FloorId is required");
    assert!(sim.visit(json!({ "InstitutionID": 4711, "FloorId": 4 })).await.verdict().1, "numbers too");
}

/// 2A.4 [confirmed] Departure after arrival; dates and `HH:mm`.
#[tokio::test]
async fn s2a4_departure_is_after_arrival_and_both_have_the_right_form() {
    let sim = example(&[]).await;
    for (field, value, message) in [
        ("DepartureTime", "08:00", "Departure must be after arrival"),
        ("DepartureDate", "2026-11-30", "Departure must be after arrival"),
        ("ArrivalDate", "12/01/2026", "Invalid arrival date"),
        ("ArrivalTime", "8:00", "Invalid arrival time"),
        ("DepartureTime", "24:00", "Invalid departure time"),
    ] {
        let mut changes = json!({});
        changes[field] = json!(value);
        assert_eq!(sim.visit(changes).await.verdict(), (200, false, message.to_owned()), "{field} {value}");
    }
    assert_eq!(sim.visit(json!({ "ArrivalDate": null })).await.verdict().2, "Invalid arrival date");
}

/// 2A.4 [confirmed] Names `^[ A-Za-z0-9_'./&-]*$`; host names at most 40 characters, visitors unlimited.
#[tokio::test]
async fn s2a4_names_have_no_accents_and_a_host_name_has_at_most_40_characters() {
    let sim = example(&[]).await;
    assert_eq!(sim.visitor(json!({ "FirstName": "José" })).await.verdict().2, "Invalid visitor first name");
    assert_eq!(sim.visitor(json!({ "LastName": "山田" })).await.verdict().2, "Invalid visitor last name");
    let long = "x".repeat(41);
    for (field, message) in [
        ("UserFirstName", "Host first name is longer than 40 characters"),
        ("UserLastName", "Host last name is longer than 40 characters"),
    ] {
        let mut changes = json!({});
        changes[field] = json!(long);
        assert_eq!(sim.visit(changes).await.verdict().2, message);
    }
    assert!(sim.visitor(json!({ "LastName": long })).await.verdict().1, "visitors are unlimited");
}

/// 2A.4 [confirmed] Phone `^\+?[1-9][0-9]{7,14}$`.
#[tokio::test]
async fn s2a4_a_phone_number_has_8_to_15_digits_and_no_leading_zero() {
    let sim = example(&[]).await;
    for wrong in ["+1 202 555 0123", "0123456789", "1234567", "+1234567890123456"] {
        let verdict = sim.visitor(json!({ "MobileNumber": wrong })).await.verdict();
        assert_eq!(verdict.2, "Invalid visitor mobile number", "{wrong}");
    }
    assert!(sim.visitor(json!({ "MobileNumber": "+12025550123" })).await.verdict().1);
}

/// 2A.4 [confirmed] A missing e-mail becomes `<new GUID>@Kastle.com`.
#[tokio::test]
async fn s2a4_a_missing_address_becomes_kastles_own_dummy() {
    let sim = example(&[]).await;
    sim.visitor(json!({ "Email": null })).await.data();
    let list = sim.get("/institutions/4711/visits").await.data();
    let email = list[0]["VisitorModel"][0]["Email"].as_str().unwrap().to_owned();
    let (guid, domain) = email.split_once('@').unwrap();
    assert_eq!((guid.len(), domain), (36, "Kastle.com"));
    assert_eq!(sim.look("outbox").await, json!([]), "and gets no mail");
}

/// 2A.4 [confirmed] Missing CardholderGuid and VisitGuid are made.
#[tokio::test]
async fn s2a4_missing_guids_are_made() {
    let sim = example(&[]).await;
    let made = sim.visit(json!({ "VisitGuid": null, "VisitorModel": [{ "LastName": "One" }] })).await.data();
    for guid in [&made["VisitGuid"], &made["Visitors"][0]["CardholderGuid"]] {
        assert_eq!(guid.as_str().unwrap().len(), 36, "{made}");
    }
}

/// 2A.4 [confirmed] Defaults: IdentityType VISITOR, IsAllDayEvent false, Role, ParticipationStatus, ResponseRequired, TypeOfVisitor.
#[tokio::test]
async fn s2a4_absent_fields_take_the_defaults_of_the_model() {
    let sim = example(&[]).await;
    let body =
        json!({ "IdentityType": null, "IsAllDayEvent": null, "NotifyOnArrival": null, "Timezone": null });
    sim.visit(body).await.data();
    let read = sim.get("/institutions/4711/visits").await.data()[0].clone();
    assert_eq!(read["IdentityType"], "VISITOR");
    assert_eq!((&read["IsAllDayEvent"], &read["NotifyOnArrival"]), (&json!(false), &Value::Null));
    assert_eq!(read["Timezone"], "America/New_York", "the property's");
    let visitor = &read["VisitorModel"][0];
    assert_eq!(
        (&visitor["Role"], &visitor["ParticipationStatus"]),
        (&json!("REQ-PARTICIPANT"), &json!("NEEDS-ACTION"))
    );
    assert_eq!(
        (&visitor["ResponseRequired"], &visitor["TypeOfVisitor"]),
        (&json!(false), &json!("INDIVIDUAL"))
    );
}

/// 2A.4 [confirmed] The other fields of the model are kept.
#[tokio::test]
async fn s2a4_other_fields_of_the_model_are_kept_and_unknown_ones_ignored() {
    let sim = example(&[]).await;
    sim.visit(json!({ "Notes": "to you", "SpecialInstructions": "to the guard", "Colour": "red" }))
        .await
        .data();
    let read = sim.get("/institutions/4711/visits").await.data()[0].clone();
    assert_eq!((&read["Notes"], &read["SpecialInstructions"]), (&json!("to you"), &json!("to the guard")));
    assert_eq!(read.get("Colour"), None);
}

/// 2A.5 [confirmed] A wall time in the spring gap is rejected.
#[tokio::test]
async fn s2a5_a_wall_time_in_the_gap_is_rejected() {
    let sim = example(&[]).await;
    let day = json!({ "ArrivalDate": "2027-03-14", "ArrivalTime": "02:30", "DepartureDate": "2027-03-14" });
    let (status, success, message) = sim.visit(day).await.verdict();
    assert_eq!((status, success), (200, false));
    assert_eq!(message, "The arrival time does not exist in the time zone");
}

/// 2A.5 [confirmed] The repeated autumn hour is standard time.
#[tokio::test]
async fn s2a5_the_repeated_hour_is_read_as_standard_time() {
    let sim = example(&[]).await;
    let day = json!({ "ArrivalDate": "2027-11-07", "ArrivalTime": "01:30", "DepartureDate": "2027-11-07" });
    sim.visit(day).await.data();
    assert_eq!(sim.look(&format!("state?visit={VISIT}")).await["start"], "2027-11-07T06:30:00Z");
}

/// 2A.5 [confirmed] SEQUENCE is read back in PriorityLevel, and two words of the host's name are kept.
#[tokio::test]
async fn s2a5_a_visit_does_not_read_back_byte_equal() {
    let sim = example(&[]).await;
    let host = json!({ "UserFirstName": "Mary Ann", "UserLastName": "Smith", "PriorityLevel": 5 });
    sim.visit(host).await.data();
    let read = sim.get("/institutions/4711/visits").await.data()[0].clone();
    assert_eq!((&read["UserFirstName"], &read["UserLastName"]), (&json!("Mary"), &json!("Ann")));
    assert_eq!(read["PriorityLevel"], 0, "SEQUENCE");
}
