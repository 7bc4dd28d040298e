//! Laws 3 to 6 and 8: the actions for one object in one system.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use vestibule_core::identity::{Owner, RecordId};
use vestibule_core::model::{DesiredRecord, Mode, ObservedRecord};
use vestibule_core::plan::{Action, ActionPlan, Change, DesiredState, ExistingRecord, Withheld, action_plan};

use super::memory::Memory;
use super::support::{MODES, any_case, any_facts, at, card, existing, named, noon, record, shown};

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(&MODES[..])
}

/// All actions of a plan, carried out or withheld, in one order.
fn all(action_plan: &ActionPlan) -> Vec<Action> {
    let withheld = action_plan.withheld.iter().map(|(action, _)| action);
    let mut all: Vec<Action> = action_plan.actions.iter().chain(withheld).cloned().collect();
    all.sort_by_key(|action| (!removes(action), id(action)));
    all
}

fn removes(action: &Action) -> bool {
    matches!(action, Action::Remove(_))
}

fn id(action: &Action) -> RecordId {
    match action {
        Action::Remove(id) | Action::Repair(id, _) => *id,
        Action::Create(record) => record.id,
    }
}

fn planned(desired: &DesiredState, memory: &Memory, mode: Mode) -> ActionPlan {
    action_plan(desired, &memory.existing(), mode, noon())
}

