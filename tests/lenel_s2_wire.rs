//! The NetBox client against scripted answers: sessions, errors and odd boxes, letter by letter.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures::future::join_all;
use jiff::tz::TimeZone;
use parking_lot::Mutex;
use vestibule::clock::SystemClock;
use vestibule::system::lenel_s2::{Config, Credentials, LenelS2, PATH_V2, Wire};
use vestibule::system::{AccessSystem, Applied, Class, Cursor, Scope, SystemError};
use vestibule_core::diff::Step;
use vestibule_core::identity::{Owner, RecordId, Slot};
use vestibule_core::model::{Card, ObjectKey};

const OWNER: Owner = Owner(0xfeed_beef);

/// A box that answers what a script says and remembers what it was asked.
struct Script {
    asked: Mutex<Vec<String>>,
    answer: Box<dyn Fn(&Asked) -> Response + Send + Sync>,
}

/// One request: its command, and how many came before it of the same.
struct Asked {
    command: String,
    before: usize,
    body: String,
}

struct Stub {
    script: Arc<Script>,
    client: LenelS2,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Stub {
    async fn new(answer: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> Self {
        Self::configured(|config| config, answer).await
    }

    async fn configured(
        configure: impl FnOnce(Config) -> Config,
        answer: impl Fn(&Asked) -> Response + Send + Sync + 'static,
    ) -> Self {
        let script = Arc::new(Script { asked: Mutex::default(), answer: Box::new(answer) });
        let router = Router::new().route(PATH_V2, post(serve)).with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let config = Config {
            allow_loopback: true,
            timeout: Duration::from_secs(10),
            ..Config::new(url, TimeZone::get("America/New_York").unwrap())
        };
        Self { script, client: client(&configure(config)).unwrap(), server }
    }

    fn asked(&self, command: &str) -> usize {
        self.script.asked.lock().iter().filter(|asked| *asked == command).count()
    }
}

fn client(config: &Config) -> Result<LenelS2, SystemError> {
    let credentials = Credentials { username: "api".to_owned(), password: "s3cret-<&>".into() };
    LenelS2::new(config, credentials, OWNER, Arc::new(SystemClock))
}

async fn serve(State(script): State<Arc<Script>>, body: String) -> Response {
    let command = body.split("COMMAND name=\"").nth(1).and_then(|rest| rest.split('"').next());
    let command = command.unwrap_or_default().to_owned();
    let before = {
        let mut asked = script.asked.lock();
        asked.push(command.clone());
        asked.iter().filter(|one| **one == command).count() - 1
    };
    (script.answer)(&Asked { command, before, body })
}

/// A well-formed answer to what was asked.
fn answer(asked: &Asked, inside: &str) -> Response {
    let command = &asked.command;
    xml(&format!(
        "<NETBOX sessionid=\"S\"><RESPONSE command=\"{command}\" num=\"1\">{inside}</RESPONSE></NETBOX>"
    ))
}

fn xml(body: &str) -> Response {
    ([("content-type", "text/xml")], body.to_owned()).into_response()
}

fn success(asked: &Asked) -> Response {
    answer(asked, "<CODE>SUCCESS</CODE>")
}

fn details(asked: &Asked, inside: &str) -> Response {
    answer(asked, &format!("<CODE>SUCCESS</CODE><DETAILS>{inside}</DETAILS>"))
}

fn fail(asked: &Asked, words: &str) -> Response {
    answer(asked, &format!("<CODE>FAIL</CODE><DETAILS><ERRMSG>{words}</ERRMSG></DETAILS>"))
}

fn refused() -> Response {
    xml("<NETBOX><RESPONSE><APIERROR>5</APIERROR></RESPONSE></NETBOX>")
}

/// A login that works, as everything around the command that a test is about.
fn session(asked: &Asked, or: impl Fn(&Asked) -> Response) -> Response {
    match asked.command.as_str() {
        "Login" | "Logout" | "PingApp" => success(asked),
        "GetAPIVersion" => details(asked, "<APIVERSION>6.2.0</APIVERSION>"),
        _ => or(asked),
    }
}

fn id() -> RecordId {
    RecordId::new(OWNER, Slot::of_visitor(&ObjectKey::new("hq", "ada")), 7)
}

fn card() -> Card {
    Card { number: "4711".to_owned(), format: "26 bit Wiegand".to_owned() }
}

/// `GetPerson` of our record with one card.
fn person(asked: &Asked, card: &str) -> Response {
    let inside = format!(
        "<PERSONID>{}</PERSONID><LASTNAME>Byron</LASTNAME><DELETED>FALSE</DELETED><ACCESSCARDS>{card}</ACCESSCARDS>",
        id()
    );
    details(asked, &inside)
}

fn card_until(end: &str, disabled: u8) -> String {
    format!(
        "<ACCESSCARD><ENCODEDNUM>4711</ENCODEDNUM><HOTSTAMP>4711</HOTSTAMP><CARDFORMAT>26 bit Wiegand</CARDFORMAT>\
         <DISABLED>{disabled}</DISABLED><CARDSTATUS>Active</CARDSTATUS><CARDEXPDATE>{end}</CARDEXPDATE></ACCESSCARD>"
    )
}

fn assign() -> Step {
    Step::AssignCard { id: id(), card: card(), until: "2026-12-01T23:00:00Z".parse().unwrap() }
}

// === sessions ===

#[tokio::test]
async fn callers_at_once_share_one_login_which_is_proven_before_use() {
    let stub = Stub::new(|asked| session(asked, |asked| answer(asked, "<CODE>NOT FOUND</CODE>"))).await;
    let calls = join_all((0..32).map(|_| stub.client.observe(Scope::Record(id())))).await;
    assert!(calls.iter().all(Result::is_ok));
    assert_eq!((stub.asked("Login"), stub.asked("GetAPIVersion"), stub.asked("GetPerson")), (1, 1, 32));
    assert_eq!(stub.script.asked.lock()[..2], ["Login", "GetAPIVersion"]);
}

#[tokio::test]
async fn an_expired_session_under_many_calls_costs_one_login() {
    let number = |body: &str| body.contains("sessionid=\"second\"");
    let stub = Stub::new(move |asked| match asked.command.as_str() {
        "Login" => xml(&format!(
            "<NETBOX sessionid=\"{}\"><RESPONSE command=\"Login\"><CODE>SUCCESS</CODE></RESPONSE></NETBOX>",
            if asked.before == 0 { "first" } else { "second" }
        )),
        "GetPerson" if !number(&asked.body) => refused(),
        _ => session(asked, |asked| answer(asked, "<CODE>NOT FOUND</CODE>")),
    })
    .await;
    let calls = join_all((0..32).map(|_| stub.client.observe(Scope::Record(id())))).await;
    assert!(calls.iter().all(Result::is_ok), "{calls:?}");
    assert_eq!(stub.asked("Login"), 2, "the first, and one for all who met its end");
}

#[tokio::test]
async fn a_refused_login_is_said_to_everybody_and_tried_once() {
    let stub = Stub::new(|_| refused()).await;
    for _ in 0..3 {
        let errors = join_all((0..8).map(|_| stub.client.check())).await;
        for error in errors.into_iter().map(Result::unwrap_err) {
            assert_eq!((error.class, error.operation), (Class::Auth, "Login"));
            assert!(error.message.contains("Secret") && !error.message.contains("s3cret"), "{error}");
        }
    }
    assert_eq!(stub.script.asked.lock().len(), 1);
}

#[tokio::test]
async fn the_login_trap_is_named_with_its_checkbox_and_does_not_loop() {
    let stub = Stub::new(|asked| if asked.command == "Login" { success(asked) } else { refused() }).await;
    for _ in 0..3 {
        let error = stub.client.check().await.unwrap_err();
        assert_eq!(error.class, Class::Auth);
        assert!(error.message.contains("third checkbox"), "{error}");
        assert!(error.message.contains("Site Settings > Network Controller > Data Integration"), "{error}");
    }
    assert_eq!((stub.asked("Login"), stub.asked("GetAPIVersion")), (1, 1));
}

#[tokio::test]
async fn a_login_that_fails_for_now_is_shared_by_those_who_waited_and_tried_again_later() {
    let stub = Stub::new(|asked| match asked.command.as_str() {
        "Login" if asked.before == 0 => xml("<NETBOX><RESPONSE><APIERROR>1</APIERROR></RESPONSE></NETBOX>"),
        _ => session(asked, success),
    })
    .await;
    let failed = join_all((0..8).map(|_| stub.client.check())).await;
    assert!(
        failed.iter().all(|one| matches!(one, Err(error) if error.class == Class::Transient)),
        "{failed:?}"
    );
    assert_eq!(stub.asked("Login"), 1);
    assert!(stub.client.check().await.is_ok());
}

#[tokio::test]
async fn a_command_refused_in_a_proven_session_is_a_missing_right() {
    let stub = Stub::new(|asked| session(asked, |_| refused())).await;
    let error = stub.client.observe(Scope::CardFormats).await.unwrap_err();
    assert_eq!((error.class, error.operation), (Class::Auth, "GetCardFormats"));
    assert_eq!((stub.asked("Login"), stub.asked("GetCardFormats")), (2, 2), "once more and no further");
}

#[tokio::test]
async fn a_full_box_is_no_wrong_password() {
    let stub = Stub::new(|asked| match asked.command.as_str() {
        "Login" if asked.before == 0 => fail(asked, "Maximum number of sessions exceeded for Smith"),
        _ => session(asked, success),
    })
    .await;
    let error = stub.client.check().await.unwrap_err();
    assert_eq!(error.class, Class::Transient);
    assert!(!error.message.contains("Smith"), "{error}");
    assert!(stub.client.check().await.is_ok());
}

#[tokio::test]
async fn closing_logs_out_once_and_a_failed_login_leaves_no_session() {
    let stub = Stub::new(|asked| session(asked, success)).await;
    stub.client.check().await.unwrap();
    stub.client.close().await;
    stub.client.close().await;
    assert_eq!(stub.asked("Logout"), 1);
    let partition = |config| Config { partition_key: Some("9".to_owned()), ..config };
    let stub =
        Stub::configured(partition, |asked| session(asked, |asked| fail(asked, "Invalid PARTITIONKEY")))
            .await;
    let error = stub.client.check().await.unwrap_err();
    assert_eq!((error.class, error.operation), (Class::Terminal, "SwitchPartition"));
    assert!(error.message.contains("Invalid PARTITIONKEY"), "{error}");
    assert_eq!(stub.asked("Logout"), 1);
}

#[tokio::test]
async fn a_box_without_authentication_is_used_without_a_session() {
    let stub = Stub::new(|asked| {
        let plain = |inside: &str| {
            xml(&format!(
                "<NETBOX><RESPONSE command=\"{}\"><CODE>SUCCESS</CODE>{inside}</RESPONSE></NETBOX>",
                asked.command
            ))
        };
        assert!(!asked.body.contains("sessionid"));
        plain("<DETAILS><APIVERSION>5.4.1</APIVERSION></DETAILS>")
    })
    .await;
    assert_eq!(stub.client.check().await.unwrap().version, "5.4.1");
}

#[tokio::test]
async fn pings_keep_a_session_and_end_with_it() {
    let wire = Wire { ping_interval: Some(Duration::from_millis(20)), ..Wire::default() };
    let stub = Stub::configured(|config| Config { wire, ..config }, |asked| session(asked, success)).await;
    stub.client.check().await.unwrap();
    until(|| stub.asked("PingApp") >= 3).await;
    stub.client.close().await;
    let pings = stub.asked("PingApp");
    stub.client.check().await.unwrap();
    until(|| stub.asked("PingApp") > pings + 1).await;
    assert_eq!(stub.asked("Login"), 2);
}

async fn until(holds: impl Fn() -> bool) {
    let poll = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), poll).await.expect("it comes to hold");
}

