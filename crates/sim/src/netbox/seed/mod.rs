//! The records at the start, built from a YAML document.

mod generate;
mod logins;
mod person;
mod spec;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

pub(super) use self::person::{CardSpec, PersonSpec, assign};
use self::spec::{EventSpec, FormatSpec, HolidaySpec, PartitionSpec, ReaderSpec, RightsSpec, UdfListSpec};
pub(super) use self::spec::{LevelSpec, Seed};
use super::dates;
use super::store::{
    CardFormat, Event, Group, Holiday, Level, MASTER, Output, Partition, Portal, Reader, Rights, Store,
    Target, TimeSpec, UdfList, User, next_key,
};
use crate::frame::Switches;

/// The seed of a simulator that is started without one.
pub const SMALL_BUILDING: &str = include_str!("../../../seeds/netbox.yaml");

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Seed {
    /// Reads a document; the error is one sentence.
    pub(super) fn read(yaml: &str) -> Result<Self, String> {
        serde_yaml::from_str(yaml).map_err(|e| format!("the seed cannot be read: {e}"))
    }

    /// The store that the seed describes.
    pub(super) fn build(&self, switches: &Switches, now: jiff::Timestamp) -> Result<Store, String> {
        let mut store = Store::blank(self.zone(switches)?);
        self.users(&mut store);
        self.hardware(&mut store);
        self.time(&mut store)?;
        for level in &self.access_levels {
            add_level(&mut store, level)?;
        }
        self.lists(&mut store)?;
        let local = store.local(now);
        if let Some(generate) = &self.generate {
            generate.fill(&mut store, switches.get("seed.tenants"), local)?;
        }
        for person in &self.people {
            person.add(&mut store, local)?;
        }
        Ok(store)
    }

    /// The zone of the switch, or of the seed, or New York.
    pub(super) fn zone(&self, switches: &Switches) -> Result<TimeZone, String> {
        let own = self.zone.as_deref().unwrap_or("America/New_York");
        let name = Some(switches.get("box.zone")).filter(|name| *name != "seed").unwrap_or(own);
        TimeZone::get(name).map_err(|_| format!("there is no time zone `{name}`"))
    }

    fn users(&self, store: &mut Store) {
        for user in &self.users {
            let rights = match user.rights {
                RightsSpec::ReadOnly => Rights::ReadOnly,
                RightsSpec::ReadWrite => Rights::ReadWrite,
                RightsSpec::Setup => Rights::Setup,
            };
            store.users.insert(user.username.clone(), User { password: user.password.clone(), rights });
        }
        for PartitionSpec { key, name, description } in &self.partitions {
            let partition = Partition { name: name.clone(), description: description.clone() };
            store.partitions.insert(*key, partition);
        }
    }

    fn hardware(&self, store: &mut Store) {
        let format = |f: &FormatSpec| CardFormat { name: f.name.clone(), max: f.max, enabled: f.enabled };
        store.formats = self.card_formats.iter().map(format).collect();
        for portal in &self.portals {
            for reader in &portal.readers {
                let ReaderSpec { key, name, description } = reader.clone();
                store.readers.insert(key, Reader { name, description, partition: MASTER });
            }
            let readers = portal.readers.iter().map(|reader| reader.key).collect();
            let name = portal.name.clone();
            store.portals.insert(portal.key, Portal { name, readers, unlocked: false, partition: MASTER });
        }
        for (key, name) in (1..).zip(&self.outputs) {
            store.outputs.insert(key, Output { name: name.clone(), active: false });
        }
        for (key, event) in (1..).zip(&self.events) {
            let EventSpec { name, actions } = event.clone();
            store.events.insert(key, Event { name, partition: MASTER, actions, active: false });
        }
    }

    fn time(&self, store: &mut Store) -> Result<(), String> {
        for spec in &self.time_specs {
            let time = |text: &str| {
                dates::read_time(text)
                    .ok_or_else(|| format!("`{text}` in time spec {} is no time", spec.name))
            };
            let days = DAYS.map(|day| spec.days.iter().any(|given| given == day));
            let time_spec = TimeSpec {
                name: spec.name.clone(),
                description: spec.description.clone(),
                start: time(&spec.start)?,
                end: time(&spec.end)?,
                days,
                holiday_groups: spec.holiday_groups.clone(),
                partition: MASTER,
            };
            store.time_specs.insert(spec.key, time_spec);
            store.time_groups.insert(spec.key, group(&spec.name, &spec.description, vec![spec.key]));
        }
        for holiday in &self.holidays {
            let date = |text: &str| {
                dates::read_date(text)
                    .ok_or_else(|| format!("`{text}` in holiday {} is no date", holiday.name))
            };
            let (start, end) = (date(&holiday.start)?, date(&holiday.end)?);
            let HolidaySpec { name, groups, .. } = holiday.clone();
            let key = next_key(&store.holidays);
            store.holidays.insert(key, Holiday { name, groups, start, end, partition: MASTER });
        }
        self.reader_groups(store)
    }

    fn reader_groups(&self, store: &mut Store) -> Result<(), String> {
        for spec in &self.reader_groups {
            let key = |name: &String| {
                let found =
                    store.readers.iter().find(|(_, reader)| reader.name == *name).map(|(key, _)| *key);
                found.ok_or_else(|| {
                    format!("reader group {} names a reader `{name}` that does not exist", spec.name)
                })
            };
            let members = spec.members.iter().map(key).collect::<Result<Vec<_>, _>>()?;
            store.reader_groups.insert(spec.key, group(&spec.name, &spec.description, members));
        }
        Ok(())
    }

    fn lists(&self, store: &mut Store) -> Result<(), String> {
        for spec in &self.access_level_groups {
            let key = |name: &String| {
                let found = store.level_key(name, MASTER);
                found.ok_or_else(|| format!("group {} names a level `{name}` that does not exist", spec.name))
            };
            let members = spec.members.iter().map(key).collect::<Result<Vec<_>, _>>()?;
            store.level_groups.insert(spec.key, group(&spec.name, &spec.description, members));
        }
        for UdfListSpec { key, name, description, items } in self.udf_lists.clone() {
            let items = (1..).zip(items.into_iter().map(|item| (item, String::new()))).collect();
            store.udf_lists.insert(key, UdfList { name, description, items });
        }
        Ok(())
    }
}

