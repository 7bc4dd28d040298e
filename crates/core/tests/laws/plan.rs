//! Laws 3 to 6 and 8: what is done for one object in one system.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use vestibule_core::identity::{Owner, RecordId};
use vestibule_core::model::{Mode, ObservedRecord, Record};
use vestibule_core::plan::{Act, Change, Held, Unit, Want, Withheld, unit};

use super::memory::Memory;
use super::support::{MODES, any_case, any_facts, at, card, held, named, noon, record, shown};

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(&MODES[..])
}

/// What a unit speaks of, done or not, in one order.
fn all(unit: &Unit) -> Vec<Act> {
    let withheld = unit.withheld.iter().map(|(act, _)| act);
    let mut all: Vec<Act> = unit.acts.iter().chain(withheld).cloned().collect();
    all.sort_by_key(|act| (!removes(act), id(act)));
    all
}

fn removes(act: &Act) -> bool {
    matches!(act, Act::Remove(_))
}

fn id(act: &Act) -> RecordId {
    match act {
        Act::Remove(id) | Act::Repair(id, _) => *id,
        Act::Create(record) => record.id,
    }
}

fn planned(want: &Want, memory: &Memory, mode: Mode) -> Unit {
    unit(want, &memory.held(), mode, noon())
}

proptest! {
    #[test]
    fn what_was_enforced_leaves_nothing_to_do((want, found) in any_case()) {
        let mut memory = Memory::holding(found);
        memory.perform(&planned(&want, &memory, Mode::Enforce));
        prop_assert!(planned(&want, &memory, Mode::Enforce).is_empty());
        let living: Vec<_> = memory.0.values().filter(|one| !one.dead).map(|one| &one.facts).collect();
        match want {
            Want::Record(record) => prop_assert_eq!(living, [&record.facts()], "one living record, and the right one"),
            Want::Nothing => prop_assert!(living.is_empty()),
            Want::Ended => prop_assert!(memory.held().iter().all(|one| !one.opens(noon())), "the door is shut"),
            Want::Keep | Want::AtMost(_) => {}
        }
    }

    #[test]
    fn in_every_mode_what_was_done_is_done((want, found) in any_case(), mode in any_mode()) {
        let mut memory = Memory::holding(found);
        let first = planned(&want, &memory, mode);
        memory.perform(&first);
        let second = planned(&want, &memory, mode);
        prop_assert!(second.acts.is_empty(), "{:?}", second);
        prop_assert_eq!(second.withheld, first.withheld, "and what is withheld stays so");
    }

    #[test]
    fn every_mode_speaks_of_the_same_acts_and_observe_in_their_very_order((want, found) in any_case(), mode in any_mode()) {
        let memory = Memory::holding(found);
        let enforced = planned(&want, &memory, Mode::Enforce);
        prop_assert!(enforced.withheld.is_empty());
        prop_assert_eq!(all(&planned(&want, &memory, mode)), all(&enforced));
        let printed: Vec<_> = planned(&want, &memory, Mode::Observe).withheld.into_iter().map(|(act, _)| act).collect();
        prop_assert_eq!(printed, enforced.acts);
    }

    #[test]
    fn the_plan_that_is_printed_is_the_list_of_what_is_applied((want, found) in any_case(), mode in any_mode()) {
        let mut memory = Memory::holding(found);
        let unit = planned(&want, &memory, mode);
        let before = memory.clone();
        let steps = memory.perform(&unit);
        let mut acts = unit.acts.iter().peekable();
        for step in steps {
            while acts.peek().is_some_and(|act| !id(act).same_content(&step.id())) {
                acts.next();
            }
            prop_assert!(acts.peek().is_some(), "a step that no act announced: {:?}", step);
        }
        let named: BTreeSet<_> = unit.acts.iter().map(id).collect();
        for (id, one) in before.0 {
            prop_assert!(named.contains(&id) || memory.0.get(&id) == Some(&one), "touched without a word: {}", id);
        }
    }

    #[test]
    fn a_mode_does_what_it_may_and_no_more((want, found) in any_case()) {
        let memory = Memory::holding(found);
        let acts = |mode| planned(&want, &memory, mode).acts;
        prop_assert_eq!(acts(Mode::Observe), []);
        let lacks_its_card = |id: &RecordId, record: &Record| memory.0[id].facts == bare(record).facts();
        let only_creates = acts(Mode::CreateOnly).iter().all(|act| match act {
            Act::Create(_) => true,
            Act::Repair(id, record) => record.card.is_some() && lacks_its_card(id, record),
            Act::Remove(_) => false,
        });
        prop_assert!(only_creates);
        prop_assert!(!acts(Mode::Upsert).iter().any(removes));
    }

    #[test]
    fn where_nothing_may_be_removed_nothing_is_made_beside_what_opens((want, found) in any_case(), mode in any_mode()) {
        let memory = Memory::holding(found);
        let unit = planned(&want, &memory, mode);
        let opens = memory.held().iter().any(|one| one.opens(noon()));
        let makes = unit.acts.iter().any(|act| matches!(act, Act::Create(_)));
        prop_assert!(!(opens && makes && !mode.removes()));
        let beside = unit.withheld.iter().any(|(_, why)| matches!(why, Withheld::Beside(_)));
        prop_assert!(!beside || (opens && mode.creates()));
    }

    #[test]
    fn when_a_record_is_made_no_other_one_of_the_object_opens((want, found) in any_case(), mode in any_mode()) {
        let mut memory = Memory::holding(found);
        for act in planned(&want, &memory, mode).acts {
            let opens = memory.held().iter().any(|one| one.opens(noon()));
            prop_assert!(!(opens && matches!(act, Act::Create(_))), "nobody has two badges, not even for a moment");
            memory.perform(&Unit { acts: vec![act], withheld: Vec::new() });
        }
    }

    #[test]
    fn every_removal_precedes_every_grant_and_each_record_is_named_once((want, found) in any_case(), mode in any_mode()) {
        let unit = planned(&want, &Memory::holding(found), mode);
        prop_assert!(unit.acts.iter().skip_while(|act| removes(act)).all(|act| !removes(act)));
        let ids: BTreeSet<_> = all(&unit).iter().map(id).collect();
        prop_assert_eq!(ids.len(), all(&unit).len());
    }

    #[test]
    fn the_order_of_what_was_found_does_not_matter(
        (want, found, mixed) in any_case().prop_flat_map(|(want, found)| {
            (Just(want), Just(found.clone()), Just(found).prop_shuffle())
        }),
        mode in any_mode(),
    ) {
        let one = unit(&want, &held(&found), mode, noon());
        prop_assert_eq!(one, unit(&want, &held(&mixed), mode, noon()));
    }

    #[test]
    fn records_of_others_are_not_touched((want, found) in any_case(), facts in any_facts(), mode in any_mode()) {
        let mut memory = Memory::holding(found);
        let unit = planned(&want, &memory, mode);
        let known: BTreeSet<_> = memory.held().iter().map(|one| one.id).collect();
        let own = |act: &Act| known.contains(&id(act)) || matches!((act, &want), (Act::Create(a), Want::Record(b)) if a == b);
        prop_assert!(all(&unit).iter().all(own));

        let foreign = foreigner(ObservedRecord { facts, ..shown(&record()) });
        memory.0.insert(foreign.id.unwrap(), foreign.clone());
        memory.perform(&unit);
        prop_assert_eq!(&memory.0[&foreign.id.unwrap()], &foreign);
    }

    #[test]
    fn while_nothing_may_be_opened_only_removals_are_left_and_nobody_loses_his_only_record(
        (want, found) in any_case(),
        mode in any_mode(),
    ) {
        let held = held(&found);
        let free = unit(&want, &held, mode, noon());
        let closed = free.clone().without_opening(&held, noon());
        prop_assert!(closed.acts.iter().all(removes));
        prop_assert_eq!(all(&closed), all(&free));
        let over = |one: &Held| one.until.is_some_and(|until| until <= noon());
        for one in &held {
            let (was, is) = (free.acts.contains(&Act::Remove(one.id)), closed.acts.contains(&Act::Remove(one.id)));
            prop_assert!(!was || is || !over(one), "what is over goes");
            prop_assert!(!is || over(one) || free.acts.iter().all(removes), "an open record waits for its successor");
        }
        prop_assert_eq!(closed.clone().without_opening(&held, noon()), closed, "twice is once");
    }

    #[test]
    fn what_is_withheld_is_told_as_what_it_would_be((want, found) in any_case()) {
        let unit = planned(&want, &Memory::holding(found), Mode::Observe);
        let any = |is: fn(&Act) -> bool| unit.withheld.iter().any(|(act, _)| is(act));
        let change = unit.withheld().map(|(_, change)| change);
        prop_assert_eq!(change.is_none(), unit.withheld.is_empty());
        prop_assert_eq!(matches!(change, Some(Change::Make | Change::Replace)), any(|act| matches!(act, Act::Create(_))));
        prop_assert!(!matches!(change, Some(Change::Remove | Change::Replace)) || any(removes));
        prop_assert_eq!(change == Some(Change::Repair), any(|act| matches!(act, Act::Repair(..))));
    }

    #[test]
    fn to_keep_is_to_make_and_remove_nothing((want, found) in any_case(), mode in any_mode()) {
        prop_assert!(unit(&Want::Keep, &held(&found), mode, noon()).is_empty());
        let most = want.entitlement().unwrap_or_default();
        prop_assert!(unit(&Want::AtMost(Arc::new(most)), &held(&found), mode, noon()).is_empty());
    }
}

