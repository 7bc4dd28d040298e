use serde_json::json;
use vestibule_core::status::Kstatus::{Current, Failed, InProgress};
use vestibule_core::status::{Kstatus, Status, Truth};

use super::*;
use crate::reconcile::fixtures::{at, reading, says};
use crate::system::{Class, SystemError};

const NOW: &str = "2026-12-01T09:00:00Z";

/// The operation of errors that say that the card is taken.
const CARD_TAKEN: &str = "find-card";

/// A place that is not as wanted, for this reason.
fn failed(class: Class, operation: &'static str, retried: bool) -> (PlaceState, Option<Trouble>) {
    let mut error = SystemError::new(class, operation, "NetBox says no: mend it");
    error.code = (operation == CARD_TAKEN).then_some(ErrorCode::CardTaken);
    place_state(&Outcome::Failed { error, retried })
}

fn kind(class: Class, operation: &'static str, retried: bool) -> (PlaceState, TroubleKind) {
    let (state, trouble) = failed(class, operation, retried);
    let trouble = trouble.unwrap();
    assert_eq!(trouble.message, "NetBox says no: mend it");
    (state, trouble.kind)
}

/// What a new Visitor of generation 1 says in this situation.
fn said(standing: &Standing, places: &[PlaceState], trouble: Option<&Trouble>) -> Option<(Status, Kstatus)> {
    let verdict = verdict(standing, places, trouble, false)?;
    let status = verdict.settle(&Status::default(), 1, at(NOW));
    let reading = reading(&status, 1);
    let again = verdict.settle(&status, 1, at(NOW));
    assert!(again.same_without_times(&status), "settling again changes nothing");
    Some((status, reading))
}

fn ready(standing: &Standing, places: &[PlaceState], trouble: Option<&Trouble>) -> (String, Kstatus) {
    let (status, kstatus) = said(standing, places, trouble).unwrap();
    (says(&status, conditions::READY), kstatus)
}

fn sentence(text: &str) -> String {
    text.to_owned()
}

// === place_state ===

#[test]
fn an_outcome_without_an_error_is_a_state_without_a_trouble() {
    let id = "vst-00000007-0000000000000001-00000000002a-0".parse().unwrap();
    let withheld = Withheld::Mode(Mode::Observe);
    let rows = [
        (Outcome::Present(id), PlaceState::Present),
        (Outcome::Absent, PlaceState::Absent),
        (Outcome::Unconfirmed, PlaceState::Unconfirmed),
        (Outcome::Withheld(withheld, Change::Make), PlaceState::Withheld(withheld, Change::Make)),
    ];
    for (outcome, state) in rows {
        assert_eq!(place_state(&outcome), (state, None), "{outcome:?}");
    }
}

#[test]
fn the_class_of_an_error_decides_what_it_means_for_the_visitor() {
    use TroubleKind::{Dependency, Retried, Stalled, Throttled};
    let unsupported = Stalled(conditions::NOT_SUPPORTED_BY_SYSTEM);
    let rows = [
        (Class::Terminal, "AddPerson", false, PlaceState::Failed, unsupported),
        // What takes away is tried for ever, whatever the system answers.
        (Class::Terminal, "RemovePerson", true, PlaceState::Retrying, Retried),
        (Class::Terminal, CARD_TAKEN, false, PlaceState::Failed, Stalled(conditions::DUPLICATE_CLAIM)),
        (Class::Dependency, "GetAccessLevels", true, PlaceState::Retrying, Dependency),
        (Class::Auth, "Login", true, PlaceState::Retrying, Dependency),
        (Class::Throttled(None), "AddPerson", true, PlaceState::Retrying, Throttled),
        (Class::Transient, "AddPerson", true, PlaceState::Retrying, Retried),
    ];
    for (class, operation, retried, state, trouble) in rows {
        assert_eq!(kind(class, operation, retried), (state, trouble), "{class:?} {operation}");
    }
}

// === verdict: the situations of docs/status.md ===

#[test]
fn what_is_done_waits_or_is_over_reads_current() {
    let rows: [(Standing, &[PlaceState], &str); 9] = [
        (Standing::Today, &[PlaceState::Present], "True Succeeded"),
        (Standing::Today, &[PlaceState::Present, PlaceState::Absent], "True Succeeded"),
        (Standing::Scheduled, &[], "True Scheduled"),
        (Standing::Scheduled, &[PlaceState::Absent], "True Scheduled"),
        (Standing::Expired, &[PlaceState::Absent], "True Expired"),
        (
            Standing::Expired,
            &[PlaceState::Withheld(Withheld::Mode(Mode::CreateOnly), Change::Remove)],
            "True Expired",
        ),
        (Standing::Over, &[], "True Expired"),
        (Standing::Over, &[PlaceState::Present], "True Succeeded"),
        (Standing::Over, &[PlaceState::Present, PlaceState::Absent], "True Succeeded"),
    ];
    for (standing, places, says) in rows {
        assert_eq!(ready(&standing, places, None), (says.to_owned(), Current), "{standing:?} {places:?}");
    }
}

