//! The activity log: accesses with LOGIDs that only grow, and other activity for the event stream (2.10).

use std::collections::VecDeque;

use jiff::civil::DateTime;

/// So many records are kept; a real box archives older ones.
const KEPT: usize = 100_000;

/// The name of an access that was granted.
pub(super) const ACCESS_GRANTED: &str = "Access granted";
/// The name of an access that was denied.
pub(super) const ACCESS_DENIED: &str = "Access denied";

/// One record.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    /// LOGID.
    pub id: u64,
    /// What the event stream calls it: `Access granted`, `Logged In`.
    pub name: &'static str,
    /// True for accesses, which alone stand in the access history.
    pub access: bool,
    /// When, by the controller's clock.
    pub at: DateTime,
    /// Who; may be empty.
    pub person: String,
    /// The person's first name.
    pub first_name: String,
    /// The person's last name.
    pub last_name: String,
    /// Key of the reader.
    pub reader: Option<u64>,
    /// Key of the portal.
    pub portal: Option<u64>,
    /// Why an access was denied, in the words of InsertActivity; empty for an ordinary grant. How TYPE and REASON
    /// show it is decided when they are read.
    pub reason: &'static str,
    /// What became of a configured event, as the event history shows it: `Activated`.
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
    /// Whether it is an access that was granted.
    pub(super) fn is_granted(&self) -> bool {
        self.name == ACCESS_GRANTED
    }

    /// The name of the person, as people read it.
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
    /// Appends a record and returns its LOGID. With `holes`, a number is left out before the next: the box
    /// counts what is not in the access history too, and only then do both reports of 2.10 fit together.
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

    /// The highest LOGID so far.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }
}
