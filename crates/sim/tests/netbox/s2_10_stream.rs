//! 2.10 StreamEvents: an answer without an end.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;

use crate::harness::{PATH, Sim, command};

const ALL: &str = "<TAGNAMES><DESCNAME/><PERSONID/><PORTALNAME/><CDT/></TAGNAMES>";

/// The document of the first part of a stream.
pub const SUCCESS: &str =
    "<NETBOX><RESPONSE command=\"StreamEvents\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>";

/// A stream, read part by part.
pub struct Reader {
    pub response: Response,
    pub text: String,
}

impl Reader {
    /// A stream of these fields, after its first part.
    pub async fn open(sim: &Sim, tags: &str) -> Self {
        let mut reader = Self::unread(sim, &command(&sim.session, "StreamEvents", tags)).await;
        assert_eq!(reader.part().await, SUCCESS);
        reader
    }

    /// The stream that a document opens.
    pub async fn unread(sim: &Sim, document: &str) -> Self {
        let response = sim.send(reqwest::Method::POST, PATH, document.to_owned()).await;
        assert_eq!(response.status(), 200);
        Self { response, text: String::new() }
    }

    /// The document of the next part, after checks of its boundary and headers.
    pub async fn part(&mut self) -> String {
        loop {
            if let Some(document) = self.take() {
                return document;
            }
            self.more().await;
        }
    }

    /// The next bytes, unchanged.
    pub async fn bytes(&mut self, count: usize) -> String {
        while self.text.len() < count {
            self.more().await;
        }
        let rest = self.text.split_off(count);
        std::mem::replace(&mut self.text, rest)
    }

    async fn more(&mut self) {
        let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await;
        let chunk = chunk.expect("nothing came").unwrap().expect("the stream ended");
        self.text.push_str(std::str::from_utf8(&chunk).unwrap());
    }

    fn take(&mut self) -> Option<String> {
        let (head, rest) = self.text.split_once("\r\n\r\n")?;
        let mut lines = head.trim_start().lines();
        assert_eq!(lines.next(), Some("--Boundary"));
        assert_eq!(lines.next(), Some("Content-Type: text/xml"));
        let length: usize = lines.next()?.strip_prefix("Content-Length: ")?.parse().unwrap();
        let document = rest.get(..length)?.to_owned();
        self.text = rest[length..].to_owned();
        Some(document)
    }
}

pub async fn with_visitor(switches: &[(&str, &str)]) -> Sim {
    let sim = Sim::with(switches).await;
    sim.add(
        "a",
        "<FIRSTNAME>Ada &amp; Co</FIRSTNAME><ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>",
    )
    .await;
    sim.add_card("a", 4711).await;
    sim
}

/// 2.10 [CODE] Multipart text: line --Boundary, part headers, one NETBOX/RESPONSE/EVENT each, text in CDATA.
#[tokio::test]
async fn s2_10_events_come_as_parts_with_text_in_cdata() {
    let sim = with_visitor(&[]).await;
    let mut stream = Reader::open(&sim, ALL).await;
    assert!(stream.response.headers()[CONTENT_TYPE].to_str().unwrap().starts_with("multipart/"));
    sim.door("a", "Lobby turnstile").await;
    let wanted = "<NETBOX><RESPONSE command=\"StreamEvents\"><EVENT><CDT>2026-12-01 09:00:00</CDT><DESCNAME><![CDATA[Access granted]]></DESCNAME>\
                  <PERSONID>a</PERSONID><PORTALNAME><![CDATA[Lobby turnstile]]></PORTALNAME></EVENT></RESPONSE></NETBOX>";
    assert_eq!(stream.part().await, wanted);
    sim.door("a", "Acme suite").await;
    assert!(stream.part().await.contains("<![CDATA[Access denied]]>"));
}

/// 2.10 [CODE] FILTERS select only the events that they name, in upper or lower case: the guide and NetBox differ.
#[tokio::test]
async fn s2_10_filters_select_only_the_events_that_they_name() {
    let sim = with_visitor(&[]).await;
    let tags = "<TAGNAMES><DESCNAME><FILTERS><FILTER>Access Denied</FILTER><FILTER>Momentary Unlock</FILTER></FILTERS></DESCNAME></TAGNAMES>";
    let mut stream = Reader::open(&sim, tags).await;
    sim.door("a", "Lobby turnstile").await;
    sim.door("a", "Acme suite").await;
    sim.ok("MomentaryUnlockPortal", "<PORTALKEY>57</PORTALKEY>").await;
    assert!(stream.part().await.contains("<EVENT><DESCNAME><![CDATA[Access denied]]></DESCNAME></EVENT>"));
    assert!(stream.part().await.contains("<![CDATA[Momentary Unlock]]>"));
}

/// 2.10 [CODE] A heartbeat is a part with an empty RESPONSE and no CODE; its interval is a switch (2.16 #17).
#[tokio::test]
async fn s2_10_a_heartbeat_is_an_empty_response() {
    let sim = Sim::with(&[("stream.heartbeat", "1")]).await;
    let mut stream = Reader::open(&sim, ALL).await;
    for _ in 0..2 {
        assert_eq!(stream.part().await, "<NETBOX><RESPONSE command=\"StreamEvents\"></RESPONSE></NETBOX>");
    }
}

