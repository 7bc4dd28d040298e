use jiff::Timestamp;
use jiff::civil::{Date, Time};

use super::visit::time;
use super::{Error, Zone};

const FIELD: &str = "spec.schedule.occupantSync";

/// A time of day at which a job runs once each day. If the clock skips the time in spring, the job runs later by the
/// skipped duration. If the clock shows the time twice in autumn, the job runs the first time only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nightly(Time);

impl Nightly {
    /// Reads `spec.schedule.occupantSync`, "HH:MM".
    pub fn parse(text: &str) -> Result<Self, Error> {
        time(FIELD, text).map(Self)
    }

    /// The next occurrence, strictly after `now`.
    pub fn next_at(self, now: Timestamp, zone: &Zone) -> Timestamp {
        self.around(now, zone).filter(|at| *at > now).min().unwrap_or(Timestamp::MAX)
    }

    /// The latest occurrence at or before `now`. If the last run was before it, a night was missed.
    pub fn last_due(self, now: Timestamp, zone: &Zone) -> Timestamp {
        self.around(now, zone).filter(|at| *at <= now).max().unwrap_or(Timestamp::MIN)
    }

    /// The occurrences of the days around `now`: two on each side, since a zone can skip one.
    fn around(self, now: Timestamp, zone: &Zone) -> impl Iterator<Item = Timestamp> {
        let today = zone.wall_clock(now).date();
        let before = [today.yesterday().and_then(Date::yesterday), today.yesterday()];
        let after = [today.tomorrow(), today.tomorrow().and_then(Date::tomorrow)];
        let days = before.into_iter().flatten().chain([today]).chain(after.into_iter().flatten());
        days.map(move |day| zone.start_at(day.to_datetime(self.0)))
    }
}