#[test]
fn a_record_that_ends_this_instant_opens_no_more_and_another_is_made_beside_it() {
    let ends = |seconds| Held {
        id: named(Record { card: Some(card("12")), ..record() }).id,
        fingerprint: 0,
        until: Some(at(seconds)),
    };
    let makes = |held: Held| {
        let unit = unit(&Want::Record(Arc::new(record())), &[held], Mode::Upsert, noon());
        unit.acts.iter().any(|act| matches!(act, Act::Create(_)))
    };
    assert_eq!((makes(ends(0)), makes(ends(1))), (true, false));
}

/// The record as it stands when its creation was interrupted.
fn bare(record: &Record) -> Record {
    Record { card: None, ..record.clone() }
}

#[test]
fn a_record_whose_card_is_still_to_come_is_finished_where_nothing_may_be_changed() {
    let wanted = Arc::new(named(Record { card: Some(card("12")), ..record() }));
    let acts = |fingerprint, mode| {
        let held = Held { id: wanted.id, fingerprint, until: None };
        unit(&Want::Record(Arc::clone(&wanted)), &[held], mode, noon()).acts
    };
    let half_made = bare(&wanted).facts().fingerprint();
    assert_eq!(acts(half_made, Mode::CreateOnly), [Act::Repair(wanted.id, Arc::clone(&wanted))]);
    assert_eq!(acts(half_made, Mode::Observe), []);
    assert_eq!(acts(half_made + 1, Mode::CreateOnly), [], "somebody changed it");
}

fn foreigner(found: ObservedRecord) -> ObservedRecord {
    let id = found.id.map(|id| RecordId { owner: Owner(!id.owner.0), ..id });
    ObservedRecord { id, ..found }
}
