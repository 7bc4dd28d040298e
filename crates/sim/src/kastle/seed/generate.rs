//! Thousands of people generated from one number.

use jiff::Timestamp;
use serde::Deserialize;

use super::super::store::{Card, Cardholder, Company, Profile, Store, mint};
use crate::frame::dice::Dice;

/// The numbers of people and companies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generate {
    /// The seed of the random numbers.
    seed: u64,
    /// Cardholders.
    people: u64,
    /// Their companies.
    companies: u64,
}

const FIRST: [&str; 20] = [
    "Alma", "Bruno", "Carla", "Dev", "Esther", "Farid", "Gwen", "Hana", "Ivan", "Jun", "Kofi", "Lena",
    "Marek", "Nadia", "Óscar", "Paula", "Rémi", "Sana", "Tomás", "Yuki",
];
const LAST: [&str; 20] = [
    "Abbott",
    "Bauer",
    "Castro",
    "Dubois",
    "Engel",
    "Fischer",
    "Gupta",
    "Haddad",
    "Ibarra",
    "Jovanović",
    "Kaya",
    "Lindqvist",
    "Moreau",
    "Novák",
    "Okafor",
    "Peña",
    "Reyes",
    "Suzuki",
    "Tan",
    "Walsh",
];
const COMPANY: [&str; 8] = ["Aspen", "Birch", "Clover", "Delta", "Ember", "Falcon", "Grove", "Helix"];
const TRADE: [&str; 5] = ["Partners", "Labs", "Media", "Insurance", "Foods"];

impl Generate {
    /// Adds companies with two profiles each, and people.
    pub(crate) fn fill(&self, store: &mut Store, building: &str, now: Timestamp) -> Result<(), String> {
        let version = store.version;
        let building = store.building_mut(building).ok_or("there is no such institution")?;
        let mut dice = Dice::new(self.seed);
        let readers: Vec<String> = building.readers.iter().map(|r| r.id.clone()).collect();
        for index in 0..self.companies {
            let company = company(&mut dice, index);
            for (offset, role) in [(0, "staff"), (1, "visitors")] {
                building.profiles.push(Profile {
                    id: (1001 + 2 * index + offset).to_string(),
                    name: format!("{} {role}", company.name),
                    description: String::new(),
                    visitors: offset == 1,
                    readers: readers.clone(),
                    company: Some(company.id.clone()),
                });
            }
            building.companies.push(company);
        }
        for number in 0..self.people {
            let mut person = self.person(&mut dice, number);
            (person.modified, person.version) = (now, version + 1 + number);
            building.cardholders.push(person);
        }
        store.version += self.people;
        Ok(())
    }

    /// 97 of 100 have an address, 99 of 100 are active.
    fn person(&self, dice: &mut Dice, number: u64) -> Cardholder {
        let pick = |dice: &mut Dice, names: &[&str]| dice.pick(names).map(|name| (*name).to_owned());
        let (first, last) = (pick(dice, &FIRST), pick(dice, &LAST));
        let company = dice.below(self.companies);
        let email = dice.chance(0.97).then(|| format!("person{number}@tenants.example"));
        let (mobile, active) = (Some(format!("+1202555{:04}", number % 10_000)), dice.chance(0.99));
        let card = Card { id: (9_000 + number).to_string(), external: format!("{:07}", 50_000 + number) };
        Cardholder {
            id: (88_000 + number).to_string(),
            guid: mint(dice),
            first,
            last,
            email,
            mobile,
            company: (self.companies > 0).then(|| company_id(company)),
            active,
            profiles: (self.companies > 0).then(|| (1001 + 2 * company).to_string()).into_iter().collect(),
            cards: vec![card],
            deleted: false,
            modified: Timestamp::UNIX_EPOCH,
            version: 0,
        }
    }
}

fn company_id(index: u64) -> String {
    (2_000_006_001 + index).to_string()
}

fn company(dice: &mut Dice, index: u64) -> Company {
    let word = |names: &[&str], at: u64| {
        let at = usize::try_from(at % names.len() as u64).unwrap_or(0);
        names.get(at).copied().unwrap_or_default().to_owned()
    };
    let round = index / (COMPANY.len() * TRADE.len()) as u64;
    let suffix = if round == 0 { String::new() } else { format!(" {}", round + 1) };
    let name = format!("{} {}{suffix}", word(&COMPANY, index), word(&TRADE, index / COMPANY.len() as u64));
    let floor = 2 + index % 20;
    Company {
        id: company_id(index),
        guid: mint(dice),
        name,
        suite: Some(format!("{floor}{:02}", index / 20)),
        floors: vec![floor.to_string()],
        active: true,
        institution: Some((1001 + index).to_string()),
    }
}
