//! The engine as a whole on a system in memory: turns, syncs, reading back, the guard, draining, faults.
//!
//! Time is tokio's paused clock: an hour takes no time, and no result depends on the speed of the machine.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]
#![allow(clippy::unchecked_time_subtraction, reason = "a test that subtracts too much fails, as it should")]

mod absence;
mod card_waits;
mod cards;
mod clock_check;
mod disarmed;
mod drift;
mod endpoint;
mod faults;
mod first_write;
mod gates;
mod life;
mod listing;
mod lost;
mod misnamed;
mod numbers;
mod order;
mod orphans;
mod outdated;
mod owners;
mod put_back;
mod reduced;
mod set_back;
mod testbed;
mod turns;
mod verify;
