//! The rows of one kind, and the effect of each event on them.

use std::collections::{BTreeMap, HashMap};

use vestibule_core::identity::ObjectId;
use vestibule_core::model::ObjectKey;

use super::intern::Interner;
use super::row::{Door, EventEffect, Life, Row};
use super::slab::Slab;
use crate::cluster::object::{DecodedObject, Meta, Uid};
use crate::cluster::watch::{Event, Scope};

/// The work that an event causes. `O` is the decoded object, `P` the state that the owner of the table keeps for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Todo<O, P> {
    /// This object has news: reconcile it. The table keeps only its row.
    Reconcile(ObjectId, Box<O>),
    /// A newer state of this object in which nothing has changed that reconciling depends on: the echo of an own write
    /// that came before its answer, a change of foreign fields, or a status that others have written.
    Newer(ObjectId, Box<O>),
    /// This object is gone. Its row stays until [`Table::forget`], so that no late answer brings the object back.
    Gone(ObjectId, Tombstone<P>),
    /// The last list lacks this object. One list proves nothing, and an empty list would remove every object. So the
    /// owner must ask for it with a live GET and pass on the answer: the object as [`Event::Answer`], a 404 to
    /// [`Table::not_found`]. Returned again after every list that lacks it.
    Vanished(ObjectId),
    /// A list is done and no other list is pending: the rows are complete.
    ListDone,
}

/// The last known state of an object that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone<P> {
    /// Namespace and name.
    pub key: ObjectKey,
    /// Its uid. Another object may have its name by now.
    pub uid: Uid,
    /// Whether the controller's finalizer was ever seen on it. If not, no record was made for it.
    pub was_ours: bool,
    /// The state that the owner of the table kept for it.
    pub state: P,
}

/// The rows of one kind. resourceVersions are compared as numbers. So after a restore of etcd without `--bump-revision`
/// the controller must be restarted, as Kubernetes requires of every client.
#[derive(Debug)]
pub struct Table<P> {
    object_id_of: fn(&ObjectKey) -> ObjectId,
    /// Whether the first list of each scope has been done.
    scopes: BTreeMap<Scope, bool>,
    places: HashMap<ObjectId, usize>,
    rows: Slab<Row<P>>,
    namespaces: Interner,
}

impl<P: Default + Clone> Table<P> {
    /// An empty table for objects whose [`ObjectId`] this function makes, fed by watches of these scopes.
    pub fn new(object_id_of: fn(&ObjectKey) -> ObjectId, scopes: &[Scope]) -> Self {
        Self {
            object_id_of,
            scopes: scopes.iter().map(|scope| (scope.clone(), false)).collect(),
            places: HashMap::new(),
            rows: Slab::default(),
            namespaces: Interner::default(),
        }
    }

