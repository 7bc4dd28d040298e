//! Logins: shared, proven, renewed, refused, given back.

use std::time::Duration;

use futures::future::join_all;
use vestibule::system::lenel_s2::{Config, Wire};
use vestibule::system::{AccessSystem, ErrorKind, Scope};
use vestibule_core::diff::Step;

use crate::stub::{Stub, answer, fail, id, refused, session, success, xml};

#[tokio::test]
async fn every_request_names_the_program_and_its_version() {
    let stub = Stub::new(|asked| {
        assert_eq!(asked.agent, concat!("vestibule/", env!("CARGO_PKG_VERSION")));
        session(asked, success)
    })
    .await;
    stub.client.check().await.unwrap();
}

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
    assert_eq!(stub.asked("Login"), 2, "the first, and one for all callers with the expired session");
}

#[tokio::test]
async fn a_refused_login_is_reported_to_every_caller_and_tried_once() {
    let stub = Stub::new(|_| refused()).await;
    for _ in 0..3 {
        let errors = join_all((0..8).map(|_| stub.client.check())).await;
        for error in errors.into_iter().map(Result::unwrap_err) {
            assert_eq!((error.kind, error.operation), (ErrorKind::Auth, "Login"));
            assert!(error.message.contains("Secret") && !error.message.contains("s3cret"), "{error}");
        }
    }
    assert_eq!(stub.script.asked.lock().len(), 1);
}

#[tokio::test]
async fn a_login_without_usable_sessions_is_reported_with_its_checkbox_and_does_not_loop() {
    let stub = Stub::new(|asked| if asked.command == "Login" { success(asked) } else { refused() }).await;
    for _ in 0..3 {
        let error = stub.client.check().await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(error.message.contains("third checkbox"), "{error}");
        assert!(error.message.contains("Site Settings > Network Controller > Data Integration"), "{error}");
    }
    assert_eq!(
        (stub.asked("Login"), stub.asked("GetAPIVersion")),
        (2, 2),
        "once more, since it may be chance"
    );
}

#[tokio::test]
async fn a_single_session_that_ends_before_its_first_command_is_no_error() {
    let stub = Stub::new(|asked| match (asked.command.as_str(), asked.before) {
        ("GetAPIVersion", 0) => refused(),
        _ => session(asked, success),
    })
    .await;
    stub.client.check().await.unwrap();
    assert_eq!(stub.asked("Login"), 2);
}

#[tokio::test]
async fn a_temporary_login_failure_is_shared_by_waiting_callers_and_retried_later() {
    let stub = Stub::new(|asked| match asked.command.as_str() {
        "Login" if asked.before == 0 => xml("<NETBOX><RESPONSE><APIERROR>1</APIERROR></RESPONSE></NETBOX>"),
        _ => session(asked, success),
    })
    .await;
    let failed = join_all((0..8).map(|_| stub.client.check())).await;
    assert!(
        failed.iter().all(|one| matches!(one, Err(error) if error.kind == ErrorKind::Transient)),
        "{failed:?}"
    );
    assert_eq!(stub.asked("Login"), 1);
    assert!(stub.client.check().await.is_ok());
}

#[tokio::test]
async fn a_command_refused_in_a_proven_session_is_a_missing_right() {
    let stub = Stub::new(|asked| session(asked, |_| refused())).await;
    let error = stub.client.observe(Scope::CardFormats).await.unwrap_err();
    assert_eq!((error.kind, error.operation), (ErrorKind::Auth, "GetCardFormats"));
    assert_eq!((stub.asked("Login"), stub.asked("GetCardFormats")), (2, 2), "once more and no further");
}

#[tokio::test]
async fn a_removal_without_the_right_is_no_refused_login_and_causes_no_second_one() {
    let stub = Stub::new(|asked| {
        session(asked, |asked| if asked.command == "RemovePerson" { refused() } else { success(asked) })
    })
    .await;
    for _ in 0..3 {
        let error = stub.client.apply(&Step::Remove(id())).await.unwrap_err();
        assert_eq!((error.kind, error.operation), (ErrorKind::Terminal, "RemovePerson"));
        assert!(error.message.contains("role"), "{error}");
    }
    assert_eq!((stub.asked("Login"), stub.asked("RemovePerson")), (2, 4));
    assert!(stub.client.check().await.is_ok(), "the connection goes on");
}

#[tokio::test]
async fn a_session_limit_is_no_wrong_password() {
    let stub = Stub::new(|asked| match asked.command.as_str() {
        "Login" if asked.before == 0 => fail(asked, "Maximum number of sessions exceeded for Smith"),
        _ => session(asked, success),
    })
    .await;
    let error = stub.client.check().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Transient);
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
    assert_eq!((error.kind, error.operation), (ErrorKind::Terminal, "SwitchPartition"));
    assert!(error.message.contains("Invalid PARTITIONKEY"), "{error}");
    assert_eq!(stub.asked("Logout"), 1);
}

#[tokio::test]
async fn a_client_that_is_dropped_without_close_still_logs_out() {
    let Stub { script, client, server: _server } = Stub::new(|asked| session(asked, success)).await;
    client.check().await.unwrap();
    drop(client);
    until(|| script.asked("Logout") == 1).await;
}

#[tokio::test]
async fn a_netbox_without_authentication_is_used_without_a_session() {
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
