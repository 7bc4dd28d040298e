//! The contract for the NetBox client over the simulator; then sessions, faults, and every unknown of
//! systems/lenel-s2.md 2.16 in each of its positions.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

mod cards;
#[path = "../contract/mod.rs"]
mod contract;
mod faults;
mod nights;
mod testbed;
mod unknowns;

use proptest::prelude::*;
use proptest::test_runner::Config as Cases;

use crate::contract::laws;
use crate::testbed::testbed;

contract!(testbed);

proptest! {
    #![proptest_config(Cases::with_cases(24))]

    #[test]
    fn any_record_becomes_any_other_and_stays(contents in proptest::collection::vec(laws::content(), 1..4)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async { laws::converges(&testbed().await, "ada", &contents).await });
    }
}
