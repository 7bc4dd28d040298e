//! The rows of one kind, and what each event means for them.

use std::collections::{BTreeMap, HashMap};

use vestibule_core::identity::Slot;
use vestibule_core::model::ObjectKey;

use super::intern::Interner;
use super::row::{Door, Life, Row, Told};
use super::slab::Slab;
use crate::cluster::object::{Meta, Seen, Uid};
use crate::cluster::watch::{Event, Scope};

/// What an event asks for. `O` is the object as it was seen, `P` what the owner of the table keeps of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Todo<O, P> {
    /// Something about this object is new: plan it. Only its row stays.
    Seen(Slot, Box<O>),
    /// A newer state of this object in which nothing has changed that a plan depends on: an echo of a write of ours that
    /// came before its answer, foreign noise, or a status that others have written.
    Newer(Slot, Box<O>),
    /// This object is gone for good. Its row stays, so that no late answer brings it back, until
    /// [`Table::forget`].
    Gone(Slot, Tombstone<P>),
    /// The last list lacks this object. One list proves nothing, and an empty one would remove everybody: ask for it by
    /// a live GET, without fail, and bring in what comes: the object as [`Event::Answer`], a 404 by
    /// [`Table::not_found`]. Told anew with every list that lacks it.
    Vanished(Slot),
    /// A list is done, and none is waited for any more: the rows are complete.
    ListDone,
}

/// What is known of an object that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone<P> {
    /// Namespace and name.
    pub key: ObjectKey,
    /// Its uid; another object may have the name by now.
    pub uid: Uid,
    /// Whether our finalizer was ever seen on it: if not, nothing was made for it.
    pub was_ours: bool,
    /// What the owner of the table kept of it.
    pub plan: P,
}

/// The rows of one kind. resourceVersions are compared as numbers: after a restore of etcd without `--bump-revision`
/// the controller must be restarted, as Kubernetes itself asks of every client.
#[derive(Debug)]
pub struct Table<P> {
    slot_of: fn(&ObjectKey) -> Slot,
    /// Whether the first list of each scope has been done.
    scopes: BTreeMap<Scope, bool>,
    places: HashMap<Slot, usize>,
    rows: Slab<Row<P>>,
    namespaces: Interner,
}

impl<P: Default + Clone> Table<P> {
    /// An empty table for objects whose slots are made so, fed by watches of these scopes.
    pub fn new(slot_of: fn(&ObjectKey) -> Slot, scopes: &[Scope]) -> Self {
        Self {
            slot_of,
            scopes: scopes.iter().map(|scope| (scope.clone(), false)).collect(),
            places: HashMap::new(),
            rows: Slab::default(),
            namespaces: Interner::default(),
        }
    }

    /// Takes in an event; says what is to be done, in this order.
    #[must_use]
    pub fn on<S, T>(&mut self, event: Event<Seen<S, T>>) -> Vec<Todo<Seen<S, T>, P>> {
        match event {
            Event::Init(scope) => self.begin_list(&scope),
            Event::InitApply(object) => self.take_in(object, Door::List),
            Event::Apply(object) => self.take_in(object, Door::Watch),
            Event::Answer(object) => self.take_in(object, Door::Answer),
            Event::Delete(object) => self.deleted(&object.meta),
            Event::InitDone(scope) => self.end_list(scope),
            Event::Interrupted(_) => Vec::new(),
        }
    }

    /// A live GET said 404, and this was the row's uid before it was asked. That object is gone, whatever a list or the
    /// watch will say later. The uid that the row has when the answer comes is of no use: it may be the next object's.
    #[must_use]
    pub fn not_found<O>(&mut self, slot: Slot, uid: Uid) -> Option<Todo<O, P>> {
        let is_it = self.row(slot).is_some_and(|row| row.uid() == uid);
        if is_it { self.bury(slot) } else { None }
    }

    /// Drops the row of an object that is gone, when nothing of it is under way any more. Says whether there was one.
    pub fn forget(&mut self, slot: Slot, uid: Uid) -> bool {
        let gone = |row: &Row<P>| row.uid() == uid && row.life() == Life::Gone;
        let forgets = self.row(slot).is_some_and(gone);
        if forgets {
            self.drop_row(slot);
        }
        forgets
    }

    // === events ===