// === errors ===

/// The error of one read to a box that answers every command but the login like this.
async fn error_of(respond: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> SystemError {
    let stub = Stub::new(move |asked| session(asked, &respond)).await;
    stub.client.observe(Scope::People(None)).await.unwrap_err()
}

#[tokio::test]
async fn statuses_of_http_become_classes() {
    let status = |code: u16| move |_: &Asked| StatusCode::from_u16(code).unwrap().into_response();
    let gone = error_of(status(410)).await;
    assert_eq!(gone.class, Class::Terminal);
    assert!(gone.message.contains("/nbws/goforms/nbapi") && gone.message.contains("lenelS2.path"), "{gone}");
    assert_eq!(error_of(status(500)).await.class, Class::Transient);
    assert_eq!(error_of(status(503)).await.class, Class::Transient);
    assert_eq!(error_of(status(429)).await.class, Class::Throttled(None));
    for code in [429, 503] {
        let later =
            move |_: &Asked| (StatusCode::from_u16(code).unwrap(), [("retry-after", "7")]).into_response();
        assert_eq!(error_of(later).await.class, Class::Throttled(Some(Duration::from_secs(7))));
    }
    let date = |_: &Asked| {
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]).into_response()
    };
    assert_eq!(error_of(date).await.class, Class::Throttled(Some(Duration::ZERO)), "a date that has passed");
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let away =
        |_: &Asked| (StatusCode::FOUND, [("location", "http://127.0.0.1:1/elsewhere")]).into_response();
    let error = error_of(away).await;
    assert_eq!(error.class, Class::Terminal);
    assert!(error.message.contains("redirect"), "{error}");
}

