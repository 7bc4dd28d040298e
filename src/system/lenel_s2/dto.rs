//! People, cards and lists as the NetBox returns them (systems/lenel-s2.md 2.7 to 2.9), before they are interpreted.

use vestibule_core::model::card_number_key;

use super::envelope::Details;
use super::xml::Element;

/// A person. Texts are exactly as the NetBox stores them, and dates are not parsed. No `Debug`: it is a person's data.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) phone: String,
    pub(super) notes: String,
    /// The value of the requested UDF.
    pub(super) udf: String,
    pub(super) act_date: String,
    pub(super) exp_date: String,
    /// When the person was changed last, by the clock of the NetBox (2.4).
    pub(super) last_edit: String,
    pub(super) deleted: bool,
    pub(super) levels: Vec<String>,
    pub(super) cards: Vec<AccessCard>,
}

/// A credential. No `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct AccessCard {
    pub(super) encoded: String,
    pub(super) hotstamp: String,
    pub(super) format: String,
    pub(super) exp_date: String,
    pub(super) disabled: bool,
    pub(super) status: String,
}

impl Person {
    /// Reads a PERSON, or the DETAILS of `GetPerson`, which has the fields directly below it.
    pub(super) fn read(found: &Element, udf: Option<&str>) -> Self {
        Self {
            id: found.field("PERSONID").to_owned(),
            first_name: found.exact("FIRSTNAME").to_owned(),
            last_name: found.exact("LASTNAME").to_owned(),
            email: found.exact("CONTACTEMAIL").to_owned(),
            phone: found.exact("CONTACTPHONE").to_owned(),
            notes: found.exact("NOTES").to_owned(),
            udf: udf.map_or("", |name| found.exact(name)).to_owned(),
            act_date: found.field("ACTDATE").to_owned(),
            exp_date: found.field("EXPDATE").to_owned(),
            last_edit: found.field("LASTEDIT").to_owned(),
            deleted: flag(found, "DELETED"),
            levels: found.items("ACCESSLEVELS", "ACCESSLEVEL").filter_map(level).collect(),
            cards: found.items("ACCESSCARDS", "ACCESSCARD").map(AccessCard::read).collect(),
        }
    }
}

impl AccessCard {
    fn read(found: &Element) -> Self {
        Self {
            encoded: found.field("ENCODEDNUM").to_owned(),
            hotstamp: found.field("HOTSTAMP").to_owned(),
            format: found.field("CARDFORMAT").to_owned(),
            exp_date: found.field("CARDEXPDATE").to_owned(),
            disabled: flag(found, "DISABLED"),
            status: found.field("CARDSTATUS").to_owned(),
        }
    }

    /// Whether the card has this encoded number.
    pub(super) fn has_inside(&self, number: &str) -> bool {
        same_number(&self.encoded, number)
    }

    /// Whether the card has this number, encoded or printed.
    pub(super) fn carries(&self, number: &str) -> bool {
        self.has_inside(number) || same_number(&self.hotstamp, number)
    }

    /// Whether the card opens anything: it is not disabled, and Active or without a status, as on a NetBox Global
    /// (2.8).
    pub(super) fn opens(&self) -> bool {
        !self.disabled && (self.status.is_empty() || self.status.eq_ignore_ascii_case("Active"))
    }

    /// The number as this controller wrote it: the printed one keeps leading zeros that the encoded one may lose.
    pub(super) fn number(&self) -> &str {
        if self.encoded.is_empty() || same_number(&self.hotstamp, &self.encoded) {
            &self.hotstamp
        } else {
            &self.encoded
        }
    }
}

/// One page of people and the key of the next; `None` if the answer contains no list at all.
pub(super) fn people(details: &Details, udf: Option<&str>) -> Option<(Vec<Person>, String)> {
    let people = details.child("PEOPLE")?.children("PERSON").map(|one| Person::read(one, udf)).collect();
    Some((people, details.field("NEXTKEY").to_owned()))
}

