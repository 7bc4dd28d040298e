//! The contract for the system in memory, which defines the expected behaviour of the others.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

mod contract;

use std::future::{Ready, ready};

use async_trait::async_trait;
use proptest::prelude::*;
use vestibule::system::memory::{Fault, Memory};
use vestibule::system::{AccessSystem, ErrorKind, SystemError};

use contract::{Testbed, laws, scenarios};

struct InMemory(Memory);

fn testbed() -> Ready<InMemory> {
    ready(InMemory(Memory::with_groups(["Lobby", "Floor 4", "Parking"]).paged(100)))
}

#[async_trait]
impl Testbed for InMemory {
    fn system(&self) -> &dyn AccessSystem {
        &self.0
    }

    fn groups(&self) -> Vec<String> {
        ["Lobby", "Floor 4", "Parking"].map(str::to_owned).to_vec()
    }

    fn format(&self) -> String {
        self.0.capabilities().card_format.clone().unwrap()
    }

    async fn lose_answer_of_next_creation(&self) {
        self.0.fail_next("create", Fault::LoseAnswer);
    }

    async fn rename_by_hand(&self, external_id: &str, last_name: &str) {
        assert!(self.0.edit(external_id, |facts| facts.person.last_name = last_name.into()));
    }
}

contract!(testbed);

proptest! {
    #[test]
    fn any_record_becomes_any_other_and_stays(contents in proptest::collection::vec(laws::content(), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { laws::converges(&testbed().await, "ada", &contents).await });
    }
}

#[tokio::test]
async fn an_injected_refusal_does_nothing_and_comes_once() {
    let testbed = testbed().await;
    let refusal = SystemError::new(ErrorKind::Throttled(None), "create", "slow down");
    testbed.0.fail_next("create", Fault::Refuse(refusal.clone()));
    let record = contract::visitor(&testbed, "ada");
    let step = vestibule_core::diff::Step::Create(record.clone().into());
    assert_eq!(testbed.0.apply(&step).await, Err(refusal));
    assert!(testbed.0.all_records().is_empty());
    scenarios::a_created_record_reads_back_as_declared(&testbed).await;
    assert_eq!(testbed.0.calls("create"), 2);
}
