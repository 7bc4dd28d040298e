//! The watch of one kind: kube's `watcher` over the lenient form of its objects, in its own task, into a bounded
//! channel. A slow reader slows the stream down, and nothing piles up.

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use kube::api::ApiResource;
use kube::runtime::watcher::{self, watcher};
use kube::{Api, Client};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::object::{DecodedObject, RawObject};

/// The capacity of the channel of events.
const WAITING: usize = 256;

/// Objects in one page, if the server cannot stream its lists. One page is in memory at once.
const PAGE: u32 = 1_000;

/// The first and the longest pause after a failure. kube's own back-off was seen to sleep for 48 s after a relist.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// For this long a server may answer "try again later" before that is reported as an interruption. Right after CRDs are
/// applied, an API server answers so for a moment.
const BUSY: Duration = Duration::from_secs(10);

/// An event of `watcher`, or the answer to a request of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<O> {
    /// A list of this scope begins. It may begin again before it was complete.
    Init(Scope),
    /// An object of the list.
    InitApply(O),
    /// The list is complete. The objects that it lacks are probably gone, but one list is no proof.
    InitDone(Scope),
    /// An object was made or changed.
    Apply(O),
    /// An object is gone. This is its last state.
    Delete(O),
    /// The answer to a write or a live GET of the controller.
    Answer(O),
    /// The API server is unreachable or refuses. Sent once, with a sentence, until an object or a list comes again.
    Interrupted(String),
}

/// The namespaces that one watch covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// All namespaces.
    Everywhere,
    /// One namespace, if the controller may not watch all.
    Namespace(Arc<str>),
}

impl Scope {
    /// One scope for each named namespace; [`Self::Everywhere`] if none is named.
    pub fn of(namespaces: &[String]) -> Vec<Self> {
        if namespaces.is_empty() {
            return vec![Self::Everywhere];
        }
        namespaces.iter().map(|name| Self::Namespace(name.as_str().into())).collect()
    }
}

/// A client for watches, without the retries that kube makes inside a request. Those hide errors such as "storage is
/// (re)initializing" for half a minute.
pub fn client(mut config: kube::Config) -> kube::Result<Client> {
    config.default_retry = false;
    Client::try_from(config)
}

/// Watches a kind in these scopes, in tasks that end when the receiver is dropped.
pub fn watch<S, T>(
    client: &Client,
    resource: &ApiResource,
    scopes: &[Scope],
) -> mpsc::Receiver<Event<DecodedObject<S, T>>>
where
    S: DeserializeOwned + Clone + Send + 'static,
    T: DeserializeOwned + Clone + Send + 'static,
{
    let (events, reader) = mpsc::channel(WAITING);
    for scope in scopes {
        let api = match scope {
            Scope::Everywhere => Api::all_with(client.clone(), resource),
            Scope::Namespace(name) => Api::namespaced_with(client.clone(), name, resource),
        };
        let (kind, scope) = (resource.kind.clone(), scope.clone());
        tokio::spawn(feed(api, Feed { kind, scope, events: events.clone(), pause: Pause::default() }));
    }
    reader
}

/// Streams lists, or, if the server cannot, lists and then watches.
async fn feed<S, T>(api: Api<RawObject<S, T>>, mut feed: Feed<DecodedObject<S, T>>)
where
    S: DeserializeOwned + Clone + Send + 'static,
    T: DeserializeOwned + Clone + Send + 'static,
{
    let streaming = watcher(api.clone(), watcher::Config::default().streaming_lists());
    if feed.drain(streaming).await == End::NoWatchList {
        tracing::info!(kind = feed.kind, scope = ?feed.scope, "the API server does not stream lists, listing instead");
        let paging = watcher::Config::default().page_size(PAGE);
        feed.drain(watcher(api, paging)).await;
    }
}

/// Why the stream ended.
#[derive(PartialEq, Eq)]
enum End {
    NoReader,
    NoWatchList,
}

/// Sends one scope's events into the channel.
struct Feed<O> {
    kind: String,
    scope: Scope,
    events: mpsc::Sender<Event<O>>,
    pause: Pause,
}

