//! The equality of records.

use proptest::prelude::*;
use vestibule_core::model::{Facts, Hasher};

use super::support::{any_facts, any_record, card, record};

/// Two facts that are often equal.
fn two() -> impl Strategy<Value = (Facts, Facts)> {
    prop_oneof![any_facts().prop_map(|facts| (facts.clone(), facts)), (any_facts(), any_facts())]
}

proptest! {
    #[test]
    fn facts_are_equal_exactly_when_their_fingerprints_are((one, two) in two()) {
        prop_assert_eq!(one == two, one.fingerprint() == two.fingerprint());
    }

    #[test]
    fn facts_are_equal_exactly_when_no_field_differs_and_differences_are_mutual((one, two) in two()) {
        prop_assert_eq!(one == two, one.differences(&two).is_empty());
        prop_assert_eq!(one.differences(&two), two.differences(&one));
    }

    #[test]
    fn changing_any_field_changes_the_fingerprint(record in any_record(), facts in any_facts()) {
        let own = record.facts();
        let changed = [
            Facts { person: facts.person, ..own.clone() },
            Facts { tenant: facts.tenant, ..own.clone() },
            Facts { window: facts.window, ..own.clone() },
            Facts { groups: facts.groups, ..own.clone() },
            Facts { cards: facts.cards, ..own.clone() },
        ];
        for one in changed {
            prop_assert_eq!(one == own, one.fingerprint() == own.fingerprint());
        }
    }
}

#[test]
fn texts_with_the_same_concatenation_have_different_hashes() {
    let groups = |names: &[&str]| Facts { groups: super::support::groups(names), ..Facts::default() };
    assert_ne!(groups(&["ab"]).fingerprint(), groups(&["a", "b"]).fingerprint());
    let tenant = Facts { tenant: "a".to_owned(), ..Facts::default() };
    assert_ne!(groups(&["a"]).fingerprint(), tenant.fingerprint());
    let cards = Facts { cards: [(card("1"), None)].into(), ..Facts::default() };
    assert_ne!(cards.fingerprint(), Facts::default().fingerprint());
}

#[test]
fn a_purpose_is_part_of_a_hash_and_hashes_are_the_same_for_ever() {
    let hash = |purpose| Hasher::new(purpose).text("text").number(7).instant(None).finish();
    assert_ne!(hash("one"), hash("two"));
    // The ids in the systems are derived from it.
    insta::assert_snapshot!(format!("{:016x}", record().facts().fingerprint()));
}
