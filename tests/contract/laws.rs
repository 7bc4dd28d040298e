//! Laws 2 and 3 (convergence and idempotence) over any system: from any record to any other.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use vestibule_core::model::{Card, DesiredRecord, Person};
use vestibule_core::schedule::Window;

use super::{Testbed, apply, assert_satisfied, settle, visitor};

/// The content of a record, without its identity.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    person: Person,
    tenant: String,
    window: Window,
    groups: BTreeSet<usize>,
    card: Option<u16>,
}

impl Content {
    /// A record with this content under the id of another.
    fn under(&self, testbed: &dyn Testbed, record: &DesiredRecord) -> DesiredRecord {
        let groups = testbed.groups();
        DesiredRecord {
            person: self.person.clone(),
            tenant: self.tenant.clone(),
            window: self.window,
            groups: self.groups.iter().map(|index| groups[*index].clone()).collect(),
            card: self.card.map(|number| Card { number: number.to_string(), format: testbed.format() }),
            ..record.clone()
        }
    }
}

/// Any content that the core accepts: no control characters, whole minutes.
pub(crate) fn content() -> impl Strategy<Value = Content> {
    let text = "[A-Za-zÀ-ž<&>'\"ß李Ω-]{1,12}( [a-z&<]{1,8})?";
    let contact = prop_oneof![Just(String::new()), "[a-z]{1,8}@example\\.org"];
    let phone = prop_oneof![Just(String::new()), "\\+[0-9]{6,12}"];
    let tenant = prop_oneof![Just(String::new()), text];
    // Within days of the clock changes of 2026 and in between, in whole minutes.
    let window = (29_000_000_i64..30_000_000, 1_i64..3_000)
        .prop_map(|(from, length)| Window { from: minute(from), until: minute(from + length) })
        .prop_filter("the core gives no end in the first pass of a fold and no start in the second", sayable);
    let groups = proptest::collection::btree_set(0_usize..3, 0..=3);
    let card = proptest::option::of(1_u16..=60_000);
    ((prop_oneof![Just(String::new()), text], text, contact, phone), tenant, window, groups, card).prop_map(
        |((first_name, last_name, email, phone), tenant, window, groups, card)| Content {
            person: Person { first_name, last_name, email, phone },
            tenant,
            window,
            groups,
            card,
        },
    )
}

/// Whether the window can be written in New York's local time.
fn sayable(window: &Window) -> bool {
    let zone = TimeZone::get("America/New_York").unwrap();
    let wall = |at: Timestamp| zone.to_ambiguous_timestamp(at.to_zoned(zone.clone()).datetime());
    wall(window.from).compatible().unwrap() == window.from
        && wall(window.until).later().unwrap() == window.until
}

fn minute(number: i64) -> Timestamp {
    Timestamp::from_second(number * 60).unwrap()
}

/// Applying the differences leaves none, and a second time there is nothing to apply. Then the record is removed.
pub(crate) async fn converges(testbed: &dyn Testbed, name: &str, contents: &[Content]) {
    let record = visitor(testbed, name);
    for content in contents {
        let wanted = content.under(testbed, &record);
        settle(testbed, &wanted).await;
        assert_satisfied(testbed, &wanted).await;
        assert_eq!(settle(testbed, &wanted).await, 0);
    }
    apply(testbed, &vestibule_core::diff::Step::Remove(record.id)).await;
}
