//! The log: lines for people or for machines, at a level that can be changed while the process runs.
//!
//! The default shows changes of state only. No line names a person: external ids and names of objects only.

use std::fmt;
use std::fs::File;
use std::io::IsTerminal as _;
use std::str::FromStr;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _, Registry, fmt as lines, reload};

/// How a line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object a line, for whatever collects logs.
    Json,
}

/// The level of the log, readable and changeable at run time. Cheap to clone.
#[derive(Clone)]
pub struct LogLevel {
    now: Arc<Mutex<String>>,
    apply: Option<Arc<Apply>>,
}

type Apply = dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync;

/// A log level that is of no use.
#[derive(Debug, thiserror::Error)]
pub enum LevelError {
    /// It does not parse.
    #[error(
        "{wanted:?} is no log level: {said}. Say off, error, warn, info, debug, trace, or directives such as info,kube=debug"
    )]
    Unreadable {
        /// What was asked for.
        wanted: String,
        /// What is wrong with it.
        said: String,
    },
    /// The log was set up by somebody else.
    #[error("the log level of this process cannot be changed")]
    Fixed,
}

/// Starts the log of the process. Once: whoever calls [`crate::cli::controller::run`] from a test leaves it out.
pub fn start(format: Format, level: &str) -> Result<LogLevel, StartError> {
    start_on(BoxMakeWriter::new(std::io::stderr), std::io::stderr().is_terminal(), format, level)
}

/// Starts the log of the process in a file, for a process whose output is its user's.
pub fn start_in(file: File, level: &str) -> Result<LogLevel, StartError> {
    start_on(BoxMakeWriter::new(Arc::new(file)), false, Format::Text, level)
}

fn start_on(to: BoxMakeWriter, colour: bool, format: Format, level: &str) -> Result<LogLevel, StartError> {
    let (filter, handle) = reload::Layer::new(filter(level)?);
    let lines = match format {
        Format::Text => lines::layer().with_ansi(colour).with_writer(to).boxed(),
        Format::Json => lines::layer().json().flatten_event(true).with_writer(to).boxed(),
    };
    Registry::default().with(lines.with_filter(filter)).try_init()?;
    let apply = move |filter| handle.reload(filter);
    Ok(LogLevel { now: Arc::new(Mutex::new(level.into())), apply: Some(Arc::new(apply)) })
}

/// The log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The level is of no use.
    #[error(transparent)]
    Level(#[from] LevelError),
    /// There is a log already.
    #[error("the log of this process was started twice: {0}")]
    Twice(#[from] TryInitError),
}

/// A level on its own speaks of us; libraries stay at warnings. Anything else is taken as written.
fn filter(level: &str) -> Result<EnvFilter, LevelError> {
    let unreadable = |said: String| LevelError::Unreadable { wanted: level.into(), said };
    if level.trim().is_empty() {
        return Err(unreadable("it is empty".into())); // It would parse, as "error".
    }
    let directives = match LevelFilter::from_str(level) {
        Ok(LevelFilter::OFF) => "off".into(),
        // kube logs each failed call by itself, also those that are expected; whoever made the call says what matters.
        Ok(_) => format!("warn,vestibule={level},vestibule_core={level},kube_client::client::builder=off"),
        Err(_) => level.to_owned(),
    };
    EnvFilter::builder().parse(directives).map_err(|error| unreadable(error.to_string()))
}

// === impl LogLevel ===

impl LogLevel {
    /// A level that nobody can change, for a process whose log is not ours.
    pub fn fixed(level: &str) -> Self {
        Self { now: Arc::new(Mutex::new(level.into())), apply: None }
    }

    /// As it was set last.
    pub fn get(&self) -> String {
        self.now.lock().clone()
    }

    /// Sets it for the whole process.
    pub fn set(&self, level: &str) -> Result<(), LevelError> {
        let apply = self.apply.as_ref().ok_or(LevelError::Fixed)?;
        let mut now = self.now.lock();
        apply(filter(level)?).map_err(|_| LevelError::Fixed)?;
        level.clone_into(&mut now);
        drop(now);
        tracing::info!(level, "log level set");
        Ok(())
    }
}

impl fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogLevel").field(&self.get()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_speaks_of_us_and_quiets_libraries() {
        let filter = filter("debug").expect("a level").to_string();
        assert!(filter.contains("vestibule=debug") && filter.contains("warn"), "{filter}");
        assert!(filter.contains("kube_client::client::builder=off"), "{filter}");
    }

    #[test]
    fn directives_are_taken_as_written() {
        assert_eq!(filter("info,kube=debug").expect("directives").to_string(), "kube=debug,info");
        assert_eq!(filter("off").expect("a level").to_string(), "off");
    }

    #[test]
    fn what_is_no_level_is_refused_with_a_sentence() {
        for wanted in ["", " ", "kube=loud", "info,vestibule=debug=3"] {
            let error = filter(wanted).expect_err(wanted).to_string();
            assert!(error.contains("is no log level"), "{error}");
        }
    }
}
