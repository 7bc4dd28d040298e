//! A large building generated from a number: the same number gives the same people.

use jiff::civil::DateTime;
use serde::Deserialize;

use super::super::store::{Assignment, Card, MASTER, Partition, Person, Store, UdfList, next_key};
use super::{LevelSpec, add_level};
use crate::frame::dice::Dice;

/// The numbers of people and companies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generate {
    /// The seed of the random numbers.
    pub seed: u64,
    /// Living people.
    pub people: u64,
    /// Their companies.
    pub companies: usize,
    /// Reader group that the levels of companies open.
    pub reader_group: Option<String>,
    /// Format of the cards.
    pub card_format: Option<String>,
}

const FIRST: [&str; 24] = [
    "Ada", "Björn", "Chen", "Dagný", "Elif", "Fatima", "Grace", "Hiro", "Inés", "Jamal", "Katya", "Luca",
    "Mei", "Noor", "Olu", "Priya", "Quentin", "Rosa", "Søren", "Tariq", "Uma", "Violet", "Wei", "Zoë",
];
const LAST: [&str; 24] = [
    "Adeyemi",
    "Byron",
    "Chandra",
    "Dvořák",
    "Eriksen",
    "Fuentes",
    "Garcia",
    "Hopper",
    "Ito",
    "Jensen",
    "Kim",
    "Lovelace",
    "Müller",
    "Nguyen",
    "O'Brien",
    "Papadopoulos",
    "Quiroga",
    "Rossi",
    "Silva",
    "Tanaka",
    "Usman",
    "Vargas",
    "Wójcik",
    "Young",
];
const COMPANY: [&str; 10] =
    ["Harbor", "Summit", "Cedar", "Beacon", "Granite", "Meridian", "Juniper", "Atlas", "Copper", "Lantern"];
const TRADE: [&str; 4] = ["Capital", "Law", "Studio", "Health"];

/// One company and the group of its people.
struct Company {
    name: String,
    partition: u64,
    staff: u64,
}

impl Generate {
    /// Adds companies and people to the records.
    pub(crate) fn fill(&self, store: &mut Store, tenants: &str, local: DateTime) -> Result<(), String> {
        let companies = (0..self.companies)
            .map(|index| self.company(store, index, tenants))
            .collect::<Result<Vec<_>, _>>()?;
        if tenants == "list" {
            let items = (1..).zip(companies.iter().map(|c| (c.name.clone(), String::new()))).collect();
            let key = next_key(&store.udf_lists);
            let (name, description) = ("Company".to_owned(), "Tenants of the building".to_owned());
            store.udf_lists.insert(key, UdfList { name, description, items });
        }
        let mut dice = Dice::new(self.seed);
        for number in 0..self.people {
            self.person(store, &mut dice, &companies, number, local);
        }
        Ok(())
    }

    fn company(&self, store: &mut Store, index: usize, tenants: &str) -> Result<Company, String> {
        let (word, trade) = (COMPANY[index % COMPANY.len()], TRADE[index / COMPANY.len() % TRADE.len()]);
        let round = index / (COMPANY.len() * TRADE.len());
        let suffix = if round == 0 { String::new() } else { format!(" {}", round + 1) };
        let name = format!("{word} {trade}{suffix}");
        let mut partition = MASTER;
        if tenants == "partition" {
            partition = next_key(&store.partitions);
            store.partitions.insert(partition, Partition { name: name.clone(), description: String::new() });
        }
        let mut level = |role: &str| {
            let spec = LevelSpec {
                key: None,
                name: format!("{name} {role}"),
                description: String::new(),
                reader_group: self.reader_group.clone(),
                reader: None,
                time: "Always".to_owned(),
                partition,
            };
            add_level(store, &spec)
        };
        let staff = level("Staff")?;
        level("Visitors")?;
        Ok(Company { name, partition, staff })
    }

    fn person(
        &self,
        store: &mut Store,
        dice: &mut Dice,
        companies: &[Company],
        number: u64,
        local: DateTime,
    ) {
        let first = dice.pick(&FIRST).copied().unwrap_or_default();
        let last = dice.pick(&LAST).copied().unwrap_or_default();
        let with_mail = dice.chance(0.97);
        let company = dice.pick(companies);
        let partition = company.map_or(MASTER, |c| c.partition);
        let mut person =
            Person { partition, edited: local, edited_by: "desk".to_owned(), ..Person::default() };
        person.set("FIRSTNAME", first.to_owned());
        person.set("LASTNAME", last.to_owned());
        person.set("CONTACTPHONE", format!("+1 212 555 {:04}", number % 10_000));
        if with_mail {
            person.set("CONTACTEMAIL", format!("person{number}@tenants.example"));
        }
        if let Some(company) = company {
            person.set("UDF1", company.name.clone());
            person.levels.push(Assignment { level: company.staff, act: None, exp: None, auto_remove: false });
        }
        let key = store.people.add(person);
        if let Some(format) = &self.card_format {
            let text = (20_000 + number).to_string();
            let (format, encoded, hotstamp) = (format.clone(), text.clone(), text);
            store
                .people
                .add_card(key, Card { id: 0, format, encoded, hotstamp, status: "Active", exp: None });
        }
    }
}
