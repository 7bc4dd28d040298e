//! Placeholder of the branch `time`.
use jiff::Timestamp;
/// A half-open span of instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// First instant inside.
    pub from: Timestamp,
    /// First instant after.
    pub until: Timestamp,
}
