//! The failure of a Visitor that waits for another one.

use jiff::Timestamp;
use vestibule_core::schedule::Zone;

use super::status_compute::{Failure, FailureKind};
use crate::engine::Wait;

/// The failure of a Visitor that waits. Times are local times of the Property, with the date if it is not the present
/// one there.
pub fn failure(wait: &Wait, zone: Option<&Zone>, now: Timestamp) -> Failure {
    let until = zone.map_or_else(|| wait.until.to_string(), |zone| wall_clock(wait.until, zone, now));
    let message = format!("waits for {} until {until}: {} holds it", wait.what, wait.holder);
    Failure { kind: FailureKind::Dependency, message }
}

fn wall_clock(at: Timestamp, zone: &Zone, now: Timestamp) -> String {
    let wall = zone.wall_clock(at);
    let same_day = wall.date() == zone.wall_clock(now).date();
    wall.strftime(if same_day { "%H:%M" } else { "%Y-%m-%d %H:%M" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::fixtures::at;

    fn said(until: &str, now: &str) -> String {
        let wait = Wait {
            what: "the card of spec.credentialNumber",
            holder: "Visitor hq/first".into(),
            until: at(until),
        };
        failure(&wait, Some(&Zone::parse("America/New_York").unwrap()), at(now)).message
    }

    #[test]
    fn a_wait_names_the_awaited_thing_its_end_and_its_holder() {
        assert_eq!(
            said("2026-12-01T16:00:00Z", "2026-12-01T14:00:00Z"),
            "waits for the card of spec.credentialNumber until 11:00: Visitor hq/first holds it"
        );
    }

    #[test]
    fn the_date_is_given_if_it_is_another_day_at_the_property() {
        assert!(said("2026-12-02T05:00:00Z", "2026-12-01T14:00:00Z").contains("until 2026-12-02 00:00:"));
        assert!(said("2026-12-02T04:30:00Z", "2026-12-01T14:00:00Z").contains("until 23:30:"));
    }
}
