//! The structure of a seed: a YAML document in the words of NetBox.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::store::MASTER;
use super::generate::Generate;
use super::person::PersonSpec;

/// The document. A name refers to an object of the document or to a built-in one (`Always`, `Never`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in super::super) struct Seed {
    /// Zone of the controller.
    pub zone: Option<String>,
    /// Users of the API.
    pub users: Vec<UserSpec>,
    /// Partitions beyond Master.
    pub partitions: Vec<PartitionSpec>,
    /// Card formats.
    pub card_formats: Vec<FormatSpec>,
    /// Portals with their readers.
    pub portals: Vec<PortalSpec>,
    /// Reader groups.
    pub reader_groups: Vec<GroupSpec>,
    /// Outputs.
    pub outputs: Vec<String>,
    /// Time specs; each makes a group of its name.
    pub time_specs: Vec<TimeSpecSpec>,
    /// Holidays.
    pub holidays: Vec<HolidaySpec>,
    /// Access levels.
    pub access_levels: Vec<LevelSpec>,
    /// Access level groups.
    pub access_level_groups: Vec<GroupSpec>,
    /// UDF value lists.
    pub udf_lists: Vec<UdfListSpec>,
    /// Events.
    pub events: Vec<EventSpec>,
    /// People.
    pub people: Vec<PersonSpec>,
    /// More people and companies, generated from a number.
    pub generate: Option<Generate>,
    /// TYPE and REASON by outcome, for the switch `history.reasons=custom`.
    pub reasons: BTreeMap<String, (String, String)>,
}

/// A user.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct UserSpec {
    pub username: String,
    pub password: String,
    #[serde(default)]
    pub rights: RightsSpec,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in super::super) enum RightsSpec {
    ReadOnly,
    ReadWrite,
    #[default]
    Setup,
}

/// A partition.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PartitionSpec {
    pub key: u64,
    pub name: String,
    #[serde(default)]
    pub description: String,
}

/// A card format.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct FormatSpec {
    pub name: String,
    pub max: u64,
    #[serde(default = "yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

/// A portal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PortalSpec {
    pub key: u64,
    pub name: String,
    pub readers: Vec<ReaderSpec>,
}

/// A reader.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ReaderSpec {
    pub key: u64,
    pub name: String,
    #[serde(default)]
    pub description: String,
}

/// A group of readers or levels, by name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct GroupSpec {
    pub key: u64,
    pub name: String,
    #[serde(default)]
    pub description: String,
    pub members: Vec<String>,
}

/// A time spec.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct TimeSpecSpec {
    pub key: u64,
    pub name: String,
    #[serde(default)]
    pub description: String,
    pub start: String,
    pub end: String,
    pub days: Vec<String>,
    #[serde(default)]
    pub holiday_groups: BTreeSet<u8>,
}

/// A holiday; the end is the day after the last.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct HolidaySpec {
    pub name: String,
    pub groups: BTreeSet<u8>,
    pub start: String,
    pub end: String,
}

/// An access level.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct LevelSpec {
    /// Its key; absent: the next one.
    pub key: Option<u64>,
    /// Its name.
    pub name: String,
    /// Its description.
    #[serde(default)]
    pub description: String,
    /// Name of the reader group that it opens.
    pub reader_group: Option<String>,
    /// Name of the reader that it opens.
    pub reader: Option<String>,
    /// Name of its time spec group.
    #[serde(default = "always")]
    pub time: String,
    /// Key of its partition.
    #[serde(default = "master")]
    pub partition: u64,
}

fn always() -> String {
    "Always".to_owned()
}

const fn master() -> u64 {
    MASTER
}

/// A UDF value list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct UdfListSpec {
    pub key: u64,
    pub name: String,
    #[serde(default)]
    pub description: String,
    pub items: Vec<String>,
}

/// An event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct EventSpec {
    pub name: String,
    #[serde(default)]
    pub actions: Vec<String>,
}
