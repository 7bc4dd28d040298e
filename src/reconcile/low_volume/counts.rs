//! Metrics of the kinds in the low-volume loop: their objects, and the outcome of each pass over them.

use std::sync::Arc;
use std::time::Instant;

use vestibule_core::status::{Status, Truth, conditions};

use super::LowVolumeLoop;
use crate::cluster::store::Store;
use crate::metrics::{Metrics, Outcome};

/// A running pass over all objects of one kind.
pub(super) struct PassCounts {
    metrics: Arc<Metrics>,
    kind: &'static str,
    began: Instant,
}

impl PassCounts {
    /// Ends the pass: of `differing` statuses `written` were written.
    pub(super) fn end_pass(&self, differing: usize, written: usize) {
        let outcome = match differing {
            0 => Outcome::Unchanged,
            _ if written < differing => Outcome::Failed,
            _ => Outcome::Changed,
        };
        self.metrics.controllers.pass(self.kind, outcome, self.began.elapsed().as_secs_f64());
    }
}

impl LowVolumeLoop {
    pub(super) fn begin_pass(&self, kind: &'static str) -> PassCounts {
        PassCounts { metrics: Arc::clone(&self.parts.metrics), kind, began: Instant::now() }
    }

    /// Counts all objects by the Ready condition of their statuses.
    pub(super) fn count_objects(&self) {
        self.count_kind("Property", &self.properties, |said| &said.status);
        self.count_kind("AccessIntegration", &self.integrations, |said| &said.status);
        self.count_kind("Tenant", &self.tenants, |said| &said.status);
    }

    fn count_kind<S, T>(&self, kind: &'static str, store: &Store<S, T>, status: impl Fn(&T) -> &Status) {
        let ready = store
            .iter()
            .filter_map(|(_, object)| status(object.status.as_ref()?).condition(conditions::READY));
        let (ready, not_ready): (Vec<_>, Vec<_>) = ready.partition(|ready| ready.status == Truth::True);
        for (word, objects) in [("True", ready), ("False", not_ready)] {
            self.parts.metrics.controllers.objects(kind, conditions::READY, word, objects.len());
        }
    }
}
