//! The log: lines for people or for machines, at a level that can be changed while the process runs.
//!
//! The default level shows only changes of state. No line names a person: lines contain external ids and names of
//! objects.

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

/// The format of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For a person at a terminal.
    #[default]
    Text,
    /// One JSON object per line, for log collectors.
    Json,
}

/// The level of the log, readable and changeable at run time. Cheap to clone.
#[derive(Clone)]
pub struct LogLevel {
    now: Arc<Mutex<String>>,
    apply: Option<Arc<Apply>>,
}

type Apply = dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync;

/// The log level cannot be set.
#[derive(Debug, thiserror::Error)]
pub enum LevelError {
    /// It does not parse.
    #[error(
        "{wanted:?} is not a log level: {said}. Use off, error, warn, info, debug, trace, or directives such as info,kube=debug"
    )]
    Unreadable {
        /// The requested level.
        wanted: String,
        /// The reason why it does not parse.
        said: String,
    },
    /// The log was set up by other code.
    #[error("the log level of this process cannot be changed")]
    Fixed,
}

/// Starts the log of the process, once. A test that calls [`crate::cli::controller::run`] leaves it out.
pub fn start(format: Format, level: &str) -> Result<LogLevel, StartError> {
    let terminal = std::io::stderr().is_terminal();
    let level = start_on(BoxMakeWriter::new(std::io::stderr), terminal, format, level)?;
    log_panics();
    Ok(level)
}

/// Starts the log of the process in a file, for a process that prints its own output to the terminal.
pub fn start_in(file: File, level: &str) -> Result<LogLevel, StartError> {
    start_on(BoxMakeWriter::new(Arc::new(file)), false, Format::Text, level)
}

/// Writes the last line of a process that failed in the format of its log, even if the log was never started, and at
/// every level.
pub fn fatal(format: Format, error: &dyn std::error::Error) {
    eprintln!("{}", fatal_line(format, error, jiff::Timestamp::now()));
}

fn fatal_line(format: Format, error: &dyn std::error::Error, now: jiff::Timestamp) -> String {
    match format {
        Format::Text => format!("vestibule: {error}"),
        Format::Json => {
            let (timestamp, message) = (now.to_string(), error.to_string());
            let target = "vestibule";
            serde_json::json!({ "timestamp": timestamp, "level": "ERROR", "message": message, "target": target })
                .to_string()
        }
    }
}

/// Logs every panic. A formatted message may contain runtime data, so only a message that is a literal of the program
/// is logged.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let said = panic.payload().downcast_ref::<&str>().copied().unwrap_or("no words");
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            at,
            said,
            "a part of this process panicked; its work starts again. Please report this"
        );
    }));
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
    /// The level does not parse.
    #[error(transparent)]
    Level(#[from] LevelError),
    /// A log exists already.
    #[error("the log of this process was started twice: {0}")]
    Twice(#[from] TryInitError),
}

/// A level without directives applies to this program; libraries log warnings. Directives are used as written. With
/// directives for single targets only, this program keeps its default level. The audit is always written.
fn filter(level: &str) -> Result<EnvFilter, LevelError> {
    let unreadable = |said: String| LevelError::Unreadable { wanted: level.into(), said };
    let wanted: Vec<&str> = level.split(',').map(str::trim).collect();
    let mut directives = match (LevelFilter::from_str(level.trim()), &*wanted) {
        (_, [""]) => return Err(unreadable("it is empty".into())), // It would parse as "error".
        (Ok(LevelFilter::OFF), _) => "off".into(),
        (Ok(_), [level]) => of_us(level),
        _ if has_level_of_all(&wanted).map_err(unreadable)? => wanted.join(","),
        _ => format!("{},{}", of_us("info"), wanted.join(",")),
    };
    directives.push_str(",vestibule::audit=info");
    EnvFilter::builder().parse(directives).map_err(|error| unreadable(error.to_string()))
}

fn of_us(level: &str) -> String {
    format!("warn,vestibule={level},vestibule_core={level}")
}

/// Whether one of the directives is a level without a target. The filter's own parser takes a mistyped level for a
/// target that never logs anything.
fn has_level_of_all(directives: &[&str]) -> Result<bool, String> {
    let of_a_path = |letter: char| letter.is_ascii_alphanumeric() || "_:-".contains(letter);
    let mut has = false;
    for directive in directives {
        let (target, level) = directive.rsplit_once('=').unwrap_or(("", directive));
        if level.is_empty() || LevelFilter::from_str(level).is_err() {
            return Err(format!("{level:?} is not a level"));
        }
        if !target.chars().all(of_a_path) {
            return Err(format!("{target:?} is not the path of a module"));
        }
        has |= target.is_empty();
    }
    Ok(has)
}

// === impl LogLevel ===

impl LogLevel {
    /// A level that cannot be changed, for a process that does not own its log.
    pub fn fixed(level: &str) -> Self {
        Self { now: Arc::new(Mutex::new(level.into())), apply: None }
    }

    /// The level that was set last.
    pub fn get(&self) -> String {
        self.now.lock().clone()
    }

    /// Sets the level for the whole process.
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

    const AUDIT: &str = "vestibule::audit=info";

    #[test]
    fn a_bare_level_applies_to_this_program_and_quiets_libraries() {
        let filter = filter("debug").expect("a level").to_string();
        assert!(filter.contains("vestibule=debug") && filter.contains("warn"), "{filter}");
    }

    #[test]
    fn directives_are_taken_as_written() {
        assert_eq!(
            filter("info,kube=debug").expect("directives").to_string(),
            format!("{AUDIT},kube=debug,info")
        );
        assert_eq!(filter("off").expect("a level").to_string(), format!("{AUDIT},off"));
    }

    #[test]
    fn directives_for_single_targets_leave_the_programs_own_level() {
        for spelling in ["kube=debug", " kube=debug "] {
            let filter = filter(spelling).expect(spelling).to_string();
            assert!(filter.contains("vestibule=info") && filter.contains("kube=debug"), "{filter}");
        }
    }

    #[test]
    fn the_audit_is_written_whatever_the_level_is() {
        for level in
            ["off", "error", "0", "vestibule=off", "vestibule::audit=off", "off,vestibule::audit=error"]
        {
            let filter = filter(level).expect(level).to_string();
            assert!(filter.contains(AUDIT) && !filter.contains("audit=off"), "{level}: {filter}");
        }
    }

    #[test]
    fn an_invalid_level_is_refused_with_a_sentence() {
        for wanted in [
            "",
            " ",
            "inof",
            "warning",
            "kube=loud",
            "info,vestibule=debug=3",
            "info,verbose",
            "info,",
            "kube=",
            "vestibule",
            "debug;kube=info",
        ] {
            let error = filter(wanted).expect_err(wanted).to_string();
            assert!(error.contains("is not a log level") && error.contains("debug, trace"), "{error}");
        }
    }

    #[test]
    fn the_last_line_of_a_failed_process_looks_like_the_others() {
        let error = LevelError::Fixed;
        assert_eq!(
            fatal_line(Format::Text, &error, jiff::Timestamp::UNIX_EPOCH),
            format!("vestibule: {error}")
        );
        let line = fatal_line(Format::Json, &error, jiff::Timestamp::UNIX_EPOCH);
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&line["level"], &line["message"]), (&"ERROR".into(), &error.to_string().into()));
    }
}
