//! The facts about a visitor that decide whether a system can hold them, in one byte. A row keeps this byte, so that a
//! changed integration does not have to read a hundred thousand objects again.

use crate::model::Person;
use crate::text::ascii;

/// Three flags in one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonFlags(u8);

impl PersonFlags {
    const CONTACT: u8 = 1;
    const ASCII_LAST_NAME: u8 = 1 << 1;
    const CARD: u8 = 1 << 2;

    /// The flags of a person with or without a credential number.
    pub fn of(person: &Person, has_card: bool) -> Self {
        let contact = !person.email.is_empty() || !person.phone.is_empty();
        let ascii_last_name = !ascii(&person.last_name).is_empty();
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        Self(
            flag(contact, Self::CONTACT)
                | flag(ascii_last_name, Self::ASCII_LAST_NAME)
                | flag(has_card, Self::CARD),
        )
    }

    /// Whether there is an email or a phone.
    pub const fn has_contact(self) -> bool {
        self.0 & Self::CONTACT != 0
    }

    /// Whether the last name is not empty in ASCII letters.
    pub const fn has_ascii_last_name(self) -> bool {
        self.0 & Self::ASCII_LAST_NAME != 0
    }

    /// Whether there is a credential number.
    pub const fn has_card(self) -> bool {
        self.0 & Self::CARD != 0
    }
}
