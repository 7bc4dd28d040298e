//! Reads every status that is written in a namespace, and checks each against docs/status.md.

use std::collections::BTreeMap;
use std::fmt;

use futures::{StreamExt, TryStreamExt, stream};
use kube::api::DynamicObject;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, ResourceExt};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use vestibule_core::status::{Condition, Kstatus, Status, Truth, check, kstatus};

use super::{number, resource};
use crate::harness::Namespace;

const KINDS: [&str; 9] = [
    "Property",
    "AccessIntegration",
    "Tenant",
    "Visitor",
    "AccessGroup",
    "AccessPlan",
    "Occupant",
    "PlanSubscription",
    "SelfRegistration",
];

/// Watches until it is dropped.
pub(super) struct Audit {
    pub(super) book: watch::Sender<Book>,
    task: AbortHandle,
}

/// Every state that was seen.
#[derive(Debug, Default)]
pub(super) struct Book {
    views: BTreeMap<(String, String), Vec<View>>,
    present: BTreeMap<(String, String), bool>,
    changes: usize,
    violations: Vec<String>,
    /// Whether the test writes statuses itself: those need not fulfil the contract.
    pub(super) meddling: bool,
}

/// An object at one moment.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) generation: i64,
    pub(crate) deleting: bool,
    pub(crate) finalizers: Vec<String>,
    pub(crate) resource_version: String,
    /// The status as it is stored, including the fields of the kind beside conditions.
    pub(crate) status: Value,
    said: Status,
}

impl Audit {
    pub(super) fn start(namespace: &Namespace) -> Self {
        let (book, _) = watch::channel(Book::default());
        let writer = book.clone();
        let kinds = KINDS.map(|kind| {
            let api: Api<DynamicObject> =
                Api::namespaced_with(namespace.client(), namespace.name(), &resource(kind));
            watcher(api, watcher::Config::default()).map_ok(move |event| (kind, event)).boxed()
        });
        let task = tokio::spawn(async move {
            let mut events = stream::select_all(kinds);
            while let Some(event) = events.next().await {
                // A failed watch starts again by itself.
                if let Ok((kind, event)) = event {
                    writer.send_modify(|book| book.on(kind, event));
                }
            }
        });
        Self { book, task: task.abort_handle() }
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Book {
    fn on(&mut self, kind: &str, event: Event<DynamicObject>) {
        match event {
            Event::Apply(object) | Event::InitApply(object) => self.seen(kind, &object),
            Event::Delete(object) => {
                self.changes += 1;
                self.present.insert((kind.to_owned(), object.name_any()), false);
            }
            Event::Init | Event::InitDone => {}
        }
    }

    fn seen(&mut self, kind: &str, object: &DynamicObject) {
        let key = (kind.to_owned(), object.name_any());
        let view = View::of(object);
        let views = self.views.entry(key.clone()).or_default();
        self.present.insert(key, true);
        if views.last().is_some_and(|last| last.resource_version == view.resource_version) {
            return;
        }
        self.changes += 1;
        if !self.meddling && views.last().is_none_or(|last| last.status != view.status) {
            let broken = view.violations().into_iter();
            self.violations
                .extend(broken.map(|rule| format!("{kind} {}: {rule}\n{view}", object.name_any())));
        }
        views.push(view);
    }

    pub(super) fn view(&self, kind: &str, name: &str) -> Option<&View> {
        let key = (kind.to_owned(), name.to_owned());
        self.present.get(&key).filter(|present| **present)?;
        self.views.get(&key)?.last()
    }

    /// Whether an object was seen in this state or a later one, or is gone.
    pub(super) fn has_seen(&self, kind: &str, name: &str, version: u64) -> bool {
        let key = (kind.to_owned(), name.to_owned());
        let latest = self.views.get(&key).and_then(|views| views.last());
        latest.is_some_and(|view| number(&view.resource_version) >= version)
            || self.present.get(&key) == Some(&false)
    }

    pub(super) fn history(&self, kind: &str, name: &str) -> Vec<View> {
        self.views.get(&(kind.to_owned(), name.to_owned())).cloned().unwrap_or_default()
    }

    pub(super) const fn changes(&self) -> usize {
        self.changes
    }

    pub(super) fn assert_clean(&self) {
        assert!(self.violations.is_empty(), "{}", self.violations.join("\n"));
    }
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ((kind, name), views) in &self.views {
            let present = self.view(kind, name).map_or("gone", |_| "there");
            let last = views.last().map(ToString::to_string).unwrap_or_default();
            writeln!(f, "{kind} {name} ({present}, {} states)\n{last}", views.len())?;
        }
        Ok(())
    }
}

impl View {
    fn of(object: &DynamicObject) -> Self {
        let status = object.data["status"].clone();
        Self {
            generation: object.metadata.generation.unwrap_or_default(),
            deleting: object.metadata.deletion_timestamp.is_some(),
            finalizers: object.finalizers().to_vec(),
            resource_version: object.resource_version().unwrap_or_default(),
            said: serde_json::from_value(status.clone()).unwrap_or_default(),
            status,
        }
    }

