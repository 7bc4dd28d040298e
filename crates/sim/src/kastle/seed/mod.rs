//! The records at the start, in YAML and in Kastle's own words.

mod generate;
mod logins;
mod spec;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use self::generate::Generate;
pub(super) use self::spec::{
    CardholderSpec, CompanySpec, ProfileSpec, VisitSpec, add_cardholder, add_company, add_profile, add_visit,
};
use self::spec::{ReaderSpec, Text};
use super::store::{self, Building, Credentials, Door, Owner, Reader, Store};
use super::{job, time};
use crate::frame::Switches;
use crate::frame::dice::Dice;

/// The seed of a simulator that is started without one.
pub const SMALL_BUILDING: &str = include_str!("../../../seeds/kastle.yaml");

/// A seed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seed {
    owners: Vec<OwnerSpec>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnerSpec {
    #[serde(rename = "OwnerGuid")]
    guid: String,
    doors: BTreeMap<DoorName, CredentialsSpec>,
    #[serde(default)]
    institutions: Vec<InstitutionSpec>,
}

/// The name of a door in seeds and edits.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DoorName {
    /// Oasis Connect.
    OasisConnect,
    /// Visitor Connect.
    VisitorConnect,
    /// Event Stream.
    EventStream,
}

/// User name and password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CredentialsSpec {
    username: String,
    password: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct InstitutionSpec {
    institution_id: Text,
    name: String,
    #[serde(default)]
    building_id: Text,
    #[serde(default)]
    building_number: Text,
    #[serde(default)]
    building_address: String,
    timezone: String,
    #[serde(default, rename = "companies")]
    companies: Vec<CompanySpec>,
    #[serde(default, rename = "accessprofiles")]
    profiles: Vec<ProfileSpec>,
    #[serde(default, rename = "readers")]
    readers: Vec<ReaderSpec>,
    #[serde(default, rename = "cardholders")]
    cardholders: Vec<CardholderSpec>,
    #[serde(default, rename = "visits")]
    visits: Vec<VisitSpec>,
    #[serde(rename = "generate")]
    generate: Option<Generate>,
}

impl From<DoorName> for Door {
    fn from(name: DoorName) -> Self {
        match name {
            DoorName::OasisConnect => Self::OasisConnect,
            DoorName::VisitorConnect => Self::VisitorConnect,
            DoorName::EventStream => Self::EventStream,
        }
    }
}

impl Seed {
    /// Reads a seed; the error is one sentence.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        serde_yaml::from_str(text).map_err(|e| format!("the seed cannot be read: {e}"))
    }

    /// The records that it describes.
    pub(super) fn build(&self, now: Timestamp) -> Result<Store, String> {
        let mut store = Store { dice: Some(Dice::new(0x6b61_7374_6c65)), ..Store::default() };
        for owner in &self.owners {
            let guid = store::guid(&owner.guid);
            let guid = guid.ok_or_else(|| format!("the OwnerGuid `{}` is no GUID", owner.guid))?;
            let door = |(name, c): (&DoorName, &CredentialsSpec)| {
                let CredentialsSpec { username, password } = c.clone();
                (Door::from(*name), Credentials { username, password })
            };
            store.owners.push(Owner { guid: guid.clone(), doors: owner.doors.iter().map(door).collect() });
            owner.institutions.iter().try_for_each(|spec| spec.build(&mut store, &guid, now))?;
        }
        store.changes.clear();
        job::run_due(&mut store, now);
        Ok(store)
    }
}

impl InstitutionSpec {
    fn build(&self, store: &mut Store, owner: &str, now: Timestamp) -> Result<(), String> {
        let id = self.institution_id.to_string();
        if store.building(&id).is_some() {
            return Err(format!("there are two institutions {id}"));
        }
        store.buildings.push(self.building(owner)?);
        for company in &self.companies {
            add_company(store, &id, company)?;
        }
        for profile in &self.profiles {
            add_profile(store, &id, profile)?;
        }
        for cardholder in &self.cardholders {
            add_cardholder(store, &id, cardholder, now)?;
        }
        if let Some(generate) = &self.generate {
            generate.fill(store, &id, now)?;
        }
        self.visits.iter().try_for_each(|visit| add_visit(store, &id, visit, now).map(drop))
    }

    fn building(&self, owner: &str) -> Result<Building, String> {
        let iana = Switches::new(&[super::SWITCHES]);
        let zone = time::zone(&self.timezone, &iana);
        let (zone, zone_name) = zone.ok_or_else(|| format!("there is no time zone `{}`", self.timezone))?;
        let reader = |r: &ReaderSpec| Reader {
            id: r.reader_id.to_string(),
            description: r.description.clone(),
            floor: r.floor_description.clone(),
        };
        Ok(Building {
            id: self.institution_id.to_string(),
            owner: owner.to_owned(),
            name: self.name.clone(),
            code: self.building_id.to_string(),
            number: self.building_number.to_string(),
            address: self.building_address.clone(),
            zone,
            zone_name,
            companies: Vec::new(),
            cardholders: Vec::new(),
            profiles: Vec::new(),
            readers: self.readers.iter().map(reader).collect(),
            admitted: std::collections::BTreeSet::new(),
            job: (None, 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_of_the_repository_can_be_read() {
        let now = "2026-12-01T14:00:00Z".parse().unwrap();
        for text in [
            SMALL_BUILDING,
            include_str!("../../../seeds/kastle-5000.yaml"),
            include_str!("../../../seeds/kastle-4711.yaml"),
        ] {
            let store = Seed::read(text).unwrap().build(now).unwrap();
            assert!(!store.buildings.is_empty());
        }
    }

    #[test]
    fn an_invalid_seed_is_refused_with_a_sentence() {
        let build = |text: &str| {
            let seed = Seed::read(text)?;
            seed.build(Timestamp::UNIX_EPOCH).map(drop)
        };
        assert!(build("owners: 1").unwrap_err().starts_with("the seed cannot be read"));
        assert_eq!(
            build("owners: [{ OwnerGuid: x, doors: {} }]").unwrap_err(),
            "the OwnerGuid `x` is no GUID"
        );
        let zone = "owners: [{ OwnerGuid: '{00000000-0000-0000-0000-000000000001}', doors: {}, institutions: [{ InstitutionId: 1, Name: n, Timezone: Mars }] }]";
        assert_eq!(build(zone).unwrap_err(), "there is no time zone `Mars`");
    }
}
