//! Laws 1, 2, 4 and 5 for one record.

use std::sync::Arc;

use proptest::prelude::*;
use vestibule_core::diff::{Step, diff, differences};
use vestibule_core::model::{DesiredRecord, Field, ObservedRecord};

use super::memory::Memory;
use super::support::{any_observed, any_record, at, card, groups, record, shown};

fn pair() -> impl Strategy<Value = (Arc<DesiredRecord>, ObservedRecord)> {
    any_record().prop_flat_map(|record| (Just(Arc::new(record.clone())), any_observed(record)))
}

fn living() -> impl Strategy<Value = (Arc<DesiredRecord>, ObservedRecord)> {
    pair().prop_map(|(record, found)| (record, ObservedRecord { dead: false, ..found }))
}

proptest! {
    #[test]
    fn there_are_no_steps_exactly_when_the_records_are_equal((record, found) in living()) {
        let satisfied = differences(&record, &found).is_empty();
        prop_assert_eq!(diff(&record, Some(&found)).is_empty(), satisfied);
        prop_assert_eq!(record.facts() == found.facts, satisfied);
    }

    #[test]
    fn the_steps_converge((record, found) in living()) {
        let mut memory = Memory::holding([found]);
        for step in diff(&record, memory.0.get(&record.id)) {
            prop_assert!(memory.apply(&step));
        }
        prop_assert_eq!(diff(&record, memory.0.get(&record.id)), []);
        prop_assert_eq!(&memory.0[&record.id].facts, &record.facts());
    }

    #[test]
    fn a_missing_or_dead_record_is_created_and_is_then_equal((record, found) in pair()) {
        let none = diff(&record, None);
        prop_assert_eq!(&diff(&record, Some(&ObservedRecord { dead: true, ..found })), &none);
        let mut memory = Memory::default();
        for step in none {
            prop_assert!(memory.apply(&step));
        }
        prop_assert_eq!(diff(&record, memory.0.get(&record.id)), []);
    }

    #[test]
    fn steps_concern_this_record_only_and_name_only_fields_that_differ((record, found) in living()) {
        let differs = differences(&record, &found);
        for step in diff(&record, Some(&found)) {
            prop_assert_eq!(step.id(), record.id);
            match step {
                Step::Update { fields, .. } => {
                    prop_assert!(!fields.is_empty() && !fields.contains(&Field::Cards));
                    prop_assert!(fields.iter().all(|field| differs.contains(field)));
                }
                Step::AssignCard { .. } | Step::WithdrawCard { .. } => {
                    prop_assert!(differs.contains(&Field::Cards));
                }
                Step::Create(_)
                | Step::Remove(_)
                | Step::RemoveMisnamed(_)
                | Step::ReduceMisnamed { .. }
                | Step::Reduce { .. } => {
                    prop_assert!(false, "the record exists and stays");
                }
            }
        }
    }

    #[test]
    fn revoking_steps_precede_granting_steps((record, found) in pair()) {
        for steps in [diff(&record, Some(&found)), diff(&record, None)] {
            prop_assert!(steps.iter().skip_while(|step| step.revokes()).all(|step| !step.revokes()));
        }
    }
}

#[test]
fn a_card_that_ends_at_another_time_is_withdrawn_before_it_is_assigned() {
    let wanted = Arc::new(DesiredRecord { card: Some(card("12")), ..record() });
    let mut found = shown(&wanted);
    found.facts.cards = [(card("12"), Some(at(7200))), (card("99"), None)].into();
    found.facts.groups = groups(&["Roof"]);
    let steps = diff(&wanted, Some(&found));
    let [
        Step::WithdrawCard { card: one, .. },
        Step::WithdrawCard { card: two, .. },
        Step::Update { fields, .. },
        Step::AssignCard { card: new, until, .. },
    ] = steps.as_slice()
    else {
        panic!("{steps:?}")
    };
    assert_eq!((one, two, new, *until), (&card("12"), &card("99"), &card("12"), at(3600)));
    assert_eq!(fields, &[Field::Groups]);
}
