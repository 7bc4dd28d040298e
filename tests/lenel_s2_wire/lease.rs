//! The leader's lease is checked before each request, including the login, its proof, a repetition and a read-back.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use vestibule::clock::SetClock;
use vestibule::system::lenel_s2::{Config, Wire};
use vestibule::system::{AccessSystem, ErrorKind, Scope, SystemError};

use crate::stub::{
    Asked, LOST, Stub, answer, assign, card_until, fail, id, leased, person, refused, session, success,
};

/// An operation on the NetBox.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Check,
    ReadFormats,
    AssignCard,
}

async fn carry_out(stub: &Stub, deed: Deed) -> Result<(), SystemError> {
    match deed {
        Deed::Check => stub.client.check().await.map(|_| ()),
        Deed::ReadFormats => stub.client.observe(Scope::CardFormats).await.map(|_| ()),
        Deed::AssignCard => stub.client.apply(&assign()).await.map(|_| ()),
    }
}

fn lease() -> Arc<SetClock> {
    Arc::new(SetClock::starting_at(Timestamp::now()))
}

/// A NetBox on which each operation needs as many exchanges as possible.
fn laborious(asked: &Asked) -> axum::response::Response {
    session(asked, |asked| match asked.command.as_str() {
        "GetCardFormats" => refused(),
        "AddCredential" if asked.before == 0 => fail(asked, "no"),
        "GetPerson" => person(asked, &card_until("2026-11-01 09:00:00", 0)),
        _ => success(asked),
    })
}

#[tokio::test]
async fn a_lease_lost_between_two_exchanges_stops_the_next_one() {
    let logged_in = ["Login", "GetAPIVersion"];
    let cases = [
        (Deed::Check, "Login", vec![]),
        (Deed::ReadFormats, "GetAPIVersion", vec![]),
        (Deed::ReadFormats, "GetCardFormats", vec!["GetCardFormats"]),
        (Deed::AssignCard, "AddCredential", vec!["AddCredential"]),
        (Deed::AssignCard, "GetPerson", vec!["AddCredential", "GetPerson"]),
        (Deed::AssignCard, "RemoveCredential", vec!["AddCredential", "GetPerson", "RemoveCredential"]),
    ];
    for (deed, last, then) in cases {
        let lease = lease();
        let clock = Arc::clone(&lease);
        let stub = Stub::under(
            lease,
            |config| config,
            move |asked| {
                if asked.command == last {
                    clock.set(LOST);
                }
                laborious(asked)
            },
        )
        .await;
        let error = carry_out(&stub, deed).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotLeader, "{deed:?} after {last}: {error}");
        stub.client.close().await;
        let expected: Vec<&str> = match last {
            "Login" => vec!["Login"],
            _ => logged_in.into_iter().chain(then).collect(),
        };
        assert_eq!(*stub.script.asked.lock(), expected, "{deed:?} after {last}");
    }
}

#[tokio::test]
async fn the_same_operations_take_more_exchanges_while_the_lease_is_held() {
    for (deed, count) in [(Deed::Check, 3), (Deed::ReadFormats, 7), (Deed::AssignCard, 6)] {
        let stub = Stub::new(laborious).await;
        let _ = carry_out(&stub, deed).await;
        assert_eq!(stub.script.asked.lock().len(), count, "{deed:?}: {:?}", stub.script.asked.lock());
    }
}

#[tokio::test]
async fn no_login_is_tried_without_the_lease() {
    let lease = lease();
    lease.set(LOST);
    let stub = Stub::under(lease, |config| config, |asked| session(asked, success)).await;
    for _ in 0..3 {
        let error = stub.client.observe(Scope::Record(id())).await.unwrap_err();
        assert_eq!((error.kind, error.operation), (ErrorKind::NotLeader, "Login"));
    }
    assert!(stub.script.asked.lock().is_empty());
}

#[tokio::test]
async fn a_session_of_a_former_leader_is_neither_kept_alive_nor_logged_out() {
    let wire = Wire { ping_interval: Some(Duration::from_millis(20)), ..Wire::default() };
    let lease = lease();
    let stub = Stub::under(
        Arc::clone(&lease),
        |config| Config { wire, ..config },
        |asked| session(asked, |asked| answer(asked, "<CODE>NOT FOUND</CODE>")),
    )
    .await;
    stub.client.check().await.unwrap();
    while stub.asked("PingApp") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    lease.set(LOST);
    let asked = stub.script.asked.lock().len();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let Stub { script, client, server: _server } = stub;
    drop(client);
    tokio::time::sleep(Duration::from_millis(100)).await;
    // One ping may have been in flight.
    assert!(script.asked.lock().len() <= asked + 1, "{:?}", script.asked.lock());
}

#[tokio::test]
async fn a_request_in_flight_is_cancelled_when_the_lease_ends() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config =
        Config { allow_loopback: true, timeout: Duration::from_mins(5), ..Config::new(url, TimeZone::UTC) };
    let lease = lease();
    let client = leased(&config, &lease).unwrap();
    let ends = async {
        let (_connection, _) = listener.accept().await.unwrap();
        lease.set(LOST);
        std::future::pending::<()>().await;
    };
    let given_up = tokio::time::timeout(Duration::from_secs(10), async {
        tokio::select! {
            checked = client.check() => checked.unwrap_err(),
            () = ends => unreachable!(),
        }
    });
    assert_eq!(given_up.await.expect("not before its own time-out").kind, ErrorKind::NotLeader);
}