#[test]
fn nothing_is_said_of_a_visitor_while_his_record_is_on_its_way() {
    let on_the_way = [PlaceState::Waiting, PlaceState::Unconfirmed, PlaceState::Retrying];
    for state in on_the_way {
        for standing in [Standing::Today, Standing::Scheduled, Standing::Expired, Standing::Over] {
            assert_eq!(said(&standing, &[state], None), None, "{standing:?} {state:?}");
        }
    }
}

#[test]
fn nobody_is_in_before_a_system_says_so() {
    for places in [&[][..], &[PlaceState::Absent]] {
        assert_eq!(said(&Standing::Today, places, None), None, "{places:?}");
    }
}

#[test]
fn what_failed_during_the_visit_is_forgiven_when_it_is_over() {
    let (_, trouble) = failed(Class::Transient, "AddPerson", true);
    let over = ready(&Standing::Over, &[PlaceState::Present, PlaceState::Absent], trouble.as_ref());
    assert_eq!(over, ("True Succeeded".into(), Current));
}

#[test]
fn work_on_a_new_generation_is_told_when_patience_is_over() {
    let verdict = verdict(&Standing::Today, &[PlaceState::Waiting], None, true).unwrap();
    let status = verdict.settle(&Status::default(), 1, at(NOW));
    assert_eq!(
        (says(&status, "Ready"), says(&status, "Reconciling")),
        ("Unknown Progressing".into(), "True Progressing".into())
    );
    assert_eq!((reading(&status, 1), status.observed_generation), (InProgress, -1));
}

#[test]
fn what_is_missing_or_refused_is_told_whatever_the_places_say() {
    for state in [PlaceState::Present, PlaceState::Waiting, PlaceState::Failed] {
        let missing = ready(&Standing::Missing(sentence("make it")), &[state], None);
        assert_eq!(missing, ("False DependencyNotReady".into(), InProgress));
        let refused = ready(&Standing::Refused(sentence("set spec.email")), &[state], None);
        assert_eq!(refused, ("False InvalidSpec".into(), Failed));
        let bare = ready(&Standing::NoGroups(sentence("name groups")), &[state], None);
        assert_eq!(bare, ("False InvalidSpec".into(), Failed));
    }
    let (status, _) = said(&Standing::Missing(sentence("make it")), &[], None).unwrap();
    assert_eq!(
        (says(&status, "ResolvedRefs"), status.observed_generation),
        ("False DependencyNotReady".into(), -1)
    );
    let (status, _) = said(&Standing::Refused(sentence("set spec.email")), &[], None).unwrap();
    assert_eq!((says(&status, "Accepted"), status.observed_generation), ("False InvalidSpec".into(), 1));
}

#[test]
fn each_trouble_is_a_row_of_the_contract() {
    let rows = [
        (failed(Class::Terminal, "AddPerson", false), "False NotSupportedBySystem", Failed),
        (failed(Class::Terminal, CARD_TAKEN, false), "False DuplicateClaim", Failed),
        (failed(Class::Dependency, "GetAccessLevels", true), "False DependencyNotReady", InProgress),
        (failed(Class::Auth, "Login", true), "False DependencyNotReady", InProgress),
        (failed(Class::Transient, "AddPerson", true), "Unknown ProgressingWithRetry", InProgress),
        (failed(Class::Throttled(None), "AddPerson", true), "Unknown ProgressingWithRetry", InProgress),
    ];
    for ((state, trouble), says, kstatus) in rows {
        assert_eq!(
            ready(&Standing::Today, &[state], trouble.as_ref()),
            (says.to_owned(), kstatus),
            "{trouble:?}"
        );
    }
}

#[test]
fn a_removal_that_fails_is_told_after_the_visit_too() {
    let (state, trouble) = failed(Class::Transient, "RemovePerson", true);
    for standing in [Standing::Expired, Standing::Scheduled, Standing::Over] {
        let (status, kstatus) = said(&standing, &[state], trouble.as_ref()).unwrap();
        assert_eq!((says(&status, "Reconciling"), kstatus), ("True ProgressingWithRetry".into(), InProgress));
    }
}

