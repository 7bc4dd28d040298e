//! The records of SALTO KS: platform profiles, and sites with all their objects.

mod hardware;
mod people;
mod profiles;
mod rights;
mod roles;
mod schedule;
mod site;
mod table;

use jiff::Timestamp;
use uuid::Uuid;

use super::ids;
use super::outbox::Mail;
use crate::frame::dice::Dice;

pub(super) use self::hardware::{Activation, Iq, Lock, REVISION};
pub(super) use self::people::{Pin, Profile, SiteUser};
pub(super) use self::profiles::Profiles;
pub(super) use self::rights::{Group, Pod};
pub(super) use self::roles::{BUILT_IN, Role, parent_id, role_id};
pub(super) use self::schedule::{DAYS, Edge, Schedule, read_time};
pub(super) use self::site::{Entry, Site, Tag};
pub(super) use self::table::Table;

/// All records.
#[derive(Clone, Debug)]
pub(super) struct Store {
    /// People of the platform.
    pub(super) profiles: Profiles,
    /// Sites.
    pub(super) sites: Table<Uuid, Site>,
    /// Mails sent.
    pub(super) mails: Vec<Mail>,
    /// Site users created so far, for [`SiteUser::fresh_until`].
    pub(super) creations: u64,
    dice: Dice,
}

impl Store {
    /// An empty platform whose ids follow from `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            profiles: Profiles::default(),
            sites: Table::default(),
            mails: Vec::new(),
            creations: 0,
            dice: Dice::new(seed),
        }
    }

    /// A new id.
    pub(super) fn id(&mut self) -> Uuid {
        ids::throw(&mut self.dice)
    }

    /// A number below `bound`.
    pub(super) fn number(&mut self, bound: u64) -> u64 {
        self.dice.below(bound)
    }

    /// The profile with this e-mail address.
    pub(super) fn by_email(&self, email: &str) -> Option<&Profile> {
        self.profiles.by_email(email)
    }

    /// Does what is due: removes deleted users.
    pub(super) fn tick(&mut self, now: Timestamp) {
        for site in self.sites.values_mut() {
            if site.going > 0 {
                site.users.retain(|user| user.gone_at.is_none_or(|at| now < at));
                site.going = site.users.values().filter(|user| user.gone_at.is_some()).count();
            }
        }
    }
}

/// An instant as on the wire: UTC with `Z` (2.3).
pub(super) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
