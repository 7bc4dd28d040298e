//! A record that stays because its replacement cannot be made yet opens only what is still declared.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vestibule::engine::{Class, Outcome, Reason, SourceError};
use vestibule::system::{Class as ErrorClass, ErrorCode};
use vestibule_core::entitlement::Entitlement;
use vestibule_core::model::{Facts, Mode, Person, Record};
use vestibule_core::plan::{Change, Want, Withheld};
use vestibule_core::schedule::Window;

use crate::stage::{
    Fate, GROUPS, Setup, Stage, at, identified, stranger, visitor, with_card, with_group, with_groups,
};

/// Ada with two groups, and what she was changed to.
fn ada() -> Record {
    with_groups(&visitor("ada"), &["Lobby", "Floor 4"])
}

fn until(record: &Record, until: &str) -> Record {
    identified(Record { window: Window { until: at(until), ..record.window }, ..record.clone() })
}

async fn holding(record: &Record, change: impl FnOnce(&mut Setup)) -> Stage {
    let mut setup = Setup { standing: vec![record.clone()], ..Setup::default() };
    change(&mut setup);
    setup.start().await
}

/// What the one living record of the stage holds.
fn left(stage: &Stage) -> Facts {
    let mut ours: Vec<_> = stage.living().into_iter().filter(|one| one.id.is_some()).collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    ours.remove(0).facts
}