#[test]
fn a_hiccup_keeps_ready_for_the_grace_time_and_an_outage_does_not() {
    let good = said(&Standing::Today, &[PlaceState::Present], None).unwrap().0;
    let (state, trouble) = failed(Class::Transient, "AddPerson", true);
    let retrying = verdict(&Standing::Today, &[state], trouble.as_ref(), false).unwrap();
    let at_once = retrying.settle(&good, 1, at(NOW));
    assert_eq!((says(&at_once, "Ready"), reading(&at_once, 1)), ("True Succeeded".into(), InProgress));
    let later = retrying.settle(&at_once, 1, at(NOW) + GRACE);
    assert_eq!(says(&later, "Ready"), "False ProgressingWithRetry");
    assert_eq!(reading(&later, 1), InProgress);
}

#[test]
fn what_a_mode_or_a_suspension_withholds_is_told_as_such() {
    let withheld = |why| [PlaceState::Present, PlaceState::Withheld(why, Change::Replace)];
    let today = Standing::Today;
    let (status, kstatus) = said(&today, &withheld(Withheld::Mode(Mode::Observe)), None).unwrap();
    assert_eq!((says(&status, "Ready"), kstatus), ("True ObserveOnly".into(), Current));
    assert_eq!(says(&status, "Synced"), "False DriftDetected");
    for why in [Withheld::Mode(Mode::Upsert), Withheld::Beside(Mode::CreateOnly)] {
        assert_eq!(ready(&today, &withheld(why), None), ("False NotSupportedBySystem".into(), Failed));
    }
    assert_eq!(ready(&today, &withheld(Withheld::Suspended), None), ("False Suspended".into(), InProgress));
}

#[test]
fn a_trouble_is_told_before_what_is_withheld() {
    let (state, trouble) = failed(Class::Dependency, "GetAccessLevels", true);
    let places = [PlaceState::Withheld(Withheld::Suspended, Change::Make), state];
    assert_eq!(ready(&Standing::Today, &places, trouble.as_ref()).0, "False DependencyNotReady");
}

#[test]
fn every_sentence_of_a_withheld_change_says_what_to_do() {
    let message = |why, change, type_| {
        let (status, _) = said(&Standing::Today, &[PlaceState::Withheld(why, change)], None).unwrap();
        status.condition(type_).unwrap().message.clone()
    };
    let beside = message(Withheld::Beside(Mode::CreateOnly), Change::Replace, "Stalled");
    assert_eq!(
        beside,
        "mode CreateOnly of the AccessIntegration does not let this happen: the record would be replaced by one of what is \
         declared now. It opens what it did before; set mode: Enforce, or make another Visitor"
    );
    let upsert = message(Withheld::Beside(Mode::Upsert), Change::Replace, "Stalled");
    assert!(upsert.contains("opens only what is still declared"), "{upsert}");
    assert_eq!(message(Withheld::Beside(Mode::CreateOnly), Change::Replace, "Synced"), beside);
    let rows = [
        (Change::Make, "a record would be made"),
        (Change::Remove, "the record would be removed"),
        (Change::Replace, "the record would be replaced by one of what is declared now"),
        (Change::Repair, "the record, which was changed in the system, would be set right"),
        (Change::Reduce, "the record would be reduced to what is still declared"),
    ];
    for (change, words) in rows {
        let told = message(Withheld::Mode(Mode::Observe), change, "Synced");
        assert_eq!(told, format!("the system differs: {words}; mode Observe: nothing is written"));
    }
}

#[test]
fn a_record_that_is_not_removed_is_reported_beside_one_that_is_as_declared() {
    let id = "vst-00000007-0000000000000001-00000000002a-0".parse().unwrap();
    let error = SystemError::new(Class::Terminal, "RemovePerson", "it says no. It was disarmed");
    let (state, trouble) = place_state(&Outcome::Leftover(id, error));
    assert_eq!(state, PlaceState::Present);
    let (status, kstatus) = said(&Standing::Today, &[state], trouble.as_ref()).unwrap();
    assert_eq!((says(&status, "Ready"), kstatus), ("True Succeeded".into(), Current));
    let synced = status.condition("Synced").unwrap();
    assert_eq!((synced.status, synced.reason.as_str()), (Truth::False, conditions::PROGRESSING_WITH_RETRY));
    assert!(synced.message.contains("disarmed"), "{}", synced.message);
    assert_eq!(ready(&Standing::Over, &[state], trouble.as_ref()).0, "True Succeeded");
}

