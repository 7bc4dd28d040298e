//! Kills, pauses and two controllers at once, with the program itself: no duplicate, no orphan, one writer, and no
//! forgotten work.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::wait_until;
use crate::process::Controller;
use crate::testbed::{Testbed, integration, visitor};

const VISITORS: usize = 500;

/// A visit for three whole days around the present, since the program uses the real clock.
fn guest(number: usize) -> Value {
    let day = |days: i64| {
        let at = Timestamp::now() + SignedDuration::from_hours(24 * days);
        at.strftime("%Y-%m-%d").to_string()
    };
    let visit = json!({"from": day(-2), "to": day(2), "startTime": null, "endTime": null});
    visitor(&name(number), json!({"visit": visit}))
}

fn name(number: usize) -> String {
    format!("guest-{number}")
}

async fn testbed(name: &str) -> Testbed {
    Testbed::declared(name, &Timestamp::now().to_string(), "America/New_York").await
}

/// The program on this testbed, with a lease of this name.
async fn controller(testbed: &Testbed, lease: &str) -> Controller {
    Controller::with(&testbed.namespace, lease, &["--allow-loopback"]).await
}

async fn apply_all(testbed: &Testbed, numbers: std::ops::Range<usize>) {
    stream::iter(numbers).for_each_concurrent(16, |number| testbed.apply(guest(number))).await;
}

/// Every Visitor is Ready with one living record, and there are no other records.
async fn all_are_in(testbed: &Testbed, count: usize) {
    let mut named = BTreeSet::new();
    for number in 0..count {
        let guest = testbed.reads("Visitor", &name(number), "Succeeded").await;
        named.insert(guest.external_id().to_owned());
    }
    let people = testbed.netbox.people().await;
    let living: BTreeSet<String> = people.iter().map(|person| person.id.clone()).collect();
    assert_eq!((people.len(), living.len()), (count, count));
    assert_eq!(living, named);
}

#[tokio::test]
async fn kill_9_in_the_middle_of_500_visitors_and_lost_answers_leave_no_duplicate_and_no_orphan() {
    let testbed = testbed("crash").await;
    apply_all(&testbed, 0..VISITORS).await;
    testbed.netbox.switch(&json!({"limits.latency-ms": 4}));
    testbed.netbox.fault(
        json!({"kind": "refuse", "when": "after", "operation": "AddPerson", "probability": 0.03, "seed": 7}),
    );
    for (run, most) in [(0, 120), (1, 260), (2, 400)] {
        // Each program has its own lease: the lease of a killed one expires by itself, which another test covers.
        let killed = controller(&testbed, &format!("run-{run}")).await;
        let some = || async { testbed.netbox.people().await.len() >= most };
        wait_until("some are in", some).await;
        killed.kill().await;
    }
    assert!(testbed.netbox.people().await.len() < VISITORS, "killed too late to prove anything");
    // Records of Visitors deleted while no controller ran are removed, too.
    testbed.delete("Visitor", &name(VISITORS - 1)).await;
    let last = controller(&testbed, "last").await;
    all_are_in(&testbed, VISITORS - 1).await;
    testbed.gone("Visitor", &name(VISITORS - 1)).await;
    // No record was created twice, not even to be removed again.
    let records = testbed.netbox.records().await;
    assert!(records.len() <= VISITORS, "{} records for {VISITORS} visitors", records.len());
    drop(last);
    testbed.agrees().await;
}

