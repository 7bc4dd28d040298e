//! Series by integration, which are removed together with it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use prometheus_client::encoding::{EncodeLabel as _, EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Metric, Registry};

/// An integration and at most one more label with a constant value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Labels {
    integration: Arc<str>,
    detail: Option<(&'static str, &'static str)>,
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder) -> Result<(), fmt::Error> {
        ("integration", &*self.integration).encode(encoder.encode_label())?;
        self.detail.map_or(Ok(()), |detail| detail.encode(encoder.encode_label()))
    }
}

/// The integrations that have an engine. Other integrations have no series: a late call for a deleted integration, or
/// an engine of another one, creates none.
#[derive(Clone, Debug, Default)]
pub(super) struct CountedIntegrations(Arc<Mutex<HashSet<Arc<str>>>>);

impl CountedIntegrations {
    pub(super) fn insert(&self, integration: &str) {
        self.0.lock().insert(integration.into());
    }

    pub(super) fn remove(&self, integration: &str) {
        self.0.lock().remove(integration);
    }

    pub(super) fn contains(&self, integration: &str) -> bool {
        self.0.lock().contains(integration)
    }
}

/// A family of one metric by integration. It keeps a list of its label sets, which the library's family does not offer.
pub(super) struct ByIntegration<M> {
    family: Family<Labels, M, fn() -> M>,
    new: fn() -> M,
    counted: CountedIntegrations,
    known: Mutex<HashSet<Labels>>,
}

impl<M: Metric + Clone + TypedMetric> ByIntegration<M> {
    pub(super) fn register(
        registry: &mut Registry,
        counted: &CountedIntegrations,
        name: &str,
        help: &str,
        new: fn() -> M,
    ) -> Self {
        let family = Family::new_with_constructor(new);
        registry.register(name, help, family.clone());
        Self { family, new, counted: counted.clone(), known: Mutex::default() }
    }

    /// The metric of an integration.
    pub(super) fn of(&self, integration: &str) -> M {
        self.get(Labels { integration: integration.into(), detail: None })
    }

    /// The metric of an integration and one more label.
    pub(super) fn with(&self, integration: &str, key: &'static str, value: &'static str) -> M {
        self.get(Labels { integration: integration.into(), detail: Some((key, value)) })
    }

    fn get(&self, labels: Labels) -> M {
        // The lock is held throughout. Otherwise a concurrent removal would leave a series that is never removed.
        let mut known = self.known.lock();
        if !self.counted.contains(&labels.integration) {
            return (self.new)();
        }
        let metric = self.family.get_or_create_owned(&labels);
        known.insert(labels);
        metric
    }

    pub(super) fn forget(&self, integration: &str) {
        self.known.lock().retain(|labels| {
            let stays = &*labels.integration != integration;
            if !stays {
                self.family.remove(labels);
            }
            stays
        });
    }
}

impl<M> fmt::Debug for ByIntegration<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByIntegration").field("series", &self.known.lock().len()).finish_non_exhaustive()
    }
}

/// A count as the value of a gauge.
pub(super) fn count(things: usize) -> i64 {
    i64::try_from(things).unwrap_or(i64::MAX)
}
