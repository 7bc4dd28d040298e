//! A site.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::super::ids::{Pu, Su};
use super::{Group, Iq, Lock, Pod, Role, SiteUser, Table};

/// A site with all its objects (2.5).
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) id: Uuid,
    #[allow(clippy::struct_field_names)] // the name on the wire
    pub(crate) site_uid: String,
    pub(crate) name: String,
    pub(crate) zone: TimeZone,
    pub(crate) zone_name: String,
    pub(crate) country: String,
    /// Seats bought.
    pub(crate) seats: usize,
    /// Whether its own subscription is valid.
    pub(crate) valid: bool,
    /// Released by the installer.
    pub(crate) released: bool,
    pub(crate) owner: Option<Pu>,
    pub(crate) kind: String,
    pub(crate) features: Vec<String>,
    /// The number of days in which entries are kept.
    pub(crate) ttl_days: i64,
    pub(crate) users: Table<Su, SiteUser>,
    /// Users that are not deleted, by platform id.
    pub(crate) by_user: HashMap<Pu, Su>,
    /// Users that are deleted and can still be read.
    pub(crate) going: usize,
    pub(crate) groups: Table<Uuid, Group>,
    pub(crate) locks: Table<Uuid, Lock>,
    pub(crate) iqs: Table<Uuid, Iq>,
    pub(crate) pods: Table<Uuid, Pod>,
    pub(crate) custom_roles: Vec<Role>,
    pub(crate) tags: Vec<Tag>,
    /// Oldest first.
    pub(crate) entries: VecDeque<Entry>,
    pub(crate) last_entry: u64,
}

/// A tag registered at a lock (2.12).
#[derive(Clone, Debug)]
pub(crate) struct Tag {
    pub(crate) id: Uuid,
    pub(crate) number: String,
}

/// An event at a lock (2.11).
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) number: u64,
    pub(crate) id: Uuid,
    pub(crate) category: &'static str,
    pub(crate) detail: Option<&'static str>,
    pub(crate) at: Timestamp,
    pub(crate) lock: Uuid,
    /// `None`: no user; an unknown PIN has a user that does not exist.
    pub(crate) user: Option<Uuid>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) alias: Option<String>,
    pub(crate) by: &'static str,
    /// Number of the tag, if a tag was used (A7).
    pub(crate) access_detail: Option<String>,
}

/// The most entries that are kept.
const MOST_ENTRIES: usize = 100_000;

impl Site {
    /// The live user with this platform id.
    pub(crate) fn user_of(&self, user: Pu) -> Option<&SiteUser> {
        self.users.get(self.by_user.get(&user)?)
    }

    /// The live user with this site-user id.
    pub(crate) fn live(&self, id: Su) -> Option<&SiteUser> {
        self.users.get(&id).filter(|user| user.gone_at.is_none())
    }

    /// Seats in use: one for each subscribed user, guests included (2.9).
    pub(crate) fn seats_used(&self, blocked_keeps: bool) -> usize {
        let holds = |u: &&SiteUser| !u.suspended && u.gone_at.is_none() && (blocked_keeps || !u.blocked);
        self.users.values().filter(holds).count()
    }

    /// Whether no seat is free. It counts only when needed.
    pub(crate) fn full(&self, blocked_keeps: bool) -> bool {
        self.users.len() >= self.seats && self.seats_used(blocked_keeps) >= self.seats
    }

    /// The `subscription_state`: it ends for every user with the subscription of the site (2.9).
    pub(crate) const fn subscribed(&self, user: &SiteUser) -> bool {
        self.valid && !user.suspended
    }

    /// The role with this code.
    pub(crate) fn role(&self, code: &str) -> Option<Role> {
        let custom = self.custom_roles.iter().find(|role| role.code == code).cloned();
        custom.or_else(|| {
            let built_in = super::BUILT_IN.iter().find(|b| b.code == code)?;
            Some(Role {
                code: built_in.code.to_owned(),
                name: built_in.name.to_owned(),
                hierarchical: built_in.hierarchical,
                rank: built_in.rank,
                custom: None,
            })
        })
    }

    /// All roles, built-in ones first.
    pub(crate) fn roles(&self) -> Vec<Role> {
        let built_in = super::BUILT_IN.iter().filter_map(|b| self.role(b.code));
        built_in.chain(self.custom_roles.iter().cloned()).collect()
    }

    /// The pod a user is a member or guest of.
    pub(crate) fn pod_of(&self, user: Su) -> Option<&Pod> {
        self.pods.values().find(|pod| pod.members.contains(&user) || pod.guests.contains(&user))
    }

    /// Adds an entry and returns its number.
    pub(crate) fn log(&mut self, mut entry: Entry) -> u64 {
        self.last_entry += 1;
        entry.number = self.last_entry;
        self.entries.push_back(entry);
        if self.entries.len() > MOST_ENTRIES {
            self.entries.pop_front();
        }
        self.last_entry
    }

    /// Removes a user from everything except, while it can still be read, the list (2.3, 2.9).
    pub(crate) fn remove_user(&mut self, id: Su, readable_until: Option<Timestamp>) {
        let Some(user) = self.users.get_mut(&id) else {
            return;
        };
        let platform = user.user;
        user.gone_at = readable_until;
        self.by_user.remove(&platform);
        if readable_until.is_some() {
            self.going += 1;
        } else {
            self.users.remove(&id);
        }
        for group in self.groups.values_mut() {
            group.members.remove(&platform);
        }
        for pod in self.pods.values_mut() {
            pod.members.retain(|member| *member != id);
            pod.guests.retain(|guest| *guest != id);
        }
    }
}

impl Site {
    /// An empty site, not released and without a subscription.
    pub(crate) fn empty(id: Uuid, site_uid: String, name: String, zone: TimeZone, zone_name: String) -> Self {
        Self {
            id,
            site_uid,
            name,
            zone,
            zone_name,
            country: String::new(),
            seats: 0,
            valid: false,
            released: false,
            owner: None,
            kind: "default".to_owned(),
            features: Vec::new(),
            ttl_days: 90,
            users: Table::default(),
            by_user: HashMap::new(),
            going: 0,
            groups: Table::default(),
            locks: Table::default(),
            iqs: Table::default(),
            pods: Table::default(),
            custom_roles: Vec::new(),
            tags: Vec::new(),
            entries: VecDeque::new(),
            last_entry: 0,
        }
    }
}
