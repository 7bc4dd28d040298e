//! Users and sessions (2.3).

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use jiff::Timestamp;

use super::MASTER;
use crate::frame::dice::Dice;

/// The rights of a user.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Rights {
    /// Only commands that change nothing.
    ReadOnly,
    /// All commands but system setup.
    ReadWrite,
    /// All commands.
    Setup,
}

/// A user of the API.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The password.
    pub password: String,
    /// The rights.
    pub rights: Rights,
}

/// A session.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// The user.
    pub user: String,
    /// Its partition.
    pub partition: u64,
    /// Time of the login.
    pub since: Timestamp,
    /// Time of the last use.
    pub used: Timestamp,
}

/// All sessions.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    open: HashMap<String, Session>,
    dice: Dice,
    order: Vec<String>,
}

/// The most sessions; the oldest is ended. On a real NetBox the disk fills instead (2.3).
const MOST: usize = 10_000;

impl Default for Sessions {
    fn default() -> Self {
        // Ids must differ between two simulators, so these random numbers have no seed.
        let dice = Dice::new(RandomState::new().build_hasher().finish());
        Self { open: HashMap::new(), dice, order: Vec::new() }
    }
}

impl Sessions {
    /// Opens a session and returns its id: 64 characters, or nine digits.
    pub(crate) fn open(&mut self, user: &str, now: Timestamp, digits: bool) -> String {
        let id = if digits {
            format!("{:09}", self.dice.below(1_000_000_000))
        } else {
            (0..4).map(|_| format!("{:016X}", self.dice.next())).collect::<Vec<_>>().concat()
        };
        let session = Session { user: user.to_owned(), partition: MASTER, since: now, used: now };
        self.open.insert(id.clone(), session);
        self.order.push(id.clone());
        if self.order.len() > MOST {
            let oldest = self.order.remove(0);
            self.open.remove(&oldest);
        }
        id
    }

    /// A session, marked as used now.
    pub(crate) fn touch(&mut self, id: &str, now: Timestamp) -> Option<Session> {
        let session = self.open.get_mut(id)?;
        session.used = now;
        Some(session.clone())
    }

    /// Ends the sessions that were idle for this number of seconds and returns their users.
    pub(crate) fn expire(&mut self, now: Timestamp, idle: i64) -> Vec<String> {
        let over = |session: &Session| now.duration_since(session.used).as_secs() >= idle;
        let ended: Vec<String> = self.all().filter(|(_, s)| over(s)).map(|(id, _)| id.clone()).collect();
        ended.iter().filter_map(|id| self.close(id)).collect()
    }

    /// A session, to change.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Session> {
        self.open.get_mut(id)
    }

    /// Ends a session and returns its user.
    pub(crate) fn close(&mut self, id: &str) -> Option<String> {
        let session = self.open.remove(id)?;
        self.order.retain(|other| other != id);
        Some(session.user)
    }

    /// Ends the sessions of a user.
    pub(crate) fn close_of(&mut self, user: &str) {
        self.open.retain(|_, session| session.user != user);
        self.order.retain(|id| self.open.contains_key(id));
    }

    /// Ends all.
    pub(crate) fn close_all(&mut self) {
        self.open.clear();
        self.order.clear();
    }

    /// The number of sessions of a user.
    pub(crate) fn count_of(&self, user: &str) -> usize {
        self.open.values().filter(|session| session.user == user).count()
    }

    /// All sessions, oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &Session)> {
        self.order.iter().filter_map(|id| self.open.get_key_value(id))
    }
}
