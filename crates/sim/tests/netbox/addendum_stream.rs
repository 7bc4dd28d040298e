//! Addendum, rows A8 and A9: StreamEvents as clients in use parse it.

use serde_json::json;

use crate::harness::{Sim, command};
use crate::s2_10_stream::{Reader, SUCCESS, with_visitor};

const PERSON: &str = "<TAGNAMES><PERSONNAME/></TAGNAMES>";
const NAMES: &str = "<TAGNAMES><DESCNAME/></TAGNAMES>";

/// An event of one field.
fn event(field: &str) -> String {
    format!("<NETBOX><RESPONSE command=\"StreamEvents\"><EVENT>{field}</EVENT></RESPONSE></NETBOX>")
}

/// A8 [CODE] The first part has SUCCESS and no event; events follow at once.
#[tokio::test]
async fn a8_a_stream_starts_with_success_and_no_event() {
    let sim = with_visitor(&[]).await;
    let mut stream = Reader::unread(&sim, &command(&sim.session, "StreamEvents", NAMES)).await;
    assert_eq!(stream.part().await, SUCCESS);
    sim.door("a", "Lobby turnstile").await;
    assert_eq!(stream.part().await, event("<DESCNAME><![CDATA[Access granted]]></DESCNAME>"));
}

/// A8 [CODE] Fields are in alphabetical order, once each, and only those with a value.
#[tokio::test]
async fn a8_fields_are_in_alphabetical_order_and_absent_without_a_value() {
    let sim = with_visitor(&[]).await;
    let tags = "<TAGNAMES><PERSONID/><THREATNAME/><ACNUM/><PERSONID/><ACNAME/><DETAIL/><CDT/></TAGNAMES>";
    let mut stream = Reader::open(&sim, tags).await;
    sim.door("a", "Lobby turnstile").await;
    let fields = "<ACNAME><![CDATA[4711]]></ACNAME><ACNUM><![CDATA[4711]]></ACNUM><CDT>2026-12-01 09:00:00</CDT><PERSONID>a</PERSONID>";
    assert_eq!(stream.part().await, event(fields));
}

/// A8 [CODE] With `dates.tzoffset=appended`, CDT and NDT have five digits of a second and the offset; NDT counts whole seconds.
#[tokio::test]
async fn a8_dates_of_events_carry_fractions_and_the_offset_when_asked_for() {
    let sim = with_visitor(&[("dates.tzoffset", "appended")]).await;
    sim.clock("2026-12-01T14:12:03.659Z").await;
    let tags = "<TAGNAMES><CDT/><NDT/></TAGNAMES>";
    let plain = command(&sim.session, "StreamEvents", tags);
    let asked = plain.replace("num=\"1\"", "num=\"1\" dateformat=\"tzoffset\"");
    for (document, fields) in [
        (&plain, "<CDT>2026-12-01 09:12:03</CDT><NDT>2026-12-01 09:12:03</NDT>"),
        (&asked, "<CDT>2026-12-01 09:12:03.65900 -0500</CDT><NDT>2026-12-01 09:12:03.00000 -0500</NDT>"),
    ] {
        let mut stream = Reader::unread(&sim, document).await;
        assert_eq!(stream.part().await, SUCCESS);
        sim.door("a", "Lobby turnstile").await;
        assert_eq!(stream.part().await, event(fields));
    }
}

/// A8 [CODE] PERSONNAME is `Last, First`; the order is uncertain and a switch.
#[tokio::test]
async fn a8_person_names_come_in_two_orders() {
    for (position, name) in [("last-first", "Byron, Ada & Co"), ("first-last", "Ada & Co Byron")] {
        let sim = with_visitor(&[("stream.person-name", position)]).await;
        let mut stream = Reader::open(&sim, PERSON).await;
        sim.door("a", "Lobby turnstile").await;
        let inserted = "<ACTIVITYTYPE>ACCESSGRANTED</ACTIVITYTYPE><PERSONID>a</PERSONID>";
        sim.ok("InsertActivity", inserted).await;
        for _ in 0..2 {
            assert_eq!(stream.part().await, event(&format!("<PERSONNAME><![CDATA[{name}]]></PERSONNAME>")));
        }
    }
    let sim = Sim::new().await;
    sim.add("last-only", "").await;
    let mut stream = Reader::open(&sim, PERSON).await;
    sim.door("last-only", "Lobby turnstile").await;
    assert_eq!(stream.part().await, event("<PERSONNAME><![CDATA[Byron]]></PERSONNAME>"));
}

/// A8 [?] The place of the boundary: on its own line, after a document on its line, or before it without headers.
#[tokio::test]
async fn a8_the_boundary_is_in_one_of_three_places() {
    let heartbeat = "<NETBOX><RESPONSE command=\"StreamEvents\"></RESPONSE></NETBOX>";
    let headers =
        |document: &str| format!("Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n", document.len());
    let (first, second) = (headers(SUCCESS), headers(heartbeat));
    for (position, wanted) in [
        ("own-line", format!("--Boundary\r\n{first}{SUCCESS}\r\n--Boundary\r\n{second}{heartbeat}\r\n")),
        (
            "after-document",
            format!("--Boundary\r\n{first}{SUCCESS}--Boundary\r\n{second}{heartbeat}--Boundary\r\n"),
        ),
        ("before-document", format!("--Boundary{SUCCESS}\r\n--Boundary{heartbeat}\r\n")),
    ] {
        let sim = Sim::with(&[("stream.boundary", position), ("stream.heartbeat", "1")]).await;
        let mut stream = Reader::unread(&sim, &command(&sim.session, "StreamEvents", NAMES)).await;
        assert_eq!(stream.bytes(wanted.len()).await, wanted, "{position}");
    }
}

/// A9 [CODE] DESCNAME: `Request Momentary Unlock` and `Momentary Unlock`; an event that ends is not `Event Deactivated`.
#[tokio::test]
async fn a9_activities_have_the_names_of_the_guide() {
    let sim = Sim::new().await;
    let mut stream = Reader::open(&sim, NAMES).await;
    sim.ok("MomentaryUnlockPortal", "<PORTALKEY>57</PORTALKEY>").await;
    for action in ["ACTIVATE", "DEACTIVATE"] {
        let order = format!("<EVENTNAME>Evacuation</EVENTNAME><EVENTACTION>{action}</EVENTACTION>");
        sim.ok("TriggerEvent", &order).await;
    }
    sim.ok("UnlockPortal", "<PORTALKEY>57</PORTALKEY>").await;
    sim.ok("LockPortal", "<PORTALKEY>57</PORTALKEY>").await;
    for name in [
        "Request Momentary Unlock",
        "Momentary Unlock",
        "Event Activated",
        "Event Normal",
        "Unlock",
        "Relock",
    ] {
        assert_eq!(stream.part().await, event(&format!("<DESCNAME><![CDATA[{name}]]></DESCNAME>")));
    }
    assert_eq!(sim.look("state?people=none").await["events"][0]["active"], json!(false));
}
