use std::collections::HashSet;

use super::conditions::{
    ABNORMAL, DELETING, DELETION_FAILED, READY, REASONS, RECONCILING, STALLED, SUSPENDED, TYPES,
};
use super::{Condition, MAX_MESSAGE_CHARS, Status, Truth};

/// Checks the rules that every status keeps, and returns a sentence for each violation. For tests: every status that is
/// written in a test is checked here.
pub fn check(status: &Status, generation: i64) -> Vec<String> {
    let mut violations = whole(status, generation);
    for condition in &status.conditions {
        violations.extend(single(condition, generation));
    }
    violations
}

fn whole(status: &Status, generation: i64) -> Vec<String> {
    let Status { observed_generation: observed, conditions } = status;
    let is_true = |type_| status.condition(type_).is_some_and(|it| it.status == Truth::True);
    let mut seen = HashSet::new();
    let ordered = conditions.is_sorted_by_key(|condition| Condition::place(&condition.type_));
    let rules = [
        (status.condition(READY).is_some(), "Ready is missing"),
        (!(is_true(READY) && is_true(STALLED)), "Ready=True beside Stalled"),
        (!(is_true(RECONCILING) && is_true(STALLED)), "Reconciling beside Stalled"),
        (conditions.iter().all(|it| seen.insert(&it.type_)), "a type occurs twice"),
        (ordered, "the conditions are not in the order for people"),
        ((-1..=generation).contains(observed), "observedGeneration is neither -1 nor 0 to the generation"),
        (
            is_true(RECONCILING) || goes(status) || *observed == generation,
            "no work is under way, but the generation is not done",
        ),
        (
            is_true(READY) || is_true(RECONCILING) || is_true(STALLED) || rests(status) || goes(status),
            "not Ready, and neither Reconciling nor Stalled says why",
        ),
    ];
    rules.into_iter().filter(|(holds, _)| !holds).map(|(_, sentence)| sentence.to_owned()).collect()
}

fn single(condition: &Condition, generation: i64) -> Vec<String> {
    let Condition { type_, status, reason, message, observed_generation, last_transition_time } = condition;
    let abnormal = ABNORMAL.contains(&type_.as_str());
    let known = |table: &[(&str, &str)], name| table.iter().any(|(known, _)| *known == name);
    let rules = [
        (known(TYPES, type_.as_str()), "its type is not in the table"),
        (known(REASONS, reason.as_str()), "its reason is not in the table"),
        (is_reason(reason), "its reason is not a word that Kubernetes accepts"),
        (!abnormal || *status == Truth::True, "an abnormal condition is present without being True"),
        (message.chars().count() <= MAX_MESSAGE_CHARS, "its message is too long"),
        (!message.contains(char::is_control), "its message has control characters"),
        (
            !message.is_empty() || !(abnormal || type_ == READY && *status == Truth::False),
            "its message does not say what is wrong",
        ),
        (
            observed_generation.is_some_and(|it| (0..=generation).contains(&it)),
            "its observedGeneration is not 0 to the generation",
        ),
        (last_transition_time.subsec_nanosecond() == 0, "its time is not in whole seconds"),
    ];
    rules
        .into_iter()
        .filter(|(holds, _)| !holds)
        .map(|(_, sentence)| format!("{type_}: {sentence}"))
        .collect()
}

/// Suspended: no work is under way and no person is needed.
fn rests(status: &Status) -> bool {
    status.condition(READY).is_some_and(|ready| ready.reason == SUSPENDED)
}

/// Being deleted.
fn goes(status: &Status) -> bool {
    status.condition(READY).is_some_and(|ready| [DELETING, DELETION_FAILED].contains(&ready.reason.as_str()))
}

/// `^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`, at most 1,024 long.
fn is_reason(reason: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    reason.len() <= 1_024
        && reason.starts_with(|c: char| c.is_ascii_alphabetic())
        && reason.ends_with(word)
        && reason.chars().all(|c| word(c) || c == ',' || c == ':')
}
