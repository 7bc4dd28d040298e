//! Translates between the terms of the NetBox and those of the domain (systems/lenel-s2.md 2.14). No field of the
//! controller is lost in a round trip.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vestibule_core::identity::{Kind, Owner, RecordId};
use vestibule_core::model::{
    Card, DesiredRecord, Facts, Field, ObjectKey, ObservedRecord, OwnerMark, Person,
};
use vestibule_core::schedule::Window;

use super::config::{CardIdentity, Config};
use super::dto;
use super::envelope::{Command, Param};
use super::time::Dates;

/// The beginning of the readable mark in NOTES.
const MARK: &str = "Vestibule owner=";

/// Reads and writes records for one controller.
pub(super) struct Map {
    dates: Dates,
    card_identity: CardIdentity,
    udf: Option<String>,
}

impl Map {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            dates: Dates::new(config.zone.clone(), config.wire.expiry),
            card_identity: config.wire.card_identity,
            udf: config.tenant_udf.map(|number| format!("UDF{number}")),
        }
    }

    /// The element of the tenant, if the tenant is sent.
    pub(super) fn udf(&self) -> Option<&str> {
        self.udf.as_deref()
    }

    /// A person as a record. Texts are compared exactly, including space around a tenant's name: the controller writes
    /// trimmed texts, so a difference is an edit by another user.
    pub(super) fn record(&self, person: &dto::Person) -> ObservedRecord {
        let id = person.id.parse().ok();
        ObservedRecord {
            external_id: person.id.clone(),
            id,
            mark: read_mark(&person.notes).filter(|mark| id.is_none_or(|id| agree(mark, id))),
            dead: person.deleted,
            facts: self.facts(person),
        }
    }

    /// When a person was changed last, by the clock of the NetBox.
    pub(super) fn edited(&self, person: &dto::Person) -> Option<Timestamp> {
        self.dates.read_unambiguous(&person.last_edit)
    }

    fn facts(&self, person: &dto::Person) -> Facts {
        let window = self
            .dates
            .read_start(&person.act_date)
            .zip(self.dates.read_end(&person.exp_date))
            .map(|(from, until)| Window { from, until });
        Facts {
            person: Person {
                first_name: person.first_name.clone(),
                last_name: person.last_name.clone(),
                email: person.email.clone(),
                phone: person.phone.clone(),
            },
            tenant: person.udf.clone(),
            window,
            groups: person.levels.iter().cloned().collect(),
            cards: person.cards.iter().filter(|card| card.opens()).map(|card| self.card(card)).collect(),
        }
    }

    /// The caller leaves out a card that opens nothing. That is a difference, so it is repaired.
    fn card(&self, card: &dto::AccessCard) -> (Card, Option<Timestamp>) {
        let key = Card { number: card.number().to_owned(), format: card.format.clone() };
        (key, self.dates.read_end(&card.exp_date))
    }

    /// Whether a person has this credential, open until exactly this instant.
    pub(super) fn has_card(&self, person: &dto::Person, card: &Card, until: Timestamp) -> bool {
        !person.deleted && self.facts(person).cards.get(card) == Some(&Some(until))
    }

    /// Whether a card of the NetBox, opening or not, is the same as this one.
    pub(super) fn is_card(&self, held: &dto::AccessCard, card: &Card) -> bool {
        let same_format = self.card_identity == CardIdentity::Number || held.format == card.format;
        same_format && held.carries(&card.number)
    }

    /// `AddPerson`. Empty texts are omitted. Levels are given in the bare form, as other clients do (2.7).
    pub(super) fn add_person(&self, record: &DesiredRecord) -> Command {
        let every = [Field::Name, Field::Contact, Field::Tenant, Field::Window];
        let facts = record.facts();
        let params =
            every.into_iter().flat_map(|field| self.params(&facts, field)).filter(|param| !param.is_empty());
        Command::new("AddPerson")
            .with("PERSONID", record.id.to_string())
            .with_all(params)
            .with("NOTES", write_mark(&record.mark))
            .with_all(levels(&record.groups))
    }

    /// `ModifyPerson` of a record of this controller: the fields that differ, and always all levels, since the effect
    /// of omitting them is not known (2.16 no. 5). The bare form replaces the whole set, including rights granted by
    /// hand. That is allowed on a record that only this controller owns, and forbidden on a shared one (2.7). An empty
    /// set is not sent: see [`Self::withdraw_levels`].
    pub(super) fn modify_person(&self, id: &str, facts: &Facts, fields: &[Field]) -> Command {
        let params = fields.iter().flat_map(|field| self.params(facts, *field));
        Command::new("ModifyPerson").with("PERSONID", id).with_all(params).with_all(levels(&facts.groups))
    }

    /// `ModifyPerson` in the additive form with DELETE for each level: the one documented way to empty the set.
    pub(super) fn withdraw_levels(command: Command, levels: &[String]) -> Command {
        let withdrawn = |name: &String| {
            let parts = vec![Param::text("ACCESSLEVELNAME", name.as_str()), Param::text("DELETE", "1")];
            Param::list("ACCESSLEVEL", parts)
        };
        let items: Vec<Param> = levels.iter().map(withdrawn).collect();
        command.with_all((!items.is_empty()).then(|| Param::list("ACCESSLEVELS", items)))
    }

    /// `AddCredential` with one number encoded and printed, as is usual (2.8). The printed number keeps its leading
    /// zeros. The encoded one is sent in the form in which it is later looked up and removed.
    pub(super) fn add_credential(&self, id: RecordId, card: &Card, until: Timestamp) -> Command {
        Command::new("AddCredential")
            .with("PERSONID", id.to_string())
            .with("CARDFORMAT", card.format.as_str())
            .with("ENCODEDNUM", card.number_key())
            .with("HOTSTAMP", card.number.as_str())
            .with("CARDEXPDATE", self.dates.write_end(until))
    }

    /// `RemoveCredential` by format and number.
    pub(super) fn remove_credential(id: RecordId, format: &str, encoded: &str) -> Command {
        Command::new("RemoveCredential")
            .with("PERSONID", id.to_string())
            .with("CARDFORMAT", format)
            .with("ENCODEDNUM", encoded)
    }

    fn params(&self, facts: &Facts, field: Field) -> Vec<Param> {
        let Person { first_name, last_name, email, phone } = &facts.person;
        match field {
            Field::Name => {
                vec![
                    Param::text("FIRSTNAME", first_name.as_str()),
                    Param::text("LASTNAME", last_name.as_str()),
                ]
            }
            Field::Contact => {
                vec![Param::text("CONTACTEMAIL", email.as_str()), Param::text("CONTACTPHONE", phone.as_str())]
            }
            Field::Tenant => {
                self.udf.iter().map(|udf| Param::text(udf.clone(), facts.tenant.as_str())).collect()
            }
            Field::Window => facts.window.iter().flat_map(|window| self.window(*window)).collect(),
            // Every write sends the levels, and cards have commands of their own.
            Field::Groups | Field::Cards => Vec::new(),
        }
    }

    fn window(&self, window: Window) -> [Param; 2] {
        [
            Param::text("ACTDATE", self.dates.write_start(window.from)),
            Param::text("EXPDATE", self.dates.write_end(window.until)),
        ]
    }
}

