//! The records of the NetBox, as its simulator reports them. Read from its JSON and not from its types: the demo looks
//! at the NetBox from outside, as an operator would.

use serde::Deserialize;
use vestibule_core::identity::PREFIX;

use super::Error;
use super::screen::table;

/// All people of the NetBox.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Holdings {
    local: String,
    people: Vec<Person>,
}

/// One person of the NetBox.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Person {
    pub(super) id: String,
    first_name: String,
    last_name: String,
    levels: Vec<String>,
    act_date: Option<String>,
    exp_date: Option<String>,
    deleted: bool,
    cards: Vec<Card>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Card {
    number: String,
    /// The printed number: it keeps the leading zeros that the encoded one loses.
    hotstamp: String,
}

/// The expected record of a visitor: name, levels, first and last minute, card.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    pub(super) name: &'static str,
    pub(super) levels: &'static str,
    pub(super) from: &'static str,
    pub(super) until: &'static str,
    pub(super) card: &'static str,
}

/// A line of the table, without the id.
type Row = [String; 5];

impl Holdings {
    /// The living records that Vestibule created.
    pub(super) fn visitors(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter(|person| person.is_ours() && !person.deleted)
    }

    /// The living record of one visitor. There must be exactly one.
    pub(super) fn the(&self, name: &str) -> Result<&Person, Error> {
        let mut found = self.visitors().filter(|person| person.name() == name);
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(Error::NotShown(format!("the NetBox has no record of {name}"))),
            (Some(_), Some(_)) => {
                Err(Error::NotShown(format!("the NetBox has more than one record of {name}")))
            }
        }
    }

    /// Checks that the record of this id is removed. A NetBox keeps removed records.
    pub(super) fn removed(&self, id: &str) -> Result<(), Error> {
        match self.people.iter().find(|person| person.id == id) {
            Some(person) if person.deleted => Ok(()),
            Some(_) => Err(Error::NotShown(format!("the record {id} still opens doors"))),
            None => Err(Error::NotShown(format!("the NetBox does not know the record {id}"))),
        }
    }

    /// Whether both contain the same people in the same state, at any time.
    pub(super) fn same_people(&self, other: &Self) -> bool {
        self.people == other.people
    }

    /// The people that Vestibule did not create. They must not change.
    pub(super) fn others(&self) -> Vec<&Person> {
        self.people.iter().filter(|person| !person.is_ours()).collect()
    }

    /// Checks that the visitors are exactly these.
    pub(super) fn expect(&self, expected: &[Expected]) -> Result<(), Error> {
        let mut wanted: Vec<Row> = expected.iter().map(Expected::row).collect();
        let mut held: Vec<Row> = self.visitors().map(Person::row).collect();
        wanted.sort();
        held.sort();
        if wanted == held {
            return Ok(());
        }
        let listed = |rows: &[Row]| if rows.is_empty() { "no visitor".to_owned() } else { table(HEAD, rows) };
        Err(Error::NotShown(format!(
            "the NetBox should have\n{}\nand has\n{}",
            listed(&wanted),
            listed(&held)
        )))
    }

    /// The visitors as a table below the time of the NetBox.
    pub(super) fn table(&self) -> String {
        let time = self.local.get(..16).unwrap_or(&self.local);
        let mut rows: Vec<[String; 6]> = self.visitors().map(Person::row_with_id).collect();
        rows.sort();
        if rows.is_empty() {
            return format!("NetBox at {time}: no visitor");
        }
        let [name, levels, from, until, card] = HEAD;
        format!("NetBox at {time}\n{}", table([name, levels, from, until, card, "RECORD"], &rows))
    }
}

const HEAD: [&str; 5] = ["NAME", "LEVELS", "FROM", "UNTIL", "CARD"];

impl Person {
    fn is_ours(&self) -> bool {
        self.id.starts_with(PREFIX)
    }

    fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    fn row(&self) -> Row {
        let mut levels = self.levels.clone();
        levels.sort();
        let minute = |date: &Option<String>| {
            date.as_deref().map_or("-", |date| date.get(..16).unwrap_or(date)).to_owned()
        };
        let cards: Vec<&str> = self.cards.iter().map(Card::printed).collect();
        let cards = if cards.is_empty() { "-".to_owned() } else { cards.join(", ") };
        [self.name(), levels.join(", "), minute(&self.act_date), minute(&self.exp_date), cards]
    }

    /// With the part of the id that differs between two records of one visitor.
    fn row_with_id(&self) -> [String; 6] {
        let [name, levels, from, until, card] = self.row();
        let content = self.id.rmatch_indices('-').nth(1).map_or("", |(at, _)| &self.id[at..]);
        [name, levels, from, until, card, format!("{PREFIX}…{content}")]
    }
}

impl Card {
    fn printed(&self) -> &str {
        if self.hotstamp.is_empty() { &self.number } else { &self.hotstamp }
    }
}

impl Expected {
    fn row(&self) -> Row {
        [self.name, self.levels, self.from, self.until, self.card].map(ToOwned::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: Expected = Expected {
        name: "Ada Byron",
        levels: "Acme Visitors, Lobby",
        from: "2026-12-01 09:00",
        until: "2026-12-01 17:00",
        card: "-",
    };

    fn holdings(people: &serde_json::Value) -> Holdings {
        let state = serde_json::json!({ "local": "2026-12-01 10:00:00", "people": people });
        serde_json::from_value(state).unwrap()
    }

    fn ada() -> serde_json::Value {
        serde_json::json!({
            "id": "vst-000001-00000000000002-00000003-0", "first_name": "Ada", "last_name": "Byron",
            "levels": ["Lobby", "Acme Visitors"], "act_date": "2026-12-01 09:00:00", "exp_date": "2026-12-01 17:00:00",
            "deleted": false, "cards": []
        })
    }

    #[test]
    fn exactly_the_expected_visitors_are_accepted_in_any_order_of_their_levels() {
        let held = holdings(&serde_json::json!([ada()]));
        held.expect(&[ADA]).unwrap();
        assert!(held.expect(&[]).is_err());
        assert!(held.expect(&[ADA, ADA]).is_err());
        let later = Expected { until: "2026-12-01 18:00", ..ADA };
        let message = held.expect(&[later]).unwrap_err().to_string();
        assert!(["18:00", "and has", "17:00"].iter().all(|part| message.contains(part)), "{message}");
    }

    #[test]
    fn a_removed_record_is_found_and_an_unknown_one_is_an_error() {
        let mut gone = ada();
        gone["deleted"] = true.into();
        let held = holdings(&serde_json::json!([gone]));
        held.removed("vst-000001-00000000000002-00000003-0").unwrap();
        assert!(held.removed("vst-x").unwrap_err().to_string().contains("does not know"));
        assert!(held.the("Ada Byron").is_err());
    }

    #[test]
    fn the_table_shows_where_the_ids_of_two_records_of_a_visitor_differ() {
        let shown = holdings(&serde_json::json!([ada()])).table();
        assert!(shown.contains("vst-…-00000003-0"), "{shown}");
        assert!(holdings(&serde_json::json!([])).table().contains("no visitor"));
    }
}
