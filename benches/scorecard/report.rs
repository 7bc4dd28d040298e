//! The result: a table for people, `report.json` for machines.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::Fallible;
use crate::stage::Stage;

/// One line of the scorecard.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// The number of the row in the scorecard, "P1" to "P12", with a letter for its part.
    pub(crate) id: &'static str,
    /// The measured quantity.
    pub(crate) what: String,
    /// The theoretical limit.
    pub(crate) limit: Option<f64>,
    /// The value of the baseline.
    pub(crate) naive: Option<f64>,
    /// The value of our controller.
    pub(crate) ours: f64,
    /// The unit of the three values.
    pub(crate) unit: &'static str,
    /// The first bar of the scorecard, in the same unit.
    pub(crate) bar: Option<f64>,
}

/// All results.
#[derive(Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    /// Information for readers beside the numbers.
    remarks: Vec<String>,
    /// One number each, by name.
    facts: serde_json::Map<String, serde_json::Value>,
}

impl Report {
    /// A report that begins with the facts of the machine.
    pub(crate) fn new() -> Self {
        let mut report = Self::default();
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        report.fact("date", json!(Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()));
        report.fact("cores", json!(std::thread::available_parallelism().map_or(0, usize::from)));
        report.fact("load_before", json!(load));
        report
    }

    /// Adds a line.
    pub(crate) fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Adds a remark and shows it at once.
    pub(crate) fn remark(&mut self, text: impl Into<String>) {
        let text = text.into();
        println!("      {text}");
        self.remarks.push(text);
    }

    /// Adds a fact.
    pub(crate) fn fact(&mut self, name: &str, value: serde_json::Value) {
        self.facts.insert(name.to_owned(), value);
    }

    /// The value of a fact.
    pub(crate) fn number(&self, name: &str) -> f64 {
        self.facts.get(name).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN)
    }

    /// Prints the table and writes `report.json`.
    pub(crate) fn publish(&mut self, stage: &Stage) -> Fallible {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        self.fact("load_after", json!(load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")));
        self.fact("quick", json!(stage.options.quick));
        let report = json!({ "rows": self.rows, "remarks": self.remarks, "machine": self.facts });
        let path = stage.out.join("report.json");
        std::fs::write(&path, serde_json::to_string_pretty(&report)?)?;
        println!("\n{}\n{}", self.table(), path.display());
        Ok(())
    }

    fn table(&self) -> String {
        let cell = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
        let lines = self.rows.iter().map(|row| {
            [
                row.id.to_owned(),
                row.what.clone(),
                cell(row.limit),
                cell(row.naive),
                number(row.ours),
                cell(row.bar),
                row.unit.to_owned(),
            ]
        });
        let head = ["row", "what", "limit", "naive", "ours", "bar", "unit"].map(str::to_owned);
        let lines: Vec<[String; 7]> = std::iter::once(head).chain(lines).collect();
        let widths: Vec<usize> = (0..7)
            .map(|column| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0))
            .collect();
        lines.iter().enumerate().fold(String::new(), |mut text, (number, line)| {
            if number == 1 {
                let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
                let _ = writeln!(text, "| {} |", rule.join(" | "));
            }
            let cells: Vec<String> =
                line.iter().zip(&widths).map(|(cell, w)| format!("{cell:<w$}")).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
            text
        })
    }
}

/// A number with an appropriate number of digits.
fn number(value: f64) -> String {
    match value.abs() {
        _ if value.is_nan() => "?".to_owned(),
        _ if value.is_infinite() => "never".to_owned(),
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
