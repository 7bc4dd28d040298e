//! Row 11: the planning of the core alone: desired against existing records, and desired against observed records.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use jiff::{Timestamp, ToSpan};
use vestibule_core::diff::diff;
use vestibule_core::identity::{Kind, ObjectId, Owner, RecordId};
use vestibule_core::model::{DesiredRecord, Mode, ObjectKey, ObservedRecord, OwnerMark, Person};
use vestibule_core::plan::{DesiredState, ExistingRecord, action_plan};
use vestibule_core::schedule::{PackedVisit, Provision, Visit, Window, Zone};

use crate::Fallible;
use crate::building::ZONE;
use crate::report::{Report, Row};
use crate::time;

/// Objects on each side.
const COUNT: usize = 100_000;

/// The fastest of this number of passes counts, since other work of the machine can only make a pass slower.
const PASSES: usize = 5;

/// One object with its desired, existing and observed record.
struct Pair {
    desired: DesiredState,
    existing: Vec<ExistingRecord>,
    found: Option<ObservedRecord>,
}

/// Measures objects a second on one thread.
pub(crate) fn measure(report: &mut Report) -> Fallible {
    let now = time::noon();
    let pairs = pairs(now);
    let mut row = |id, what: &str, ours: f64, bar| {
        report.row(Row {
            id,
            what: format!("{what}, {COUNT} a side"),
            limit: None,
            naive: None,
            ours: ours / 1e6,
            unit: "M objects/s",
            bar,
        });
    };
    row("P11a", "plan by id and fingerprint", rate(&pairs, by_id), Some(2.0));
    row(
        "P11b",
        "plan, whole unit",
        rate(&pairs, |pair| action_plan(&pair.desired, &pair.existing, Mode::Enforce, now).actions.len()),
        Some(2.0),
    );
    row("P11c", "compare record with record found", rate(&pairs, compared), None);
    let (visits, zone) = (visits()?, Zone::parse(ZONE)?);
    let scanned = rate(&visits, |visit| {
        usize::from(visit.day_at(now, &zone, Provision::AtMidnight).changes_at().is_some())
    });
    row("P11d", "a visit's day and its next change (the scan of rows)", scanned, None);
    Ok(())
}

fn rate<T>(things: &[T], work: impl Fn(&T) -> usize) -> f64 {
    let pass = || {
        let begun = Instant::now();
        black_box(things.iter().map(|thing| work(black_box(thing))).sum::<usize>());
        things.len() as f64 / begun.elapsed().as_secs_f64()
    };
    (0..PASSES).map(|_| pass()).fold(0.0, f64::max)
}

/// The comparison of rows, which know the content by its hash: no record is read.
fn by_id(pair: &Pair) -> usize {
    match (&pair.desired, pair.existing.as_slice()) {
        (DesiredState::Record(record), [one]) => {
            usize::from(!one.id.same_content(&record.id) || !one.id.holds(one.fingerprint))
        }
        (DesiredState::Nothing, []) => 0,
        _ => 1,
    }
}

fn compared(pair: &Pair) -> usize {
    match &pair.desired {
        DesiredState::Record(record) => diff(record, pair.found.as_ref()).len(),
        DesiredState::Nothing | DesiredState::Ended | DesiredState::Keep | DesiredState::AtMost(_) => {
            usize::from(pair.found.is_some())
        }
    }
}

/// 1 % changed, 10 % missing, 10 % surplus, the others equal.
fn pairs(now: Timestamp) -> Vec<Pair> {
    let pair = |number: usize| {
        let record = Arc::new(record(number, now));
        let (changed, missing, surplus) = (number.is_multiple_of(100), number % 10 == 1, number % 10 == 2);
        let mut facts = record.facts();
        if changed {
            "+1 212 555 0100".clone_into(&mut facts.person.phone);
        }
        let fingerprint = facts.fingerprint();
        let existing = ExistingRecord { id: record.id, fingerprint, until: Some(record.window.until) };
        let found = ObservedRecord {
            external_id: record.id.to_string(),
            id: Some(record.id),
            mark: Some(record.mark.clone()),
            dead: false,
            facts,
        };
        let desired = if surplus { DesiredState::Nothing } else { DesiredState::Record(record) };
        let existing = if missing { Vec::new() } else { vec![existing] };
        Pair { desired, existing, found: (!missing).then_some(found) }
    };
    (0..COUNT).map(pair).collect()
}

fn record(number: usize, now: Timestamp) -> DesiredRecord {
    let object = ObjectKey::new("building", format!("visitor-{number:06}"));
    let mut record = DesiredRecord {
        id: RecordId::new(Owner(7), ObjectId::of_visitor(&object), 0),
        mark: OwnerMark { owner_id: "cluster/building/netbox".to_owned(), kind: Kind::Visitor, object },
        person: Person {
            first_name: "Ada".to_owned(),
            last_name: format!("Byron {number}"),
            email: format!("ada-{number}@example.org"),
            phone: String::new(),
        },
        tenant: "Acme".to_owned(),
        window: Window { from: now, until: now.saturating_add(8.hours()).unwrap_or(now) },
        groups: BTreeSet::from(["Lobby".to_owned()]),
        card: None,
    };
    record.id = RecordId::new(record.id.owner, record.id.object_id, record.facts().fingerprint());
    record
}

fn visits() -> Fallible<Vec<PackedVisit>> {
    let visit = |number: usize| {
        let from = time::day(i64::try_from(number % 30)?).to_string();
        Ok(Visit::parse(&from, None, Some("09:00"), Some("17:30"))?.into())
    };
    (0..COUNT).map(visit).collect()
}
