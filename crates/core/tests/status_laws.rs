//! The laws of status, for every previous status of the object.

use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use vestibule_core::status::conditions::{ABNORMAL, READY, REASONS, RECONCILING, STALLED, SUSPENDED, TYPES};
use vestibule_core::status::{
    Condition, Kstatus, MAX_MESSAGE_CHARS, MAX_NOTE_BYTES, Status, Truth, Verdict, Wanted, check, kstatus,
    merge, normalise_message, note, same_without_times,
};

const GENERATION: i64 = 7;
const RIGHT_TO_LEFT: char = '\u{202e}';

fn names(table: &[(&'static str, &'static str)]) -> Vec<&'static str> {
    table.iter().map(|(name, _)| *name).collect()
}

fn any_truth() -> impl Strategy<Value = Truth> {
    select(vec![Truth::True, Truth::False, Truth::Unknown])
}

/// Any characters at all: a regular expression for them takes ten times as long.
fn any_text(longest: usize) -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..=longest).prop_map(String::from_iter)
}

/// Any type and reason: mostly one of ours, otherwise any text.
fn any_name(table: &'static [(&'static str, &'static str)]) -> impl Strategy<Value = String> {
    prop_oneof![9 => select(names(table)).prop_map(str::to_owned), 1 => any_text(8)]
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_000_i64).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Any condition, mostly one that a controller can have written.
fn any_condition() -> impl Strategy<Value = Condition> {
    let generation =
        prop_oneof![8 => (0..=GENERATION).prop_map(Some), 1 => Just(None), 1 => any::<i64>().prop_map(Some)];
    let (type_, reason) = (any_name(TYPES), any_name(REASONS));
    let message = prop_oneof![9 => any_text(20), 1 => Just("long ".repeat(400))];
    (type_, any_truth(), reason, message, generation, any_instant()).prop_map(
        |(type_, status, reason, message, observed_generation, last_transition_time)| Condition {
            type_,
            status,
            reason,
            message,
            observed_generation,
            last_transition_time,
        },
    )
}

fn any_status() -> impl Strategy<Value = Status> {
    let observed = prop_oneof![8 => -1..=GENERATION, 1 => any::<i64>()];
    (observed, vec(any_condition(), 0..9))
        .prop_map(|(observed_generation, conditions)| Status { observed_generation, conditions })
}

fn any_verdict() -> impl Strategy<Value = Verdict> {
    let grace = prop_oneof![Just(SignedDuration::ZERO), (0..900_i64).prop_map(SignedDuration::from_secs)];
    let message = any_text(30).prop_map(|text| format!("a {text}"));
    (0..20_usize, message, grace, select(names(REASONS))).prop_map(|(which, message, grace, reason)| {
        match which {
            0 => Verdict::in_sync(message),
            1 => Verdict::progressing(message),
            2 => Verdict::scheduled(message),
            3 => Verdict::expired(message),
            4 | 5 => Verdict::retrying(message, grace),
            6 => Verdict::throttled(message, grace),
            7 => Verdict::dependency_not_ready(message),
            8 => Verdict::waiting_for_import(message),
            9 => Verdict::stalled(reason, message),
            10 => Verdict::credentials_rejected(message),
            11 => Verdict::deletions_held(message),
            12 | 13 => Verdict::suspended(),
            14 => Verdict::parent_suspended(message),
            15 => Verdict::drift(message),
            16 => Verdict::deleting(message),
            17 => Verdict::lapsed(message),
            18 => Verdict::resting(),
            _ => Verdict::deletion_failed(message),
        }
    })
}

/// One verdict of each constructor, with a message of its own, as it is and validated.
fn every_verdict() -> Vec<Verdict> {
    let mut all = vec![
        Verdict::in_sync("in sync"),
        Verdict::progressing("under way"),
        Verdict::scheduled("waits for its day"),
        Verdict::expired("over"),
        Verdict::lapsed("over, and refused"),
        Verdict::retrying("no answer", SignedDuration::ZERO),
        Verdict::retrying("no answer", SignedDuration::from_mins(5)),
        Verdict::throttled("asked to wait", SignedDuration::ZERO),
        Verdict::dependency_not_ready("something is missing"),
        Verdict::waiting_for_import("not imported"),
        Verdict::credentials_rejected("change the Secret"),
        Verdict::deletions_held("12 held"),
        Verdict::suspended(),
        Verdict::resting(),
        Verdict::parent_suspended("the Property is suspended"),
        Verdict::observe_only_absent("would be made"),
        Verdict::drift("differs"),
        Verdict::deleting("going"),
        Verdict::deletion_failed("not removed"),
    ];
    all.extend(names(REASONS).into_iter().map(|reason| Verdict::stalled(reason, format!("act on {reason}"))));
    let validated: Vec<_> = all.iter().map(|verdict| verdict.clone().validated()).collect();
    all.extend(validated);
    all
}

