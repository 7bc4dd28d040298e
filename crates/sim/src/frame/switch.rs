//! Switches: for each thing that a vendor's documents leave open, one position for each behaviour the vendor may have.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::suggest::nearest;

/// One switch of a system.
#[derive(Debug)]
pub struct Switch {
    /// Name, as `--set NAME=POSITION` and `POST /_sim/switches` take it.
    pub name: &'static str,
    /// All positions.
    pub positions: &'static [Position],
    /// Its position until it is set.
    pub default: &'static str,
    /// The section of the document that leaves it open.
    pub source: &'static str,
    /// The question that it decides, in a few words.
    pub about: &'static str,
}

/// A row of a table of switches.
pub const fn switch(
    name: &'static str,
    positions: &'static [Position],
    default: &'static str,
    source: &'static str,
    about: &'static str,
) -> Switch {
    Switch { name, positions, default, source, about }
}

/// One position, or one kind of position.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Position {
    /// Exactly this word.
    Word(&'static str),
    /// A number not below zero, of this unit.
    Number(&'static str),
    /// A number that may be negative, of this unit.
    Signed(&'static str),
    /// Any text; the system itself may refuse it.
    Text(&'static str),
}

impl Position {
    fn takes(self, value: &str) -> bool {
        let number = value.parse::<f64>().ok().filter(|n| n.is_finite());
        match self {
            Self::Word(word) => word == value,
            Self::Number(_) => number.is_some_and(|n| n >= 0.0),
            Self::Signed(_) => number.is_some(),
            Self::Text(_) => true,
        }
    }

    /// Its text on pages and in messages: `none`, `<seconds>`.
    pub fn text(self) -> String {
        match self {
            Self::Word(word) => word.to_owned(),
            Self::Number(unit) | Self::Signed(unit) | Self::Text(unit) => format!("<{unit}>"),
        }
    }
}

impl Switch {
    /// All positions as text: `none | <seconds>`.
    pub fn positions_text(&self) -> String {
        let all: Vec<String> = self.positions.iter().map(|p| p.text()).collect();
        all.join(" | ")
    }

    /// The position that is most like a mistyped one.
    fn nearest(&self, value: &str) -> Option<&'static str> {
        let words = self.positions.iter().filter_map(|position| match position {
            Position::Word(word) => Some(*word),
            _ => None,
        });
        nearest(value, words)
    }
}

/// The switches of one system and the position of each.
#[derive(Clone, Debug)]
pub struct Switches {
    table: Vec<&'static Switch>,
    values: BTreeMap<&'static str, String>,
}

impl Switches {
    /// All switches of these tables in their default positions.
    pub fn new(tables: &[&'static [Switch]]) -> Self {
        let table: Vec<&'static Switch> = tables.iter().flat_map(|t| t.iter()).collect();
        let values = table.iter().map(|s| (s.name, s.default.to_owned())).collect();
        Self { table, values }
    }

    /// Sets one switch; the error is a sentence that names the right words.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some(switch) = self.table.iter().find(|s| s.name == name) else {
            let names: Vec<&str> = self.table.iter().map(|s| s.name).collect();
            return Err(match nearest(name, names.iter().copied()) {
                Some(meant) => format!("there is no switch `{name}`; did you mean `{meant}`?"),
                None => format!("there is no switch `{name}`; the switches are {}", names.join(", ")),
            });
        };
        if !switch.positions.iter().any(|p| p.takes(value)) {
            let meant =
                switch.nearest(value).map(|meant| format!("did you mean `{meant}`? ")).unwrap_or_default();
            let positions = switch.positions_text();
            return Err(format!(
                "switch `{name}` has no position `{value}`; {meant}its positions are {positions}"
            ));
        }
        self.values.insert(switch.name, value.to_owned());
        Ok(())
    }

    /// Sets all switches of a JSON object, `{"name": "position"}`; numbers need no quotes.
    pub fn set_all(&mut self, changes: &Value) -> Result<(), String> {
        let Some(changes) = changes.as_object() else {
            return Err("switches are set by an object, {\"name\": \"position\"}".to_owned());
        };
        changes.iter().try_for_each(|(name, value)| match value {
            Value::String(text) => self.set(name, text),
            other => self.set(name, &other.to_string()),
        })
    }

    /// The position of a switch; empty for an unknown name.
    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// True when the switch has this position.
    pub fn is(&self, name: &str, word: &str) -> bool {
        self.get(name) == word
    }

    /// The position of a switch as a number, if it is one.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.get(name).parse().ok()
    }

    /// The same as a whole number.
    #[allow(clippy::cast_possible_truncation)] // a float cast saturates, and no switch needs more
    pub fn whole(&self, name: &str) -> Option<i64> {
        self.number(name).map(|n| n as i64)
    }

    /// The same as a count.
    pub fn count(&self, name: &str) -> Option<usize> {
        usize::try_from(self.whole(name)?).ok()
    }

    /// All switches with position, default, positions and source.
    pub fn json(&self) -> Value {
        let row = |s: &&Switch| {
            json!({ "name": s.name, "position": self.get(s.name), "default": s.default, "source": s.source,
                    "about": s.about, "positions": s.positions.iter().map(|p| p.text()).collect::<Vec<_>>() })
        };
        Value::Array(self.table.iter().map(row).collect())
    }

    /// The switches that are not in their default position.
    pub fn moved(&self) -> impl Iterator<Item = (&'static Switch, &str)> {
        self.table.iter().map(|s| (*s, self.get(s.name))).filter(|(s, value)| s.default != *value)
    }

    /// All switches as `vestibule-sim switches SYSTEM` prints them.
    pub fn listing(&self) -> String {
        let line = |s: &&Switch| {
            format!(
                "{:<26} {:<44} {:<18} {:<12} {}\n",
                s.name,
                s.positions_text(),
                s.default,
                s.source,
                s.about
            )
        };
        let head =
            format!("{:<26} {:<44} {:<18} {:<12} DECIDES\n", "SWITCH", "POSITIONS", "DEFAULT", "SOURCE");
        head + &self.table.iter().map(line).collect::<String>()
    }
}