#[tokio::test]
async fn of_two_controllers_one_writes_and_the_other_takes_over_when_it_is_killed() {
    let testbed = testbed("two").await;
    apply_all(&testbed, 0..5).await;
    let first = controller(&testbed, "shared").await;
    all_are_in(&testbed, 5).await;
    let second = controller(&testbed, "shared").await;
    wait_until("the second stands by", || async { second.page("/readyz").await == "ready\n" }).await;
    apply_all(&testbed, 5..10).await;
    all_are_in(&testbed, 10).await;
    assert_eq!(testbed.netbox.called("Login"), 1, "the standby makes no call");
    assert!(!second.page("/metrics").await.contains("vestibule_system_requests_total{"));
    testbed.netbox.forget_calls();
    let killed = Instant::now();
    first.kill().await;
    apply_all(&testbed, 10..15).await;
    // The claim of the killed one has to expire first. It was renewed a dozen seconds ago at most.
    wait_until("the second calls", || async { !testbed.netbox.calls().is_empty() }).await;
    assert!(killed.elapsed() >= Duration::from_secs(15), "{:?}", killed.elapsed());
    all_are_in(&testbed, 15).await;
    assert_eq!(testbed.netbox.called("AddPerson"), 5, "the work of the first is not repeated");
    assert!(second.page("/metrics").await.contains("vestibule_system_requests_total{"));
    testbed.agrees().await;
}

/// Ten Visitors with records, and a NetBox that may be called once a second.
async fn ten_inside(name: &str) -> Testbed {
    let testbed = testbed(name).await;
    apply_all(&testbed, 0..10).await;
    let first = controller(&testbed, "first").await;
    all_are_in(&testbed, 10).await;
    first.kill().await;
    let rate = json!({"rateLimit": {"requestsPerSecond": 1}});
    testbed.apply(integration(&testbed.netbox.url(), rate)).await;
    testbed
}

/// When the lease was last renewed.
async fn renewed(testbed: &Testbed, lease: &str) -> Option<Timestamp> {
    let lease = testbed.namespace.api::<Lease>().get(lease).await.unwrap();
    lease.spec?.renew_time.map(|at| at.0)
}

/// Deletes all ten and pauses the program for this long, just after it has renewed its lease of this many seconds.
async fn pause_in_the_middle_of_ten_deletions(testbed: &Testbed, lease: u32, pause: Duration) -> Controller {
    let lease = format!("--lease-duration={lease}");
    let program = Controller::with(&testbed.namespace, "second", &["--allow-loopback", &lease]).await;
    all_are_in(testbed, 10).await;
    testbed.netbox.forget_calls();
    for number in 0..10 {
        testbed.delete("Visitor", &name(number)).await;
    }
    wait_until("one is out", || async { testbed.netbox.people().await.len() < 10 }).await;
    let before = renewed(testbed, "second").await;
    wait_until("the lease is renewed", || async { renewed(testbed, "second").await > before }).await;
    program.send(Signal::STOP);
    tokio::time::sleep(pause).await;
    program.send(Signal::CONT);
    program
}

/// The NetBox has no living record, and no object waits.
async fn all_are_out(testbed: &Testbed) {
    for number in 0..10 {
        testbed.gone("Visitor", &name(number)).await;
    }
    assert!(testbed.netbox.people().await.is_empty());
}

#[tokio::test]
async fn deletions_in_flight_while_the_process_is_paused_briefly_are_completed() {
    let testbed = ten_inside("pause").await;
    // The fence shuts after twenty seconds and the claim ends after thirty. A slow machine stays between the two.
    let _program = pause_in_the_middle_of_ten_deletions(&testbed, 30, Duration::from_secs(21)).await;
    all_are_out(&testbed).await;
    testbed.agrees().await;
}

#[tokio::test]
async fn a_process_paused_for_longer_than_its_lease_ends_and_the_next_one_finishes() {
    let testbed = ten_inside("stop").await;
    let mut program = pause_in_the_middle_of_ten_deletions(&testbed, 9, Duration::from_secs(10)).await;
    assert_eq!(program.end().await, Some(1));
    assert!(!testbed.netbox.people().await.is_empty(), "the pause came too late to prove anything");
    testbed.netbox.forget_calls();
    let _next = controller(&testbed, "second").await;
    all_are_out(&testbed).await;
    testbed.agrees().await;
}