    /// A condition.
    pub(crate) fn condition(&self, type_: &str) -> Option<&Condition> {
        self.said.condition(type_)
    }

    /// The reason of Ready; empty while there is none.
    pub(crate) fn reason(&self) -> &str {
        self.condition("Ready").map_or("", |ready| &ready.reason)
    }

    /// The message of Ready.
    pub(crate) fn message(&self) -> &str {
        self.condition("Ready").map_or("", |ready| &ready.message)
    }

    /// Whether Ready is True.
    pub(crate) fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|ready| ready.status == Truth::True)
    }

    /// Whether Ready concerns the present generation.
    pub(crate) fn is_of_now(&self) -> bool {
        self.condition("Ready").is_some_and(|ready| ready.observed_generation == Some(self.generation))
    }

    /// The result of kstatus, which generic tools use.
    pub(crate) fn kstatus(&self) -> Kstatus {
        let observed = Some(self.said.observed_generation).filter(|_| self.status.is_object());
        kstatus(self.generation, self.deleting, observed, &self.said.conditions)
    }

    /// Whether `kubectl wait --for=condition=Ready` would return.
    pub(crate) fn ends_kubectl_wait(&self) -> bool {
        self.is_ready() && self.is_of_now()
    }

    /// The id of the record that the status names. It must name one.
    pub(crate) fn external_id(&self) -> &str {
        self.status["records"][0]["externalId"].as_str().unwrap_or_else(|| panic!("no record:\n{self}"))
    }

    /// Whether the status names a record.
    pub(crate) fn has_record(&self) -> bool {
        self.status["records"].as_array().is_some_and(|records| !records.is_empty())
    }

    /// The generation from which the status was computed. The user may have written a newer one meanwhile.
    fn computed_from(&self) -> i64 {
        let generations = self.said.conditions.iter().filter_map(|condition| condition.observed_generation);
        generations.max().unwrap_or(self.generation)
    }

    fn violations(&self) -> Vec<String> {
        if self.said.conditions.is_empty() {
            let unseen = self.said.observed_generation == -1 && self.status.is_object();
            let sentence = "an object without a condition counts as done".to_owned();
            return if unseen { Vec::new() } else { vec![sentence] };
        }
        let mut violations = check(&self.said, self.computed_from());
        let (expected, found) = (self.expected(), self.kstatus());
        if expected.is_some_and(|expected| expected != found) {
            violations.push(format!("kstatus takes it for {found:?} and not for {expected:?}"));
        }
        if found == Kstatus::Current && self.is_ready() != self.ends_kubectl_wait() {
            violations.push("kstatus takes it for done, but kubectl wait does not return".to_owned());
        }
        violations
    }

    /// The kstatus result that the table of situations in docs/status.md requires, by the reason of Ready.
    fn expected(&self) -> Option<Kstatus> {
        if self.deleting {
            return Some(Kstatus::Terminating);
        }
        if self.computed_from() < self.generation || self.condition("Reconciling").is_some() {
            return Some(Kstatus::InProgress);
        }
        match self.reason() {
            "Succeeded" | "Scheduled" | "Expired" | "ObserveOnly" => Some(Kstatus::Current),
            "Suspended" => None,
            "Progressing" | "ProgressingWithRetry" | "Throttled" | "DependencyNotReady" => {
                Some(Kstatus::InProgress)
            }
            _ => Some(Kstatus::Failed),
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { generation, deleting, resource_version, .. } = self;
        let kstatus = self.kstatus();
        writeln!(
            f,
            "  generation {generation}, version {resource_version}, deleting {deleting}, {kstatus:?}"
        )?;
        for condition in &self.said.conditions {
            let (type_, status, reason, message, of) = condition.without_time();
            writeln!(f, "  {type_}={status:?} {reason} of {}: {message}", of.unwrap_or(-1))?;
        }
        let mut rest = self.status.clone();
        if let Some(rest) = rest.as_object_mut() {
            rest.remove("conditions");
        }
        writeln!(f, "  {rest}")
    }
}
