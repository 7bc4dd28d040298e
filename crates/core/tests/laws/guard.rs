//! Law 7: mass removals.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vestibule_core::guard::{Candidate, Judgement, Limits, Verdict, judge};
use vestibule_core::identity::{ObjectId, RecordId};

use super::support::{at, noon, owner};

fn orphan(number: u64, until: Option<i64>) -> Candidate {
    Candidate { id: RecordId::new(owner(), ObjectId(number), number), until: until.map(at) }
}

/// This number of orphans whose windows have ended.
fn ended(count: u64) -> Vec<Candidate> {
    (0..count).map(|number| orphan(number, Some(-60))).collect()
}

fn case(living: usize) -> Judgement<'static> {
    Judgement { limits: Limits::default(), living, recent: 0, released: None, now: noon() }
}

fn ids(list: &[Candidate]) -> Vec<RecordId> {
    let mut ids: Vec<_> = list.iter().map(|one| one.id).collect();
    ids.sort();
    ids
}

prop_compose! {
    fn any_candidates()(untils in prop::collection::vec(prop::option::weighted(0.9, -100_i64..20), 0..30)) -> Vec<Candidate> {
        untils.into_iter().zip(0..).map(|(until, number)| orphan(number, until)).collect()
    }
}

prop_compose! {
    fn any_judgement()(max_deletions in 0..20_u32, max_percent in 0..=100_u8, living in 0..200_usize, recent in 0..20_usize) -> Judgement<'static> {
        let limits = Limits { max_deletions, max_percent };
        Judgement { limits, living, recent, ..case(0) }
    }
}

/// A few numbers in any order: two such lists are often equal, or differ in one number.
fn any_some() -> impl Strategy<Value = Vec<u64>> {
    prop::sample::subsequence((0..4).collect::<Vec<_>>(), 0..=4).prop_shuffle()
}

fn limit(case: Judgement<'_>) -> usize {
    let percent = case.living * usize::from(case.limits.max_percent) / 100;
    percent.max(usize::try_from(case.limits.max_deletions).unwrap())
}

