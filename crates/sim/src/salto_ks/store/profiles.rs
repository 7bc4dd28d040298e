//! People of the platform, with indexes by id, e-mail and subject.

use std::collections::HashMap;

use uuid::Uuid;

use super::super::ids::Pu;
use super::{Profile, Table};

/// All profiles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profiles {
    all: Table<Pu, Profile>,
    /// By e-mail in lower case; of several with one address, the first.
    emails: HashMap<String, Pu>,
    subjects: HashMap<Uuid, Pu>,
}

impl Profiles {
    pub(crate) fn get(&self, id: &Pu) -> Option<&Profile> {
        self.all.get(id)
    }

    /// A profile, mutable; the e-mail is changed by [`Self::set_email`].
    pub(crate) fn get_mut(&mut self, id: &Pu) -> Option<&mut Profile> {
        self.all.get_mut(id)
    }

    /// All profiles in the order in which they were added.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &Profile> {
        self.all.values()
    }

    /// The person with this e-mail address.
    pub(crate) fn by_email(&self, email: &str) -> Option<&Profile> {
        self.all.get(self.emails.get(&email.to_lowercase())?)
    }

    /// The person of a subject of the identity host.
    pub(crate) fn by_subject(&self, subject: Uuid) -> Option<&Profile> {
        self.all.get(self.subjects.get(&subject)?)
    }

    pub(crate) fn insert(&mut self, profile: Profile) {
        if let Some(email) = &profile.email {
            self.emails.entry(email.to_lowercase()).or_insert(profile.id);
        }
        self.subjects.insert(profile.subject, profile.id);
        self.all.insert(profile.id, profile);
    }

    pub(crate) fn remove(&mut self, id: &Pu) {
        self.set_email(id, None);
        if let Some(profile) = self.all.remove(id) {
            self.subjects.remove(&profile.subject);
        }
    }

    /// Sets or clears the address of a person; another person with the old address is then found by it.
    pub(crate) fn set_email(&mut self, id: &Pu, email: Option<String>) {
        let Some(profile) = self.all.get_mut(id) else {
            return;
        };
        let old = std::mem::replace(&mut profile.email, email.clone()).map(|old| old.to_lowercase());
        if let Some(old) = old.filter(|old| self.emails.get(old) == Some(id)) {
            let same = |p: &&Profile| p.email.as_deref().is_some_and(|email| email.to_lowercase() == old);
            match self.all.values().find(same).map(|profile| profile.id) {
                Some(other) => self.emails.insert(old, other),
                None => self.emails.remove(&old),
            };
        }
        if let Some(email) = email {
            self.emails.entry(email.to_lowercase()).or_insert(*id);
        }
    }
}