fn groups(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn message(stage: &Stage, record: &Record) -> String {
    match stage.last(record) {
        Some(Outcome::Failed { error, .. }) => error.message,
        other => panic!("{other:?} is no failure"),
    }
}

/// A way in which a replacement cannot be made yet.
type Hindrance = fn(&Stage, &Record) -> Record;

const HINDRANCES: [(&str, Hindrance); 5] = [
    ("a typo in another group", |_, wanted| with_groups(wanted, &["Lobby", "Lobyy"])),
    ("a card that somebody holds", |_, wanted| with_card(wanted, "4711")),
    ("an API server that does not answer", |stage, wanted| {
        stage.house.fail_claims(Some(SourceError::Unreachable("no route".into())));
        wanted.clone()
    }),
    ("a lookup of the card that fails", |stage, wanted| {
        stage.site.every("find-card", Fate::Fails(ErrorClass::Transient));
        with_card(wanted, "1")
    }),
    ("a suspension", |stage, wanted| {
        stage.engine.suspend();
        wanted.clone()
    }),
];

#[tokio::test(start_paused = true)]
async fn whatever_keeps_a_replacement_from_being_made_keeps_nothing_open_that_was_taken_away() {
    for (what, hindrance) in HINDRANCES {
        let stage = holding(&ada(), |setup| setup.memory.put(stranger("person-9", "4711"))).await;
        let shorter = until(&with_group(&ada(), "Lobby"), "2026-12-01T20:00:00Z");
        let wanted = hindrance(&stage, &shorter);
        stage.push(&wanted, Class::UserChange);
        stage.until(what, |stage| stage.site.count("reduce") == 1).await;
        stage.pass(60).await;
        let facts = left(&stage);
        assert_eq!((&facts.groups, facts.window), (&groups(&["Lobby"]), Some(wanted.window)), "{what}");
        assert_eq!(stage.site.count("create") + stage.site.count("remove"), 0, "{what}");
        assert_eq!(stage.site.count("reduce"), 1, "{what}: it is reduced once");
    }
}

/// Any record of Ada: some groups, some hours around now, a card or none.
fn any_record() -> impl Strategy<Value = Record> {
    let names = proptest::sample::subsequence(GROUPS.to_vec(), 1..=GROUPS.len());
    let card = proptest::option::of(proptest::sample::select(vec!["1", "2"]));
    (names, 10_u32..16, 1_u32..8, card).prop_map(|(names, from, hours, card)| {
        let hour = |hour: u32| at(&format!("2026-12-01T{hour:02}:00:00Z"));
        let window = Window { from: hour(from), until: hour(from + hours) };
        let record = with_groups(&Record { window, ..visitor("ada") }, &names);
        card.map_or_else(|| record.clone(), |number| with_card(&record, number))
    })
}

/// Whether a record opens nothing that one of the two does not grant.
fn is_within(facts: &Facts, old: &Record, new: &Record) -> bool {
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
    fn of_any_two_records_nothing_stays_open_that_one_of_them_does_not_grant(
        old in any_record(),
        new in any_record(),
        hindrance in 0..HINDRANCES.len(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let stage = holding(&old, |setup| setup.memory.put(stranger("person-9", "4711"))).await;
            let wanted = HINDRANCES[hindrance].1(&stage, &new);
            stage.push(&wanted, Class::UserChange);
            stage.pass(60).await;
            let now = vestibule::clock::Clock::now(&*stage.clock);
            let ours = stage.living().into_iter().filter(|one| one.id.is_some());
            for one in ours.filter(|one| one.facts.may_open(now)) {
                assert!(is_within(&one.facts, &old, &wanted), "{:?}", one.facts);
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_typo_in_the_only_group_removes_the_record_and_says_that_nothing_is_open() {
    let stage = holding(&ada(), |_| {}).await;
    let wanted = with_group(&ada(), "Lobyy");
    stage.push(&wanted, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&wanted).is_some()).await;
    assert!(stage.holds(&[]), "{:?}", stage.living());
    let first = message(&stage, &wanted);
    assert!(first.contains("\"Lobyy\"") && first.contains("opens no door"), "{first}");
    stage.pass(120).await;
    assert_eq!(message(&stage, &wanted), first, "the next attempts say the same");
    assert_eq!(stage.site.count("remove"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_card_that_was_taken_away_is_withdrawn_while_the_new_one_is_not_free() {
    let old = with_card(&visitor("ada"), "4712");
    let stage = holding(&old, |setup| setup.memory.put(stranger("person-9", "4711"))).await;
    let wanted = with_card(&visitor("ada"), "4711");
    stage.push(&wanted, Class::UserChange);
    stage.rest().await;
    assert!(left(&stage).cards.is_empty());
    assert!(
        matches!(stage.last(&wanted), Some(Outcome::Failed { error, .. }) if error.code == Some(ErrorCode::CardTaken))
    );
    let said = message(&stage, &wanted);
    assert!(said.contains("person-9") && said.contains("still declared"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn another_person_does_not_inherit_the_record_of_the_former_one() {
    let stage = holding(&ada(), |_| {}).await;
    let person = Person {
        first_name: "Max".to_owned(),
        last_name: "Muster".to_owned(),
        email: "max@example.org".to_owned(),
        phone: String::new(),
    };
    let wanted = with_groups(&Record { person, ..ada() }, &["Lobby", "Floor 4", "Lobyy"]);
    stage.push(&wanted, Class::UserChange);
    stage.until("the failure", |stage| stage.last(&wanted).is_some()).await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn yesterdays_record_goes_although_todays_cannot_be_made() {
    let stage = holding(&ada(), |_| {}).await;
    let window = Window { from: at("2026-12-02T13:00:00Z"), until: at("2026-12-02T23:00:00Z") };
    let wanted = with_groups(&Record { window, ..ada() }, &["Lobby", "Lobyy"]);
    stage.push(&wanted, Class::RolloverAddition);
    stage.until("the failure", |stage| stage.last(&wanted).is_some()).await;
    stage.until("its confirmation", |stage| stage.shows("unconfirmed") == 0).await;
    assert!(stage.holds(&[]));
}

#[tokio::test(start_paused = true)]
async fn a_retry_sends_nothing_and_reads_nothing_and_a_repaired_declaration_is_carried_out() {
    let stage = holding(&ada(), |_| {}).await;
    let wanted = with_groups(&ada(), &["Lobby", "Lobyy"]);
    stage.push(&wanted, Class::UserChange);
    stage.until("the reduction", |stage| stage.site.count("reduce") == 1).await;
    stage.pass(10).await;
    stage.forget();
    stage.pass(600).await;
    let before = stage.state().syncs;
    stage.engine.request_sync("now");
    stage.until("the sync", |stage| stage.state().syncs > before).await;
    stage.pass(10).await;
    let names = stage.site.names();
    assert!(names.iter().all(|name| name.starts_with("list-")), "{names:?}");
    assert_eq!(stage.site.memory.everybody().len(), 1);
    let right = with_groups(&ada(), &["Lobby", "Parking"]);
    stage.push(&right, Class::UserChange);
    stage.rest().await;
    assert!(stage.holds(&[&right]));
}

#[tokio::test(start_paused = true)]
async fn a_declaration_that_is_taken_back_gives_the_record_back_what_it_lost() {
    let stage = holding(&ada(), |_| {}).await;
    stage.push(&with_groups(&ada(), &["Lobby", "Lobyy"]), Class::UserChange);
    stage.until("the reduction", |stage| stage.site.count("reduce") == 1).await;
    stage.push(&ada(), Class::UserChange);
    stage.rest().await;
    assert!(stage.holds(&[&ada()]));
    assert_eq!(stage.site.count("create") + stage.site.count("remove"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_gives_back_by_hand_meanwhile_is_taken_away_again() {
    let stage = holding(&ada(), |_| {}).await;
    let wanted = with_groups(&ada(), &["Lobby", "Lobyy"]);
    stage.push(&wanted, Class::UserChange);
    stage.until("the reduction", |stage| stage.site.count("reduce") == 1).await;
    stage.site.memory.edit(&ada().id.to_string(), |facts| {
        facts.groups.insert("Parking".to_owned());
    });
    let before = stage.state().syncs;
    stage.engine.request_sync("now");
    stage.until("the sync", |stage| stage.state().syncs > before).await;
    stage.until("the second reduction", |stage| left(stage).groups == groups(&["Lobby"])).await;
}

#[tokio::test(start_paused = true)]
async fn a_reduction_that_fails_is_a_revocation_and_tried_until_it_holds() {
    let wanted = with_groups(&ada(), &["Lobby", "Lobyy"]);
    for fate in [Fate::Fails(ErrorClass::Terminal), Fate::Claims(vestibule::system::Applied::Done)] {
        let stage = holding(&ada(), |_| {}).await;
        stage.site.every("reduce", fate);
        stage.push(&wanted, Class::UserChange);
        stage.pass(300).await;
        assert!(stage.site.count("reduce") > 3);
        assert_eq!(stage.engine.diagnostics()["queued"]["revocation"], 1);
        let said = message(&stage, &wanted);
        assert!(said.contains("\"Lobyy\"") && said.contains("could not be taken away"), "{said}");
        stage.site.heal();
        stage.until("it", |stage| left(stage).groups == groups(&["Lobby"])).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_changed_in_the_system_is_not_taken_away_for_a_group_that_was_renamed_there() {
    let stage = holding(&visitor("ada"), |_| {}).await;
    let id = visitor("ada").id.to_string();
    stage.site.memory.edit(&id, |facts| facts.groups = groups(&["Main lobby"]));
    let shown = vestibule::system::Observed { names: vec!["Main lobby".into()], ..Default::default() };
    stage.site.every("list-groups", Fate::Shows(shown));
    stage.pass(60).await;
    stage.engine.request_sync("now");
    stage.until("the failure", |stage| stage.last(&visitor("ada")).is_some()).await;
    assert!(stage.site.writes().is_empty(), "what is not known freezes");
}

#[tokio::test(start_paused = true)]
async fn each_mode_reduces_as_far_as_it_may() {
    let changes = [
        (Mode::Enforce, ["reduce"].as_slice(), Withheld::Suspended),
        (Mode::Upsert, ["reduce"].as_slice(), Withheld::Mode(Mode::Upsert)),
        (Mode::CreateOnly, [].as_slice(), Withheld::Mode(Mode::CreateOnly)),
        (Mode::Observe, [].as_slice(), Withheld::Mode(Mode::Observe)),
    ];
    for (mode, writes, why) in changes {
        let stage = holding(&ada(), |setup| setup.settings.mode = mode).await;
        stage.engine.suspend();
        let wanted = with_groups(&ada(), &["Lobby", "Parking"]);
        stage.push(&wanted, Class::UserChange);
        stage.rest().await;
        let names: Vec<_> = stage.site.writes().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, writes, "{mode:?}");
        assert_eq!(stage.last(&wanted), Some(Outcome::Withheld(why, Change::Replace)), "{mode:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_removed_a_record_that_shares_nothing_is_emptied_and_the_new_one_made_beside_it() {
    let stage = holding(&ada(), |setup| setup.settings.mode = Mode::Upsert).await;
    let wanted = with_group(&ada(), "Parking");
    stage.push(&wanted, Class::UserChange);
    stage.rest().await;
    assert_eq!(stage.site.count("remove"), 0);
    let open: Vec<_> = stage.living().into_iter().filter(|one| !one.facts.groups.is_empty()).collect();
    assert_eq!(open.len(), 1, "exactly one record opens");
    assert_eq!(open[0].facts, wanted.facts());
}

// === a spec that is refused, or known in part ===

fn at_most(record: &Record) -> Want {
    Want::AtMost(Entitlement::of(record).into())
}

fn declare(stage: &Stage, want: Want) {
    let slot = ada().id.slot;
    stage.house.declare(slot, want);
    stage.engine.push(slot, Class::UserChange.with_reason(Reason::User));
}

#[tokio::test(start_paused = true)]
async fn a_refused_declaration_reduces_what_is_there_and_makes_nothing() {
    let stage = holding(&ada(), |_| {}).await;
    let less = until(&with_group(&ada(), "Lobby"), "2026-12-01T16:00:00Z");
    declare(&stage, at_most(&less));
    stage.rest().await;
    assert_eq!((left(&stage).groups, left(&stage).window), (less.groups.clone(), Some(less.window)));
    assert_eq!(stage.last(&ada()), Some(Outcome::Present(ada().id)));
    stage.forget();
    declare(&stage, at_most(&less));
    stage.rest().await;
    assert_eq!(stage.site.names(), [""; 0], "the second time nothing is read");
    declare(&stage, at_most(&with_group(&ada(), "Parking")));
    stage.rest().await;
    assert!(stage.holds(&[]));
    assert_eq!(stage.last(&ada()), Some(Outcome::Absent));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_takes_nothing_away() {
    let stage = holding(&ada(), |_| {}).await;
    declare(&stage, Want::AtMost(Entitlement::default().into()));
    stage.rest().await;
    assert!(stage.holds(&[&ada()]) && stage.site.writes().is_empty());
    assert_eq!(stage.last(&ada()), Some(Outcome::Present(ada().id)));
}

#[tokio::test(start_paused = true)]
async fn where_nothing_may_be_changed_a_refused_declaration_says_what_would_be_done() {
    for mode in [Mode::Observe, Mode::CreateOnly] {
        let stage = holding(&ada(), |setup| setup.settings.mode = mode).await;
        declare(&stage, at_most(&with_group(&ada(), "Lobby")));
        stage.rest().await;
        assert!(stage.holds(&[&ada()]) && stage.site.writes().is_empty());
        assert_eq!(stage.last(&ada()), Some(Outcome::Withheld(Withheld::Mode(mode), Change::Reduce)));
        declare(&stage, at_most(&ada()));
        stage.rest().await;
        assert_eq!(stage.last(&ada()), Some(Outcome::Present(ada().id)), "nothing would be done");
    }
}
