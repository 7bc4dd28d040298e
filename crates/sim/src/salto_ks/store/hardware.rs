//! Locks and IQs (2.10).

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::super::ids::Pu;

/// The revision of every IQ (A5).
pub(crate) const REVISION: &str = "2.0";

/// A lock.
#[derive(Clone, Debug)]
pub(crate) struct Lock {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) mac: String,
    pub(crate) floor: Option<String>,
    pub(crate) iq: Uuid,
    pub(crate) locked_state: &'static str,
    /// The credentials that have opened it, with the last time; it uses them while its IQ is offline (2.8).
    pub(crate) used: HashMap<Pu, Timestamp>,
}

/// An IQ, the controller of locks.
#[derive(Clone, Debug)]
pub(crate) struct Iq {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) mac: String,
    pub(crate) zone: String,
    pub(crate) online: bool,
    pub(crate) otp_enabled: bool,
    /// The number of days in which a used credential opens while the IQ is offline.
    pub(crate) offline_days: u32,
    pub(crate) restored: u32,
    /// The activations of people that may command it.
    pub(crate) activations: HashMap<Pu, Activation>,
}

/// The activation of one person, which remote opening needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activation {
    /// The secret, which is answered once.
    pub(crate) secret: Option<String>,
    /// The PIN, which is mailed.
    pub(crate) pin: Option<String>,
    /// Time of the activation; without one the person can open nothing.
    pub(crate) activated_at: Option<Timestamp>,
    /// Wrong OTPs since the last right one.
    pub(crate) wrong: u32,
    pub(crate) blocked_until: Option<Timestamp>,
}

impl Activation {
    /// True after the secret was read or the PIN mailed.
    pub(crate) const fn has_begun(&self) -> bool {
        self.secret.is_some() || self.pin.is_some()
    }
}
