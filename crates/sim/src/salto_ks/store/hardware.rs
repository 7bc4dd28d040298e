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
    /// Who opened it with what, and when last: what it still knows when its IQ is offline (2.8).
    pub(crate) used: HashMap<Pu, Timestamp>,
}

/// An IQ, the controller locks talk through.
#[derive(Clone, Debug)]
pub(crate) struct Iq {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) mac: String,
    pub(crate) zone: String,
    pub(crate) online: bool,
    pub(crate) otp_enabled: bool,
    /// So many days a used credential still opens while the IQ is offline.
    pub(crate) offline_days: u32,
    pub(crate) restored: u32,
    /// Who may send it commands.
    pub(crate) activations: HashMap<Pu, Activation>,
}

/// What one person needs to open remotely.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activation {
    /// Given out once; none before.
    pub(crate) secret: Option<String>,
    /// Mailed.
    pub(crate) pin: Option<String>,
    /// When the person was activated; without it nothing can be opened yet.
    pub(crate) activated_at: Option<Timestamp>,
    /// Wrong OTPs since the last good one.
    pub(crate) wrong: u32,
    pub(crate) blocked_until: Option<Timestamp>,
}

impl Activation {
    /// True once the secret was read or the PIN mailed.
    pub(crate) const fn has_begun(&self) -> bool {
        self.secret.is_some() || self.pin.is_some()
    }
}