/// One page of access levels by name, and the name at which the next starts.
pub(super) fn access_levels(details: &Details) -> Option<(Vec<String>, String)> {
    let names = details.child("ACCESSLEVELS")?.children("ACCESSLEVEL").filter_map(level).collect();
    Some((names, details.field("NEXTNAME").to_owned()))
}

/// The names of the card formats.
pub(super) fn card_formats(details: &Details) -> Option<Vec<String>> {
    let texts = details.child("CARDFORMATS")?.children("CARDFORMAT").map(|one| one.text().trim().to_owned());
    Some(texts.filter(|name| !name.is_empty()).collect())
}

/// A level as a bare name, or inside an element whose structure is not known (2.16 no. 6).
fn level(found: &Element) -> Option<String> {
    let names = [found.text().trim(), found.field("ACCESSLEVELNAME"), found.field("NAME")];
    names.into_iter().find(|name| !name.is_empty()).map(str::to_owned)
}

fn flag(found: &Element, name: &str) -> bool {
    matches!(found.field(name).to_ascii_uppercase().as_str(), "TRUE" | "1")
}

/// Whether two numbers are the same. A NetBox that stores numbers drops leading zeros.
pub(super) fn same_number(one: &str, other: &str) -> bool {
    !one.is_empty() && card_number_key(one) == card_number_key(other)
}

#[cfg(test)]
mod tests {
    use super::super::envelope::{Outcome, read};
    use super::*;

    fn details(command: &str, inside: &str) -> Details {
        let body = format!(
            "<NETBOX sessionid=\"S\"><RESPONSE command=\"{command}\" num=\"1\"><CODE>SUCCESS</CODE>{inside}</RESPONSE></NETBOX>"
        );
        match read(command, &body).map(|answer| answer.outcome) {
            Ok(Outcome::Success(details)) => details,
            _ => panic!("not a success"),
        }
    }

    /// The `GetPerson` of systems/lenel-s2.md 2.17, character by character.
    const GET_PERSON: &str = "<DETAILS><PERSONID>visit-0001</PERSONID><FIRSTNAME>Ada</FIRSTNAME><MIDDLENAME></MIDDLENAME><LASTNAME>Byron</LASTNAME>
  <ACTDATE>2026-12-01 08:00:00</ACTDATE><EXPDATE>2026-12-01 18:00:00</EXPDATE><UDF1>Acme Ltd</UDF1><DELETED>FALSE</DELETED><VEHICLES></VEHICLES>
  <ACCESSLEVELS><ACCESSLEVEL>Floor 4</ACCESSLEVEL></ACCESSLEVELS><ACCESSCARDS><ACCESSCARD><ENCODEDNUM>4711</ENCODEDNUM><HOTSTAMP>4711</HOTSTAMP>
  <CARDFORMAT>26 bit Wiegand</CARDFORMAT><DISABLED>0</DISABLED><CARDSTATUS>Active</CARDSTATUS><CARDEXPDATE>2026-12-01 18:00:00</CARDEXPDATE>
  <CREDENTIALID>812</CREDENTIALID></ACCESSCARD></ACCESSCARDS></DETAILS>";

    #[test]
    fn get_person_of_the_worked_example_is_read() {
        let person = Person::read(details("GetPerson", GET_PERSON).element(), Some("UDF1"));
        assert_eq!((person.id.as_str(), person.first_name.as_str()), ("visit-0001", "Ada"));
        assert_eq!((person.last_name.as_str(), person.udf.as_str()), ("Byron", "Acme Ltd"));
        assert_eq!(person.act_date, "2026-12-01 08:00:00");
        assert_eq!(person.levels, ["Floor 4"]);
        assert!(!person.deleted && person.email.is_empty());
        let card = &person.cards[0];
        assert!(card.opens() && card.carries("4711"));
        assert_eq!((card.number(), card.format.as_str()), ("4711", "26 bit Wiegand"));
    }

