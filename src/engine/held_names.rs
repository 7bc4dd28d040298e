//! The object names of records that the guard holds back, for the status. They are read from the owner marks of the first
//! few records.
//!
//! Each record is read once, since neither the snapshot nor a row keeps the name of an object that is gone.

use std::collections::BTreeMap;

use super::call::TurnError;
use super::undeclared::Orphan;
use super::{Engine, Priority};

/// The status names this many records of a held-back set; the log has more, by id.
const NAMED: usize = 3;

/// A longer name is shortened, because the hash and the remedy follow the names and must fit into the same message.
const LONGEST: usize = 63;

impl Engine {
    /// The first few of a held-back set: the name of an object, or the id of a record that names none or cannot be read
    /// now.
    pub(super) async fn held_names(&self, held: &[Orphan]) -> Vec<String> {
        let first = held.iter().take(NAMED);
        let mut names = BTreeMap::new();
        for orphan in first.clone() {
            let known = self.inner.lock().held_names.get(orphan).cloned();
            let name = match known {
                Some(name) => Some(name),
                None => self.name_of(orphan).await.ok(),
            };
            names.extend(name.map(|name| (orphan.clone(), name)));
        }
        let shown = first.map(|orphan| names.get(orphan).cloned().unwrap_or_else(|| by_id(orphan))).collect();
        self.inner.lock().held_names = names;
        shown
    }

    /// The object that a held-back record names. Its namespace is shown only if it differs from that of the integration.
    async fn name_of(&self, orphan: &Orphan) -> Result<String, TurnError> {
        let Orphan::Record(id) = orphan else { return Ok(by_id(orphan)) };
        let Some(mark) = self.read(*id, Priority::Drift).await?.and_then(|record| record.mark) else {
            return Ok(by_id(orphan));
        };
        let same = mark.object.namespace == self.integration.namespace;
        let name = if same { mark.object.name } else { mark.object.to_string() };
        Ok(match name.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}...", &name[..end]),
            None => name,
        })
    }
}

fn by_id(orphan: &Orphan) -> String {
    format!("record {orphan}")
}
