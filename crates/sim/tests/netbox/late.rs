//! Latency, calls that hang, limits. The tests advance the time of the runtime and never wait for real time.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::faults::{ADD, retry_after, try_run};
use crate::harness::Sim;

/// The time of the runtime, which is paused until a test advances it.
///
/// Paused time alone is not enough: it advances to the next timer whenever no task is ready, also while bytes are in
/// transit through a socket. It never advances while a blocking task runs, so there is one until this value is dropped.
struct PausedTime {
    _hold: mpsc::Sender<()>,
}

impl PausedTime {
    fn pause() -> Self {
        tokio::time::pause();
        let (hold, released) = mpsc::channel();
        tokio::task::spawn_blocking(move || released.recv());
        Self { _hold: hold }
    }

    /// Advances by milliseconds. Timers fire at whole ones: a wait of 60 is pending at 59 and done at 61.
    async fn advance(&self, ms: u64) {
        tokio::time::advance(Duration::from_millis(ms)).await;
    }
}

/// Whether this number of calls is in flight.
fn in_flight(calls: usize) -> impl Fn(&Value) -> bool {
    move |shown| shown["in_flight"] == json!(calls)
}

/// Checks that none of the calls in flight ends before this number of milliseconds, and advances by it.
async fn wait_for(sim: &Sim, time: &PausedTime, calls: usize, ms: u64) {
    sim.until("calls", in_flight(calls)).await;
    time.advance(ms - 1).await;
    assert_eq!(sim.look("calls").await["in_flight"], json!(calls), "{ms} ms have not passed");
    time.advance(2).await;
}

/// 2.15 [INF] A call hangs, before or after its effect, and then the connection closes.
#[tokio::test]
async fn s2_15_a_call_hangs_and_then_the_connection_closes() {
    let sim = Sim::new().await;
    let time = PausedTime::pause();
    for (when, person) in [("before", json!(null)), ("after", json!("late"))] {
        sim.fault(json!({ "kind": "hang", "seconds": 60, "when": when, "operation": "AddPerson" })).await;
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
    sim.fault(json!({ "kind": "latency", "ms": 120 })).await;
    let time = PausedTime::pause();
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
        sim.order("switches", json!({ "limits.rate": 0.01, "limits.burst": 2, "limits.over": status })).await;
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(try_run(&sim, "PingApp", "").await.unwrap().status().as_u16().to_string());
        }
        assert_eq!(answers, ["200", "200", status, status]);
    }
    assert_eq!(sim.look("calls").await["throttled"], json!(4));
    let time = PausedTime::pause();
    sim.order("switches", json!({ "limits.rate": 20, "limits.burst": 1, "limits.over": "slow" })).await;
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
        sim.order("switches", json!({ "limits.rate": "none", "limits.retry-after": position })).await;
        sim.order("switches", json!({ "limits.rate": 0.01 })).await;
        sim.ok("PingApp", "").await;
        let response = try_run(&sim, "PingApp", "").await.unwrap();
        assert_eq!((response.status().as_u16(), retry_after(&response)), (429, wanted));
    }
}

/// 2.13 [?] Concurrency: calls above the limit in flight wait; latency applies to every call.
#[tokio::test]
async fn s2_13_calls_above_the_limit_in_flight_wait() {
    let sim = Sim::with(&[("limits.in-flight", "2"), ("limits.latency-ms", "60")]).await;
    let time = PausedTime::pause();
    let ping = || sim.run("PingApp", "");
    tokio::join!(ping(), ping(), ping(), ping(), ping(), ping(), async {
        for left in [6, 4, 2] {
            wait_for(&sim, &time, left, 60).await;
        }
    });
}

#[tokio::test]
async fn a_call_whose_connection_the_caller_closes_is_counted_as_abandoned() {
    let sim = Sim::new().await;
    sim.fault(json!({ "kind": "latency", "operation": "PingApp", "ms": 60_000 })).await;
    tokio::select! {
        _ = try_run(&sim, "PingApp", "") => panic!("it was answered"),
        () = sim.until("calls", in_flight(1)) => {}
    }
    sim.until("calls", |calls| calls["operations"]["PingApp"]["abandoned"] == json!(1)).await;
    assert_eq!(sim.look("calls").await["in_flight"], json!(0));
}