proptest! {
    #[test]
    fn after_an_enforced_plan_there_is_nothing_to_do((desired, found) in any_case()) {
        let mut memory = Memory::holding(found);
        memory.perform(&planned(&desired, &memory, Mode::Enforce));
        prop_assert!(planned(&desired, &memory, Mode::Enforce).is_empty());
        let living: Vec<_> = memory.0.values().filter(|one| !one.dead).map(|one| &one.facts).collect();
        match desired {
            DesiredState::Record(record) => prop_assert_eq!(living, [&record.facts()], "one living record with the desired content"),
            DesiredState::Nothing => prop_assert!(living.is_empty()),
            DesiredState::Ended => prop_assert!(memory.existing().iter().all(|one| !one.opens(noon())), "no record opens a door"),
            DesiredState::Keep | DesiredState::AtMost(_) => {}
        }
    }

    #[test]
    fn in_every_mode_a_second_plan_has_no_actions((desired, found) in any_case(), mode in any_mode()) {
        let mut memory = Memory::holding(found);
        let first = planned(&desired, &memory, mode);
        memory.perform(&first);
        let second = planned(&desired, &memory, mode);
        prop_assert!(second.actions.is_empty(), "{:?}", second);
        prop_assert_eq!(second.withheld, first.withheld, "the withheld actions stay the same");
    }

    #[test]
    fn every_mode_plans_the_same_actions_and_observe_in_the_same_order((desired, found) in any_case(), mode in any_mode()) {
        let memory = Memory::holding(found);
        let enforced = planned(&desired, &memory, Mode::Enforce);
        prop_assert!(enforced.withheld.is_empty());
        prop_assert_eq!(all(&planned(&desired, &memory, mode)), all(&enforced));
        let printed: Vec<_> = planned(&desired, &memory, Mode::Observe).withheld.into_iter().map(|(action, _)| action).collect();
        prop_assert_eq!(printed, enforced.actions);
    }

    #[test]
    fn the_printed_plan_lists_exactly_the_applied_actions((desired, found) in any_case(), mode in any_mode()) {
        let mut memory = Memory::holding(found);
        let action_plan = planned(&desired, &memory, mode);
        let before = memory.clone();
        let steps = memory.perform(&action_plan);
        let mut actions = action_plan.actions.iter().peekable();
        for step in steps {
            while actions.peek().is_some_and(|action| !id(action).same_content(&step.id())) {
                actions.next();
            }
            prop_assert!(actions.peek().is_some(), "a step without an action in the plan: {:?}", step);
        }
        let named: BTreeSet<_> = action_plan.actions.iter().map(id).collect();
        for (id, one) in before.0 {
            prop_assert!(named.contains(&id) || memory.0.get(&id) == Some(&one), "changed without an action in the plan: {}", id);
        }
    }

    #[test]
    fn a_mode_carries_out_exactly_the_actions_that_it_allows((desired, found) in any_case()) {
        let memory = Memory::holding(found);
        let actions = |mode| planned(&desired, &memory, mode).actions;
        prop_assert_eq!(actions(Mode::Observe), []);
        let lacks_its_card = |id: &RecordId, record: &DesiredRecord| memory.0[id].facts == bare(record).facts();
        let only_creates = actions(Mode::CreateOnly).iter().all(|action| match action {
            Action::Create(_) => true,
            Action::Repair(id, record) => record.card.is_some() && lacks_its_card(id, record),
            Action::Remove(_) => false,
        });
        prop_assert!(only_creates);
        prop_assert!(!actions(Mode::Upsert).iter().any(removes));
    }

    #[test]
    fn a_mode_without_removals_creates_nothing_beside_a_record_that_opens((desired, found) in any_case(), mode in any_mode()) {
        let memory = Memory::holding(found);
        let action_plan = planned(&desired, &memory, mode);
        let opens = memory.existing().iter().any(|one| one.opens(noon()));
        let makes = action_plan.actions.iter().any(|action| matches!(action, Action::Create(_)));
        prop_assert!(!(opens && makes && !mode.removes()));
        let beside = action_plan.withheld.iter().any(|(_, why)| matches!(why, Withheld::Beside(_)));
        prop_assert!(!beside || (opens && mode.creates()));
    }

    #[test]
    fn when_a_record_is_created_no_other_record_of_the_object_opens((desired, found) in any_case(), mode in any_mode()) {
        let mut memory = Memory::holding(found);
        for action in planned(&desired, &memory, mode).actions {
            let opens = memory.existing().iter().any(|one| one.opens(noon()));
            prop_assert!(!(opens && matches!(action, Action::Create(_))), "a visitor never has two records");
            memory.perform(&ActionPlan { actions: vec![action], withheld: Vec::new() });
        }
    }

    #[test]
    fn every_removal_precedes_every_grant_and_each_record_is_named_once((desired, found) in any_case(), mode in any_mode()) {
        let action_plan = planned(&desired, &Memory::holding(found), mode);
        prop_assert!(action_plan.actions.iter().skip_while(|action| removes(action)).all(|action| !removes(action)));
        let ids: BTreeSet<_> = all(&action_plan).iter().map(id).collect();
        prop_assert_eq!(ids.len(), all(&action_plan).len());
    }

    #[test]
    fn the_order_of_the_observed_records_does_not_matter(
        (desired, found, mixed) in any_case().prop_flat_map(|(desired, found)| {
            (Just(desired), Just(found.clone()), Just(found).prop_shuffle())
        }),
        mode in any_mode(),
    ) {
        let one = action_plan(&desired, &existing(&found), mode, noon());
        prop_assert_eq!(one, action_plan(&desired, &existing(&mixed), mode, noon()));
    }

    #[test]
    fn records_of_other_owners_are_not_changed((desired, found) in any_case(), facts in any_facts(), mode in any_mode()) {
        let mut memory = Memory::holding(found);
        let action_plan = planned(&desired, &memory, mode);
        let known: BTreeSet<_> = memory.existing().iter().map(|one| one.id).collect();
        let own = |action: &Action| known.contains(&id(action)) || matches!((action, &desired), (Action::Create(a), DesiredState::Record(b)) if a == b);
        prop_assert!(all(&action_plan).iter().all(own));

        let foreign = foreigner(ObservedRecord { facts, ..shown(&record()) });
        memory.0.insert(foreign.id.unwrap(), foreign.clone());
        memory.perform(&action_plan);
        prop_assert_eq!(&memory.0[&foreign.id.unwrap()], &foreign);
    }

    #[test]
    fn without_new_access_only_removals_are_left_and_no_visitor_loses_the_only_record(
        (desired, found) in any_case(),
        mode in any_mode(),
    ) {
        let existing = existing(&found);
        let free = action_plan(&desired, &existing, mode, noon());
        let closed = free.clone().without_opening(&existing, noon());
        prop_assert!(closed.actions.iter().all(removes));
        prop_assert_eq!(all(&closed), all(&free));
        let over = |one: &ExistingRecord| one.until.is_some_and(|until| until <= noon());
        for one in &existing {
            let (was, is) = (free.actions.contains(&Action::Remove(one.id)), closed.actions.contains(&Action::Remove(one.id)));
            prop_assert!(!was || is || !over(one), "an ended record is removed");
            prop_assert!(!is || over(one) || free.actions.iter().all(removes), "a record that opens waits for its replacement");
        }
        prop_assert_eq!(closed.clone().without_opening(&existing, noon()), closed, "a second call changes nothing");
    }

    #[test]
    fn a_withheld_change_is_reported_as_the_change_it_would_be((desired, found) in any_case()) {
        let action_plan = planned(&desired, &Memory::holding(found), Mode::Observe);
        let any = |is: fn(&Action) -> bool| action_plan.withheld.iter().any(|(action, _)| is(action));
        let change = action_plan.withheld().map(|(_, change)| change);
        prop_assert_eq!(change.is_none(), action_plan.withheld.is_empty());
        prop_assert_eq!(matches!(change, Some(Change::Make | Change::Replace)), any(|action| matches!(action, Action::Create(_))));
        prop_assert!(!matches!(change, Some(Change::Remove | Change::Replace)) || any(removes));
        prop_assert_eq!(change == Some(Change::Repair), any(|action| matches!(action, Action::Repair(..))));
    }

    #[test]
    fn keep_creates_and_removes_nothing((desired, found) in any_case(), mode in any_mode()) {
        prop_assert!(action_plan(&DesiredState::Keep, &existing(&found), mode, noon()).is_empty());
        let most = desired.entitlement().unwrap_or_default();
        prop_assert!(action_plan(&DesiredState::AtMost(Arc::new(most)), &existing(&found), mode, noon()).is_empty());
    }
}

