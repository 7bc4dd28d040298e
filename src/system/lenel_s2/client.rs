//! Commands inside a session. All callers share one login, which is proven before use and renewed once when it has
//! expired (systems/lenel-s2.md 2.3).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use super::config::{Config, Credentials, Wire};
use super::envelope::{self, Answer, Command, Outcome};
use super::http::Http;
use super::{errors, words};
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::system::{ErrorKind, SystemError};

/// The NetBox's answer to every command without a live session (2.11).
const AUTH_FAILURE: u16 = 5;

/// One account on one controller.
pub(super) struct Client {
    line: Arc<Line>,
    credentials: Credentials,
    partition: Option<String>,
    clock: SharedClock,
    state: Mutex<State>,
    /// The number of logins that have ended, successful or not. A caller that began to wait before a login ended shares
    /// its result.
    logins: AtomicU64,
    /// Commands that the user has no right to. They were refused in a session that was proven to be alive.
    denied: parking_lot::Mutex<BTreeSet<&'static str>>,
}

/// The wire to the controller, shared by all sessions.
struct Line {
    http: Http,
    wire: Wire,
}

/// The state of the account. The lock is held during a login, so that only one login runs at a time.
#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    /// The number and the error of the last login, if it failed.
    failed: Option<(u64, SystemError)>,
    /// The login is refused: every caller gets this error, and no further login is tried (design 3.17).
    refused: Option<SystemError>,
}

/// A session. It has no id if the NetBox has authentication switched off. No `Debug`: the id opens doors.
struct Session {
    id: Option<String>,
}

/// Why a login gave no session.
enum Failed {
    /// The session was refused from the start: a wrong setting of the NetBox, or chance.
    Stillborn,
    /// Not repeated until the client is dropped.
    Refused(SystemError),
    /// May be repeated.
    For(SystemError),
}

impl Failed {
    /// [`Self::Refused`] if the error is about the login.
    fn of(error: SystemError) -> Self {
        if error.kind == ErrorKind::Auth { Self::Refused(error) } else { Self::For(error) }
    }
}

impl From<SystemError> for Failed {
    fn from(error: SystemError) -> Self {
        Self::For(error)
    }
}

impl Client {
    pub(super) fn new(
        config: &Config,
        credentials: Credentials,
        clock: SharedClock,
        fence: Fence,
    ) -> Result<Self, SystemError> {
        let http = Http::new(config, Arc::clone(&clock), fence)?;
        Ok(Self {
            line: Arc::new(Line { http, wire: config.wire.clone() }),
            credentials,
            partition: config.partition_key.clone(),
            clock,
            state: Mutex::default(),
            logins: AtomicU64::new(0),
            denied: parking_lot::Mutex::default(),
        })
    }

    /// Runs a command. An expired session is renewed and the command sent once more. The NetBox did not execute the
    /// first one, so this is safe for writes, too.
    pub(super) async fn call(&self, command: &Command) -> Result<Outcome, SystemError> {
        let session = self.session(None).await?;
        let outcome = self.line.exchange(&session, command).await?.outcome;
        if !matches!(outcome, Outcome::ApiError(AUTH_FAILURE)) {
            return without_api_error(command, outcome);
        }
        let was_denied = self.denied.lock().contains(command.name);
        // Each login leaves a session on the NetBox. No new one is opened for a command that another session was
        // refused for lack of a right.
        if was_denied && self.is_alive(&session).await? {
            return Err(errors::not_allowed(command.name));
        }
        let renewed = self.session(Some(&session)).await?;
        match self.line.exchange(&renewed, command).await?.outcome {
            Outcome::ApiError(AUTH_FAILURE) => Err(self.why_refused(&renewed, command).await),
            outcome => without_api_error(command, outcome),
        }
    }

    /// How many logins have ended, well or not.
    pub(super) fn logins(&self) -> u64 {
        self.logins.load(Ordering::Acquire)
    }

    /// Gives the session back: sessions without a logout fill the NetBox's disk (2.3). A replica that has lost the
    /// lease lets its session expire, since its logout would be a request like any other.
    pub(super) async fn close(&self) {
        let session = self.state.lock().await.session.take();
        if let Some(session) = session {
            self.line.logout(&session).await;
        }
    }

    /// A session other than `expired`. Logs in if there is none.
    async fn session(&self, expired: Option<&Arc<Session>>) -> Result<Arc<Session>, SystemError> {
        let before = self.logins.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        if let Some((_, error)) = state.failed.as_ref().filter(|(number, _)| *number > before) {
            return Err(error.clone());
        }
        let living =
            state.session.as_ref().filter(|known| expired.is_none_or(|expired| !Arc::ptr_eq(known, expired)));
        if let Some(session) = living {
            return Ok(Arc::clone(session));
        }
        state.session = None;
        let outcome = self.log_in().await;
        let number = self.logins.fetch_add(1, Ordering::AcqRel) + 1;
        state.keep(number, outcome).inspect(|session| self.keep_alive(session))
    }

    /// Logs in. If the new session is refused from the start, it logs in once more: a single refusal may be chance, and
    /// a false alarm would stop the integration until its Secret changes.
    async fn log_in(&self) -> Result<Session, Failed> {
        match self.log_in_once().await {
            Err(Failed::Stillborn) => self.log_in_once().await,
            first => first,
        }
    }

