//! The row kept of one object, and how each event changes it.

use vestibule_core::identity::ObjectId;
use vestibule_core::model::Hasher;

use super::intern::Namespace;
use crate::cluster::object::{Meta, Uid};

/// The row of an object: 72 bytes, its name, and the state that the owner of the table keeps.
#[derive(Debug)]
pub struct Row<P> {
    object_id: ObjectId,
    uid: Uid,
    version: u64,
    event_hash: u64,
    pub(super) name: Box<str>,
    pub(super) namespace: Namespace,
    generation: u32,
    flags: Flags,
    /// The state that the owner of the table keeps for the object.
    pub state: P,
}

/// Whether the object of a row exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It exists, as far as is known.
    Living,
    /// The last list lacks it. It is not gone before a live GET has confirmed that.
    Missing,
    /// It was deleted: its uid will not come again.
    Gone,
}

/// The source of a state of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// A list. The watch follows the objects of a list from there on, even if the list is stale.
    List,
    /// The watch.
    Watch,
    /// The answer to a request of the controller, which may come late.
    Answer,
}

/// The effect of a state of an object on its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventEffect {
    /// No effect: the state is an echo, or older than the known one.
    Nothing,
    /// A newer state in which nothing has changed that reconciling depends on. Its status may have changed.
    Newer,
    /// A change to reconcile.
    News,
    /// The row's object is gone, and another object has its name.
    Another,
}

impl<P: Default> Row<P> {
    /// The row of a new object.
    pub(super) fn new(object_id: ObjectId, namespace: Namespace, meta: &Meta) -> Self {
        let (name, state) = (meta.key.name.as_str().into(), P::default());
        let (generation, flags) = (0, Flags::default());
        let mut row = Self {
            object_id,
            uid: meta.uid,
            version: 0,
            event_hash: 0,
            name,
            namespace,
            generation,
            flags,
            state,
        };
        row.remember(meta);
        row
    }
}

impl<P> Row<P> {
    /// The row's key.
    pub const fn object_id(&self) -> ObjectId {
        self.object_id
    }

    /// `metadata.uid`.
    pub const fn uid(&self) -> Uid {
        self.uid
    }

    /// The newest `metadata.resourceVersion` seen.
    pub const fn resource_version(&self) -> u64 {
        self.version
    }

    /// `metadata.generation` as of then.
    pub const fn generation(&self) -> i64 {
        self.generation as i64
    }

    /// Whether the controller's finalizer is on the object.
    pub const fn is_ours(&self) -> bool {
        self.flags.has(Flags::OURS)
    }

    /// Whether the controller's finalizer was ever seen on the object. If not, no record was made for it.
    pub const fn was_ours(&self) -> bool {
        self.flags.has(Flags::EVER_OURS)
    }

    /// Whether deletion of the object was requested.
    pub const fn is_deleting(&self) -> bool {
        self.flags.has(Flags::DELETING)
    }

    /// Whether the object exists.
    pub const fn life(&self) -> Life {
        match (self.flags.has(Flags::GONE), self.flags.has(Flags::MISSING)) {
            (true, _) => Life::Gone,
            (_, true) => Life::Missing,
            _ => Life::Living,
        }
    }

    /// Takes in a state of the object that has the row's name.
    pub(super) fn take_in(&mut self, meta: &Meta, door: Door) -> EventEffect {
        if door == Door::List {
            self.flags.set(Flags::LISTED, true);
        }
        if meta.uid != self.uid {
            return if meta.resource_version > self.version {
                EventEffect::Another
            } else {
                EventEffect::Nothing
            };
        }
        if self.life() == Life::Gone || meta.resource_version < self.version {
            return EventEffect::Nothing;
        }
        let back = self.life() == Life::Missing;
        self.flags.set(Flags::MISSING, false);
        let newer = meta.resource_version > self.version;
        let changed = newer && self.remember(meta);
        match (changed || back, newer) {
            (true, _) => EventEffect::News,
            (false, true) => EventEffect::Newer,
            (false, false) => EventEffect::Nothing,
        }
    }

    /// Stores a newer state, and returns whether it contains news. Only the controller adds its finalizer, so only a
    /// loss of the finalizer is news, and not even that while the object is being deleted.
    fn remember(&mut self, meta: &Meta) -> bool {
        let event_hash = fingerprint(meta);
        let stripped = self.is_ours() && !meta.is_ours() && !meta.deleting;
        let news = event_hash != self.event_hash || stripped;
        self.version = meta.resource_version;
        self.generation = u32::try_from(meta.generation).unwrap_or(u32::MAX);
        self.event_hash = event_hash;
        self.flags.set(Flags::OURS, meta.is_ours());
        self.flags.set(Flags::EVER_OURS, self.was_ours() || meta.is_ours());
        self.flags.set(Flags::DELETING, meta.deleting);
        news
    }

    /// Marks the object as gone. Returns whether that is new.
    pub(super) fn bury(&mut self) -> bool {
        let new = self.life() != Life::Gone;
        self.flags.set(Flags::GONE, true);
        new
    }

    /// A list begins: the object has not been found in it yet.
    pub(super) fn await_list(&mut self) {
        self.flags.set(Flags::LISTED, false);
    }

    /// A list is complete. Returns whether it lacks an object that existed.
    pub(super) fn end_list(&mut self) -> bool {
        let missing = !self.flags.has(Flags::LISTED) && self.life() != Life::Gone;
        if missing {
            self.flags.set(Flags::MISSING, true);
        }
        missing
    }
}

/// A hash of all that reconciling depends on and that others may change. It covers no labels, no foreign finalizers, no
/// foreign annotations and not the status.
fn fingerprint(meta: &Meta) -> u64 {
    let mut hash = Hasher::new("seen");
    hash.number(meta.generation.cast_unsigned()).number(u64::from(meta.deleting));
    for (key, value) in &meta.annotations {
        hash.text(key).text(value);
    }
    hash.finish()
}

/// Six flags in one byte.
#[derive(Clone, Copy, Debug, Default)]
struct Flags(u8);

impl Flags {
    /// The controller's finalizer is on the object.
    const OURS: u8 = 1;
    /// Deletion of the object was requested.
    const DELETING: u8 = 1 << 1;
    /// Found in the list that is running, or in the last one.
    const LISTED: u8 = 1 << 2;
    /// Missing from the last list.
    const MISSING: u8 = 1 << 3;
    /// Gone.
    const GONE: u8 = 1 << 4;
    /// The controller's finalizer was on the object once.
    const EVER_OURS: u8 = 1 << 5;

    const fn has(self, flag: u8) -> bool {
        self.0 & flag != 0
    }

    const fn set(&mut self, flag: u8, on: bool) {
        self.0 = if on { self.0 | flag } else { self.0 & !flag };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_plan_takes_72_bytes_also_in_its_place() {
        assert_eq!((size_of::<Row<()>>(), size_of::<Option<Row<()>>>()), (72, 72));
    }
}
