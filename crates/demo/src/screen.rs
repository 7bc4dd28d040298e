//! The output of the demo: plain aligned text, with colour only on a terminal.

use std::io::{IsTerminal as _, Write as _, stdout};
use std::time::{Duration, Instant};

/// The indentation of everything below a step's title.
const INDENT: &str = "   ";

/// Standard output. The demo continues if the reader has closed the pipe (`| head`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    colour: bool,
}

#[derive(Clone, Copy)]
enum Ink {
    Bold,
    Cyan,
    Green,
}

impl Screen {
    pub(super) fn on_stdout() -> Self {
        Self { colour: stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// The title of a step: its action, in one line.
    pub(super) fn step(self, title: &str) {
        Self::line("");
        Self::line(&self.ink(Ink::Bold, title));
    }

    /// A command as a user would type it.
    pub(super) fn command(self, command: &str) {
        Self::line(&format!("{INDENT}{}", self.ink(Ink::Cyan, &format!("$ {command}"))));
    }

    /// The output of a command, or a table.
    pub(super) fn output(text: &str) {
        for line in text.lines() {
            Self::line(format!("{INDENT}  {line}").trim_end());
        }
    }

    /// A checked result.
    pub(super) fn holds(self, sentence: &str) {
        Self::line(&format!("{INDENT}{} {sentence}", self.ink(Ink::Green, "✓")));
    }

    /// A part of the demo is ready.
    pub(super) fn ready(part: &str, since: Instant, at: &str) {
        Self::line(&format!("{part:<12} ready after {:>7}   {at}", seconds(since.elapsed())));
    }

    pub(super) fn line(text: &str) {
        let _ = writeln!(stdout().lock(), "{text}");
    }

    fn ink(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bold => 1,
            Ink::Cyan => 36,
            Ink::Green => 32,
        };
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

/// Rows below a head, in columns as wide as their widest cell.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(ToOwned::to_owned);
    let lines = || std::iter::once(&head).chain(rows);
    let width = |column: usize| lines().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("   ").trim_end().to_owned()
    };
    lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_in_letters() {
        let rows = [["Zoë".to_owned(), "Lobby".to_owned()], ["Al".to_owned(), "-".to_owned()]];
        assert_eq!(table(["NAME", "LEVELS"], &rows), "NAME   LEVELS\nZoë    Lobby\nAl     -");
    }

    #[test]
    fn without_a_terminal_there_is_no_colour() {
        assert_eq!(Screen { colour: false }.ink(Ink::Bold, "x"), "x");
        assert_eq!(Screen { colour: true }.ink(Ink::Bold, "x"), "\x1b[1mx\x1b[0m");
    }
}
