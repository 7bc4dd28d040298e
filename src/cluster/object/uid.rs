//! The uid of an object in 16 bytes, since every Visitor has a row that keeps one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

/// `metadata.uid`, a UUID.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid([u8; 16]);

impl fmt::Display for Uid {
    /// The form that the API server writes, so that the uid can be sent back as a precondition.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a uid of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metadata.uid is not a UUID in lower case")]
pub struct NotAUid;

impl FromStr for Uid {
    type Err = NotAUid;

    /// Accepts exactly what `Display` writes.
    fn from_str(text: &str) -> Result<Self, NotAUid> {
        let digits: String = text.chars().filter(|one| *one != '-').collect();
        let number = u128::from_str_radix(&digits, 16).map_err(|_| NotAUid)?;
        let uid = Self(number.to_be_bytes());
        if uid.to_string() == text { Ok(uid) } else { Err(NotAUid) }
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_written_as_it_was_read() {
        let text = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";
        assert_eq!(text.parse::<Uid>().unwrap().to_string(), text);
    }

    #[test]
    fn any_other_form_of_a_uid_is_refused() {
        let odd = ["", "u1", "0A1B2C3D-4E5F-6789-ABCD-EF0123456789", "0a1b2c3d4e5f6789abcdef0123456789"];
        for text in odd {
            assert_eq!(text.parse::<Uid>(), Err(NotAUid), "{text}");
        }
    }
}
