//! The search for an unused number.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vestibule_core::identity::NUMBERS;
use vestibule_core::number_search::{NextProbe, NumberSearch};

/// The result of a search, and the number of reads.
fn found(used: &BTreeSet<u16>, start: u16) -> (Option<u16>, usize) {
    let (mut search, mut reads) = (NumberSearch::above(start), 0);
    loop {
        match search.next() {
            NextProbe::Read(number) => {
                search.answer(number, used.contains(&number));
                reads += 1;
                assert!(reads < 100, "a search ends");
            }
            NextProbe::Create(number) => return (Some(number), reads),
            NextProbe::Exhausted => return (None, reads),
        }
    }
}

#[test]
fn after_any_number_of_remakes_the_first_free_number_is_found_within_twenty_reads() {
    for dead in 1..NUMBERS {
        let (number, reads) = found(&(0..dead).collect(), 0);
        assert_eq!(number, Some(dead));
        assert!(reads <= 20, "{reads} reads past {dead}");
    }
    assert_eq!(found(&BTreeSet::from([0]), 0), (Some(1), 1), "the usual second record costs one");
}

#[test]
fn a_search_says_when_every_number_is_used() {
    let (number, reads) = found(&(0..NUMBERS).collect(), 0);
    assert_eq!(number, None);
    assert!(reads <= 20, "{reads}");
    assert_eq!(NumberSearch::above(NUMBERS - 1).next(), NextProbe::Exhausted);
    assert_eq!(NumberSearch::above(u16::MAX).next(), NextProbe::Exhausted);
}

proptest! {
    #[test]
    fn the_number_found_is_unused_wherever_the_search_starts_and_whatever_is_free_between(
        mut used in prop::collection::btree_set(0..NUMBERS, 0..400),
        start in 0..NUMBERS,
    ) {
        used.insert(start);
        let (number, reads) = found(&used, start);
        prop_assert!(reads <= 20);
        match number {
            Some(number) => prop_assert!(number > start && number < NUMBERS && !used.contains(&number)),
            None => prop_assert!(used.contains(&(NUMBERS - 1))),
        }
    }
}