    /// Takes in an event. Returns the work to do, in this order.
    #[must_use]
    pub fn on<S, T>(&mut self, event: Event<DecodedObject<S, T>>) -> Vec<Todo<DecodedObject<S, T>, P>> {
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

    /// A live GET answered 404, and `uid` was the row's uid before the request. That object is gone, even if a later
    /// list or event contains it. The row's uid at the time of the answer cannot be used: it may be the next object's.
    #[must_use]
    pub fn not_found<O>(&mut self, object_id: ObjectId, uid: Uid) -> Option<Todo<O, P>> {
        let is_it = self.row(object_id).is_some_and(|row| row.uid() == uid);
        if is_it { self.bury(object_id) } else { None }
    }

    /// Drops the row of an object that is gone, when no work on it is pending. Returns whether there was one.
    pub fn forget(&mut self, object_id: ObjectId, uid: Uid) -> bool {
        let gone = |row: &Row<P>| row.uid() == uid && row.life() == Life::Gone;
        let forgets = self.row(object_id).is_some_and(gone);
        if forgets {
            self.drop_row(object_id);
        }
        forgets
    }

    // === events ===

    fn take_in<S, T>(
        &mut self,
        object: DecodedObject<S, T>,
        door: Door,
    ) -> Vec<Todo<DecodedObject<S, T>, P>> {
        let object_id = (self.object_id_of)(&object.meta.key);
        match self.row_of(object_id).map(|row| row.take_in(&object.meta, door)) {
            Some(EventEffect::Nothing) => Vec::new(),
            Some(EventEffect::News) => vec![Todo::Reconcile(object_id, Box::new(object))],
            Some(EventEffect::Newer) => vec![Todo::Newer(object_id, Box::new(object))],
            // The answer may be so late that its own object is gone again. It proves that the old object is gone, and
            // nothing about a new one.
            Some(EventEffect::Another) if door == Door::Answer => self.bury(object_id).into_iter().collect(),
            None if door == Door::Answer => Vec::new(),
            Some(EventEffect::Another) => {
                let gone = self.bury(object_id);
                self.drop_row(object_id);
                gone.into_iter().chain([self.add(object_id, object, door)]).collect()
            }
            None => vec![self.add(object_id, object, door)],
        }
    }

    fn add<S, T>(
        &mut self,
        object_id: ObjectId,
        object: DecodedObject<S, T>,
        door: Door,
    ) -> Todo<DecodedObject<S, T>, P> {
        let namespace = self.namespaces.take(&object.meta.key.namespace);
        let mut row = Row::new(object_id, namespace, &object.meta);
        row.take_in(&object.meta, door);
        self.places.insert(object_id, self.rows.insert(row));
        Todo::Reconcile(object_id, Box::new(object))
    }

    /// The last state of a deleted object is newer than every other state of it, and older than any state of the next
    /// object.
    fn deleted<O>(&mut self, meta: &Meta) -> Vec<Todo<O, P>> {
        let object_id = (self.object_id_of)(&meta.key);
        let tells = |row: &Row<P>| row.uid() == meta.uid || row.resource_version() < meta.resource_version;
        let gone = if self.row(object_id).is_some_and(tells) { self.bury(object_id) } else { None };
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
        let missing = covered.filter_map(|row| row.end_list().then(|| Todo::Vanished(row.object_id())));
        let mut todo: Vec<_> = missing.collect();
        self.scopes.insert(scope, true);
        if self.scopes.values().all(|done| *done) {
            todo.push(Todo::ListDone);
        }
        todo
    }

    fn bury<O>(&mut self, object_id: ObjectId) -> Option<Todo<O, P>> {
        let key = self.key(object_id)?;
        let row = self.row_of(object_id)?;
        row.bury().then(|| {
            let (uid, was_ours, state) = (row.uid(), row.was_ours(), row.state.clone());
            Todo::Gone(object_id, Tombstone { key, uid, was_ours, state })
        })
    }

    fn drop_row(&mut self, object_id: ObjectId) {
        let row = self.places.remove(&object_id).and_then(|place| self.rows.remove(place));
        if let Some(row) = row {
            self.namespaces.release(row.namespace);
        }
    }

    fn row_of(&mut self, object_id: ObjectId) -> Option<&mut Row<P>> {
        self.rows.get_mut(*self.places.get(&object_id)?)
    }
}

impl<P> Table<P> {
    /// The row of an object id, even if the object is missing or gone.
    pub fn row(&self, object_id: ObjectId) -> Option<&Row<P>> {
        self.rows.get(*self.places.get(&object_id)?)
    }

    /// The row of an object id, to change its state.
    pub fn row_mut(&mut self, object_id: ObjectId) -> Option<&mut Row<P>> {
        self.rows.get_mut(*self.places.get(&object_id)?)
    }

    /// Namespace and name of an object id.
    pub fn key(&self, object_id: ObjectId) -> Option<ObjectKey> {
        self.row(object_id).map(|row| self.key_of(row))
    }

    /// Namespace and name of a row of this table.
    pub fn key_of(&self, row: &Row<P>) -> ObjectKey {
        ObjectKey::new(self.namespaces.name(row.namespace), &*row.name)
    }

    /// All rows in no particular order, including those of missing and gone objects.
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

    /// Whether every scope has been listed once. Before that, the absence of a row proves nothing.
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