fn group(name: &str, description: &str, members: Vec<u64>) -> Group {
    Group { name: name.to_owned(), description: description.to_owned(), members, partition: MASTER }
}

/// Adds a level by names; the edit call of the side door does the same.
pub(super) fn add_level(store: &mut Store, spec: &LevelSpec) -> Result<u64, String> {
    let missing = |what: &str, name: &str| {
        format!("access level {} names a {what} `{name}` that does not exist", spec.name)
    };
    let target = match (&spec.reader_group, &spec.reader) {
        (Some(name), _) => store
            .reader_groups
            .iter()
            .find(|(_, group)| group.name == *name)
            .map(|(key, _)| Target::ReaderGroup(*key))
            .ok_or_else(|| missing("reader group", name))?,
        (None, Some(name)) => store
            .readers
            .iter()
            .find(|(_, reader)| reader.name == *name)
            .map(|(key, _)| Target::Reader(*key))
            .ok_or_else(|| missing("reader", name))?,
        (None, None) => Target::Nothing,
    };
    let time_group = store.time_groups.iter().find(|(_, group)| group.name == spec.time).map(|(key, _)| *key);
    let time_group = time_group.ok_or_else(|| missing("time spec group", &spec.time))?;
    if store.level_key(&spec.name, spec.partition).is_some() {
        return Err(format!("there is an access level `{}` already", spec.name));
    }
    let key = spec.key.unwrap_or_else(|| next_key(&store.levels));
    let (name, description) = (spec.name.clone(), spec.description.clone());
    let level =
        Level { name, description, target, time_group, threat_group: None, partition: spec.partition };
    store.levels.insert(key, level);
    Ok(key)
}

/// A date of a seed or an edit; `null` and an empty text are no date.
pub(super) fn read_date(name: &str, text: &str) -> Result<Option<DateTime>, String> {
    if text.trim().is_empty() || text == "null" {
        return Ok(None);
    }
    let date = dates::read(text, jiff::civil::Time::midnight());
    date.map(Some).ok_or_else(|| format!("{name} `{text}` is not of the form YYYY-MM-DD HH:MM"))
}
