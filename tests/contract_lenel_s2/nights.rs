//! The night in which the clock of a NetBox is put back: written instants read back correctly, and no door is open
//! longer than declared.

use jiff::{SignedDuration, Timestamp};
use vestibule::system::AccessSystem;
use vestibule::system::lenel_s2::{Config, Expiry, Wire};
use vestibule_core::adapt::{RequestedAccess, adapt};
use vestibule_core::model::DesiredRecord;
use vestibule_core::schedule::Window;

use crate::contract::{assert_satisfied, at, identified, settle, visitor};
use crate::testbed::NetBox;

const DOOR: &str = "Lobby turnstile";

/// The window written for a visit of these hours.
fn fitted(testbed: &NetBox, name: &str, window: Window) -> DesiredRecord {
    let model = visitor(testbed, name);
    let requested = RequestedAccess {
        person: model.person.clone(),
        tenant: model.tenant.clone(),
        window,
        groups: model.groups.clone(),
        credential_number: Some("4711".to_owned()),
    };
    let (facts, _) = adapt(&requested, testbed.client.capabilities()).unwrap();
    let card = facts.cards.into_keys().next();
    let mut record = DesiredRecord { window: facts.window.unwrap(), card, ..model };
    record.id = identified(&record);
    record
}

async fn a_night(testbed: &NetBox, declared: Window) {
    let record = fitted(testbed, "ada", declared);
    testbed.set_clock("2027-11-06T12:00:00Z").await;
    settle(testbed, &record).await;
    assert_satisfied(testbed, &record).await;
    assert_eq!(settle(testbed, &record).await, 0, "nothing is repaired");
    let (id, mut now) = (record.id.to_string(), at("2027-11-07T03:30:00Z"));
    let mut open = 0;
    while now < at("2027-11-07T09:00:00Z") {
        testbed.set_clock(&now.to_string()).await;
        let opens = testbed.opens(&id, DOOR).await;
        assert!(!opens || declared.contains(now), "{now} {declared:?}");
        open += i32::from(opens);
        now += SignedDuration::from_mins(15);
    }
    assert!(open > 0, "it opens at some time: {declared:?}");
}

fn window(from: &str, until: &str) -> Window {
    let instant = |text: &str| -> Timestamp { at(text) };
    Window { from: instant(from), until: instant(until) }
}

#[tokio::test]
async fn visits_that_begin_or_end_in_the_repeated_hour_are_written_once_and_open_no_longer() {
    let windows = [
        // 01:30 to 01:30 over two days, cut where the next day's begins, and that one.
        window("2027-11-06T05:30:00Z", "2027-11-07T05:30:00Z"),
        window("2027-11-07T05:30:00Z", "2027-11-08T06:30:00Z"),
        // An end from a property in another zone.
        window("2027-11-06T22:00:00Z", "2027-11-07T05:30:00Z"),
        window("2027-11-07T06:30:00Z", "2027-11-07T08:00:00Z"),
        window("2027-11-07T02:00:00Z", "2027-11-07T06:00:00Z"),
        window("2027-11-07T02:00:00Z", "2027-11-07T07:00:00Z"),
    ];
    for (position, expiry) in [("exclusive", Expiry::Exclusive), ("inclusive", Expiry::InclusiveMinute)] {
        for declared in windows {
            let wire = Wire { expiry, ..Wire::default() };
            let testbed =
                NetBox::with(&[("dates.expiry", position)], |config| Config { wire, ..config }).await;
            a_night(&testbed, declared).await;
        }
    }
}
