//! How much is measured: `QUICK=1` for a look, everything else by a variable of its own.

use std::time::Duration;

use crate::Fallible;

/// What the environment asks for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Small numbers, to end within a minute.
    pub(crate) quick: bool,
    /// Visitors who come, and visitors who go, at the midnight of a rollover.
    pub(crate) side: usize,
    /// How often a comparison is repeated.
    pub(crate) rounds: usize,
    /// Visitors who are timed one by one.
    pub(crate) samples: usize,
    /// Visitors preloaded for rest and memory.
    pub(crate) visitors: usize,
    /// How long rest and blast radius are watched.
    pub(crate) watched: Duration,
    /// Round trip of the simulated NetBox.
    pub(crate) latency: Duration,
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
            side: number("SIDE", either(100, 1_000))?,
            rounds: number("ROUNDS", either(1, 3))?.max(1),
            samples: number("SAMPLES", either(20, 200))?.max(2),
            visitors: number("VISITORS", either(1_000, 20_000))?.max(1),
            watched: Duration::from_secs(number("WATCHED", either(6, 60))? as u64),
            latency: Duration::from_millis(number("LATENCY_MS", 2)? as u64),
            rows: rows.split(',').filter(|row| !row.is_empty()).map(str::to_uppercase).collect(),
        })
    }

    /// Whether one of these rows is asked for.
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
