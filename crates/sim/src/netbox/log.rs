//! The activity log: accesses with increasing LOGIDs, and other activity for the event stream (2.10).

use std::collections::VecDeque;

use jiff::civil::DateTime;

/// The most records; a real NetBox archives older ones.
const KEPT: usize = 100_000;

/// The name of a granted access.
pub(super) const ACCESS_GRANTED: &str = "Access granted";
/// The name of a denied access.
pub(super) const ACCESS_DENIED: &str = "Access denied";

/// One record.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// LOGID.
    pub id: u64,
    /// Its name in the event stream: `Access granted`, `Logged In`.
    pub name: &'static str,
    /// True for accesses; the access history has only these.
    pub access: bool,
    /// Its time by the controller's clock.
    pub at: DateTime,
    /// PERSONID; may be empty.
    pub person: String,
    /// The person's first name.
    pub first_name: String,
    /// The person's last name.
    pub last_name: String,
    /// Key of the reader.
    pub reader: Option<u64>,
    /// Key of the portal.
    pub portal: Option<u64>,
    /// The reason of a denied access in the words of InsertActivity; empty for an ordinary grant. TYPE and REASON are
    /// computed from it when they are read.
    pub reason: &'static str,
    /// The state of a configured event in the event history: `Activated`.
    pub event_type: &'static str,
    /// Card number.
    pub encoded: String,
    /// Number on the card.
    pub hotstamp: String,
    /// Card format.
    pub format: String,
    /// Name of the event, action or text.
    pub detail: String,
    /// Partition.
    pub partition: u64,
}

impl Record {
    /// Whether it is a granted access.
    pub(super) fn is_granted(&self) -> bool {
        self.name == ACCESS_GRANTED
    }

    /// First and last name of the person.
    pub(super) fn person_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }
}

/// All records, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Log {
    records: VecDeque<Record>,
    last: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self { records: VecDeque::new(), last: 49_855 }
    }
}

impl Log {
    /// Appends a record and returns its LOGID. With `holes`, a number is skipped before the next: NetBox also
    /// counts activity outside the access history, which is the only way that both reports of 2.10 agree.
    pub(super) fn push(&mut self, mut record: Record, holes: bool) -> u64 {
        self.last += if holes { 2 } else { 1 };
        record.id = self.last;
        self.records.push_back(record);
        if self.records.len() > KEPT {
            self.records.pop_front();
        }
        self.last
    }

    /// All records, oldest first.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.iter()
    }

    /// Accesses from a LOGID on, oldest first.
    pub(super) fn accesses_from(&self, id: u64) -> impl DoubleEndedIterator<Item = &Record> {
        let start = self.records.partition_point(|record| record.id < id);
        self.records.range(start..).filter(|record| record.access)
    }

    /// Records after a LOGID, oldest first.
    pub(super) fn after(&self, id: u64) -> impl Iterator<Item = &Record> {
        let start = self.records.partition_point(|record| record.id <= id);
        self.records.range(start..)
    }

    /// The highest LOGID.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }
}
