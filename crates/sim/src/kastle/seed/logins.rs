//! The logins of a seed.

use std::collections::BTreeMap;

use super::{DoorName, OwnerSpec, Seed};
use crate::frame::logins::lines;

impl DoorName {
    /// Its name in seeds.
    const fn word(self) -> &'static str {
        match self {
            Self::OasisConnect => "oasis-connect",
            Self::VisitorConnect => "visitor-connect",
            Self::EventStream => "event-stream",
        }
    }
}

impl Seed {
    /// A line for each user name and password of an owner, with the doors that it opens.
    pub(in crate::kastle) fn logins(&self) -> Vec<String> {
        lines("login", self.owners.iter().flat_map(OwnerSpec::logins))
    }
}

impl OwnerSpec {
    fn logins(&self) -> Vec<String> {
        let mut doors: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for (door, credentials) in &self.doors {
            doors.entry((&credentials.username, &credentials.password)).or_default().push(door.word());
        }
        let institutions: Vec<String> =
            self.institutions.iter().map(|one| one.institution_id.to_string()).collect();
        let institutions = match institutions.join(", ") {
            none if none.is_empty() => "no institution".to_owned(),
            some => format!("InstitutionId {some}"),
        };
        let guid = &self.guid;
        let line = |((username, password), doors): ((&str, &str), Vec<&str>)| {
            let doors = doors.join(", ");
            format!("{username} / {password} at {doors} (OwnerGuid {guid}, {institutions})")
        };
        doors.into_iter().map(line).collect()
    }
}
