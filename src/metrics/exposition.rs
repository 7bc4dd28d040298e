//! The two text formats of metrics, and the choice between them by `Accept` header.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A text format. The older one describes a counter under the name of its samples, with `_total`. A reader of the older
/// format finds no help for a counter in the newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposition {
    /// `OpenMetrics`, which Prometheus requests.
    OpenMetrics,
    /// The older format of Prometheus, for every other reader.
    Classic,
}

impl Exposition {
    /// The format that an `Accept` header requests.
    pub fn accepted(header: Option<&str>) -> Self {
        let open = header.is_some_and(|accepted| accepted.contains("application/openmetrics-text"));
        if open { Self::OpenMetrics } else { Self::Classic }
    }

    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// Converts a text of `OpenMetrics` into this format.
    pub fn of(self, open: String) -> String {
        match self {
            Self::OpenMetrics => open,
            Self::Classic => classic(&open),
        }
    }
}

fn classic(open: &str) -> String {
    let counter = |line: &str| Some(line.strip_prefix("# TYPE ")?.strip_suffix(" counter")?.to_owned());
    let counters: BTreeSet<String> = open.lines().filter_map(counter).collect();
    let mut text = String::with_capacity(open.len());
    for line in open.lines().filter(|line| *line != "# EOF" && !line.starts_with("# UNIT ")) {
        let described = line.strip_prefix("# ").and_then(|rest| rest.split_once(' '));
        let named = described.and_then(|(word, rest)| Some((word, rest.split_once(' ')?)));
        // Writing to a string cannot fail.
        let _ = match named {
            Some((word, (name, rest))) if counters.contains(name) => {
                writeln!(text, "# {word} {name}_total {rest}")
            }
            _ => writeln!(text, "{line}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "# HELP calls Calls made.\n# TYPE calls counter\ncalls_total{code=\"ok\"} 3\n# HELP age Age.\n\
                        # TYPE age gauge\n# UNIT age seconds\nage 1.5\n# EOF\n";

    #[test]
    fn the_older_format_describes_a_counter_under_the_name_of_its_samples() {
        let expected = "# HELP calls_total Calls made.\n# TYPE calls_total counter\ncalls_total{code=\"ok\"} 3\n\
                        # HELP age Age.\n# TYPE age gauge\nage 1.5\n";
        assert_eq!(Exposition::Classic.of(OPEN.to_owned()), expected);
        assert_eq!(Exposition::OpenMetrics.of(OPEN.to_owned()), OPEN);
    }

    #[test]
    fn a_reader_that_accepts_open_metrics_gets_it_and_any_other_the_older_format() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(Exposition::accepted(Some(prometheus)), Exposition::OpenMetrics);
        for other in [None, Some("*/*"), Some("text/plain")] {
            assert_eq!(Exposition::accepted(other), Exposition::Classic);
        }
    }
}
