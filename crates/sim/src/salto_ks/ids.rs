//! The two ids of a person, as two types, because they are easily confused on the wire (2.3).

use std::fmt::{self, Display, Formatter};

use uuid::Uuid;

use crate::frame::dice::Dice;

/// Site-user id: a person on one site.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Su(pub(super) Uuid);

/// Platform id: a person in all of SALTO KS.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Pu(pub(super) Uuid);

impl Display for Su {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Display for Pu {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The next random id: the same seed gives the same ids.
pub(super) fn throw(dice: &mut Dice) -> Uuid {
    let number = (u128::from(dice.next()) << 64) | u128::from(dice.next());
    uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid()
}

/// An id as on the wire: 36 characters, hyphenated.
pub(super) fn read(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}