    async fn log_in_once(&self) -> Result<Session, Failed> {
        let login = Command::new("Login")
            .with("USERNAME", self.credentials.username.as_str())
            .with("PASSWORD", self.credentials.password.expose_secret());
        let Answer { session: id, outcome } = self.line.exchange(&Session { id: None }, &login).await?;
        match outcome {
            Outcome::Success(_) => {}
            Outcome::ApiError(AUTH_FAILURE) | Outcome::NotFound | Outcome::Duplicate => {
                return Err(Failed::Refused(errors::login_refused()));
            }
            Outcome::Fail(words) => return Err(Failed::of(errors::login_failed(&login, &words))),
            Outcome::ApiError(number) => return Err(errors::api_error(login.name, number).into()),
        }
        let session = Session { id };
        match self.enter(&session).await {
            Ok(()) => Ok(session),
            Err(failed) => {
                // With the wrong setting even Logout is refused (2.3). Otherwise the session of a failed login is
                // logged out.
                if matches!(failed, Failed::For(_)) {
                    self.line.logout(&session).await;
                }
                Err(failed)
            }
        }
    }

    /// Proves a new session, since a NetBox in the wrong mode returns dead ones, and switches to the partition.
    async fn enter(&self, session: &Session) -> Result<(), Failed> {
        let prove = Command::new("GetAPIVersion");
        match self.line.exchange(session, &prove).await?.outcome {
            Outcome::ApiError(AUTH_FAILURE) => return Err(Failed::Stillborn),
            Outcome::ApiError(number) => return Err(errors::api_error(prove.name, number).into()),
            _ => {}
        }
        let Some(key) = &self.partition else { return Ok(()) };
        let switch = Command::new("SwitchPartition").with("PARTITIONKEY", key.as_str());
        match self.line.exchange(session, &switch).await?.outcome {
            Outcome::Success(_) => Ok(()),
            Outcome::ApiError(AUTH_FAILURE) => Err(errors::not_allowed(switch.name).into()),
            Outcome::ApiError(number) => Err(errors::api_error(switch.name, number).into()),
            Outcome::Fail(words) => {
                Err(errors::partition(&format!("it said {}", words::quoted(&switch, &words))).into())
            }
            Outcome::NotFound | Outcome::Duplicate => Err(errors::partition("it is not there").into()),
        }
    }

    /// A renewed session was refused as well. Either it lacks the right, or another program has ended it.
    async fn why_refused(&self, session: &Session, command: &Command) -> SystemError {
        match self.is_alive(session).await {
            Ok(false) => errors::session_taken(command.name),
            Ok(true) => {
                self.denied.lock().insert(command.name);
                errors::not_allowed(command.name)
            }
            Err(error) => error,
        }
    }

    /// Whether the NetBox answers this session.
    async fn is_alive(&self, session: &Session) -> Result<bool, SystemError> {
        let answer = self.line.exchange(session, &Command::new("GetAPIVersion")).await?;
        Ok(!matches!(answer.outcome, Outcome::ApiError(_)))
    }

    /// Pings while the session lives, and ends with it.
    fn keep_alive(&self, session: &Arc<Session>) {
        if let Some(interval) = self.line.wire.ping_interval {
            let (line, clock) = (Arc::clone(&self.line), Arc::clone(&self.clock));
            tokio::spawn(ping(line, Arc::downgrade(session), clock, interval));
        }
    }
}

impl Line {
    async fn exchange(&self, session: &Session, command: &Command) -> Result<Answer, SystemError> {
        let body = command.print(session.id.as_deref(), &self.wire);
        let answer = self.http.post(command.name, body).await?;
        envelope::read(command.name, &answer).map_err(|why| errors::unreadable(command.name, why))
    }

    async fn logout(&self, session: &Session) {
        if let Err(error) = self.exchange(session, &Command::new("Logout")).await {
            tracing::debug!(kind = error.kind.name(), "logout from the NetBox failed");
        }
    }
}

impl Drop for Client {
    /// A client that is dropped without [`Client::close`] still logs out, if a runtime is running.
    fn drop(&mut self) {
        let session = self.state.get_mut().session.take();
        if let (Some(session), Ok(runtime)) = (session, Handle::try_current()) {
            let line = Arc::clone(&self.line);
            runtime.spawn(async move { line.logout(&session).await });
        }
    }
}

impl State {
    /// Remembers the result of a login.
    fn keep(&mut self, number: u64, outcome: Result<Session, Failed>) -> Result<Arc<Session>, SystemError> {
        match outcome {
            Ok(session) => {
                self.failed = None;
                Ok(Arc::clone(self.session.insert(Arc::new(session))))
            }
            Err(Failed::Stillborn) => Err(self.refused.insert(errors::login_trap()).clone()),
            Err(Failed::Refused(error)) => Err(self.refused.insert(error).clone()),
            Err(Failed::For(error)) => Err(self.failed.insert((number, error)).1.clone()),
        }
    }
}

fn without_api_error(command: &Command, outcome: Outcome) -> Result<Outcome, SystemError> {
    match outcome {
        Outcome::ApiError(number) => Err(errors::api_error(command.name, number)),
        outcome => Ok(outcome),
    }
}

/// Keeps a session from expiring when idle (2.16 no. 1). The result of a ping is ignored: the next call meets the same
/// error.
async fn ping(line: Arc<Line>, session: Weak<Session>, clock: SharedClock, interval: Duration) {
    loop {
        clock.sleep_until(clock.now().checked_add(interval).unwrap_or(jiff::Timestamp::MAX)).await;
        let Some(session) = session.upgrade() else { return };
        if line.exchange(&session, &Command::new("PingApp")).await.is_err() {
            tracing::debug!("ping of the NetBox failed");
        }
    }
}