#[tokio::test]
async fn an_answer_that_is_cut_short_or_foreign_or_to_another_command_is_transient() {
    let whole = "<NETBOX><RESPONSE command=\"SearchPersonData\"><CODE>SUCCESS</CODE><DETAILS><PEOPLE>\
                 </PEOPLE><NEXTKEY>-1</NEXTKEY></DETAILS></RESPONSE></NETBOX>";
    let bodies = [
        whole[..whole.len() / 2].to_owned(),
        String::new(),
        "<html>Welcome</html>".to_owned(),
        whole.replace("SearchPersonData", "GetPerson"),
        whole.replace("<PEOPLE></PEOPLE>", ""),
    ];
    for body in bodies {
        let said = body.clone();
        let error = error_of(move |_| xml(&body)).await;
        assert_eq!(error.class, Class::Transient, "{said}");
    }
}

#[tokio::test]
async fn silence_and_a_closed_port_are_transient() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = Config {
        allow_loopback: true,
        timeout: Duration::from_millis(200),
        ..Config::new(url, TimeZone::UTC)
    };
    let silent = client(&config).unwrap().check().await.unwrap_err();
    assert_eq!((silent.class, silent.operation), (Class::Transient, "Login"));
    assert!(silent.message.contains("within 200ms"), "{silent}");
    drop(listener);
    assert_eq!(client(&config).unwrap().check().await.unwrap_err().class, Class::Transient);
}

