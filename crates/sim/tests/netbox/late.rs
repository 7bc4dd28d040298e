//! What takes time: latency, calls that hang, limits. The time of the runtime is moved by hand; none is waited for.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::{ADD, fault, retry_after, try_run};
use crate::harness::Sim;

/// The time of the runtime, which stands still until it is told to go on.
///
/// Paused time alone would not do: it jumps to the next timer whenever nothing is ready, and while bytes are on their way
/// through a socket nothing is. It never jumps beside a blocking task, so there is one for as long as this lives.
struct Still {
    _hold: mpsc::Sender<()>,
}

impl Still {
    fn stand() -> Self {
        tokio::time::pause();
        let (hold, released) = mpsc::channel();
        tokio::task::spawn_blocking(move || released.recv());
        Self { _hold: hold }
    }

    /// Goes on by so many milliseconds. Timers fire at whole ones: what waits for 60 is asleep at 59 and awake at 61.
    async fn on(&self, ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }
}

/// Whether so many calls are on their way.
fn in_flight(calls: usize) -> impl Fn(&Value) -> bool {
    move |seen| seen["in_flight"] == json!(calls)
}

/// Sees that of so many calls on their way none ends before that many milliseconds have passed, and lets those pass.
async fn wait_for(sim: &Sim, time: &Still, calls: usize, ms: u64) {
    sim.until("calls", in_flight(calls)).await;
    time.on(ms - 1).await;
    assert_eq!(sim.look("calls").await["in_flight"], json!(calls), "{ms} ms have not passed");
    time.on(2).await;
}

/// 2.15 [INF] A call hangs, before or after its effect, and then the connection closes.
#[tokio::test]
async fn s2_15_a_call_hangs_and_then_the_connection_closes() {
    let sim = Sim::new().await;
    let time = Still::stand();
    for (when, person) in [("before", json!(null)), ("after", json!("late"))] {
        fault(&sim, json!({ "kind": "hang", "seconds": 60, "when": when, "operation": "AddPerson" })).await;
        let call = try_run(&sim, "AddPerson", ADD);
        let (ended, ()) = tokio::join!(call, wait_for(&sim, &time, 1, 60_000));
        assert!(ended.is_err());
        assert_eq!(sim.person("late").await["id"], person);
    }
    assert_eq!(
        (sim.count("AddPerson", "hung").await, sim.count("AddPerson", "hung_after_effect").await),
        (1, 1)
    );
}

/// 2.15 [INF] A slow answer: nothing else is wrong with it.
#[tokio::test]
async fn s2_15_an_answer_is_late_and_right() {
    let sim = Sim::new().await;
    fault(&sim, json!({ "kind": "latency", "ms": 120 })).await;
    let time = Still::stand();
    tokio::join!(sim.ok("PingApp", ""), wait_for(&sim, &time, 1, 120));
}

/// 2.16 #16 [?] Rate limit: none, HTTP 503 or 429, or slow.
#[tokio::test]
async fn s2_16_above_the_rate_calls_are_refused_or_slow() {
    let sim = Sim::new().await;
    for _ in 0..20 {
        sim.ok("PingApp", "").await;
    }
    for status in ["429", "503"] {
        sim.tell("switches", json!({ "limits.rate": 0.01, "limits.burst": 2, "limits.over": status })).await;
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(try_run(&sim, "PingApp", "").await.unwrap().status().as_u16().to_string());
        }
        assert_eq!(answers, ["200", "200", status, status]);
    }
    assert_eq!(sim.look("calls").await["throttled"], json!(4));
    let time = Still::stand();
    sim.tell("switches", json!({ "limits.rate": 20, "limits.burst": 1, "limits.over": "slow" })).await;
    let ping = || sim.ok("PingApp", "");
    ping().await;
    tokio::join!(ping(), ping(), ping(), async {
        // One every 50 ms, and each wait ends a millisecond late.
        for (left, ms) in [(3, 50), (2, 49), (1, 49)] {
            wait_for(&sim, &time, left, ms).await;
        }
    });
}

/// 2.16 #16 [?] Retry-After above the rate: none, exact, or a number.
#[tokio::test]
async fn s2_16_retry_after_is_absent_exact_or_given() {
    let sim = Sim::new().await;
    for (position, wanted) in [("none", None), ("exact", Some("100")), ("17", Some("17"))] {
        sim.tell("switches", json!({ "limits.rate": "none", "limits.retry-after": position })).await;
        sim.tell("switches", json!({ "limits.rate": 0.01 })).await;
        sim.ok("PingApp", "").await;
        let response = try_run(&sim, "PingApp", "").await.unwrap();
        assert_eq!((response.status().as_u16(), retry_after(&response)), (429, wanted));
    }
}

/// 2.13 [?] Concurrency: above the calls in flight others wait in line; latency holds for every call.
#[tokio::test]
async fn s2_13_only_so_many_calls_are_worked_on_at_a_time() {
    let sim = Sim::with(&[("limits.in-flight", "2"), ("limits.latency-ms", "60")]).await;
    let time = Still::stand();
    let ping = || sim.run("PingApp", "");
    tokio::join!(ping(), ping(), ping(), ping(), ping(), ping(), async {
        for left in [6, 4, 2] {
            wait_for(&sim, &time, left, 60).await;
        }
    });
}

#[tokio::test]
async fn a_caller_who_hangs_up_is_counted_as_abandoned() {
    let sim = Sim::new().await;
    fault(&sim, json!({ "kind": "latency", "operation": "PingApp", "ms": 60_000 })).await;
    tokio::select! {
        _ = try_run(&sim, "PingApp", "") => panic!("it was answered"),
        () = sim.until("calls", in_flight(1)) => {}
    }
    sim.until("calls", |calls| calls["operations"]["PingApp"]["abandoned"] == json!(1)).await;
    assert_eq!(sim.look("calls").await["in_flight"], json!(0));
}
