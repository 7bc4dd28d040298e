//! A record that stays because its replacement cannot be created yet opens only what is still declared.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vestibule::engine::{Outcome, Priority, Reason, SourceError};
use vestibule::system::{ErrorCode, ErrorKind};
use vestibule_core::entitlement::Entitlement;
use vestibule_core::model::{DesiredRecord, Facts, Mode, Person};
use vestibule_core::plan::{Change, DesiredState, Withheld};
use vestibule_core::schedule::Window;

use crate::testbed::{
    Fate, GROUPS, Setup, Testbed, at, identified, stranger, visitor, with_card, with_group, with_groups,
};

/// Ada with two groups, and the changed record.
fn ada() -> DesiredRecord {
    with_groups(&visitor("ada"), &["Lobby", "Floor 4"])
}

fn until(record: &DesiredRecord, until: &str) -> DesiredRecord {
    identified(DesiredRecord { window: Window { until: at(until), ..record.window }, ..record.clone() })
}

async fn holding(record: &DesiredRecord, change: impl FnOnce(&mut Setup)) -> Testbed {
    let mut setup = Setup { standing: vec![record.clone()], ..Setup::default() };
    change(&mut setup);
    setup.start().await
}

/// The content of the one living record of the system.
fn left(testbed: &Testbed) -> Facts {
    let mut ours: Vec<_> = testbed.living().into_iter().filter(|one| one.id.is_some()).collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    ours.remove(0).facts
}