#[tokio::test]
async fn a_walk_that_repeats_a_key_is_an_error_and_not_an_end() {
    let stub = Stub::new(|asked| {
        session(asked, |asked| {
            let people = "<PEOPLE><PERSON><PERSONID>_1</PERSONID></PERSON></PEOPLE>";
            details(asked, &format!("{people}<NEXTKEY>120</NEXTKEY>"))
        })
    })
    .await;
    let first = stub.client.observe(Scope::People(None)).await.unwrap();
    let again = stub.client.observe(Scope::People(first.next)).await.unwrap_err();
    assert_eq!(again.class, Class::Transient);
    let foreign = stub.client.observe(Scope::People(Some(Cursor("x".to_owned())))).await.unwrap_err();
    assert_eq!(foreign.class, Class::Terminal);
}

#[tokio::test]
async fn one_page_in_latin_1_is_read_all_the_same() {
    let stub = Stub::new(|asked| {
        session(asked, |_| {
            let mut body =
                b"<NETBOX><RESPONSE><CODE>SUCCESS</CODE><DETAILS><PEOPLE><PERSON><LASTNAME>Zo".to_vec();
            body.push(0xeb);
            body.extend_from_slice(b"</LASTNAME></PERSON></PEOPLE></DETAILS></RESPONSE></NETBOX>");
            body.into_response()
        })
    })
    .await;
    let page = stub.client.observe(Scope::People(None)).await.unwrap();
    assert_eq!(page.records[0].facts.person.last_name, "Zoë");
    assert_eq!(page.next, None);
}

// === writes ===

