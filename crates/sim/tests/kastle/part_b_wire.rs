//! 2B.1 to 2B.3 and the worked examples of 2B.9: the wire.

use serde_json::json;

use crate::harness::{OWNER, VISIT, example, visit};
use crate::support::raw::send;

/// Sends this text with the line ends of HTTP.
async fn raw(url: &str, text: &str) -> String {
    send(url, text.replace('\n', "\r\n").as_bytes()).await
}

const COMPANIES: &str = r#"{"IsSuccess":true,"ErrorCode":0,"Message":"","TokenStatus":"VALID","Data":[{"CompanyId":"2000005989","CompanyGuid":"0b7c0000-0000-0000-0000-000000000000","Name":"Acme Ltd","Suite":"400","FloorIds":["4"],"IsActive":true}],"Page":{"Number":1,"Size":100,"TotalCount":1}}"#;

/// 2B.9 [inferred] `GET companies`, byte by byte.
#[tokio::test]
async fn s2b9_companies_are_requested_and_answered_byte_by_byte() {
    let sim = example(&[]).await;
    let asked = "GET /institutions/4711/companies?page=1&pageSize=100 HTTP/1.1\nHost: kastle\nConnection: close\n\
                 Authorization: Basic b2FzaXM6b3Blbi10aGUtb2FzaXM=\nOwnerGuid: {00000000-1111-2222-3333-444444444444}\n\n";
    let answer = raw(&sim.running.url, asked).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: application/json; charset=utf-8"), "{head}");
    assert_eq!(body, COMPANIES);
}

/// 2B.9 [inferred] `GET cardholders`, byte by byte.
#[tokio::test]
async fn s2b9_cardholders_are_answered_byte_by_byte() {
    let sim = example(&[]).await;
    let body = sim.get("/institutions/4711/cardholders?page=1&pageSize=100").await.text;
    let expected = r#"{"IsSuccess":true,"ErrorCode":0,"Message":"","TokenStatus":"VALID","Data":[{"CardholderId":"88123","CardholderGuid":"5d1e0000-0000-0000-0000-000000000000","FirstName":"Grace","LastName":"Hopper","EmailId":"grace@acme.example","MobileNumber":"+12025550123","CompanyId":"2000005989","IsActive":true,"AccessProfileIds":["31"],"Cards":[{"CardID":"9001","ExternalNumber":"0004711"}]}],"Page":{"Number":1,"Size":100,"TotalCount":1}}"#;
    assert_eq!(body, expected);
}

/// 2B.9 [inferred] `GET accessprofiles`, byte by byte.
#[tokio::test]
async fn s2b9_access_profiles_are_answered_byte_by_byte() {
    let sim = example(&[]).await;
    let body = sim.get("/institutions/4711/accessprofiles").await.text;
    let expected = r#""Data":[{"AccessProfileId":"31","Name":"Acme staff","Description":""},{"AccessProfileId":"77","Name":"Acme visitors","Description":"Lobby and floor 4"}]"#;
    assert!(body.contains(expected), "{body}");
}

/// 2B.9 [inferred] `POST visits`, byte by byte.
#[tokio::test]
async fn s2b9_a_visit_is_made_and_answered_byte_by_byte() {
    let sim = example(&[]).await;
    let body = sim.visit(json!({})).await.text;
    let expected = r#"{"IsSuccess":true,"ErrorCode":0,"Message":"","TokenStatus":"VALID","Data":{"VisitGuid":"9c0f1c3e-6a0e-5d0b-9a51-2f2f6f0f9d10","Visitors":[{"CardholderGuid":"1f2d7a54-0c0c-5b6e-8f53-7d5b8a1f0001","QrCode":null}]}}"#;
    assert_eq!(body, expected);
}

/// 2B.9 [inferred] Same POST again: 409.
#[tokio::test]
async fn s2b9_the_same_post_again_is_409() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    let again = sim.visit(json!({})).await;
    assert_eq!(again.verdict(), (409, false, "Visit already exists".to_owned()));
    assert_eq!(again.json()["ErrorCode"], 1);
}

/// 2A.6 [confirmed] The envelope is that of the mobile API; the HTTP status does not decide.
#[tokio::test]
async fn s2b9_a_name_not_transliterated_is_refused_with_200() {
    let sim = example(&[]).await;
    let refused = sim.visitor(json!({ "FirstName": "José" })).await;
    assert_eq!(refused.verdict(), (200, false, "Invalid visitor first name".to_owned()));
    assert_eq!(refused.json()["ErrorCode"], 1);
}

/// 2B.9 [inferred] `DELETE visits`: 200, second time 404.
#[tokio::test]
async fn s2b9_a_visit_is_deleted_with_200_and_the_second_time_404() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    let path = format!("/institutions/4711/visits/{VISIT}");
    let first = sim.delete(&path).await;
    assert_eq!((first.status, first.json()["IsSuccess"].as_bool()), (200, Some(true)));
    assert_eq!(sim.delete(&path).await.verdict(), (404, false, "Not found".to_owned()));
}