fn groups(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn message(testbed: &Testbed, record: &DesiredRecord) -> String {
    match testbed.last(record) {
        Some(Outcome::Failed { error, .. }) => error.message,
        other => panic!("{other:?} is no failure"),
    }
}

/// A reason why a replacement cannot be created yet.
type Hindrance = fn(&Testbed, &DesiredRecord) -> DesiredRecord;

const HINDRANCES: [(&str, Hindrance); 5] = [
    ("a typo in another group", |_, wanted| with_groups(wanted, &["Lobby", "Lobyy"])),
    ("a card of another person", |_, wanted| with_card(wanted, "4711")),
    ("an API server that does not answer", |testbed, wanted| {
        testbed.house.fail_claims(Some(SourceError::Unreachable("no route".into())));
        wanted.clone()
    }),
    ("a lookup of the card that fails", |testbed, wanted| {
        testbed.site.every("find-card", Fate::Fails(ErrorKind::Transient));
        with_card(wanted, "1")
    }),
    ("a suspension", |testbed, wanted| {
        testbed.engine.suspend();
        wanted.clone()
    }),
];

#[tokio::test(start_paused = true)]
async fn no_obstacle_to_a_replacement_keeps_withdrawn_access_open() {
    for (what, hindrance) in HINDRANCES {
        let testbed = holding(&ada(), |setup| setup.memory.put(stranger("person-9", "4711"))).await;
        let shorter = until(&with_group(&ada(), "Lobby"), "2026-12-01T20:00:00Z");
        let wanted = hindrance(&testbed, &shorter);
        testbed.push(&wanted, Priority::UserChange);
        testbed.until(what, |testbed| testbed.site.count("reduce") == 1).await;
        testbed.pass(60).await;
        let facts = left(&testbed);
        assert_eq!((&facts.groups, facts.window), (&groups(&["Lobby"]), Some(wanted.window)), "{what}");
        assert_eq!(testbed.site.count("create") + testbed.site.count("remove"), 0, "{what}");
        assert_eq!(testbed.site.count("reduce"), 1, "{what}: it is reduced once");
    }
}

/// Any record of Ada: some groups, some hours around now, a card or none.
fn any_record() -> impl Strategy<Value = DesiredRecord> {
    let names = proptest::sample::subsequence(GROUPS.to_vec(), 1..=GROUPS.len());
    let card = proptest::option::of(proptest::sample::select(vec!["1", "2"]));
    (names, 10_u32..16, 1_u32..8, card).prop_map(|(names, from, hours, card)| {
        let hour = |hour: u32| at(&format!("2026-12-01T{hour:02}:00:00Z"));
        let window = Window { from: hour(from), until: hour(from + hours) };
        let record = with_groups(&DesiredRecord { window, ..visitor("ada") }, &names);
        card.map_or_else(|| record.clone(), |number| with_card(&record, number))
    })
}

/// Whether a record opens only what both records grant.
fn is_within(facts: &Facts, old: &DesiredRecord, new: &DesiredRecord) -> bool {
    [old, new].iter().all(|record| {
        let window = facts.window.unwrap();
        let numbers: Vec<_> = record.card.iter().collect();
        facts.groups.is_subset(&record.groups)
            && record.window.from <= window.from
            && window.until <= record.window.until
            && facts.cards.keys().all(|card| numbers.contains(&card))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn between_any_two_records_only_access_that_both_grant_stays_open(
        old in any_record(),
        new in any_record(),
        hindrance in 0..HINDRANCES.len(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let testbed = holding(&old, |setup| setup.memory.put(stranger("person-9", "4711"))).await;
            let wanted = HINDRANCES[hindrance].1(&testbed, &new);
            testbed.push(&wanted, Priority::UserChange);
            testbed.pass(60).await;
            let now = vestibule::clock::Clock::now(&*testbed.clock);
            let ours = testbed.living().into_iter().filter(|one| one.id.is_some());
            for one in ours.filter(|one| one.facts.may_open(now)) {
                assert!(is_within(&one.facts, &old, &wanted), "{:?}", one.facts);
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_typo_in_the_only_group_removes_the_record_and_reports_that_no_door_is_open() {
    let testbed = holding(&ada(), |_| {}).await;
    let wanted = with_group(&ada(), "Lobyy");
    testbed.push(&wanted, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&wanted).is_some()).await;
    assert!(testbed.holds(&[]), "{:?}", testbed.living());
    let first = message(&testbed, &wanted);
    assert!(first.contains("\"Lobyy\"") && first.contains("opens no door"), "{first}");
    testbed.pass(120).await;
    assert_eq!(message(&testbed, &wanted), first, "the next attempts say the same");
    assert_eq!(testbed.site.count("remove"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_removed_card_is_withdrawn_while_the_new_one_is_not_free() {
    let old = with_card(&visitor("ada"), "4712");
    let testbed = holding(&old, |setup| setup.memory.put(stranger("person-9", "4711"))).await;
    let wanted = with_card(&visitor("ada"), "4711");
    testbed.push(&wanted, Priority::UserChange);
    testbed.rest().await;
    assert!(left(&testbed).cards.is_empty());
    assert!(
        matches!(testbed.last(&wanted), Some(Outcome::Failed { error, .. }) if error.code == Some(ErrorCode::CardTaken))
    );
    let said = message(&testbed, &wanted);
    assert!(said.contains("person-9") && said.contains("still declared"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn another_person_does_not_inherit_the_record_of_the_former_one() {
    let testbed = holding(&ada(), |_| {}).await;
    let person = Person {
        first_name: "Max".to_owned(),
        last_name: "Muster".to_owned(),
        email: "max@example.org".to_owned(),
        phone: String::new(),
    };
    let wanted = with_groups(&DesiredRecord { person, ..ada() }, &["Lobby", "Floor 4", "Lobyy"]);
    testbed.push(&wanted, Priority::UserChange);
    testbed.until("the failure", |testbed| testbed.last(&wanted).is_some()).await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn yesterdays_record_is_removed_although_todays_cannot_be_created() {
    let testbed = holding(&ada(), |_| {}).await;
    let window = Window { from: at("2026-12-02T13:00:00Z"), until: at("2026-12-02T23:00:00Z") };
    let wanted = with_groups(&DesiredRecord { window, ..ada() }, &["Lobby", "Lobyy"]);
    testbed.push(&wanted, Priority::RolloverAddition);
    testbed.until("the failure", |testbed| testbed.last(&wanted).is_some()).await;
    testbed.until("its confirmation", |testbed| testbed.shows("unconfirmed") == 0).await;
    assert!(testbed.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_retry_sends_nothing_and_reads_nothing_and_a_repaired_declaration_is_carried_out() {
    let testbed = holding(&ada(), |_| {}).await;
    let wanted = with_groups(&ada(), &["Lobby", "Lobyy"]);
    testbed.push(&wanted, Priority::UserChange);
    testbed.until("the reduction", |testbed| testbed.site.count("reduce") == 1).await;
    testbed.pass(10).await;
    testbed.forget();
    testbed.pass(600).await;
    let before = testbed.state().syncs;
    testbed.engine.request_sync("now");
    testbed.until("the sync", |testbed| testbed.state().syncs > before).await;
    testbed.pass(10).await;
    let names = testbed.site.names();
    assert!(names.iter().all(|name| name.starts_with("list-")), "{names:?}");
    assert_eq!(testbed.site.memory.all_records().len(), 1);
    let right = with_groups(&ada(), &["Lobby", "Parking"]);
    testbed.push(&right, Priority::UserChange);
    testbed.rest().await;
    assert!(testbed.holds(&[&right]));
}

#[tokio::test(start_paused = true)]
async fn a_reverted_declaration_restores_the_access_of_the_record() {
    let testbed = holding(&ada(), |_| {}).await;
    testbed.push(&with_groups(&ada(), &["Lobby", "Lobyy"]), Priority::UserChange);
    testbed.until("the reduction", |testbed| testbed.site.count("reduce") == 1).await;
    testbed.push(&ada(), Priority::UserChange);
    testbed.rest().await;
    assert!(testbed.holds(&[&ada()]));
    assert_eq!(testbed.site.count("create") + testbed.site.count("remove"), 0);
}

#[tokio::test(start_paused = true)]
async fn access_restored_by_hand_meanwhile_is_withdrawn_again() {
    let testbed = holding(&ada(), |_| {}).await;
    let wanted = with_groups(&ada(), &["Lobby", "Lobyy"]);
    testbed.push(&wanted, Priority::UserChange);
    testbed.until("the reduction", |testbed| testbed.site.count("reduce") == 1).await;
    testbed.site.memory.edit(&ada().id.to_string(), |facts| {
        facts.groups.insert("Parking".to_owned());
    });
    let before = testbed.state().syncs;
    testbed.engine.request_sync("now");
    testbed.until("the sync", |testbed| testbed.state().syncs > before).await;
    testbed.until("the second reduction", |testbed| left(testbed).groups == groups(&["Lobby"])).await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_reduction_is_a_revocation_and_is_retried_until_it_succeeds() {
    let wanted = with_groups(&ada(), &["Lobby", "Lobyy"]);
    for fate in [Fate::Fails(ErrorKind::Terminal), Fate::Claims(vestibule::system::Applied::Done)] {
        let testbed = holding(&ada(), |_| {}).await;
        testbed.site.every("reduce", fate);
        testbed.push(&wanted, Priority::UserChange);
        testbed.pass(300).await;
        assert!(testbed.site.count("reduce") > 3);
        assert_eq!(testbed.engine.diagnostics()["queued"]["revocation"], 1);
        let said = message(&testbed, &wanted);
        assert!(said.contains("\"Lobyy\"") && said.contains("could not be taken away"), "{said}");
        testbed.site.heal();
        testbed.until("it", |testbed| left(testbed).groups == groups(&["Lobby"])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_is_not_removed_because_its_group_was_renamed_in_the_system() {
    let testbed = holding(&visitor("ada"), |_| {}).await;
    let id = visitor("ada").id.to_string();
    testbed.site.memory.edit(&id, |facts| facts.groups = groups(&["Main lobby"]));
    let shown = vestibule::system::Page { names: vec!["Main lobby".into()], ..Default::default() };
    testbed.site.every("list-groups", Fate::Shows(shown));
    testbed.pass(60).await;
    testbed.engine.request_sync("now");
    testbed.until("the failure", |testbed| testbed.last(&visitor("ada")).is_some()).await;
    assert!(testbed.site.writes().is_empty(), "an unknown group freezes the record");
}

#[tokio::test(start_paused = true)]
async fn each_mode_reduces_as_far_as_it_allows() {
    let changes = [
        (Mode::Enforce, ["reduce"].as_slice(), Withheld::Suspended),
        (Mode::Upsert, ["reduce"].as_slice(), Withheld::Mode(Mode::Upsert)),
        (Mode::CreateOnly, [].as_slice(), Withheld::Mode(Mode::CreateOnly)),
        (Mode::Observe, [].as_slice(), Withheld::Mode(Mode::Observe)),
    ];
    for (mode, writes, why) in changes {
        let testbed = holding(&ada(), |setup| setup.settings.mode = mode).await;
        testbed.engine.suspend();
        let wanted = with_groups(&ada(), &["Lobby", "Parking"]);
        testbed.push(&wanted, Priority::UserChange);
        testbed.rest().await;
        let names: Vec<_> = testbed.site.writes().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, writes, "{mode:?}");
        assert_eq!(testbed.last(&wanted), Some(Outcome::Withheld(why, Change::Replace)), "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_removals_a_record_that_shares_nothing_is_emptied_and_the_new_one_created_beside_it() {
    let testbed = holding(&ada(), |setup| setup.settings.mode = Mode::Upsert).await;
    let wanted = with_group(&ada(), "Parking");
    testbed.push(&wanted, Priority::UserChange);
    testbed.rest().await;
    assert_eq!(testbed.site.count("remove"), 0);
    let open: Vec<_> = testbed.living().into_iter().filter(|one| !one.facts.groups.is_empty()).collect();
    assert_eq!(open.len(), 1, "exactly one record opens");
    assert_eq!(open[0].facts, wanted.facts());
}

// === a spec that is refused, or known in part ===

fn at_most(record: &DesiredRecord) -> DesiredState {
    DesiredState::AtMost(Entitlement::of(record).into())
}

fn declare(testbed: &Testbed, desired: DesiredState) {
    let object_id = ada().id.object_id;
    testbed.house.declare(object_id, desired);
    testbed.engine.push(object_id, Priority::UserChange.with_reason(Reason::User));
}

#[tokio::test(start_paused = true)]
async fn a_refused_declaration_reduces_the_existing_record_and_creates_nothing() {
    let testbed = holding(&ada(), |_| {}).await;
    let less = until(&with_group(&ada(), "Lobby"), "2026-12-01T16:00:00Z");
    declare(&testbed, at_most(&less));
    testbed.rest().await;
    assert_eq!((left(&testbed).groups, left(&testbed).window), (less.groups.clone(), Some(less.window)));
    assert_eq!(testbed.last(&ada()), Some(Outcome::Present(ada().id)));
    testbed.forget();
    declare(&testbed, at_most(&less));
    testbed.rest().await;
    assert_eq!(testbed.site.names(), [""; 0], "the second time nothing is read");
    declare(&testbed, at_most(&with_group(&ada(), "Parking")));
    testbed.rest().await;
    assert!(testbed.holds(&[]));
    assert_eq!(testbed.last(&ada()), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_desired_state_withdraws_nothing() {
    let testbed = holding(&ada(), |_| {}).await;
    declare(&testbed, DesiredState::AtMost(Entitlement::default().into()));
    testbed.rest().await;
    assert!(testbed.holds(&[&ada()]) && testbed.site.writes().is_empty());
    assert_eq!(testbed.last(&ada()), Some(Outcome::Present(ada().id)));
}

#[tokio::test(start_paused = true)]
async fn in_a_mode_without_changes_a_refused_declaration_reports_the_planned_reduction() {
    for mode in [Mode::Observe, Mode::CreateOnly] {
        let testbed = holding(&ada(), |setup| setup.settings.mode = mode).await;
        declare(&testbed, at_most(&with_group(&ada(), "Lobby")));
        testbed.rest().await;
        assert!(testbed.holds(&[&ada()]) && testbed.site.writes().is_empty());
        assert_eq!(testbed.last(&ada()), Some(Outcome::Withheld(Withheld::Mode(mode), Change::Reduce)));
        declare(&testbed, at_most(&ada()));
        testbed.rest().await;
        assert_eq!(testbed.last(&ada()), Some(Outcome::Present(ada().id)), "nothing would be done");
    }
}