/// The conditions that are False, but for the summary: reason, message and generation.
fn refusals(status: &Status) -> Vec<(&str, &str, &str, Option<i64>)> {
    let aspects = status.conditions.iter().filter(|it| it.type_ != READY && it.status == Truth::False);
    aspects.map(|it| (&*it.type_, &*it.reason, &*it.message, it.observed_generation)).collect()
}

#[test]
fn no_verdict_keeps_a_refusal_of_the_one_before() {
    let all = every_verdict();
    for (first, second) in all.iter().flat_map(|first| all.iter().map(move |second| (first, second))) {
        // A suspended object needs the same person as before.
        if *second == Verdict::suspended() || *second == Verdict::suspended().validated() {
            continue;
        }
        let before = first.settle(&Status::default(), 1, Timestamp::UNIX_EPOCH);
        let after = second.settle(&before, 1, Timestamp::UNIX_EPOCH);
        let alone = second.settle(&Status::default(), 1, Timestamp::UNIX_EPOCH);
        assert_eq!(refusals(&after), refusals(&alone), "{first:?}, then {second:?}");
    }
}

fn any_wanted() -> impl Strategy<Value = Vec<Wanted>> {
    vec(any_condition().prop_map(|condition| Wanted::from(&condition)), 0..9)
}

fn whole_seconds(instant: Timestamp) -> Timestamp {
    Timestamp::from_second(instant.as_second()).unwrap_or(instant)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_settled_status_passes_the_checker(previous in any_status(), verdict in any_verdict(), now in any_instant()) {
        let status = verdict.settle(&previous, GENERATION, now);
        prop_assert_eq!(check(&status, GENERATION), Vec::<String>::new(), "{:#?}", status);
    }

    #[test]
    fn settling_again_changes_nothing(previous in any_status(), verdict in any_verdict(), now in any_instant()) {
        let once = verdict.settle(&previous, GENERATION, now);
        prop_assert_eq!(verdict.settle(&once, GENERATION, now), once);
    }

    #[test]
    fn any_history_of_verdicts_passes_the_checker(history in vec((any_verdict(), 0..3_i64, 0..600_i64), 1..12)) {
        let (mut status, mut generation, mut now) = (Status::default(), 1, Timestamp::UNIX_EPOCH);
        for (verdict, edits, seconds) in history {
            generation += edits;
            now += SignedDuration::from_secs(seconds);
            status = verdict.settle(&status, generation, now);
            prop_assert_eq!(check(&status, generation), Vec::<String>::new(), "{:#?}", status);
        }
    }

    #[test]
    fn generic_tools_read_the_intended_state(previous in any_status(), verdict in any_verdict(), now in any_instant()) {
        let status = verdict.settle(&previous, GENERATION, now);
        let is_true = |type_| status.condition(type_).is_some_and(|it| it.status == Truth::True);
        let reading = kstatus(GENERATION, false, Some(status.observed_generation), &status.conditions);
        prop_assert_eq!(reading == Kstatus::Failed, is_true(STALLED));
        let current = is_true(READY) && !is_true(RECONCILING);
        prop_assert_eq!(reading == Kstatus::Current, current);
        let done = is_true(STALLED) || current || status.condition(READY).is_some_and(|it| it.reason == SUSPENDED && !is_true(RECONCILING));
        prop_assert!(!done || status.observed_generation == GENERATION);
    }

    #[test]
    fn over_any_history_a_done_generation_stays_done_and_times_change_with_values(history in vec((any_verdict(), 0..3_i64, 0..600_i64), 1..12)) {
        let (mut status, mut generation, mut now) = (Status::default(), 1, Timestamp::UNIX_EPOCH);
        for (verdict, edits, seconds) in history {
            generation += edits;
            now += SignedDuration::from_secs(seconds);
            let next = verdict.settle(&status, generation, now);
            let observed = next.observed_generation;
            prop_assert!(observed == status.observed_generation || observed == generation, "{} after {}", observed, status.observed_generation);
            prop_assert!(observed >= status.observed_generation);
            for condition in &next.conditions {
                let before = status.condition(&condition.type_);
                prop_assert!(before.is_none_or(|it| it.observed_generation <= condition.observed_generation), "{:?}", condition);
                let kept = before.filter(|it| it.status == condition.status);
                prop_assert_eq!(condition.last_transition_time, kept.map_or(now, |it| it.last_transition_time));
            }
            status = next;
        }
    }

    #[test]
    fn a_stalled_object_ends_every_wait_and_work_under_way_is_never_read_as_done(status in any_status(), observed in prop::option::of(-1..=GENERATION)) {
        let is_true = |type_: &str| status.conditions.iter().any(|it| it.type_ == type_ && it.status == Truth::True);
        let reading = kstatus(GENERATION, false, observed, &status.conditions);
        if is_true(RECONCILING) || is_true(STALLED) || observed.is_some_and(|it| it != GENERATION) {
            prop_assert_ne!(reading, Kstatus::Current);
        }
        prop_assert!(reading != Kstatus::Failed || is_true(STALLED));
        prop_assert_eq!(kstatus(GENERATION, true, observed, &status.conditions), Kstatus::Terminating);
    }

    #[test]
    fn a_transition_time_moves_only_when_the_status_flips(previous in vec(any_condition(), 0..9), wanted in any_wanted(), now in any_instant()) {
        for condition in merge(&previous, wanted, now) {
            let before = previous.iter().find(|before| before.type_ == condition.type_);
            let kept = before.filter(|before| before.status == condition.status);
            let expected = kept.map_or(now, |before| before.last_transition_time);
            prop_assert_eq!(condition.last_transition_time, whole_seconds(expected));
        }
    }

    #[test]
    fn merging_again_changes_nothing_at_any_later_time(previous in vec(any_condition(), 0..9), wanted in any_wanted(), now in any_instant(), later in any_instant()) {
        let once = merge(&previous, wanted.clone(), now);
        let again = merge(&once, wanted, later);
        prop_assert!(same_without_times(&once, &again));
        prop_assert_eq!(again, once);
    }

    #[test]
    fn merging_keeps_each_wanted_condition_once_and_drops_abnormal_ones_that_are_not_true(previous in vec(any_condition(), 0..9), wanted in any_wanted(), now in any_instant()) {
        let merged = merge(&previous, wanted.clone(), now);
        for condition in &merged {
            prop_assert_eq!(merged.iter().filter(|other| other.type_ == condition.type_).count(), 1);
            prop_assert!(condition.status == Truth::True || !ABNORMAL.contains(&condition.type_.as_str()));
            let last = wanted.iter().rfind(|want| want.type_ == condition.type_);
            prop_assert_eq!(last.map(|want| (want.status, &want.reason)), Some((condition.status, &condition.reason)));
        }
        let order: Vec<_> = merged.iter().filter_map(|it| TYPES.iter().position(|(name, _)| *name == it.type_)).collect();
        prop_assert!(order.is_sorted());
    }

    #[test]
    fn only_a_visible_difference_counts(a in any_status(), b in any_status(), later in any_instant()) {
        let mut moved = a.clone();
        moved.conditions.iter_mut().for_each(|condition| condition.last_transition_time = later);
        prop_assert!(a.same_without_times(&moved));
        let as_text = |status: &Status| format!("{:?}", (status.observed_generation, status.conditions.iter().map(Condition::without_time).collect::<Vec<_>>()));
        prop_assert_eq!(a.same_without_times(&b), as_text(&a) == as_text(&b));
    }

    #[test]
    fn a_status_survives_the_wire(mut status in any_status()) {
        let read: Status = serde_json::from_value(serde_json::to_value(&status).unwrap()).unwrap();
        for condition in &mut status.conditions {
            condition.last_transition_time = whole_seconds(condition.last_transition_time);
        }
        prop_assert_eq!(read, status);
    }

    // === text ===

    #[test]
    fn a_message_is_one_bounded_line_and_normal_already_when_normalised(text in "(?s).{0,60}", times in 0..40_usize) {
        let text = text.repeat(times);
        let message = normalise_message(&text);
        prop_assert!(message.chars().count() <= MAX_MESSAGE_CHARS);
        prop_assert!(!message.contains(char::is_control) && !message.contains(RIGHT_TO_LEFT));
        prop_assert_eq!(&normalise_message(&message), &message);
        let note = note(&text);
        prop_assert!(note.len() <= MAX_NOTE_BYTES && !note.contains(char::is_control));
    }

    #[test]
    fn ordinary_text_stays_as_it_is(text in "[A-Za-zäöß日本.,:]{1,20}( [A-Za-zäöß日本.,:\"]{1,12}){0,20}") {
        prop_assert_eq!(normalise_message(&text), &*text);
        prop_assert_eq!(note(&text), text);
    }
}
