//! 2.11 Error model.

use reqwest::Method;
use serde_json::json;

use crate::harness::{PATH, Sim, command};

fn error(number: i64) -> String {
    format!("<NETBOX><RESPONSE><APIERROR>{number}</APIERROR></RESPONSE></NETBOX>")
}

/// 2.11 [CODE] APIERROR 3: a missing or invalid command.
#[tokio::test]
async fn s2_11_a_missing_command_is_api_error_3() {
    let sim = Sim::new().await;
    for body in [
        "",
        "   ",
        "<NETBOX-API/>",
        "<NETBOX-API><COMMAND/></NETBOX-API>",
        "<NETBOX-API><COMMAND name=''/></NETBOX-API>",
        "<X/>",
        "APIcommand=",
    ] {
        assert_eq!(sim.post(body).await, error(3), "{body}");
    }
}

/// 2.11 [CODE] APIERROR 4: XML that is not parsed.
#[tokio::test]
async fn s2_11_text_that_is_no_xml_is_api_error_4() {
    let sim = Sim::new().await;
    for body in
        ["nonsense", "{}", "<NETBOX-API>", "<NETBOX-API><COMMAND name=\"PingApp\"></NETBOX-API>", "a=b&c=d"]
    {
        assert_eq!(sim.post(body).await, error(4), "{body}");
    }
}

/// 2.11 [CODE] APIERROR 5 comes before 6: without a session a caller learns nothing about commands.
#[tokio::test]
async fn s2_11_an_unknown_command_is_api_error_6_with_a_session() {
    let sim = Sim::new().await;
    assert_eq!(sim.post(&command(&sim.session, "Nonsense", "")).await, error(6));
    assert_eq!(sim.post(&command("", "Nonsense", "")).await, error(5));
}

/// 2.11 [CODE] APIERROR 1 and 2: the API did not start, or is not enabled.
#[tokio::test]
async fn s2_11_the_api_can_be_broken_or_disabled() {
    let sim = Sim::new().await;
    for (position, number) in [("broken", 1), ("disabled", 2)] {
        sim.switch("login.api", position).await;
        assert_eq!(sim.post(&command(&sim.session, "PingApp", "")).await, error(number));
        assert_eq!(sim.login("sim", "sim").await, None);
    }
    sim.switch("login.api", "enabled").await;
    sim.ok("PingApp", "").await;
}

/// 2.11 [LIVE] Absence has two forms, CODE NOT FOUND and CODE FAIL with ERRMSG NOT FOUND; each can be set for every command.
#[tokio::test]
async fn s2_11_absence_has_two_forms() {
    let sim = Sim::new().await;
    let (code, fail) =
        ("<CODE>NOT FOUND</CODE>", "<CODE>FAIL</CODE><DETAILS><ERRMSG>NOT FOUND</ERRMSG></DETAILS>");
    let person = ("GetPerson", "<PERSONID>unknown</PERSONID>");
    let group = ("GetTimeSpecGroup", "<TIMESPECGROUPKEY>1</TIMESPECGROUPKEY>");
    for (position, of_person, of_group) in
        [("documented", code, fail), ("code", code, code), ("fail", fail, fail)]
    {
        sim.switch("absence", position).await;
        assert_eq!(sim.run(person.0, person.1).await, of_person, "{position}");
        assert_eq!(sim.run(group.0, group.1).await, of_group, "{position}");
    }
    assert_eq!(sim.count("GetPerson", "not_found").await, 3);
}

/// 2.11 [LIVE] `Invalid STARTFROMKEY`, `Invalid <X>KEY`.
#[tokio::test]
async fn s2_11_keys_that_are_no_keys_are_invalid() {
    let sim = Sim::new().await;
    assert_eq!(sim.fail("GetPortals", "<STARTFROMKEY>abc</STARTFROMKEY>").await, "Invalid STARTFROMKEY");
    assert_eq!(sim.fail("SearchPersonData", "<STARTFROMKEY>-2</STARTFROMKEY>").await, "Invalid STARTFROMKEY");
    assert_eq!(
        sim.fail("DeletePortalGroup", "<PORTALGROUPKEY>99</PORTALGROUPKEY>").await,
        "Invalid PORTALGROUPKEY"
    );
    assert_eq!(
        sim.fail("GetAccessLevel", "<ACCESSLEVELKEY>seven</ACCESSLEVELKEY>").await,
        "Invalid ACCESSLEVELKEY"
    );
}

/// 2.11 [LIVE] HTTP is 200 also for FAIL, NOT FOUND and APIERROR; 410 is the wrong path.
#[tokio::test]
async fn s2_11_http_is_200_also_for_errors() {
    let sim = Sim::new().await;
    for (name, params) in [("AddPerson", ""), ("GetPerson", "<PERSONID>no</PERSONID>"), ("Nonsense", "")] {
        let response = sim.send(Method::POST, PATH, command(&sim.session, name, params)).await;
        assert_eq!(response.status(), 200);
    }
}

/// 2.15 [INF] Each APIERROR, FAIL with any text, and both not-founds can be injected, before or after the effect.
#[tokio::test]
async fn s2_15_every_error_of_netbox_can_be_injected() {
    let sim = Sim::new().await;
    for number in 1..=6 {
        sim.fault(json!({ "kind": "error", "code": number, "operation": "PingApp" })).await;
        assert_eq!(sim.run("PingApp", "").await, format!("<APIERROR>{number}</APIERROR>"));
    }
    sim.fault(json!({ "kind": "fail", "text": "Database <error>", "operation": "PingApp" })).await;
    assert_eq!(sim.fail("PingApp", "").await, "Database &lt;error&gt;");
    sim.fault(json!({ "kind": "fail", "text": "NOT FOUND", "operation": "PingApp" })).await;
    assert_eq!(sim.fail("PingApp", "").await, "NOT FOUND");
    let add = "<PERSONID>late</PERSONID><LASTNAME>Byron</LASTNAME>";
    sim.fault(json!({ "kind": "fail", "text": "Timeout", "operation": "AddPerson" })).await;
    assert_eq!(sim.fail("AddPerson", add).await, "Timeout");
    assert_eq!(sim.person("late").await, json!(null));
    sim.fault(json!({ "kind": "fail", "text": "Timeout", "when": "after", "operation": "AddPerson" })).await;
    assert_eq!(sim.fail("AddPerson", add).await, "Timeout");
    assert_eq!(sim.person("late").await["id"], json!("late"));
}
