//! The most that a record may open, and the steps that revoke everything beyond it.
//!
//! A replacement that cannot be made yet leaves the old record in place. The old record is then reduced to the access that
//! both the old and the new declaration grant: a reason to stop granting access never stops revocations.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::diff::Step;
use crate::identity::RecordId;
use crate::model::{DesiredRecord, Facts, Field, Hasher, Misnamed, Person, card_number_key};
use crate::schedule::Window;

/// The most that a record of one object may open. A part that is `None` is not known, and causes no revocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entitlement {
    /// The person of the record.
    pub person: Option<Person>,
    /// The time in which it may open doors.
    pub window: Option<Window>,
    /// The access groups by the names that the system uses.
    pub groups: Option<BTreeSet<String>>,
    /// The numbers of the credentials.
    pub cards: Option<BTreeSet<String>>,
}

impl Entitlement {
    /// Exactly the access of a desired record.
    pub fn of(record: &DesiredRecord) -> Self {
        Self {
            person: Some(record.person.clone()),
            window: Some(record.window),
            groups: Some(record.groups.clone()),
            cards: Some(record.card.iter().map(|card| card.number.clone()).collect()),
        }
    }

    /// A hash of everything above.
    pub fn fingerprint(&self) -> u64 {
        let Self { person, window, groups, cards } = self;
        let mut hash = Hasher::new("entitlement");
        if let Some(Person { first_name, last_name, email, phone: _ }) = person {
            hash.text(first_name).text(last_name).text(email);
        }
        hash.number(u64::from(person.is_some()));
        hash.instant(window.map(|window| window.from)).instant(window.map(|window| window.until));
        for names in [groups, cards] {
            hash.number(names.as_ref().map_or(u64::MAX, |names| names.len() as u64));
            names.iter().flatten().for_each(|name| {
                hash.text(name);
            });
        }
        hash.finish()
    }

    /// `found`, reduced to the access that this entitlement grants too; `None` if no access is left.
    /// A record that has no group or an empty window already opens nothing, and stays.
    pub fn shared_with(&self, found: &Facts) -> Option<Facts> {
        let is_another = self.person.as_ref().is_some_and(|person| is_another_person(person, &found.person));
        let window = match (self.window, found.window) {
            (Some(mine), Some(theirs)) if !theirs.is_empty() => Some(mine.intersection(theirs)),
            (mine, theirs) => theirs.or(mine),
        };
        let groups: BTreeSet<String> = match &self.groups {
            Some(groups) => groups.intersection(&found.groups).cloned().collect(),
            None => found.groups.clone(),
        };
        let is_empty = |window: Option<Window>| window.is_some_and(|window| window.is_empty());
        let no_group = groups.is_empty() && !found.groups.is_empty();
        let no_time = is_empty(window) && !is_empty(found.window);
        if is_another || no_group || no_time {
            return None;
        }
        let granted = |number: &str| self.cards.as_ref().is_none_or(|cards| holds_number(cards, number));
        let cards = found.cards.iter().filter(|(card, _)| granted(&card.number));
        let cards = cards.map(|(card, until)| (card.clone(), *until)).collect();
        Some(Facts { window, groups, cards, ..found.clone() })
    }
}

/// Whether first name, last name and email all differ: such a person inherits no access from the other one.
fn is_another_person(one: &Person, other: &Person) -> bool {
    one.first_name != other.first_name && one.last_name != other.last_name && one.email != other.email
}

fn holds_number(cards: &BTreeSet<String>, number: &str) -> bool {
    cards.iter().any(|card| card_number_key(card) == card_number_key(number))
}

/// The steps that reduce a record from `found` to `to`, which holds less.
pub fn reduction(id: RecordId, found: &Facts, to: &Facts) -> Vec<Step> {
    let surplus = found.cards.keys().filter(|card| !to.cards.contains_key(*card));
    let mut steps: Vec<Step> = surplus.map(|card| Step::WithdrawCard { id, card: card.clone() }).collect();
    let mut fields = to.differences(found);
    fields.retain(|field| matches!(field, Field::Window | Field::Groups));
    if !fields.is_empty() {
        steps.push(Step::Reduce { id, facts: Arc::new(to.clone()), fields });
    }
    steps
}

/// The steps after which a record opens nothing although it stays. Each step is useful without the others.
pub fn disarming(id: RecordId, found: &Facts, now: Timestamp) -> Vec<Step> {
    let mut steps: Vec<Step> =
        found.cards.keys().map(|card| Step::WithdrawCard { id, card: card.clone() }).collect();
    let bare = Facts { groups: BTreeSet::new(), ..found.clone() };
    if !found.groups.is_empty() {
        steps.push(Step::Reduce { id, facts: Arc::new(bare.clone()), fields: vec![Field::Groups] });
    }
    if found.window.is_none_or(|window| window.until > now) {
        let window = Some(past(found.window, now));
        steps.push(Step::Reduce {
            id,
            facts: Arc::new(Facts { window, ..bare }),
            fields: vec![Field::Window],
        });
    }
    steps
}

/// The same for a record under another id than ours. Such a record never has a card.
pub fn disarming_misnamed(record: &Misnamed, found: &Facts, now: Timestamp) -> Vec<Step> {
    let steps = disarming(record.id, found, now).into_iter();
    let reductions = steps.filter_map(|step| match step {
        Step::Reduce { id: _, facts, fields } => {
            Some(Step::ReduceMisnamed { record: record.clone(), facts, fields })
        }
        _ => None,
    });
    reductions.collect()
}

/// A window that ended a day ago, so that it is over in every time zone and with a wrong clock of the system.
fn past(window: Option<Window>, now: Timestamp) -> Window {
    let minute = now.as_second().div_euclid(60) - 24 * 60;
    let until = Timestamp::from_second(minute * 60).unwrap_or(Timestamp::MIN);
    let before = until.checked_sub(SignedDuration::from_mins(1)).unwrap_or(Timestamp::MIN);
    Window { from: window.map_or(before, |window| window.from.min(before)), until }
}