/// 2B.9 [inferred] `GET visits` of a day, also with visits of other makers.
#[tokio::test]
async fn s2b9_the_list_of_a_day_has_visits_of_other_makers_too() {
    let sim = example(&[]).await;
    sim.visit(json!({})).await.data();
    let other = json!({ "action": "add_visit", "visit": { "made_by": "guard", "VisitorModel": [{ "LastName": "Byron" }] } });
    sim.edit(other).await;
    let list = sim.get("/institutions/4711/visits?from=2026-12-01&to=2026-12-01&page=1&pageSize=100").await;
    assert_eq!(list.each("VisitGuid").len(), 2);
    assert_eq!(list.each("VisitGuid")[0], VISIT);
}

/// 2B.2 [inferred] Bad credentials: 401, TokenStatus INVALID.
#[tokio::test]
async fn s2b2_bad_credentials_are_401_with_an_invalid_token_status() {
    let sim = example(&[]).await;
    let plain = sim.request("GET", "/institutions/4711").header("OwnerGuid", OWNER);
    let wrong =
        sim.request("GET", "/institutions/4711").header("OwnerGuid", OWNER).basic_auth("oasis", Some("x"));
    let garbled = sim.request("GET", "/institutions/4711").header("Authorization", "Basic ###");
    for request in [plain, wrong, garbled] {
        let answer = sim.send(request).await;
        assert_eq!(answer.verdict(), (401, false, "Invalid credentials".to_owned()));
        assert_eq!(answer.json()["TokenStatus"], "INVALID");
    }
}

/// 2B.3 [inferred] Wrong owner, institution of another owner: 403.
#[tokio::test]
async fn s2b3_a_wrong_owner_and_an_institution_of_another_owner_are_403() {
    let sim = example(&[]).await;
    let ask = |path: &str| sim.request("GET", path).basic_auth("oasis", Some("open-the-oasis"));
    let no_owner = sim.send(ask("/institutions/4711")).await;
    let wrong = ask("/institutions/4711").header("OwnerGuid", "{00000000-1111-2222-3333-444444444445}");
    let not_ours = ask("/institutions/2").header("OwnerGuid", OWNER);
    for answer in [no_owner, sim.send(wrong).await, sim.send(not_ours).await] {
        assert_eq!((answer.status, answer.verdict().1), (403, false));
        assert_eq!(answer.json()["TokenStatus"], "VALID");
    }
}

/// 2B.3 [inferred] Unknown id: 404.
#[tokio::test]
async fn s2b3_an_unknown_id_or_path_is_404_in_the_envelope() {
    let sim = example(&[]).await;
    let unknown = sim.delete("/institutions/4711/visits/00000000-0000-0000-0000-000000000009").await;
    for answer in [unknown, sim.get("/institutions/4711/floors").await, sim.get("/").await] {
        assert_eq!(answer.verdict(), (404, false, "Not found".to_owned()));
    }
    let method = sim.put("/institutions/4711/companies", &json!({})).await;
    assert_eq!(method.verdict(), (405, false, "Method not allowed".to_owned()));
}

/// 2B.3 [inferred] A body that is no JSON, no object or of the wrong type is refused.
#[tokio::test]
async fn s2b3_a_body_that_is_no_json_is_refused() {
    let sim = example(&[]).await;
    let post = |kind: &str, body: &'static str| {
        let request = sim.request("POST", "/institutions/4711/visits").header("OwnerGuid", OWNER);
        let request = request.basic_auth("visitor", Some("open-to-visitors"));
        sim.send(request.header("content-type", kind).body(body))
    };
    let json = "application/json; charset=utf-8";
    assert_eq!(post(json, "{").await.verdict().2, "The body is not valid JSON");
    assert_eq!(post(json, "[]").await.verdict().2, "The visit is not an object");
    assert_eq!(post(json, "").await.verdict().2, "The visit is not an object");
    assert_eq!(post("text/plain", "{}").await.verdict().2, "The body is not application/json");
    let typed = sim.post("/institutions/4711/visits", &visit(json!({ "VisitorModel": "Jose" }))).await;
    assert_eq!(typed.verdict(), (200, false, "Invalid VisitorModel".to_owned()));
}

/// 2B.3 [inferred] Only lists have Page.
#[tokio::test]
async fn s2b3_only_lists_have_a_page() {
    let sim = example(&[]).await;
    assert_eq!(sim.get("/institutions/4711").await.json().get("Page"), None);
    let page = sim.get("/institutions/4711/companies").await.json()["Page"].clone();
    assert_eq!(page, json!({ "Number": 1, "Size": 100, "TotalCount": 1 }));
}

/// 2B.3 [inferred] Above the rate: 429, with or without Retry-After.
#[tokio::test]
async fn s2b3_above_the_rate_is_429_with_or_without_retry_after() {
    let sim = example(&[("limits.rate", "0.001")]).await;
    sim.get("/institutions/4711").await;
    let bare = sim.get("/institutions/4711").await;
    assert_eq!(bare.verdict(), (429, false, "Too many requests".to_owned()));
    assert_eq!(bare.headers.get("retry-after"), None);
    sim.order("switches", json!({ "limits.retry-after": 7 })).await;
    sim.get("/institutions/4711").await;
    assert_eq!(sim.get("/institutions/4711").await.headers["retry-after"], "7");
}