    fn take_in<S, T>(&mut self, object: Seen<S, T>, door: Door) -> Vec<Todo<Seen<S, T>, P>> {
        let slot = (self.slot_of)(&object.meta.key);
        match self.row_of(slot).map(|row| row.take_in(&object.meta, door)) {
            Some(Told::Nothing) => Vec::new(),
            Some(Told::News) => vec![Todo::Seen(slot, Box::new(object))],
            Some(Told::Newer) => vec![Todo::Newer(slot, Box::new(object))],
            // An answer may be so late that its object is gone again: it tells of the old one, never of a new one.
            Some(Told::Another) if door == Door::Answer => self.bury(slot).into_iter().collect(),
            None if door == Door::Answer => Vec::new(),
            Some(Told::Another) => {
                let gone = self.bury(slot);
                self.drop_row(slot);
                gone.into_iter().chain([self.add(slot, object, door)]).collect()
            }
            None => vec![self.add(slot, object, door)],
        }
    }

    fn add<S, T>(&mut self, slot: Slot, object: Seen<S, T>, door: Door) -> Todo<Seen<S, T>, P> {
        let namespace = self.namespaces.take(&object.meta.key.namespace);
        let mut row = Row::new(slot, namespace, &object.meta);
        row.take_in(&object.meta, door);
        self.places.insert(slot, self.rows.insert(row));
        Todo::Seen(slot, Box::new(object))
    }

    /// The last state of a deleted object is newer than every other of it, and older than any of the next object.
    fn deleted<O>(&mut self, meta: &Meta) -> Vec<Todo<O, P>> {
        let slot = (self.slot_of)(&meta.key);
        let tells = |row: &Row<P>| row.uid() == meta.uid || row.resource_version() < meta.resource_version;
        let gone = if self.row(slot).is_some_and(tells) { self.bury(slot) } else { None };
        gone.into_iter().collect()
    }

    fn begin_list<O>(&mut self, scope: &Scope) -> Vec<Todo<O, P>> {
        let names = &self.namespaces;
        let covered = self.rows.iter_mut().filter(|row| covers(scope, names, row));
        covered.for_each(Row::await_list);
        Vec::new()
    }

    fn end_list<O>(&mut self, scope: Scope) -> Vec<Todo<O, P>> {
        let names = &self.namespaces;
        let covered = self.rows.iter_mut().filter(|row| covers(&scope, names, row));
        let missing = covered.filter_map(|row| row.end_list().then(|| Todo::Vanished(row.slot())));
        let mut todo: Vec<_> = missing.collect();
        self.scopes.insert(scope, true);
        if self.scopes.values().all(|done| *done) {
            todo.push(Todo::ListDone);
        }
        todo
    }

    fn bury<O>(&mut self, slot: Slot) -> Option<Todo<O, P>> {
        let key = self.key(slot)?;
        let row = self.row_of(slot)?;
        row.bury().then(|| {
            let (uid, was_ours, plan) = (row.uid(), row.was_ours(), row.plan.clone());
            Todo::Gone(slot, Tombstone { key, uid, was_ours, plan })
        })
    }

    fn drop_row(&mut self, slot: Slot) {
        let row = self.places.remove(&slot).and_then(|place| self.rows.remove(place));
        if let Some(row) = row {
            self.namespaces.release(row.namespace);
        }
    }

    fn row_of(&mut self, slot: Slot) -> Option<&mut Row<P>> {
        self.rows.get_mut(*self.places.get(&slot)?)
    }
}

impl<P> Table<P> {
    /// The row of a slot, also of an object that is missing or gone.
    pub fn row(&self, slot: Slot) -> Option<&Row<P>> {
        self.rows.get(*self.places.get(&slot)?)
    }

    /// The row of a slot, to change its plan.
    pub fn row_mut(&mut self, slot: Slot) -> Option<&mut Row<P>> {
        self.rows.get_mut(*self.places.get(&slot)?)
    }

    /// Namespace and name of a slot.
    pub fn key(&self, slot: Slot) -> Option<ObjectKey> {
        self.row(slot).map(|row| self.key_of(row))
    }

    /// Namespace and name of a row of this table.
    pub fn key_of(&self, row: &Row<P>) -> ObjectKey {
        ObjectKey::new(self.namespaces.name(row.namespace), &*row.name)
    }

    /// All rows, those of missing and gone objects among them, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Row<P>> {
        self.rows.iter()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether every scope has been listed once: before that, what is not there proves nothing at all.
    pub fn is_complete(&self) -> bool {
        self.scopes.values().all(|done| *done)
    }
}

fn covers<P>(scope: &Scope, names: &Interner, row: &Row<P>) -> bool {
    match scope {
        Scope::Everywhere => true,
        Scope::Namespace(name) => names.name(row.namespace) == &**name,
    }
}

#[cfg(test)]
mod tests;