#[test]
fn a_record_that_ends_this_instant_opens_no_more_and_another_is_made_beside_it() {
    let ends = |seconds| ExistingRecord {
        id: named(DesiredRecord { card: Some(card("12")), ..record() }).id,
        fingerprint: 0,
        until: Some(at(seconds)),
    };
    let makes = |existing: ExistingRecord| {
        let action_plan =
            action_plan(&DesiredState::Record(Arc::new(record())), &[existing], Mode::Upsert, noon());
        action_plan.actions.iter().any(|action| matches!(action, Action::Create(_)))
    };
    assert_eq!((makes(ends(0)), makes(ends(1))), (true, false));
}

/// The record after its create was interrupted.
fn bare(record: &DesiredRecord) -> DesiredRecord {
    DesiredRecord { card: None, ..record.clone() }
}

#[test]
fn a_record_without_its_card_is_completed_even_in_a_mode_without_changes() {
    let wanted = Arc::new(named(DesiredRecord { card: Some(card("12")), ..record() }));
    let actions = |fingerprint, mode| {
        let existing = ExistingRecord { id: wanted.id, fingerprint, until: None };
        action_plan(&DesiredState::Record(Arc::clone(&wanted)), &[existing], mode, noon()).actions
    };
    let half_made = bare(&wanted).facts().fingerprint();
    assert_eq!(actions(half_made, Mode::CreateOnly), [Action::Repair(wanted.id, Arc::clone(&wanted))]);
    assert_eq!(actions(half_made, Mode::Observe), []);
    assert_eq!(actions(half_made + 1, Mode::CreateOnly), [], "the record was changed in the system");
}

fn foreigner(found: ObservedRecord) -> ObservedRecord {
    let id = found.id.map(|id| RecordId { owner: Owner(!id.owner.0), ..id });
    ObservedRecord { id, ..found }
}
