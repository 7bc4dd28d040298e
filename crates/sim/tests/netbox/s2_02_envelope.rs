//! 2.2 Envelope.

use reqwest::Method;

use crate::harness::{PATH, Sim, command};

/// 2.2 [LIVE] Root NETBOX-API in, NETBOX out; `command` and any `num` are echoed.
#[tokio::test]
async fn s2_2_command_and_num_are_echoed() {
    let sim = Sim::new().await;
    for num in ["1", "7", "abc", "-3"] {
        let body = format!(
            "<NETBOX-API sessionid=\"{}\"><COMMAND name=\"PingApp\" num=\"{num}\"/></NETBOX-API>",
            sim.session
        );
        let wanted = format!(
            "<NETBOX sessionid=\"{}\"><RESPONSE command=\"PingApp\" num=\"{num}\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>",
            sim.session
        );
        assert_eq!(sim.post(&body).await, wanted);
    }
}

/// 2.2 [?] Several COMMANDs in one document: APIERROR 4, or all are answered (2.16 #16).
#[tokio::test]
async fn s2_2_several_commands_are_refused_or_all_answered() {
    let sim = Sim::new().await;
    let body = format!(
        "<NETBOX-API sessionid=\"{}\"><COMMAND name=\"PingApp\" num=\"1\"/><COMMAND name=\"GetAPIVersion\" num=\"2\"/></NETBOX-API>",
        sim.session
    );
    assert_eq!(sim.post(&body).await, "<NETBOX><RESPONSE><APIERROR>4</APIERROR></RESPONSE></NETBOX>");
    sim.switch("commands.several", "all").await;
    let answer = sim.post(&body).await;
    assert!(answer.contains("<RESPONSE command=\"PingApp\" num=\"1\"><CODE>SUCCESS</CODE></RESPONSE><RESPONSE command=\"GetAPIVersion\" num=\"2\">"), "{answer}");
}

/// 2.2 [CODE] `dateformat="tzoffset"` is optional; its effect is unknown (2.16 #3).
#[tokio::test]
async fn s2_2_dateformat_is_ignored_or_appends_the_offset() {
    let sim = Sim::new().await;
    sim.add("a", "<ACTDATE>2026-07-01 08:00</ACTDATE>").await;
    let body = format!(
        "<NETBOX-API sessionid=\"{}\"><COMMAND name=\"GetPerson\" num=\"1\" dateformat=\"tzoffset\"><PARAMS><PERSONID>a</PERSONID></PARAMS></COMMAND></NETBOX-API>",
        sim.session
    );
    assert!(sim.post(&body).await.contains("<ACTDATE>2026-07-01 08:00:00</ACTDATE>"));
    sim.switch("dates.tzoffset", "appended").await;
    assert!(sim.post(&body).await.contains("<ACTDATE>2026-07-01 08:00:00-0400</ACTDATE>"));
    let without = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert!(without.contains("<ACTDATE>2026-07-01 08:00:00</ACTDATE>"));
}

/// 2.2 [DOC2] Answers inside a session repeat the sessionid; [LIVE] the Logout answer does not.
#[tokio::test]
async fn s2_2_answers_repeat_the_session_but_logout_does_not() {
    let sim = Sim::new().await;
    let ping = sim.post(&command(&sim.session, "PingApp", "")).await;
    assert!(ping.starts_with(&format!("<NETBOX sessionid=\"{}\">", sim.session)));
    let logout = sim.post(&command(&sim.session, "Logout", "")).await;
    assert_eq!(
        logout,
        "<NETBOX><RESPONSE command=\"Logout\" num=\"1\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>"
    );
}

/// 2.2 [CODE] PARAMS may be absent, empty or filled; unknown PARAMS and stray elements do no harm (2.15).
#[tokio::test]
async fn s2_2_params_may_be_absent_empty_or_unknown() {
    let sim = Sim::new().await;
    for inside in [
        "",
        "<PARAMS/>",
        "<PARAMS></PARAMS>",
        "<PARAMS><NUMTORETURN>5</NUMTORETURN></PARAMS>",
        "<STARTFROMKEY>3</STARTFROMKEY><PARAMS/>",
        "<!-- a comment --><PARAMS>\n  </PARAMS>",
    ] {
        let body = format!(
            "<?xml version='1.0'?>\n<NETBOX-API sessionid='{}'><COMMAND name='GetCardFormats' num='1'>{inside}</COMMAND></NETBOX-API>\n",
            sim.session
        );
        assert!(sim.post(&body).await.contains("26 bit Wiegand"), "{inside}");
    }
}

