//! The checker, the kstatus algorithm, the limits of texts, and the JSON form of conditions.

use jiff::Timestamp;
use vestibule_core::status::conditions::{
    DELETIONS_HELD, HELD, INVALID_SPEC, PROGRESSING, READY, REASONS, RECONCILING, STALLED, SUCCEEDED, SYNCED,
    TYPES,
};
use vestibule_core::status::{
    Condition, Kstatus, MAX_MESSAGE_CHARS, MAX_NOTE_BYTES, Status, Truth, check, kstatus, normalise_message,
    note,
};

fn condition(type_: &str, status: Truth, reason: &str) -> Condition {
    Condition {
        type_: type_.into(),
        status,
        reason: reason.into(),
        message: "why".into(),
        observed_generation: Some(3),
        last_transition_time: Timestamp::UNIX_EPOCH,
    }
}

fn status(conditions: Vec<Condition>) -> Status {
    Status { observed_generation: 3, conditions }
}

fn ready() -> Condition {
    condition(READY, Truth::True, SUCCEEDED)
}

// === the checker ===

#[test]
fn the_checker_accepts_a_valid_status() {
    assert_eq!(check(&status(vec![ready()]), 3), Vec::<String>::new());
}

#[test]
fn each_broken_rule_is_named() {
    let not_ready = || condition(READY, Truth::False, INVALID_SPEC);
    let stalled = || condition(STALLED, Truth::True, INVALID_SPEC);
    let reconciling = || condition(RECONCILING, Truth::True, PROGRESSING);
    let rows = [
        (status(vec![stalled()]), "Ready is missing"),
        (status(vec![stalled(), ready()]), "Ready=True beside Stalled"),
        (status(vec![stalled(), reconciling(), not_ready()]), "Reconciling beside Stalled"),
        (status(vec![ready(), ready()]), "a type occurs twice"),
        (status(vec![not_ready(), stalled()]), "the conditions are not in the order for people"),
        (status(vec![not_ready()]), "not Ready, and neither Reconciling nor Stalled says why"),
        (
            Status { observed_generation: 4, ..status(vec![reconciling(), ready()]) },
            "observedGeneration is neither",
        ),
        (
            Status { observed_generation: -2, ..status(vec![reconciling(), ready()]) },
            "observedGeneration is neither",
        ),
        (
            Status { observed_generation: 2, ..status(vec![ready()]) },
            "no work is under way, but the generation is not",
        ),
        (
            status(vec![ready(), condition(SYNCED, Truth::True, "Fine")]),
            "Synced: its reason is not in the table",
        ),
        (
            status(vec![ready(), condition("Nice", Truth::True, SUCCEEDED)]),
            "Nice: its type is not in the table",
        ),
        (
            status(vec![ready(), condition(DELETIONS_HELD, Truth::False, HELD)]),
            "DeletionsHeld: an abnormal condition is present without being True",
        ),
        (status(vec![Condition { message: "a".repeat(1_025), ..ready() }]), "Ready: its message is too long"),
        (status(vec![Condition { message: "a\nb".into(), ..ready() }]), "Ready: its message has control"),
        (
            status(vec![Condition { message: String::new(), ..stalled() }, not_ready()]),
            "Stalled: its message does not say what is wrong",
        ),
        (
            status(vec![Condition { observed_generation: Some(4), ..ready() }]),
            "Ready: its observedGeneration",
        ),
        (status(vec![Condition { observed_generation: None, ..ready() }]), "Ready: its observedGeneration"),
        (
            status(vec![Condition { last_transition_time: Timestamp::MAX, ..ready() }]),
            "Ready: its time is not in whole seconds",
        ),
    ];
    for (status, sentence) in rows {
        let found = check(&status, 3);
        assert!(matches!(&found[..], [one] if one.starts_with(sentence)), "{sentence}: {found:?}");
    }
    let odd = check(&status(vec![Condition { reason: "not a word".into(), ..ready() }]), 3);
    assert!(odd.contains(&"Ready: its reason is not a word that Kubernetes accepts".to_owned()), "{odd:?}");
}

