//! A large building generated from a number: the same number gives the same people.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::super::store::{Group, Lock, Site, Store};
use super::build::mac;
use super::{ScheduleSpec, UserSpec, add_user, schedule};
use crate::frame::dice::Dice;

/// The numbers of people and companies. Each company has its own group, on the locks in the
/// seed and the door of its suite.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Generate {
    seed: u64,
    people: u64,
    companies: usize,
}

const FIRST: [&str; 16] = [
    "Anneke",
    "Bence",
    "Carla",
    "Dorota",
    "Emre",
    "Françoise",
    "Gustav",
    "Hanna",
    "Íñigo",
    "Jolanta",
    "Kofi",
    "Linnéa",
    "Marek",
    "Nadia",
    "Øyvind",
    "Paolo",
];
const LAST: [&str; 16] = [
    "Aalto", "Bianchi", "Çelik", "D'Angelo", "Ekström", "Ferreira", "Gruber", "Horváth", "Ibsen", "Janssen",
    "Kowalska", "Lefèvre", "Moreau", "Novák", "Okafor", "Pfeiffer",
];
const COMPANY: [&str; 10] =
    ["Amsel", "Birke", "Cirrus", "Delta", "Eiche", "Falke", "Ginkgo", "Hafen", "Isar", "Jura"];
const TRADE: [&str; 4] = ["Studio", "Labs", "Partners", "Works"];

impl Generate {
    /// Adds companies and people to a site.
    pub(super) fn fill(&self, store: &mut Store, site: &mut Site, now: Timestamp) {
        let mut dice = Dice::new(self.seed);
        let groups: Vec<Group> = (0..self.companies).map(|index| company(store, site, index)).collect();
        let mut groups = groups;
        for number in 0..self.people {
            let first = dice.pick(&FIRST).copied().unwrap_or_default();
            let last = dice.pick(&LAST).copied().unwrap_or_default();
            let spec = UserSpec {
                email: dice.chance(0.97).then(|| format!("person{number}@tenants.example")),
                first_name: Some(first.to_owned()),
                last_name: Some(last.to_owned()),
                alias: Some(format!("{first} {last}")),
                has_profile: dice.chance(0.8),
                tag: Some(format!("{:08}", 40_000_000 + number)),
                ..UserSpec::default()
            };
            let place = usize::try_from(dice.below(groups.len() as u64)).unwrap_or(0);
            let user =
                add_user(store, site, &spec, now).ok().and_then(|id| site.live(id)).map(|user| user.user);
            if let (Some(group), Some(user)) = (groups.get_mut(place), user) {
                group.members.insert(user, Timestamp::UNIX_EPOCH);
            }
        }
        for group in groups {
            site.groups.insert(group.id, group);
        }
    }
}

fn company(store: &mut Store, site: &mut Site, index: usize) -> Group {
    let (word, trade) = (COMPANY[index % COMPANY.len()], TRADE[index / COMPANY.len() % TRADE.len()]);
    let round = index / (COMPANY.len() * TRADE.len());
    let suffix = if round == 0 { String::new() } else { format!(" {}", round + 1) };
    let name = format!("{word} {trade}{suffix}");
    let mut group = Group::new(store.id(), name.clone(), Timestamp::UNIX_EPOCH);
    group.touch(Timestamp::UNIX_EPOCH, "seed");
    group.locks =
        site.locks.values().filter(|lock| lock.floor.as_deref() == Some("0")).map(|lock| lock.id).collect();
    if let Some(iq) = site.iqs.keys().next() {
        let id = store.id();
        let mac = mac(store, 7, "");
        let lock = Lock {
            id,
            name: format!("{name} suite"),
            mac,
            floor: Some((1 + index / 4).to_string()),
            iq,
            locked_state: "locked",
            used: HashMap::new(),
        };
        site.locks.insert(id, lock);
        group.locks.push(id);
    }
    let always = ScheduleSpec {
        days: Vec::new(),
        start_time: "00:00".to_owned(),
        end_time: "23:59".to_owned(),
        start_date: None,
        end_date: None,
    };
    if let Ok(schedule) = schedule(&always, &site.zone) {
        let id = store.id();
        group.schedule(id, schedule, Timestamp::UNIX_EPOCH);
    }
    group
}
