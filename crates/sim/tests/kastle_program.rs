//! The program `vestibule-sim kastle`.

#![allow(clippy::unwrap_used, clippy::panic)] // a test program: what fails, fails

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_vestibule-sim");

/// Standard output, standard error and exit status.
fn run(arguments: &[&str]) -> (String, String, i32) {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

#[test]
fn it_starts_prints_ready_and_ends_with_standard_input() {
    let mut child = Command::new(PROGRAM)
        .args(["kastle", "--exit-with-stdin", "--set", "visit.guids=replaced"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("ready http://127.0.0.1:"), "{line}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_lists_its_switches() {
    let (listing, _, status) = run(&["switches", "kastle"]);
    assert_eq!(status, 0);
    for row in 1..=18 {
        assert!(listing.contains(&format!(" 2B.10 #{row} ")), "row {row}");
    }
    let line = listing.lines().find(|line| line.starts_with("visit.duplicate ")).unwrap();
    assert!(line.contains("409 | same-answer | second-visit"), "{line}");
}

#[test]
fn a_wrong_switch_seed_or_contract_is_a_sentence_and_status_2() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "owners: nobody").unwrap();
    let seed = file.path().to_str().unwrap();
    for (arguments, sentence) in [
        (&["kastle", "--set", "visit.guids=lost"][..], "switch `visit.guids` has no position `lost`"),
        (&["kastle", "--set", "visits.guid=kept"], "there is no switch `visits.guid`"),
        (&["kastle", "--seed", seed], "the seed is not understood"),
        (&["kastle", "--set", "contract=/no/such/file"], "the contract `/no/such/file` cannot be read"),
        (&["kastle", "--listen", "192.0.2.1:1"], "192.0.2.1:1 cannot be listened on"),
    ] {
        let (out, error, status) = run(arguments);
        assert_eq!((out.as_str(), status), ("", 2), "{error}");
        assert!(error.contains(sentence) && error.trim_end().lines().count() == 1, "{error}");
    }
}