#[test]
fn what_a_refused_spec_took_away_and_stays_is_reported_with_the_refusal() {
    let message = |places: &[PlaceState], trouble: Option<&Trouble>| {
        let (status, _) = said(&Standing::Refused(sentence("set spec.email")), places, trouble).unwrap();
        status.condition("Ready").unwrap().message.clone()
    };
    assert_eq!(message(&[PlaceState::Present], None), "set spec.email");
    let (state, trouble) = failed(Class::Transient, "ModifyPerson", true);
    let failing = message(&[state], trouble.as_ref());
    assert!(failing.starts_with("set spec.email; ") && failing.contains("NetBox says no"), "{failing}");
    let kept = message(&[PlaceState::Withheld(Withheld::Mode(Mode::CreateOnly), Change::Reduce)], None);
    assert!(kept.contains("opens more than is declared") && kept.contains("CreateOnly"), "{kept}");
}

// === records and hash ===

#[test]
fn a_status_names_one_record_an_integration_in_order_and_at_most_ten() {
    let present = |names: Vec<String>| {
        let of = |name: String| Record { external_id: format!("id in {name}"), integration: name };
        records(names.into_iter().map(of).collect())
    };
    let named = present(["b", "a", "b"].map(str::to_owned).into());
    assert_eq!(named.iter().map(|record| &*record.integration).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(named[0].external_id, "id in a");
    assert_eq!(present((0..12).map(|n| format!("n{n:02}")).collect()).len(), 10);
}

#[test]
fn the_hash_changes_with_everything_a_reader_sees_and_not_with_times() {
    let status = said(&Standing::Today, &[PlaceState::Present], None).unwrap().0;
    let record = Record { integration: "netbox".into(), external_id: "1".into() };
    let first = Said { status, records: vec![record], ..Said::default() };
    let differs = |change: fn(&mut Said)| {
        let mut other = first.clone();
        change(&mut other);
        hash(&other) != hash(&first)
    };
    assert!(differs(|said| said.status.observed_generation = 2));
    assert!(differs(|said| said.status.conditions[0].status = Truth::Unknown));
    assert!(differs(|said| said.status.conditions[0].reason = "Expired".into()));
    assert!(differs(|said| said.status.conditions[0].message = "other".into()));
    assert!(differs(|said| said.status.conditions[0].type_ = "Stalled".into()));
    assert!(differs(|said| said.status.conditions[0].observed_generation = Some(2)));
    assert!(differs(|said| said.status.conditions[0].observed_generation = None));
    assert!(differs(|said| said.records[0].integration = "annex".into()));
    assert!(differs(|said| said.records[0].external_id = "2".into()));
    assert!(differs(|said| said.records.clear()));
    assert!(differs(|said| said.status.conditions.clear()));
    assert!(!differs(|said| said.status.conditions[0].last_transition_time = at("2027-01-01T00:00:00Z")));
    assert!(!differs(|said| said.last_handled_sync_at = Some("now".into())), "a row does not know it");
    assert_ne!(hash(&Said::default()), 0, "0 stands for a status that is not there");
}

#[test]
fn a_status_comes_back_from_the_wire_as_it_was_sent() {
    let status = said(&Standing::Today, &[PlaceState::Present], None).unwrap().0;
    let records = vec![Record { integration: "netbox".into(), external_id: "1".into() }];
    let said = Said { status, records, last_handled_sync_at: Some("now".into()) };
    let wire = serde_json::to_value(&said).unwrap();
    assert_eq!(wire["records"], json!([{ "integration": "netbox", "externalId": "1" }]));
    assert_eq!(serde_json::from_value::<Said>(wire).unwrap(), said);
    let empty = serde_json::to_value(Said::default()).unwrap();
    assert!(empty.get("records").is_none() && empty["observedGeneration"] == -1);
}

#[test]
fn what_a_system_does_not_keep_is_named_with_its_field_and_leaves_the_visitor_ready() {
    let altered = PlaceState::Altered([Field::Name, Field::Tenant].into_iter().collect());
    let verdict = verdict(&Standing::Today, &[altered], None, false).unwrap();
    let status = verdict.settle(
        &vestibule_core::status::Status::default(),
        1,
        crate::reconcile::fixtures::at("2026-12-01T09:00:00Z"),
    );
    let (ready, synced) = (status.condition("Ready").unwrap(), status.condition("Synced").unwrap());
    assert_eq!((ready.status, synced.status), (Truth::True, Truth::False));
    assert_eq!(synced.reason, DRIFT_DETECTED);
    assert!(
        synced.message.contains("spec.lastName") && synced.message.contains("spec.displayName"),
        "{}",
        synced.message
    );
}
