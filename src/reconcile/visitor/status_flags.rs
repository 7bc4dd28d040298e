//! Two facts about the status of a Visitor in one byte: a row has no room for a byte each.

/// The facts that a row keeps about the status, beside its hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusFlags(u8);

impl StatusFlags {
    const SYNC_REQUESTED: u8 = 1;
    const LAPSED: u8 = 1 << 1;

    /// Whether a sync of this object is requested and its token is not echoed yet.
    pub const fn is_sync_requested(self) -> bool {
        self.0 & Self::SYNC_REQUESTED != 0
    }

    /// Whether the status says that a person is needed, or that this was so when the visit ended.
    pub const fn has_lapsed(self) -> bool {
        self.0 & Self::LAPSED != 0
    }

    /// Notes whether a sync is requested and not answered.
    pub const fn set_sync_requested(&mut self, value: bool) {
        self.set(Self::SYNC_REQUESTED, value);
    }

    /// Notes whether the status says that a person is or was needed.
    pub const fn set_lapsed(&mut self, value: bool) {
        self.set(Self::LAPSED, value);
    }

    const fn set(&mut self, flag: u8, value: bool) {
        if value {
            self.0 |= flag;
        } else {
            self.0 &= !flag;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_flag_is_set_and_cleared_without_the_other() {
        let mut flags = StatusFlags::default();
        flags.set_sync_requested(true);
        assert_eq!((flags.is_sync_requested(), flags.has_lapsed()), (true, false));
        flags.set_lapsed(true);
        flags.set_sync_requested(false);
        assert_eq!((flags.is_sync_requested(), flags.has_lapsed()), (false, true));
        flags.set_lapsed(false);
        assert_eq!(flags, StatusFlags::default());
    }
}