    #[test]
    fn the_last_page_of_people_of_the_worked_example_is_read() {
        let inside = "<DETAILS><PEOPLE><PERSON><PERSONID>_41</PERSONID></PERSON><PERSON/></PEOPLE><NEXTKEY>-1</NEXTKEY></DETAILS>";
        let (people, next) = people(&details("SearchPersonData", inside), None).unwrap();
        assert_eq!((people.len(), people[0].id.as_str(), next.as_str()), (2, "_41", "-1"));
    }

    #[test]
    fn a_success_without_the_list_is_not_an_empty_list() {
        for inside in ["", "<DETAILS/>", "<DETAILS><NEXTKEY>-1</NEXTKEY></DETAILS>"] {
            assert!(people(&details("SearchPersonData", inside), None).is_none());
            assert!(access_levels(&details("GetAccessLevels", inside)).is_none());
            assert!(card_formats(&details("GetCardFormats", inside)).is_none());
        }
        let empty = "<DETAILS><PEOPLE></PEOPLE><NEXTKEY></NEXTKEY></DETAILS>";
        assert!(
            people(&details("SearchPersonData", empty), None).is_some_and(|(people, _)| people.is_empty())
        );
    }

    #[test]
    fn access_levels_of_the_worked_example_are_read() {
        let inside = "<DETAILS><ACCESSLEVELS><ACCESSLEVEL>Floor 4</ACCESSLEVEL><ACCESSLEVEL>Lobby</ACCESSLEVEL></ACCESSLEVELS><NEXTNAME></NEXTNAME></DETAILS>";
        let (names, next) = access_levels(&details("GetAccessLevels", inside)).unwrap();
        assert_eq!((names, next.as_str()), (vec!["Floor 4".to_owned(), "Lobby".to_owned()], ""));
    }

    #[test]
    fn levels_in_blocks_and_containers_beside_details_are_read_too() {
        let inside = "<ACCESSLEVELS><ACCESSLEVEL>\n<ACCESSLEVELNAME>A</ACCESSLEVELNAME><EXPDATE/></ACCESSLEVEL><ACCESSLEVEL/></ACCESSLEVELS>";
        let (names, _) = access_levels(&details("GetAccessLevels", inside)).unwrap();
        assert_eq!(names, ["A"]);
    }

    #[test]
    fn flags_come_in_both_forms_and_a_person_may_be_called_null() {
        for (form, set) in
            [("TRUE", true), ("1", true), ("true", true), ("FALSE", false), ("0", false), ("", false)]
        {
            let inside = format!("<DETAILS><LASTNAME>null</LASTNAME><DELETED>{form}</DELETED></DETAILS>");
            let person = Person::read(details("GetPerson", &inside).element(), None);
            assert_eq!((person.last_name.as_str(), person.deleted), ("null", set), "{form}");
        }
    }

    #[test]
    fn a_card_that_is_disabled_or_not_active_opens_nothing() {
        let card = |disabled, status: &str| AccessCard {
            disabled,
            status: status.to_owned(),
            ..AccessCard::default()
        };
        assert!(card(false, "Active").opens() && card(false, "").opens());
        assert!(!card(true, "Active").opens() && !card(false, "Lost").opens());
    }

    #[test]
    fn leading_zeros_make_no_other_number_and_are_kept_where_printed() {
        let card =
            AccessCard { encoded: "471".to_owned(), hotstamp: "0471".to_owned(), ..AccessCard::default() };
        assert!(card.carries("0471") && card.carries("471") && !card.carries("4710"));
        assert_eq!(card.number(), "0471");
        let own = AccessCard { encoded: "9".to_owned(), hotstamp: "A-9".to_owned(), ..AccessCard::default() };
        assert_eq!(own.number(), "9");
    }
}
