//! The records of a NetBox.

mod access;
mod people;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

pub(super) use self::access::{Decision, over};
pub(super) use self::people::{Assignment, CARD_STATUSES, Card, People, Person, TEXTS, text_field};
pub(super) use self::sessions::{Rights, Session, Sessions, User};
use super::log::Log;

/// All records.
#[derive(Clone, Debug)]
pub(super) struct Store {
    /// The controller's zone.
    pub zone: TimeZone,
    /// The offset of its clock.
    pub offset: SignedDuration,
    /// Users of the API by name.
    pub users: BTreeMap<String, User>,
    /// Sessions.
    pub sessions: Sessions,
    /// Partitions by key.
    pub partitions: BTreeMap<u64, Partition>,
    /// Card formats in the order of their list.
    pub formats: Vec<CardFormat>,
    /// People and their cards.
    pub people: People,
    /// Access levels by key.
    pub levels: BTreeMap<u64, Level>,
    /// Access level groups by key.
    pub level_groups: BTreeMap<u64, Group>,
    /// Portals by key.
    pub portals: BTreeMap<u64, Portal>,
    /// Readers by key.
    pub readers: BTreeMap<u64, Reader>,
    /// Reader groups by key.
    pub reader_groups: BTreeMap<u64, Group>,
    /// Portal groups by key.
    pub portal_groups: BTreeMap<u64, Group>,
    /// Outputs by key.
    pub outputs: BTreeMap<u64, Output>,
    /// Time specs by key.
    pub time_specs: BTreeMap<u64, TimeSpec>,
    /// Time spec groups by key.
    pub time_groups: BTreeMap<u64, Group>,
    /// Holidays by key.
    pub holidays: BTreeMap<u64, Holiday>,
    /// UDF value lists by key.
    pub udf_lists: BTreeMap<u64, UdfList>,
    /// Configured events by key.
    pub events: BTreeMap<u64, Event>,
    /// Accesses and other activity.
    pub log: Log,
}

/// A partition.
#[derive(Clone, Debug)]
pub(super) struct Partition {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
}

/// A card format.
#[derive(Clone, Debug)]
pub(super) struct CardFormat {
    /// Its name, by which cards refer to it.
    pub name: String,
    /// The largest encoded number.
    pub max: u64,
    /// Whether cards of it can be added; the API does not show it.
    pub enabled: bool,
}

/// An access level.
#[derive(Clone, Debug)]
pub(super) struct Level {
    /// Its name, by which people refer to it.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The readers that it opens.
    pub target: Target,
    /// Key of the time spec group in which it opens them.
    pub time_group: u64,
    /// A threat level group, kept but not simulated.
    pub threat_group: Option<u64>,
    /// The partition it belongs to.
    pub partition: u64,
}

/// The readers of a level: one or a group, never both.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Target {
    /// None.
    Nothing,
    /// One reader.
    Reader(u64),
    /// All readers of a group.
    ReaderGroup(u64),
}

/// A named set of keys: of levels, readers, portals or time specs.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Keys of its members, in the order given.
    pub members: Vec<u64>,
    /// The partition it belongs to.
    pub partition: u64,
}

/// A door.
#[derive(Clone, Debug)]
pub(super) struct Portal {
    /// Its name.
    pub name: String,
    /// Its readers; the first is outside.
    pub readers: Vec<u64>,
    /// Locked, Unlocked.
    pub unlocked: bool,
    /// The partition it belongs to.
    pub partition: u64,
}

/// A card reader.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// The partition it belongs to.
    pub partition: u64,
}

/// A relay.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub active: bool,
}

/// Hours of the week.
#[derive(Clone, Debug)]
pub(super) struct TimeSpec {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// First minute.
    pub start: Time,
    /// Last minute, included to its 59th second.
    pub end: Time,
    /// Monday to Sunday.
    pub days: [bool; 7],
    /// Holiday groups on whose days it also applies.
    pub holiday_groups: BTreeSet<u8>,
    /// The partition it belongs to.
    pub partition: u64,
}

/// A holiday, one or more days.
#[derive(Clone, Debug)]
pub(super) struct Holiday {
    /// Its name.
    pub name: String,
    /// Groups 1 to 8 it belongs to.
    pub groups: BTreeSet<u8>,
    /// First day.
    pub start: Date,
    /// The day after the last.
    pub end: Date,
    /// The partition it belongs to.
    pub partition: u64,
}

/// A list of values for a user-defined field.
#[derive(Clone, Debug)]
pub(super) struct UdfList {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Items by key: name and custom key.
    pub items: BTreeMap<u64, (String, String)>,
}

/// An event that can be triggered.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Its name.
    pub name: String,
    /// The partition it belongs to.
    pub partition: u64,
    /// Its actions.
    pub actions: Vec<String>,
    /// Whether it is active now.
    pub active: bool,
}

/// Key of the time spec and group Always.
pub(super) const ALWAYS: u64 = 1;
/// Key of the time spec and group Never.
pub(super) const NEVER: u64 = 2;
/// Key of the partition that every NetBox has.
pub(super) const MASTER: u64 = 1;

impl Store {
    /// A NetBox in its factory state.
    pub(super) fn blank(zone: TimeZone) -> Self {
        let all: BTreeSet<u8> = (1..=8).collect();
        let built_in = |name: &str, days, end, holiday_groups| TimeSpec {
            name: name.to_owned(),
            description: String::new(),
            start: Time::midnight(),
            end,
            days,
            holiday_groups,
            partition: MASTER,
        };
        let group = |name: &str, key| Group {
            name: name.to_owned(),
            description: String::new(),
            members: vec![key],
            partition: MASTER,
        };
        let always = built_in("Always", [true; 7], super::dates::end_of_day(), all);
        let never = built_in("Never", [false; 7], Time::midnight(), BTreeSet::new());
        let master = Partition { name: "Master".to_owned(), description: "Master partition".to_owned() };
        Self {
            zone,
            offset: SignedDuration::ZERO,
            users: BTreeMap::new(),
            sessions: Sessions::default(),
            partitions: BTreeMap::from([(MASTER, master)]),
            formats: Vec::new(),
            people: People::default(),
            levels: BTreeMap::new(),
            level_groups: BTreeMap::new(),
            portals: BTreeMap::new(),
            readers: BTreeMap::new(),
            reader_groups: BTreeMap::new(),
            portal_groups: BTreeMap::new(),
            outputs: BTreeMap::new(),
            time_specs: BTreeMap::from([(ALWAYS, always), (NEVER, never)]),
            time_groups: BTreeMap::from([(ALWAYS, group("Always", ALWAYS)), (NEVER, group("Never", NEVER))]),
            holidays: BTreeMap::new(),
            udf_lists: BTreeMap::new(),
            events: BTreeMap::new(),
            log: Log::default(),
        }
    }

    /// The time by the controller's own clock.
    pub(super) fn local(&self, now: Timestamp) -> DateTime {
        let there = now.saturating_add(self.offset).unwrap_or(now);
        self.zone.to_datetime(there)
    }

    /// The key of a level by its name, in a partition.
    pub(super) fn level_key(&self, name: &str, partition: u64) -> Option<u64> {
        let fits = |(_, level): &(&u64, &Level)| level.partition == partition && level.name == name;
        self.levels.iter().find(fits).map(|(key, _)| *key)
    }
}

/// The next free key of a table.
pub(super) fn next_key<T>(table: &BTreeMap<u64, T>) -> u64 {
    table.last_key_value().map_or(1, |(key, _)| key + 1)
}
