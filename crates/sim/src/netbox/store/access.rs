//! Whether a door opens: card, person, level and time (2.15).

use jiff::civil::{DateTime, Time};

use super::{ALWAYS, Assignment, Card, Level, NEVER, Person, Store, Target, TimeSpec};

/// The decision at a door, with the reason in the words of 2.10.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    /// The door opens.
    Granted,
    /// The door stays closed.
    Denied(&'static str),
}

impl Decision {
    /// The reason; empty for an ordinary grant.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Granted => "",
            Self::Denied(reason) => reason,
        }
    }

    /// True when the door opens.
    pub(crate) const fn granted(self) -> bool {
        matches!(self, Self::Granted)
    }
}

impl Store {
    /// Whether a person with a card may pass a portal at a local time. With `inclusive`, the minute of an expiry
    /// is still valid.
    pub(crate) fn decide(
        &self,
        person: &Person,
        card: Option<&Card>,
        portal: u64,
        at: DateTime,
        inclusive: bool,
    ) -> Decision {
        let Some(card) = card else { return Decision::Denied("UNKNOWN") };
        if person.deleted {
            return Decision::Denied("UNKNOWN");
        }
        if card.status == "Expired" || over(card.exp, at, inclusive) || over(person.exp, at, inclusive) {
            return Decision::Denied("EXPIRED");
        }
        if card.status != "Active" {
            return Decision::Denied("DISABLED");
        }
        if early(person.act, at) {
            return Decision::Denied("TIME");
        }
        self.decide_by_level(person, portal, at, inclusive)
    }

    fn decide_by_level(&self, person: &Person, portal: u64, at: DateTime, inclusive: bool) -> Decision {
        let there: Vec<(&Assignment, &Level)> = person
            .levels
            .iter()
            .filter_map(|assignment| Some((assignment, self.levels.get(&assignment.level)?)))
            .filter(|(_, level)| self.opens(level, portal))
            .collect();
        let valid = |(assignment, level): &(&Assignment, &Level)| {
            !early(assignment.act, at)
                && !over(assignment.exp, at, inclusive)
                && self.in_time(level.time_group, at)
        };
        match there.iter().any(valid) {
            true => Decision::Granted,
            false if there.is_empty() => Decision::Denied("LOCATION"),
            false => Decision::Denied("TIME"),
        }
    }

    /// Whether a level opens one of the readers of a portal.
    pub(crate) fn opens(&self, level: &Level, portal: u64) -> bool {
        let Some(portal) = self.portals.get(&portal) else { return false };
        match level.target {
            Target::Nothing => false,
            Target::Reader(reader) => portal.readers.contains(&reader),
            Target::ReaderGroup(group) => self
                .reader_groups
                .get(&group)
                .is_some_and(|group| group.members.iter().any(|reader| portal.readers.contains(reader))),
        }
    }

    /// Whether any time spec of a group holds at a local time.
    pub(crate) fn in_time(&self, group: u64, at: DateTime) -> bool {
        match group {
            ALWAYS => true,
            NEVER => false,
            _ => self.time_groups.get(&group).is_some_and(|group| {
                group
                    .members
                    .iter()
                    .filter_map(|key| self.time_specs.get(key))
                    .any(|spec| self.holds(spec, at))
            }),
        }
    }

    /// A holiday in a group suppresses every time spec that does not tick that group (2.13).
    fn holds(&self, spec: &TimeSpec, at: DateTime) -> bool {
        let day = usize::try_from(at.date().weekday().to_monday_zero_offset()).unwrap_or(0);
        let last = spec.end.with().second(59).subsec_nanosecond(999_999_999).build().unwrap_or(Time::MAX);
        let on_holiday = |h: &&super::Holiday| h.start <= at.date() && at.date() < h.end;
        spec.days[day]
            && (spec.start..=last).contains(&at.time())
            && self.holidays.values().filter(on_holiday).all(|h| h.groups.is_subset(&spec.holiday_groups))
    }
}

fn early(act: Option<DateTime>, at: DateTime) -> bool {
    act.is_some_and(|act| at < act)
}

/// Exclusive: ended from the first second of the minute on; inclusive: from the first second after it (2.16 #4).
pub(crate) fn over(exp: Option<DateTime>, at: DateTime, inclusive: bool) -> bool {
    let end = |exp: DateTime| {
        if inclusive {
            let minute = exp.with().second(59).subsec_nanosecond(999_999_999).build();
            at > minute.unwrap_or(exp)
        } else {
            at >= exp
        }
    };
    exp.is_some_and(end)
}
