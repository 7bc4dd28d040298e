use std::sync::Arc;

use serde_json::{Value, json};

use super::super::testbed::Testbed;
use crate::reconcile::fixtures::key;

fn limited(requests_per_second: u32, max_in_flight: u32) -> Value {
    let limit = json!({ "requestsPerSecond": requests_per_second, "maxInFlight": max_in_flight });
    json!({ "spec": { "rateLimit": limit } })
}

/// Requests per second and in flight that the only login may have, after this many passes.
async fn pace(testbed: &mut Testbed, passes: usize) -> (f64, u32) {
    for _ in 0..passes {
        testbed.pass.connect().await;
    }
    assert_eq!(testbed.pass.pacers.len(), 1, "one login");
    let (login, rate_limiter) = testbed.pass.pacers.first_key_value().unwrap();
    let limits = testbed.pass.limits(*login).unwrap();
    // The limiter uses 98 % of a declared rate.
    assert_eq!(rate_limiter.rate(), limits.rate.map(|rate| rate * 0.98), "the limiter applies it");
    (limits.rate.unwrap(), limits.max_in_flight)
}

#[tokio::test]
async fn the_strictest_limits_of_a_login_apply_from_pass_to_pass() {
    let mut testbed = Testbed::new();
    testbed.integration("a", &limited(2, 8));
    assert_eq!(pace(&mut testbed, 1).await, (2.0, 8));
    testbed.integration("b", &limited(5, 4));
    assert_eq!(pace(&mut testbed, 1).await, (2.0, 4), "whichever comes last");
    assert_eq!(pace(&mut testbed, 3).await, (2.0, 4));
}

#[tokio::test]
async fn the_limits_of_a_login_follow_integrations_that_change_or_leave() {
    let mut testbed = Testbed::new();
    for (name, limits) in [("a", limited(2, 8)), ("b", limited(5, 4)), ("c", limited(9, 9))] {
        testbed.integration(name, &limits);
    }
    assert_eq!(pace(&mut testbed, 1).await, (2.0, 4));
    testbed.integration("a", &limited(7, 8));
    assert_eq!(pace(&mut testbed, 1).await, (5.0, 4));
    testbed.lose("b");
    assert_eq!(pace(&mut testbed, 1).await, (7.0, 8));
    testbed.integration("c", &limited(1, 9));
    assert_eq!(pace(&mut testbed, 1).await, (1.0, 8));
}

#[tokio::test]
async fn an_integration_that_joins_a_login_never_loosens_its_limits() {
    let mut testbed = Testbed::new();
    testbed.integration("a", &limited(2, 8));
    testbed.pass.connect().await;
    testbed.integration("b", &limited(5, 4));
    let b = Arc::clone(testbed.pass.integrations.get(&key("b")).unwrap());
    let wanted = testbed.pass.validated(&b).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    assert_eq!(testbed.pass.rate_limiter(&wanted).rate(), Some(2.0 * 0.98));
}