#[test]
fn the_tables_have_no_name_twice_and_a_description_of_each() {
    for table in [TYPES, REASONS] {
        for (name, says) in table {
            assert_eq!(table.iter().filter(|(other, _)| other == name).count(), 1, "{name}");
            assert!(says.ends_with('.') && says.len() > 10, "{name}");
        }
    }
}

// === kstatus, step by step ===

#[test]
fn kstatus_follows_the_original_step_by_step() {
    let ready = |truth| condition(READY, truth, SUCCEEDED);
    let stalled = |truth| condition(STALLED, truth, INVALID_SPEC);
    let reconciling = |truth| condition(RECONCILING, truth, PROGRESSING);
    let rows = [
        (Some(3), vec![], Kstatus::Current),
        (None, vec![], Kstatus::Current),
        (Some(-1), vec![ready(Truth::True)], Kstatus::InProgress),
        (Some(2), vec![stalled(Truth::True)], Kstatus::InProgress),
        (None, vec![ready(Truth::True)], Kstatus::Current),
        (Some(3), vec![ready(Truth::False)], Kstatus::InProgress),
        (Some(3), vec![ready(Truth::Unknown)], Kstatus::InProgress),
        (Some(3), vec![ready(Truth::True), reconciling(Truth::True)], Kstatus::InProgress),
        (Some(3), vec![ready(Truth::True), stalled(Truth::True)], Kstatus::Failed),
        (Some(3), vec![stalled(Truth::True), reconciling(Truth::True)], Kstatus::Failed),
        (Some(3), vec![reconciling(Truth::True), stalled(Truth::True)], Kstatus::InProgress),
        (
            Some(3),
            vec![reconciling(Truth::False), stalled(Truth::Unknown), ready(Truth::True)],
            Kstatus::Current,
        ),
    ];
    for (observed, conditions, expected) in rows {
        assert_eq!(kstatus(3, false, observed, &conditions), expected, "{observed:?} {conditions:?}");
        assert_eq!(kstatus(3, true, observed, &conditions), Kstatus::Terminating);
    }
}

// === text ===

#[test]
fn messages_become_one_line_without_control_characters() {
    let rows = [
        ("NetBox said:\r\n\t<APIERROR>5</APIERROR>\n", "NetBox said: <APIERROR>5</APIERROR>"),
        ("\u{1b}[31mred\u{1b}[0m", "[31mred [0m"),
        ("a\u{0}b\u{2028}c", "a b c"),
        ("user \u{202e}nimda\u{202c} refused", "user nimda refused"),
        ("Zoë 李", "Zoë 李"),
        (" \n ", ""),
    ];
    for (text, expected) in rows {
        assert_eq!(normalise_message(text), expected);
        assert_eq!(note(text), expected);
    }
}

#[test]
fn long_texts_are_cut_between_characters_and_show_it() {
    let message = normalise_message(&"李".repeat(2_000));
    assert_eq!(message.chars().count(), MAX_MESSAGE_CHARS);
    assert!(message.ends_with("李…"));
    assert_eq!(normalise_message(&"李".repeat(MAX_MESSAGE_CHARS)), "李".repeat(MAX_MESSAGE_CHARS));
    let note = note(&"李".repeat(2_000));
    assert!(note.len() <= MAX_NOTE_BYTES && note.len() > MAX_NOTE_BYTES - 4 && note.ends_with("李…"));
}

// === the wire ===

#[test]
fn a_condition_looks_like_metav1s() {
    let at = "2026-12-01T09:00:00.75Z".parse().unwrap();
    let status = status(vec![Condition { last_transition_time: at, ..ready() }]);
    let expected = serde_json::json!({
        "observedGeneration": 3,
        "conditions": [{
            "type": "Ready",
            "status": "True",
            "reason": "Succeeded",
            "message": "why",
            "observedGeneration": 3,
            "lastTransitionTime": "2026-12-01T09:00:00Z",
        }],
    });
    assert_eq!(serde_json::to_value(&status).unwrap(), expected);
}

#[test]
fn a_status_of_any_kind_can_be_read_and_an_absent_one_is_never_seen() {
    let read: Status = serde_json::from_value(serde_json::json!({"records": [], "ownerId": "x"})).unwrap();
    assert_eq!(read, Status::default());
    assert_eq!(read.observed_generation, -1);
}