proptest! {
    #[test]
    fn every_candidate_is_either_allowed_or_held(list in any_candidates(), case in any_judgement()) {
        let Verdict { allowed, held, hash } = judge(&list, case);
        prop_assert!(allowed.is_sorted() && held.is_sorted());
        let mut both = [allowed, held.clone()].concat();
        both.sort();
        prop_assert_eq!(both, ids(&list));
        prop_assert_eq!(hash.is_some(), !held.is_empty());
    }

    #[test]
    fn no_more_than_the_limit_is_removed_within_an_hour(list in any_candidates(), case in any_judgement()) {
        let allowed = judge(&list, case).allowed.len();
        prop_assert!(allowed == 0 || allowed + case.recent <= limit(case));
    }

    #[test]
    fn a_record_that_may_still_open_is_always_held(list in any_candidates(), case in any_judgement()) {
        let allowed = judge(&list, case).allowed;
        let open = list.iter().filter(|one| one.until.is_none_or(|until| until > noon()));
        prop_assert!(open.into_iter().all(|one| !allowed.contains(&one.id)));
    }

    #[test]
    fn below_the_limit_every_ended_record_is_removed(list in any_candidates(), case in any_judgement()) {
        let over: BTreeSet<_> = list.iter().filter(|one| one.until.is_some_and(|until| until <= noon())).map(|one| one.id).collect();
        if over.len() + case.recent <= limit(case) {
            prop_assert_eq!(judge(&list, case).allowed.into_iter().collect::<BTreeSet<_>>(), over);
        }
    }

    #[test]
    fn the_order_of_the_candidates_does_not_matter(
        (list, mixed) in any_candidates().prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        case in any_judgement(),
    ) {
        prop_assert_eq!(judge(&list, case), judge(&mixed, case));
    }

    #[test]
    fn held_sets_have_the_same_name_exactly_when_they_are_the_same(one in any_some(), two in any_some(), case in any_judgement()) {
        // A record without an end is held under all limits. Two records of one object count as two.
        let id = |number: u64| RecordId::new(owner(), ObjectId(number / 2), number);
        let endless = |list: &[u64]| list.iter().map(|number| Candidate { id: id(*number), until: None }).collect::<Vec<_>>();
        let (a, b) = (judge(&endless(&one), case), judge(&endless(&two), case));
        prop_assert_eq!((&a.held, &b.held), (&ids(&endless(&one)), &ids(&endless(&two))));
        prop_assert_eq!(a.hash == b.hash, one.iter().collect::<BTreeSet<_>>() == two.iter().collect());
    }

    #[test]
    fn the_name_of_a_held_set_depends_on_nothing_but_the_set(list in any_candidates(), case in any_judgement()) {
        let judged = judge(&list, case);
        let held: Vec<_> = judged.held.iter().map(|id| Candidate { id: *id, until: None }).collect();
        prop_assert_eq!(judge(&held, self::case(0)).hash, judged.hash, "the hash is the same an hour later and under other limits");
    }

    #[test]
    fn a_release_allows_its_own_set_and_no_other(list in any_candidates(), other in any_candidates(), case in any_judgement()) {
        let before = judge(&list, case);
        let Some(hash) = before.hash.as_deref() else { return Ok(()) };
        let released = Judgement { released: Some(hash), ..case };
        let after = judge(&list, released);
        prop_assert_eq!(after, Verdict { allowed: ids(&list), held: Vec::new(), hash: None });

        let (alone, with) = (judge(&other, case), judge(&other, released));
        if alone.held == before.held {
            prop_assert!(with.held.is_empty());
        } else {
            prop_assert_eq!(with, alone, "the hash of one set says nothing about another");
        }
    }

    #[test]
    fn a_used_release_allows_no_other_removal(list in any_candidates(), case in any_judgement()) {
        let Some(hash) = judge(&list, case).hash else { return Ok(()) };
        let gone = judge(&list, Judgement { released: Some(&hash), ..case }).allowed.len();
        let later: Vec<_> = (1000..1020).map(|number| orphan(number, None)).collect();
        let next = Judgement { released: Some(&hash), recent: case.recent + gone, ..case };
        prop_assert_eq!(judge(&later, next).allowed, []);
    }
}

#[test]
fn the_limit_is_the_larger_of_ten_and_five_percent() {
    let table = [(10, 0, 10), (11, 0, 0), (11, 219, 0), (11, 220, 11), (50, 1000, 50), (51, 1000, 0)];
    for (orphans, living, allowed) in table {
        let verdict = judge(&ended(orphans), case(living));
        assert_eq!(verdict.allowed.len(), allowed, "{orphans} of {living}");
        assert_eq!(verdict.held.len(), usize::try_from(orphans).unwrap() - allowed);
    }
}

#[test]
fn removals_within_the_last_hour_count() {
    let recent = |recent| judge(&ended(6), Judgement { recent, ..case(0) }).allowed.len();
    assert_eq!((recent(4), recent(5), recent(usize::MAX)), (6, 0, 0));
}

#[test]
fn limits_of_zero_hold_everything() {
    let limits = Limits { max_deletions: 0, max_percent: 0 };
    assert_eq!(judge(&ended(1), Judgement { limits, ..case(1000) }).held.len(), 1);
    assert_eq!(judge::<RecordId>(&[], Judgement { limits, ..case(1000) }), Verdict::default());
}

#[test]
fn an_orphan_whose_window_ends_this_instant_is_over() {
    let verdict = judge(&[orphan(1, Some(0)), orphan(2, Some(1)), orphan(3, None)], case(100));
    assert_eq!(verdict.allowed, ids(&[orphan(1, None)]));
    assert_eq!(verdict.held, ids(&[orphan(2, None), orphan(3, None)]));
}

#[test]
fn a_held_set_has_the_same_name_for_ever_and_another_set_another() {
    let name = |list: &[Candidate]| judge(list, case(0)).hash.unwrap();
    let twelve = name(&ended(12));
    assert_eq!(twelve, name(&ended(12)));
    assert_ne!(twelve, name(&ended(13)));
    insta::assert_snapshot!(twelve);
}
