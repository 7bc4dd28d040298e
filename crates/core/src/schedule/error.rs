use super::visit::{FIRST_YEAR, LAST_YEAR, MAX_DAYS};

/// An invalid date, time or zone in a spec. The message names the field and says what to write instead. The object gets
/// `Ready=False`, reason `InvalidSpec`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bundled database has no such zone. Only this database is used, since those of hosts and images differ.
    #[error(
        "spec.timeZone {name:?} is not a time zone: write an Area/City name of the IANA database such as \"Europe/London\""
    )]
    UnknownZone {
        /// As it was written.
        name: String,
    },
    /// Not a calendar date in the one accepted form.
    #[error("{field} {text:?} is not a date: write year, month and day, such as \"2026-12-01\"")]
    NotADate {
        /// Path of the field.
        field: &'static str,
        /// As it was written.
        text: String,
    },
    /// A date so far away that it can only be a typing error.
    #[error("{field} {text:?} is not between the years {FIRST_YEAR} and {LAST_YEAR}: check the year")]
    OutOfYears {
        /// Path of the field.
        field: &'static str,
        /// As it was written.
        text: String,
    },
    /// Not a time of day in the one accepted form.
    #[error("{field} {text:?} is not a time of day: write \"00:00\" to \"23:59\", in quotes")]
    NotATime {
        /// Path of the field.
        field: &'static str,
        /// As it was written.
        text: String,
    },
    /// One of the two times without the other: the spec means neither certain hours nor the whole day.
    #[error(
        "{missing} is missing: write both spec.visit.startTime and spec.visit.endTime, or neither for the whole day"
    )]
    HalfHours {
        /// Path of the missing field.
        missing: &'static str,
    },
    /// The last day is before the first.
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
        /// The number of days of the visit.
        days: i32,
    },
}
