//! The size of the measurement: `QUICK=1` for a first look, and a variable for each number.

use std::time::Duration;

use crate::Fallible;

/// The round trip of the bench profile of a NetBox.
const PROFILE: Duration = Duration::from_millis(2);

/// Writes to the API server for one call of a rollover: a finalizer and a status for each visit that begins, a status for
/// each visit that ends.
pub(crate) const WRITES_PER_CALL: f64 = 1.5;

/// The slower side must take this many times as long as the other to be the bottleneck, since both share the cores.
const CHARGE: f64 = 8.0;

/// The round trip of a real NetBox.
const REAL: Duration = Duration::from_millis(30);

/// The options from the environment.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Small numbers, to end within a minute.
    pub(crate) quick: bool,
    /// The number of visits that begin, and of visits that end, at the midnight of a rollover.
    pub(crate) side: usize,
    /// The number of repetitions of a comparison.
    pub(crate) rounds: usize,
    /// The number of visitors that are timed one by one.
    pub(crate) samples: usize,
    /// The number of visitors preloaded for P7 and P10.
    pub(crate) visitors: usize,
    /// The duration of the observation in P7 and P5.
    pub(crate) watched: Duration,
    /// Round trip of the simulated NetBox, if it is given.
    latency: Option<Duration>,
    /// Only these rows; all if empty.
    rows: Vec<String>,
}

impl Options {
    /// Reads `QUICK`, `SIDE`, `ROUNDS`, `SAMPLES`, `VISITORS`, `WATCHED` (seconds), `LATENCY_MS` and `ROWS`.
    pub(crate) fn from_env() -> Fallible<Self> {
        let quick = std::env::var("QUICK").is_ok_and(|value| !matches!(value.as_str(), "" | "0"));
        let either = |small, large| if quick { small } else { large };
        let rows = std::env::var("ROWS").unwrap_or_default();
        Ok(Self {
            quick,
            side: number("SIDE", either(25, 1_000))?,
            rounds: number("ROUNDS", either(1, 3))?.max(1),
            samples: number("SAMPLES", either(10, 200))?.max(2),
            visitors: number("VISITORS", either(500, 20_000))?.max(1),
            watched: Duration::from_secs(number("WATCHED", either(3, 60))? as u64),
            latency: match number("LATENCY_MS", 0)? {
                0 => None,
                given => Some(Duration::from_millis(given as u64)),
            },
            rows: rows.split(',').filter(|row| !row.is_empty()).map(str::to_uppercase).collect(),
        })
    }

    /// The round trip in rows that measure one visitor at a time: that of a system in the same network.
    pub(crate) fn latency(&self) -> Duration {
        self.latency.unwrap_or(PROFILE)
    }

    /// The round trip in rows that measure many visitors. It is at least the profile's, and long enough that the NetBox is the
    /// bottleneck, as a real one is, and not this machine's API server. It is never longer than a real one's, or two thirds of
    /// that in a quick bench. `rate` is the writes a second of the API server.
    pub(crate) fn latency_in_charge(&self, rate: f64) -> Duration {
        let writes = Duration::from_secs_f64((WRITES_PER_CALL * CHARGE / rate).min(1.0));
        self.latency.unwrap_or_else(|| {
            Duration::from_millis(writes.as_millis() as u64 + 1).clamp(PROFILE, self.longest())
        })
    }

    fn longest(&self) -> Duration {
        if self.quick { REAL * 2 / 3 } else { REAL }
    }

    /// The time without a call or a write after which a process is at rest.
    pub(crate) fn quiet(&self) -> Duration {
        Duration::from_millis(if self.quick { 2_500 } else { 3_000 })
    }

    /// The time without a call after which a system has no work left.
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_millis(if self.quick { 250 } else { 500 })
    }

    /// Whether one of these rows is requested.
    pub(crate) fn wants(&self, ids: &[&str]) -> bool {
        self.rows.is_empty() || ids.iter().any(|id| self.rows.iter().any(|row| row == id))
    }
}

fn number(name: &str, otherwise: usize) -> Fallible<usize> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => {
            text.parse().map_err(|error| format!("{name}={text} is no number: {error}").into())
        }
        _ => Ok(otherwise),
    }
}