/// The replacing form, or `None` for an empty set.
fn levels(groups: &BTreeSet<String>) -> Option<Param> {
    let items: Vec<Param> = groups.iter().map(|name| Param::text("ACCESSLEVEL", name.as_str())).collect();
    (!items.is_empty()).then(|| Param::list("ACCESSLEVELS", items))
}

/// The owner of the record, for an operator of the NetBox.
fn write_mark(mark: &OwnerMark) -> String {
    format!("{MARK}{}{}{}", mark.owner_id, before_object(mark.kind), mark.object)
}

/// What stands between the two parts of a mark.
fn before_object(kind: Kind) -> String {
    format!(" {}=", kind.word())
}

/// Whether mark and id name the same owner and object. The NetBox may truncate NOTES (2.16 no. 12), and a truncated
/// name is another object's. Notes can also be copied by hand: beside a foreign id the mark is shown, and proves
/// nothing by itself.
fn agree(mark: &OwnerMark, id: RecordId) -> bool {
    Owner::of(&mark.owner_id) == id.owner && mark.object_id() == id.object_id
}

/// The mark in one line of NOTES; other lines may follow or precede. `None` if it is absent, foreign or damaged.
fn read_mark(notes: &str) -> Option<OwnerMark> {
    let line = notes.lines().find_map(|line| line.trim_start().strip_prefix(MARK))?;
    // An owner id may hold such a word itself: the last one counts.
    let split = |kind: Kind| line.rsplit_once(&before_object(kind)).map(|parts| (kind, parts));
    let (kind, (owner_id, rest)) =
        Kind::ALL.into_iter().filter_map(split).max_by_key(|(_, (owner_id, _))| owner_id.len())?;
    let (namespace, name) = rest.split_whitespace().next()?.split_once('/')?;
    let named = !owner_id.is_empty() && !namespace.is_empty() && !name.is_empty() && !name.contains('/');
    named.then(|| OwnerMark { owner_id: owner_id.to_owned(), kind, object: ObjectKey::new(namespace, name) })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::config::Wire;
    use super::*;

    fn map() -> Map {
        let zone = TimeZone::get("America/New_York").unwrap();
        Map::new(&Config { tenant_udf: Some(1), ..Config::new("http://box", zone) })
    }

    fn record() -> DesiredRecord {
        let key = ObjectKey::new("hq", "ada");
        let at = |text: &str| text.parse().unwrap();
        DesiredRecord {
            id: RecordId::new(Owner(1), vestibule_core::identity::ObjectId::of_visitor(&key), 7),
            mark: OwnerMark { owner_id: "c/hq/box".to_owned(), kind: Kind::Visitor, object: key },
            person: Person {
                first_name: "Ada".to_owned(),
                last_name: "Byron".to_owned(),
                email: "ada@example.org".to_owned(),
                phone: String::new(),
            },
            tenant: "Acme Ltd".to_owned(),
            window: Window { from: at("2026-12-01T13:00:00Z"), until: at("2026-12-01T23:00:00Z") },
            groups: ["Lobby".to_owned()].into(),
            card: None,
        }
    }

    fn params(command: &Command) -> String {
        let printed = command.print(None, &Wire::default());
        let (_, inside) = printed.split_once("<PARAMS>").unwrap();
        inside.split_once("</PARAMS>").unwrap().0.to_owned()
    }

    #[test]
    fn add_person_is_printed_as_in_the_worked_example_with_the_mark() {
        let record = record();
        assert_eq!(
            params(&map().add_person(&record)),
            format!(
                "<PERSONID>{}</PERSONID><FIRSTNAME>Ada</FIRSTNAME><LASTNAME>Byron</LASTNAME>\
                 <CONTACTEMAIL>ada@example.org</CONTACTEMAIL><UDF1>Acme Ltd</UDF1>\
                 <ACTDATE>2026-12-01 08:00</ACTDATE><EXPDATE>2026-12-01 18:00</EXPDATE>\
                 <NOTES>Vestibule owner=c/hq/box visitor=hq/ada</NOTES>\
                 <ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>",
                record.id
            )
        );
    }

    #[test]
    fn add_credential_is_printed_as_in_the_worked_example() {
        let (record, card) = (record(), Card { number: "4711".into(), format: "26 bit Wiegand".into() });
        assert_eq!(
            params(&map().add_credential(record.id, &card, record.window.until)),
            format!(
                "<PERSONID>{}</PERSONID><CARDFORMAT>26 bit Wiegand</CARDFORMAT><ENCODEDNUM>4711</ENCODEDNUM>\
                 <HOTSTAMP>4711</HOTSTAMP><CARDEXPDATE>2026-12-01 18:00</CARDEXPDATE>",
                record.id
            )
        );
    }

    #[test]
    fn a_changed_contact_is_sent_even_where_it_is_emptied_and_levels_go_with_every_change() {
        let record = record();
        assert_eq!(
            params(&map().modify_person(&record.id.to_string(), &record.facts(), &[Field::Contact])),
            format!(
                "<PERSONID>{}</PERSONID><CONTACTEMAIL>ada@example.org</CONTACTEMAIL><CONTACTPHONE></CONTACTPHONE>\
                 <ACCESSLEVELS><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS>",
                record.id
            )
        );
    }

    #[test]
    fn levels_are_emptied_one_by_one_and_never_by_an_empty_list() {
        let record = DesiredRecord { groups: BTreeSet::new(), ..record() };
        let bare = map().modify_person(&record.id.to_string(), &record.facts(), &[Field::Groups]);
        assert!(!params(&bare).contains("ACCESSLEVELS"));
        let command = Map::withdraw_levels(bare, &["Lobby".to_owned()]);
        assert!(params(&command).ends_with(
            "<ACCESSLEVELS><ACCESSLEVEL><ACCESSLEVELNAME>Lobby</ACCESSLEVELNAME><DELETE>1</DELETE>\
             </ACCESSLEVEL></ACCESSLEVELS>"
        ));
        let none = Map::withdraw_levels(
            map().modify_person(&record.id.to_string(), &record.facts(), &[Field::Groups]),
            &[],
        );
        assert!(!params(&none).contains("ACCESSLEVELS"));
    }

    #[test]
    fn a_mark_reads_back_as_written_and_survives_a_guards_note() {
        let mark = OwnerMark {
            owner_id: "b9 x/hq/visitor=y".to_owned(),
            kind: Kind::Visitor,
            object: ObjectKey::new("hq", "ada"),
        };
        let notes = write_mark(&mark);
        assert_eq!(read_mark(&notes), Some(mark.clone()));
        assert_eq!(read_mark(&format!("knows the way\n {notes} \nparked in B")), Some(mark));
    }

    #[test]
    fn a_mark_that_does_not_fit_the_id_is_none() {
        let mark = OwnerMark {
            owner_id: "c/hq/box".to_owned(),
            kind: Kind::Visitor,
            object: ObjectKey::new("hq", "ada"),
        };
        let id = RecordId::new(Owner::of("c/hq/box"), mark.object_id(), 7);
        let notes = write_mark(&mark);
        let read = |id: &str, notes: &str| {
            let person = dto::Person { id: id.to_owned(), notes: notes.to_owned(), ..dto::Person::default() };
            map().record(&person).mark
        };
        assert_eq!(read(&id.to_string(), &notes), Some(mark));
        assert_eq!(read(&id.to_string(), &notes[..notes.len() - 1]), None, "truncated by the NetBox");
        let other = RecordId { owner: Owner(1), ..id };
        assert_eq!(read(&other.to_string(), &notes), None, "of another owner");
        let copied = map().record(&dto::Person { id: "_41".into(), notes, ..dto::Person::default() });
        assert_eq!((copied.id, copied.mark.is_some()), (None, true), "copied by hand, or set by the NetBox");
    }

    #[test]
    fn notes_of_others_are_no_mark() {
        let all = [
            "",
            "null",
            "VIP",
            "Vestibule owner=",
            "Vestibule owner=x visitor=",
            "Vestibule owner=x visitor=a/",
            "Vestibule owner=x visitor=a/b/c",
            "Vestibule owner= visitor=a/b",
        ];
        for notes in all {
            assert_eq!(read_mark(notes), None, "{notes}");
        }
    }

    #[test]
    fn half_a_window_is_none_and_an_inert_card_is_left_out() {
        let person = dto::Person {
            id: "_41".to_owned(),
            act_date: "null".to_owned(),
            exp_date: "2026-12-01 18:00:00".to_owned(),
            cards: vec![dto::AccessCard {
                disabled: true,
                encoded: "1".to_owned(),
                ..dto::AccessCard::default()
            }],
            ..dto::Person::default()
        };
        let found = map().record(&person);
        assert_eq!((found.id, found.facts.window, found.facts.cards.len()), (None, None, 0));
    }
}