/// 2.16 #17 [?] After a reconnect no event is replayed, or the last N events.
#[tokio::test]
async fn s2_16_a_new_stream_starts_with_or_without_past_events() {
    let sim = with_visitor(&[]).await;
    for portal in ["Acme suite", "Garage gate", "Lobby turnstile"] {
        sim.door("a", portal).await;
    }
    let mut stream = Reader::open(&sim, ALL).await;
    sim.door("a", "Globex suite").await;
    assert!(stream.part().await.contains("Globex suite"), "an event was replayed");
    sim.switch("stream.replay", "2").await;
    let mut stream = Reader::open(&sim, ALL).await;
    assert!(stream.part().await.contains("Lobby turnstile"));
    assert!(stream.part().await.contains("Globex suite"));
}

/// 2.10 [CODE] Errors are parts of the stream.
#[tokio::test]
async fn s2_10_errors_are_parts() {
    let mut sim = Sim::new().await;
    sim.session = "0".repeat(64);
    let mut stream = Reader::unread(&sim, &command(&sim.session, "StreamEvents", ALL)).await;
    assert_eq!(stream.part().await, "<NETBOX><RESPONSE><APIERROR>5</APIERROR></RESPONSE></NETBOX>");
    assert!(stream.response.chunk().await.unwrap().is_none(), "a refused stream does not end");
}

/// 2.10 [CODE] A reader that closes the connection is removed, and many read at once.
#[tokio::test]
async fn s2_10_many_read_at_once_and_closed_readers_are_removed() {
    let sim = with_visitor(&[]).await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        streams.push(Reader::open(&sim, ALL).await);
    }
    streams.truncate(2);
    sim.door("a", "Lobby turnstile").await;
    sim.door("a", "Acme suite").await;
    for stream in &mut streams {
        assert!(stream.part().await.contains("Lobby turnstile"));
        assert!(stream.part().await.contains("Acme suite"));
    }
    assert_eq!(sim.look("calls").await["operations"]["StreamEvents"], json!({ "ok": 5 }));
}

/// 2.3 [CODE] The stream has the activities `Session Expired` and `Logged In`.
#[tokio::test]
async fn s2_3_the_stream_has_logins_and_expired_sessions() {
    let sim = Sim::with(&[("session.idle", "60")]).await;
    let tags = "<TAGNAMES><DESCNAME/></TAGNAMES>";
    let mut stream = Reader::open(&sim, tags).await;
    let other = sim.login("reader", "reader").await.unwrap();
    assert!(stream.part().await.contains("Logged In"));
    sim.order("clock", json!({ "advance": "PT2M" })).await;
    assert!(sim.post(&command(&other, "PingApp", "")).await.contains("<APIERROR>5</APIERROR>"));
    assert!(stream.part().await.contains("Session Expired"));
}

/// 2.17 [CODE] StreamEvents: the worked example, one part byte by byte, with A8's order of fields and small letter.
#[tokio::test]
async fn s2_17_stream_events() {
    let sim = with_visitor(&[]).await;
    let tags = "<TAGNAMES><DESCNAME><FILTERS><FILTER>Access Granted</FILTER></FILTERS></DESCNAME><PERSONID/><CDT/></TAGNAMES>";
    let mut stream = Reader::open(&sim, tags).await;
    sim.clock("2026-12-01T14:12:03Z").await;
    sim.door("a", "Lobby turnstile").await;
    let wanted = "<NETBOX><RESPONSE command=\"StreamEvents\"><EVENT><CDT>2026-12-01 09:12:03</CDT><DESCNAME><![CDATA[Access granted]]></DESCNAME>\
                  <PERSONID>a</PERSONID></EVENT></RESPONSE></NETBOX>";
    assert_eq!(stream.part().await, wanted);
}

/// 2.10 [CODE] Every documented field may be requested; a field without a value is omitted (A8).
#[tokio::test]
async fn s2_10_every_documented_field_may_be_requested() {
    let sim = with_visitor(&[]).await;
    let names = "ACNAME ACNUM ACTIVITYID ALARMID BLADESLOT CDT DESCNAME DETAIL EVENTID EVTNAME EVTPRIO LOCATIONKEY LOCATIONNAME \
                 LOGINADDRESS NDT NODENAME PARTITIONKEY PARTNAME PERSONID PERSONNAME PORTALKEY PORTALNAME RDRNAME READERKEY \
                 READER2KEY THREATNAME UCBITLENGTH";
    let tags: String = names.split_whitespace().map(|name| format!("<{name}/>")).collect();
    let mut stream = Reader::open(&sim, &format!("<TAGNAMES>{tags}</TAGNAMES>")).await;
    let logid =
        sim.order("door", json!({ "person": "a", "portal": "Acme suite" })).await["logid"].to_string();
    let part = stream.part().await;
    let held = [
        ("ACNAME", "<![CDATA[4711]]>"),
        ("ACNUM", "<![CDATA[4711]]>"),
        ("ACTIVITYID", &logid),
        ("CDT", "2026-12-01 09:00:00"),
        ("DESCNAME", "<![CDATA[Access denied]]>"),
        ("DETAIL", "<![CDATA[LOCATION]]>"),
        ("NDT", "2026-12-01 09:00:00"),
        ("PARTITIONKEY", "1"),
        ("PARTNAME", "<![CDATA[Master]]>"),
        ("PERSONID", "a"),
        ("PERSONNAME", "<![CDATA[Byron, Ada & Co]]>"),
        ("PORTALKEY", "61"),
        ("PORTALNAME", "<![CDATA[Acme suite]]>"),
        ("RDRNAME", "<![CDATA[Acme reader]]>"),
        ("READERKEY", "201"),
    ];
    let wanted: String = held.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
    assert!(part.contains(&format!("<EVENT>{wanted}</EVENT>")), "{part}");
}
