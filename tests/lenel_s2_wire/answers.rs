//! The meaning of answers, and of responses that are not answers.

use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::tz::TimeZone;
use vestibule::system::lenel_s2::Config;
use vestibule::system::{AccessSystem, Cursor, ErrorKind, Scope, SystemError};

use crate::stub::{Asked, Stub, client, details, session, xml};

/// The error of one read from a NetBox that gives this answer to every command except the login.
async fn error_of(respond: impl Fn(&Asked) -> Response + Send + Sync + 'static) -> SystemError {
    let stub = Stub::new(move |asked| session(asked, &respond)).await;
    stub.client.observe(Scope::People(None)).await.unwrap_err()
}

#[tokio::test]
async fn statuses_of_http_become_classes() {
    let status = |code: u16| move |_: &Asked| StatusCode::from_u16(code).unwrap().into_response();
    let gone = error_of(status(410)).await;
    assert_eq!(gone.kind, ErrorKind::Terminal);
    assert!(gone.message.contains("/nbws/goforms/nbapi") && gone.message.contains("lenelS2.path"), "{gone}");
    assert_eq!(error_of(status(500)).await.kind, ErrorKind::Transient);
    assert_eq!(error_of(status(503)).await.kind, ErrorKind::Transient);
    assert_eq!(error_of(status(429)).await.kind, ErrorKind::Throttled(None));
    for code in [429, 503] {
        let later =
            move |_: &Asked| (StatusCode::from_u16(code).unwrap(), [("retry-after", "7")]).into_response();
        assert_eq!(error_of(later).await.kind, ErrorKind::Throttled(Some(Duration::from_secs(7))));
    }
    let date = |_: &Asked| {
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]).into_response()
    };
    assert_eq!(
        error_of(date).await.kind,
        ErrorKind::Throttled(Some(Duration::ZERO)),
        "a date that has passed"
    );
}

#[tokio::test]
async fn a_retry_date_counts_from_the_answers_own_date_whatever_the_local_clock_shows() {
    let later = |_: &Asked| {
        let headers =
            [("date", "Sun, 06 Nov 1994 08:49:37 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")];
        (StatusCode::TOO_MANY_REQUESTS, headers).into_response()
    };
    assert_eq!(error_of(later).await.kind, ErrorKind::Throttled(Some(Duration::from_secs(30))));
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let away =
        |_: &Asked| (StatusCode::FOUND, [("location", "http://127.0.0.1:1/elsewhere")]).into_response();
    let error = error_of(away).await;
    assert_eq!(error.kind, ErrorKind::Terminal);
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
        assert_eq!(error.kind, ErrorKind::Transient, "{said}");
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
    assert_eq!((silent.kind, silent.operation), (ErrorKind::Transient, "Login"));
    assert!(silent.message.contains("within 200ms"), "{silent}");
    drop(listener);
    assert_eq!(client(&config).unwrap().check().await.unwrap_err().kind, ErrorKind::Transient);
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
    assert_eq!(again.kind, ErrorKind::Transient);
    let foreign = stub.client.observe(Scope::People(Some(Cursor("x".to_owned())))).await.unwrap_err();
    assert_eq!(foreign.kind, ErrorKind::Terminal);
}

#[tokio::test]
async fn a_page_in_latin_1_is_read() {
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

#[test]
fn addresses_that_must_not_be_connected_to_are_refused_before_any_call() {
    let loopback = Config::new("http://127.0.0.1:80", TimeZone::UTC);
    let link_local = Config { allow_loopback: true, ..Config::new("http://169.254.169.254", TimeZone::UTC) };
    for config in [loopback, link_local] {
        let error = client(&config).err().unwrap();
        assert_eq!((error.kind, error.operation), (ErrorKind::Terminal, "Connect"));
        assert!(error.message.contains("lenelS2.url"), "{error}");
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_advice() {
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
        assert_eq!(error.kind, ErrorKind::Terminal);
        assert!(error.message.contains(said) && !error.message.contains("s3cret"), "{error}");
    }
}