impl<S, T> Feed<DecodedObject<S, T>> {
    async fn drain(
        &mut self,
        stream: impl Stream<Item = watcher::Result<watcher::Event<RawObject<S, T>>>>,
    ) -> End {
        let mut stream = std::pin::pin!(stream);
        let events = self.events.clone();
        loop {
            let next = tokio::select! {
                () = events.closed() => return End::NoReader,
                next = stream.next() => next,
            };
            let done = match next {
                None => return End::NoReader, // `watcher` never ends
                Some(Ok(event)) => self.pass_on(event).await,
                Some(Err(error)) if lacks_watch_list(&error) => return End::NoWatchList,
                Some(Err(error)) => self.pause_after(&error).await,
            };
            if done.is_none() {
                return End::NoReader;
            }
        }
    }

    /// `None` if the receiver was dropped.
    async fn pass_on(&mut self, event: watcher::Event<RawObject<S, T>>) -> Option<()> {
        let event = match event {
            // kube sends `Init` before it requests the list, so this proves nothing about the server.
            watcher::Event::Init => return self.events.send(Event::Init(self.scope.clone())).await.ok(),
            watcher::Event::InitApply(object) => Event::InitApply(object.into_seen()),
            watcher::Event::InitDone => Event::InitDone(self.scope.clone()),
            watcher::Event::Apply(object) => Event::Apply(object.into_seen()),
            watcher::Event::Delete(object) => Event::Delete(object.into_seen()),
        };
        self.pause = Pause::default();
        self.events.send(event).await.ok()
    }

    async fn pause_after(&mut self, error: &watcher::Error) -> Option<()> {
        let sentence = sentence(error);
        if self.pause.is_news(error) {
            tracing::warn!(kind = self.kind, scope = ?self.scope, error = %sentence, "the watch is interrupted");
            self.events.send(Event::Interrupted(sentence)).await.ok()?;
        } else {
            tracing::debug!(kind = self.kind, scope = ?self.scope, error = %sentence, "the watch failed");
        }
        tokio::time::sleep(self.pause.next()).await;
        Some(())
    }
}

/// An error of a watch as one sentence: the API server's own message if it sent one.
pub(super) fn sentence(error: &watcher::Error) -> String {
    use watcher::Error::{InitialListFailed, WatchError, WatchFailed, WatchStartFailed};
    match error {
        WatchError(status) if !status.message.is_empty() => status.message.clone(),
        InitialListFailed(error) | WatchStartFailed(error) | WatchFailed(error) => {
            super::client::sentence(error)
        }
        other => other.to_string(),
    }
}

/// Whether the server only asks for a later retry.
fn is_busy(error: &watcher::Error) -> bool {
    use watcher::Error::{InitialListFailed, WatchError, WatchFailed, WatchStartFailed};
    matches!(error, WatchError(status) | InitialListFailed(kube::Error::Api(status))
        | WatchStartFailed(kube::Error::Api(status)) | WatchFailed(kube::Error::Api(status)) if status.code == 429)
}

/// A server without `WatchList` always refuses the first watch, before any `Init`.
fn lacks_watch_list(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchStartFailed(kube::Error::Api(status))
        if status.code == 422 && status.message.contains("sendInitialEvents"))
}

/// Doubling pauses, from the first to the longest, and whether the failure was reported.
struct Pause {
    next: Duration,
    since: Option<Instant>,
    reported: bool,
}

impl Default for Pause {
    fn default() -> Self {
        Self { next: PAUSE.0, since: None, reported: false }
    }
}

impl Pause {
    /// Whether this failure is to be reported: the first one that is more than a server busy for a moment.
    fn is_news(&mut self, error: &watcher::Error) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        let momentary = is_busy(error) && since.elapsed() < BUSY;
        !momentary && !std::mem::replace(&mut self.reported, true)
    }

    fn next(&mut self) -> Duration {
        let now = self.next;
        self.next = PAUSE.1.min(now * 2);
        now
    }
}

#[cfg(test)]
mod tests;