/// 2.2 [?] Unknown PARAMS may be refused (2.16 #11).
#[tokio::test]
async fn s2_2_unknown_params_can_be_refused_by_switch() {
    let sim = Sim::with(&[("params.unknown", "fail")]).await;
    assert_eq!(
        sim.fail("GetCardFormats", "<NUMTORETURN>5</NUMTORETURN>").await,
        "Unknown parameter NUMTORETURN"
    );
    sim.add("a", "<UDF20>x</UDF20><CONTACTEMAIL>a@b.example</CONTACTEMAIL>").await;
    sim.ok("SearchPersonData", "<DELETED>FALSE</DELETED><UDF20>x</UDF20><STARTFROMKEY>0</STARTFROMKEY>")
        .await;
}

/// 2.2 [LIVE] DETAILS is absent when there is nothing to return.
#[tokio::test]
async fn s2_2_details_is_absent_when_there_is_nothing_to_return() {
    let sim = Sim::new().await;
    assert_eq!(sim.run("PingApp", "").await, "<CODE>SUCCESS</CODE>");
}

/// 2.2 [DOC2] AddTimeSpecGroup returns its key directly under RESPONSE, not in DETAILS.
#[tokio::test]
async fn s2_2_add_time_spec_group_returns_its_key_beside_code() {
    let sim = Sim::new().await;
    let answer = sim.run("AddTimeSpecGroup", "<NAME>Nights</NAME>").await;
    assert_eq!(answer, "<CODE>SUCCESS</CODE><TIMESPECGROUPKEY>4</TIMESPECGROUPKEY>");
}

/// 2.2 [DOC2] Flags are TRUE/FALSE or 1/0; other forms are unknown (2.16 #11).
#[tokio::test]
async fn s2_2_flags_in_other_forms_are_tolerated_or_refused() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    let get = "<PERSONID>a</PERSONID><WANTCREDENTIALID>true</WANTCREDENTIALID>";
    sim.ok("GetPerson", get).await;
    sim.switch("params.flags", "strict").await;
    assert_eq!(sim.fail("GetPerson", get).await, "Invalid WANTCREDENTIALID");
    for flag in ["TRUE", "FALSE", "1", "0"] {
        sim.ok("GetPerson", &format!("<PERSONID>a</PERSONID><WANTCREDENTIALID>{flag}</WANTCREDENTIALID>"))
            .await;
    }
}

/// 2.2 [CODE] Empty containers arrive as empty elements, a list of one as one element.
#[tokio::test]
async fn s2_2_every_container_is_present_and_a_list_of_one_is_one_element() {
    let sim = Sim::new().await;
    sim.add("a", "").await;
    let empty = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert!(empty.ends_with("<VEHICLES></VEHICLES><ACCESSLEVELS></ACCESSLEVELS><ACCESSCARDS></ACCESSCARDS>"));
    sim.ok(
        "ModifyPerson",
        "<PERSONID>a</PERSONID><ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>",
    )
    .await;
    let one = sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await;
    assert!(one.contains("<ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>"), "{one}");
}

/// 2.2 [INF] `& < >` are escaped on output, also where they are echoed.
#[tokio::test]
async fn s2_2_markup_is_escaped_on_output() {
    let sim = Sim::new().await;
    sim.add("a&amp;b", "<NOTES>1 &lt; 2 &gt; 0 &amp; \"so\"</NOTES>").await;
    let answer = sim.ok("GetPerson", "<PERSONID>a&amp;b</PERSONID>").await;
    assert!(answer.starts_with("<PERSONID>a&amp;b</PERSONID>"), "{answer}");
    assert!(answer.contains("<NOTES>1 &lt; 2 &gt; 0 &amp; &quot;so&quot;</NOTES>"), "{answer}");
    let body = format!(
        "<NETBOX-API sessionid='{}'><COMMAND name='PingApp' num='&quot;&lt;'/></NETBOX-API>",
        sim.session
    );
    assert!(sim.post(&body).await.contains("num=\"&quot;&lt;\""));
}

/// 2.2 [DOC2] Elements are UPPERCASE: a command in another case is another command.
#[tokio::test]
async fn s2_2_case_matters() {
    let sim = Sim::new().await;
    assert_eq!(sim.run("pingapp", "").await, "<APIERROR>6</APIERROR>");
    let lower = "<netbox-api><command name=\"PingApp\"/></netbox-api>";
    let answer = sim.send(Method::POST, PATH, lower).await.text().await.unwrap();
    assert!(answer.contains("<APIERROR>3</APIERROR>"), "{answer}");
}