#[tokio::test]
async fn a_removal_refused_with_unknown_words_is_judged_by_what_is_there() {
    let gone = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "RemovePerson" => fail(asked, "Person is not active"),
            _ => details(asked, &format!("<PERSONID>{}</PERSONID><DELETED>TRUE</DELETED>", id())),
        })
    })
    .await;
    assert_eq!(gone.client.apply(&Step::Remove(id())).await, Ok(Applied::Absent));
    let there = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "RemovePerson" => fail(asked, "Cannot delete Byron"),
            _ => person(asked, ""),
        })
    })
    .await;
    let error = there.client.apply(&Step::Remove(id())).await.unwrap_err();
    assert_eq!(error.class, Class::Terminal);
    assert!(error.message.contains("Cannot delete ...") && !error.message.contains("Byron"), "{error}");
}

#[tokio::test]
async fn a_card_that_is_there_and_opens_nothing_is_given_anew() {
    for found in [card_until("2026-12-01 18:00:00", 1), card_until("2026-11-01 18:00:00", 0)] {
        let stub = Stub::new(move |asked| {
            session(asked, |asked| match (asked.command.as_str(), asked.before) {
                ("AddCredential", 0) => fail(asked, "Card in use"),
                ("GetPerson", _) => person(asked, &found),
                _ => success(asked),
            })
        })
        .await;
        assert_eq!(stub.client.apply(&assign()).await, Ok(Applied::Done));
        assert_eq!((stub.asked("RemoveCredential"), stub.asked("AddCredential")), (1, 2));
    }
}

#[tokio::test]
async fn a_card_that_is_there_as_wanted_is_done_however_the_box_words_it() {
    let stub = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "AddCredential" => fail(asked, "Card in use"),
            _ => person(asked, &card_until("2026-12-01 18:00:00", 0)),
        })
    })
    .await;
    assert_eq!(stub.client.apply(&assign()).await, Ok(Applied::Done));
    assert_eq!(stub.asked("RemoveCredential"), 0);
}

#[tokio::test]
async fn a_number_too_large_for_its_format_is_said_in_the_boxs_words_without_the_number() {
    let stub = Stub::new(|asked| {
        session(asked, |asked| match asked.command.as_str() {
            "AddCredential" => fail(asked, "Encoded number 4711 is too large for selected format"),
            _ => person(asked, ""),
        })
    })
    .await;
    let error = stub.client.apply(&assign()).await.unwrap_err();
    assert_eq!(error.class, Class::Terminal);
    assert!(error.message.contains("Encoded number ... is too large for selected format"), "{error}");
}

#[tokio::test]
async fn nothing_of_another_owner_is_written_and_no_call_is_made_for_it() {
    let stub = Stub::new(|asked| session(asked, success)).await;
    let other = RecordId { owner: Owner(1), ..id() };
    assert_eq!(stub.client.apply(&Step::Remove(other)).await.unwrap_err().class, Class::Terminal);
    assert!(stub.script.asked.lock().is_empty());
}

// === configuration ===

#[test]
fn addresses_that_must_not_be_connected_to_are_refused_before_any_call() {
    let loopback = Config::new("http://127.0.0.1:80", TimeZone::UTC);
    let link_local = Config { allow_loopback: true, ..Config::new("http://169.254.169.254", TimeZone::UTC) };
    for config in [loopback, link_local] {
        let error = client(&config).err().unwrap();
        assert_eq!((error.class, error.operation), (Class::Terminal, "Connect"));
        assert!(error.message.contains("lenelS2.url"), "{error}");
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_what_to_change() {
    let good = || Config::new("https://box.example.org", TimeZone::UTC);
    assert!(client(&good()).is_ok());
    let cases = [
        (Config { tenant_udf: Some(21), ..good() }, "tenantUdf"),
        (Config { path: "nbapi".to_owned(), ..good() }, "lenelS2.path"),
        (Config { url: "ftp://box".to_owned(), ..good() }, "http or https"),
        (Config { url: "box".to_owned(), ..good() }, "lenelS2.url"),
        (Config { url: "https://api:s3cret@box".to_owned(), ..good() }, "Secret"),
        (Config { url: "https://box/nbws".to_owned(), ..good() }, "lenelS2.path"),
        (Config { ca_pem: Some(b"nonsense".to_vec()), ..good() }, "lenelS2.caBundle"),
    ];
    for (config, said) in cases {
        let error = client(&config).err().unwrap();
        assert_eq!(error.class, Class::Terminal);
        assert!(error.message.contains(said) && !error.message.contains("s3cret"), "{error}");
    }
}