/// Checks the table of a system: each default is the first position, and each of these rows of the section of
/// unknowns has a switch.
#[cfg(test)]
pub(crate) fn check_table(table: &[Switch], section: &str, rows: impl Iterator<Item = u32>) {
    for switch in table {
        let first = switch.positions[0];
        assert!(!matches!(first, Position::Word(word) if word != switch.default), "{}", switch.name);
    }
    for row in rows {
        let source = format!("{section} #{row}");
        assert!(table.iter().any(|switch| switch.source == source), "{source}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Switch] = &[
        switch("idle", &[Position::Word("none"), Position::Number("seconds")], "none", "1", ""),
        switch("offset", &[Position::Signed("seconds")], "0", "2", ""),
    ];

    #[test]
    fn a_switch_takes_its_positions_and_refuses_others_with_a_sentence() {
        let mut switches = Switches::new(&[TABLE]);
        switches.set("idle", "30").unwrap();
        assert_eq!(switches.whole("idle"), Some(30));
        assert_eq!(switches.moved().count(), 1);
        switches.set("offset", "-3.5").unwrap();
        let refused = switches.set("idle", "-1").unwrap_err();
        assert_eq!(refused, "switch `idle` has no position `-1`; its positions are none | <seconds>");
        assert_eq!(
            switches.set("x", "1").unwrap_err(),
            "there is no switch `x`; the switches are idle, offset"
        );
    }

    #[test]
    fn the_error_about_a_mistyped_switch_or_position_names_the_nearest_one() {
        let mut switches = Switches::new(&[TABLE]);
        assert_eq!(
            switches.set("ofset", "1").unwrap_err(),
            "there is no switch `ofset`; did you mean `offset`?"
        );
        assert_eq!(
            switches.set("idle", "nonne").unwrap_err(),
            "switch `idle` has no position `nonne`; did you mean `none`? its positions are none | <seconds>"
        );
    }

    #[test]
    fn an_object_sets_several_switches() {
        let mut switches = Switches::new(&[TABLE]);
        switches.set_all(&json!({ "idle": 5, "offset": "-2" })).unwrap();
        assert_eq!((switches.whole("idle"), switches.whole("offset")), (Some(5), Some(-2)));
        assert!(switches.set_all(&json!(["idle"])).is_err());
    }
}
