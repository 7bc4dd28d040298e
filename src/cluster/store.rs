//! Whole objects of a kind that is not numerous. (Visitors and Occupants live in [`super::rows`].)

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vestibule_core::model::ObjectKey;

use super::object::DecodedObject;
use super::watch::{Event, Scope};

/// All objects of one kind, as the watch reports them.
#[derive(Debug)]
pub struct Store<S, T> {
    objects: BTreeMap<ObjectKey, Arc<DecodedObject<S, T>>>,
    /// Whether the first list of each scope is done.
    scopes: BTreeMap<Scope, bool>,
    /// The objects found so far by the list that is running in each scope.
    listed: BTreeMap<Scope, BTreeSet<ObjectKey>>,
}

impl<S, T> Store<S, T> {
    /// An empty store, fed by watches of these scopes.
    pub fn new(scopes: &[Scope]) -> Self {
        let scopes = scopes.iter().map(|scope| (scope.clone(), false)).collect();
        Self { objects: BTreeMap::new(), scopes, listed: BTreeMap::new() }
    }

    /// Takes in an event. Returns whether anything may have changed.
    pub fn on(&mut self, event: Event<DecodedObject<S, T>>) -> bool {
        match event {
            Event::Init(scope) => {
                self.listed.insert(scope, BTreeSet::new());
                false
            }
            Event::InitApply(object) => {
                let running = self.listed.iter_mut().filter(|(scope, _)| covers(scope, &object.meta.key));
                running.for_each(|(_, listed)| {
                    listed.insert(object.meta.key.clone());
                });
                self.put(object)
            }
            Event::Apply(object) => self.put(object),
            // The answer may be so late that its object is gone. It changes only the object it is about, never another
            // one of that name.
            Event::Answer(object) => self.knows(&object) && self.put(object),
            Event::Delete(object) => self.remove(&object),
            Event::InitDone(scope) => {
                let listed = self.listed.remove(&scope).unwrap_or_default();
                self.objects.retain(|key, _| !covers(&scope, key) || listed.contains(key));
                self.scopes.insert(scope, true);
                true
            }
            Event::Interrupted(_) => false,
        }
    }

    /// Whether every scope has been listed once.
    pub fn is_complete(&self) -> bool {
        self.scopes.values().all(|done| *done)
    }

    /// One object.
    pub fn get(&self, key: &ObjectKey) -> Option<&Arc<DecodedObject<S, T>>> {
        self.objects.get(key)
    }

    /// Sets the status of an object, as if the API server had it.
    pub fn set_status(&mut self, key: &ObjectKey, status: T)
    where
        S: Clone,
        T: Clone,
    {
        if let Some(object) = self.objects.get_mut(key) {
            Arc::make_mut(object).status = Some(status);
        }
    }

    /// All objects by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectKey, &Arc<DecodedObject<S, T>>)> {
        self.objects.iter()
    }

    fn knows(&self, object: &DecodedObject<S, T>) -> bool {
        self.objects.get(&object.meta.key).is_some_and(|known| known.meta.uid == object.meta.uid)
    }

    /// The newer state wins, whatever its uid: versions rise over all objects of a cluster.
    fn put(&mut self, object: DecodedObject<S, T>) -> bool {
        let known = self.objects.get(&object.meta.key);
        let newer = known.is_none_or(|known| known.meta.resource_version < object.meta.resource_version);
        if newer {
            self.objects.insert(object.meta.key.clone(), Arc::new(object));
        }
        newer
    }

    fn remove(&mut self, object: &DecodedObject<S, T>) -> bool {
        self.knows(object) && self.objects.remove(&object.meta.key).is_some()
    }
}

fn covers(scope: &Scope, key: &ObjectKey) -> bool {
    match scope {
        Scope::Everywhere => true,
        Scope::Namespace(name) => **name == *key.namespace,
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
