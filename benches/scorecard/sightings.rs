//! The bench's own watch: the statuses that a reader of the API sees, and their times.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use kube::Api;
use kube::api::DynamicObject;
use kube::runtime::watcher::{self, Event, watcher};
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Fallible;

/// The time limit of every wait.
const PATIENCE: Duration = Duration::from_mins(10);

/// The status of a visitor.
#[derive(Clone, Debug)]
struct Sight {
    /// The reason of `Ready`, empty before there is one.
    reason: String,
    /// The time at which it was first seen.
    at: Instant,
}

#[derive(Default)]
struct Book {
    visitors: HashMap<String, Sight>,
    reasons: BTreeMap<String, usize>,
    events: u64,
}

/// All visitors of a namespace, as a watch shows them.
pub(crate) struct Sightings {
    book: Arc<Mutex<Book>>,
    changed: watch::Receiver<u64>,
    task: JoinHandle<()>,
}

impl Sightings {
    /// Begins to watch.
    pub(crate) fn start(api: Api<DynamicObject>) -> Self {
        let book = Arc::new(Mutex::new(Book::default()));
        let (sender, changed) = watch::channel(0);
        let seen = Arc::clone(&book);
        let task = tokio::spawn(async move {
            let mut events = watcher(api, watcher::Config::default()).boxed();
            while let Some(event) = events.next().await {
                if let Ok(event) = event {
                    seen.lock().on(event);
                    sender.send_modify(|count| *count += 1);
                }
            }
        });
        Self { book, changed, task }
    }

    /// Waits until these numbers of visitors are Ready for these reasons.
    pub(crate) async fn counts(&self, wanted: &[(&str, usize)]) -> Fallible {
        self.counts_within(wanted, PATIENCE).await.then_some(()).ok_or_else(|| {
            format!("waited {PATIENCE:?} until {wanted:?}; there is {:?}", self.book.lock().reasons).into()
        })
    }

    /// Whether these numbers of visitors are Ready for these reasons before the time is over.
    pub(crate) async fn counts_within(&self, wanted: &[(&str, usize)], within: Duration) -> bool {
        let done = |book: &Book| wanted.iter().all(|(reason, count)| book.count(reason) >= *count);
        self.until(done, within).await
    }

    /// Waits until a visitor is Ready for a reason, and returns the time at which that was first seen.
    pub(crate) async fn sees(&self, name: &str, reason: &str, within: Duration) -> Option<Instant> {
        let is = |book: &Book| book.visitors.get(name).is_some_and(|sight| sight.reason == reason);
        let seen = self.until(is, within).await;
        let book = self.book.lock();
        book.visitors.get(name).filter(|_| seen).map(|sight| sight.at)
    }

    /// Waits until a visitor is gone.
    pub(crate) async fn gone(&self, name: &str) -> Fallible {
        let gone = self.until(|book| !book.visitors.contains_key(name), PATIENCE).await;
        gone.then_some(()).ok_or_else(|| format!("waited {PATIENCE:?} until {name} is gone").into())
    }

    /// The number of visitors that are Ready for a reason.
    pub(crate) fn count(&self, reason: &str) -> usize {
        self.book.lock().count(reason)
    }

    /// When the last of these visitors got its present status.
    pub(crate) fn last_change(&self, reasons: &[&str]) -> Option<Instant> {
        let book = self.book.lock();
        let those = book.visitors.values().filter(|sight| reasons.contains(&sight.reason.as_str()));
        those.map(|sight| sight.at).max()
    }

    /// The number of changes that the watch has shown.
    pub(crate) fn events(&self) -> u64 {
        self.book.lock().events
    }

    async fn until(&self, done: impl Fn(&Book) -> bool, within: Duration) -> bool {
        let mut changed = self.changed.clone();
        let waited = async {
            loop {
                changed.mark_unchanged();
                if done(&self.book.lock()) || changed.changed().await.is_err() {
                    break;
                }
            }
        };
        tokio::time::timeout(within, waited).await.is_ok()
    }
}

impl Drop for Sightings {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Book {
    fn count(&self, reason: &str) -> usize {
        self.reasons.get(reason).copied().unwrap_or(0)
    }

    fn on(&mut self, event: Event<DynamicObject>) {
        match event {
            Event::Apply(object) | Event::InitApply(object) => {
                self.events += 1;
                let name = object.metadata.name.clone().unwrap_or_default();
                self.note(name, reason(&object).unwrap_or_default());
            }
            Event::Delete(object) => {
                self.events += 1;
                let gone = object.metadata.name.and_then(|name| self.visitors.remove(&name));
                self.discount(gone);
            }
            Event::Init | Event::InitDone => {}
        }
    }

    fn note(&mut self, name: String, reason: &str) {
        if self.visitors.get(&name).is_some_and(|sight| sight.reason == reason) {
            return;
        }
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
        let before = self.visitors.insert(name, Sight { reason: reason.to_owned(), at: Instant::now() });
        self.discount(before);
    }

    fn discount(&mut self, sight: Option<Sight>) {
        if let Some(count) = sight.and_then(|sight| self.reasons.get_mut(&sight.reason)) {
            *count -= 1;
        }
    }
}

/// The reason of `Ready` while it is True.
fn reason(object: &DynamicObject) -> Option<&str> {
    let conditions = object.data.pointer("/status/conditions")?.as_array()?;
    let ready = conditions.iter().find(|one| one["type"] == "Ready" && one["status"] == "True")?;
    ready["reason"].as_str()
}
