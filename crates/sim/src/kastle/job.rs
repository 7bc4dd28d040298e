//! Kastle's own job at 04:00 local time, which recomputes the people who may enter the building (2A.3, 2B.6 rule 12).

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

use super::store::{Building, Store, Visit, Visits};
use super::time;
use crate::frame::Switches;

/// The hour of the job.
const HOUR: i8 = 4;

/// The last 04:00 of a building that is not in the future.
fn last_due(building: &Building, now: Timestamp) -> Timestamp {
    let local = building.zone.to_datetime(now);
    let today = local.date();
    let day = if local.hour() >= HOUR { today } else { today.yesterday().unwrap_or(today) };
    let at = building.zone.to_ambiguous_timestamp(day.to_datetime(Time::constant(HOUR, 0, 0, 0)));
    at.compatible().unwrap_or(now).min(now)
}

/// Runs the job where it is due.
pub(super) fn run_due(store: &mut Store, now: Timestamp) {
    let Store { buildings, visits, .. } = store;
    for building in buildings {
        let due = last_due(building, now);
        match building.job.0 {
            Some(last) if due == last => {}
            // The clock was set back: the job has already run.
            Some(last) if now < last => building.job.0 = Some(due),
            Some(_) => {
                building.job = (Some(due), building.job.1 + 1);
                admit_all(building, visits, due, now);
            }
            None => {
                building.job.0 = Some(due);
                admit_all(building, visits, due, now);
            }
        }
    }
}

/// Whether the job is running.
pub(super) fn is_running(building: &Building, switches: &Switches, now: Timestamp) -> bool {
    let minutes = switches.whole("job.minutes").unwrap_or(15).clamp(0, 1440);
    let since = now.duration_since(last_due(building, now));
    since < SignedDuration::from_mins(minutes)
}

/// Active cardholders, and visitors from the day of the job to today.
fn admit_all(building: &mut Building, visits: &Visits, due: Timestamp, now: Timestamp) {
    let first = time::day_start(&building.zone, building.today(due));
    let last = until(building, now);
    let staff = building.cardholders.iter().filter(|c| c.active && !c.deleted).map(|c| c.guid.clone());
    let here = |visit: &&Visit| visit.building == building.id && visit.overlaps(first, last);
    let visitors = visits.all().filter(here).flat_map(|visit| visit.attendees.iter().map(|a| a.guid.clone()));
    building.admitted = staff.chain(visitors).collect();
}

fn until(building: &Building, now: Timestamp) -> Timestamp {
    let tomorrow = building.today(now).tomorrow().ok();
    tomorrow.map_or(Timestamp::MAX, |date| time::day_start(&building.zone, date))
}

/// A visit for today needs no job.
pub(super) fn admit(store: &mut Store, visit: &Visit, now: Timestamp) {
    let Some(building) = store.building_mut(&visit.building) else {
        return;
    };
    let today = time::day_start(&building.zone, building.today(now));
    if visit.overlaps(today, until(building, now)) {
        building.admitted.extend(visit.attendees.iter().map(|a| a.guid.clone()));
    }
}

/// The visitors of a deleted visit may no longer enter.
pub(super) fn dismiss(store: &mut Store, visit: &Visit) {
    if let Some(building) = store.building_mut(&visit.building) {
        building.admitted.retain(|guid| visit.attendees.iter().all(|a| a.guid != *guid));
    }
}
