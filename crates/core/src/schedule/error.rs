use super::visit::{FIRST_YEAR, LAST_YEAR, MAX_DAYS};

/// What a person wrote about time and cannot mean: each one a sentence that names the field and says what to
/// write instead. They end in `Ready=False`, reason `InvalidSpec`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such zone in the bundled database (which is the only one: hosts and images differ in theirs).
    #[error("spec.timeZone {name:?} is not a time zone: write an IANA name such as \"Europe/London\"")]
    UnknownZone {
        /// As it was written.
        name: String,
    },
    /// Not a calendar date in the one form that we accept.
    #[error("{field} {text:?} is not a date: write year, month and day, such as \"2026-12-01\"")]
    NotADate {
        /// Path of the field.
        field: &'static str,
        /// As it was written.
        text: String,
    },
    /// A date so far off that it can only be a slip of the keyboard.
    #[error("{field} {text:?} is not between the years {FIRST_YEAR} and {LAST_YEAR}: check the year")]
    OutOfYears {
        /// Path of the field.
        field: &'static str,
        /// As it was written.
        text: String,
    },
    /// Not a time of day in the one form that we accept.
    #[error("{field} {text:?} is not a time of day: write \"00:00\" to \"23:59\", in quotes")]
    NotATime {
        /// Path of the field.
        field: &'static str,
        /// As it was written.
        text: String,
    },
    /// One of the two times without the other: it says neither "these hours" nor "the whole day".
    #[error("{missing} is missing: write both startTime and endTime, or neither for the whole day")]
    HalfHours {
        /// Path of the field that is not there.
        missing: &'static str,
    },
    /// The last day lies before the first.
    #[error("spec.visit.to is {to}, before spec.visit.from {from}: write the later day in spec.visit.to")]
    Backwards {
        /// The first day.
        from: jiff::civil::Date,
        /// The last day.
        to: jiff::civil::Date,
    },
    /// More days than one visit may have.
    #[error(
        "the visit has {days} days, but at most {MAX_DAYS} are allowed: declare a second Visitor for the rest"
    )]
    TooLong {
        /// How many days it would have.
        days: i32,
    },
}
