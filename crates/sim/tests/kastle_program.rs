//! The program `vestibule-sim kastle`.

#![allow(clippy::unwrap_used, clippy::panic)] // a test program: what fails, fails

use std::io::{BufRead, BufReader, Read};
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

/// All that it prints with this seed, its address left out.
fn printed(seed: &str) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), seed).unwrap();
    let mut child = Command::new(PROGRAM)
        .args(["kastle", "--exit-with-stdin", "--seed", file.path().to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut String::new()).unwrap();
    drop(child.stdin.take());
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success());
    rest.lines().map(str::to_owned).collect()
}

#[test]
fn it_says_how_each_owner_logs_in_at_each_door() {
    let everywhere = "at oasis-connect, visitor-connect, event-stream";
    let guid = "{00000000-0000-0000-0000-000000000001}";
    assert_eq!(
        printed(vestibule_sim::kastle::SMALL_BUILDING),
        [
            format!("login sim / sim {everywhere} (OwnerGuid {guid}, InstitutionId 1)"),
            format!(
                "login other / other {everywhere} (OwnerGuid {}, InstitutionId 2)",
                guid.replace("1}", "2}")
            ),
        ]
    );
    let doors =
        "{ visitor-connect: { username: v, password: w }, event-stream: { username: e, password: f } }";
    assert_eq!(
        printed(&format!("owners: [{{ OwnerGuid: '{guid}', doors: {doors} }}]")),
        [
            format!("login e / f at event-stream (OwnerGuid {guid}, no institution)"),
            format!("login v / w at visitor-connect (OwnerGuid {guid}, no institution)"),
        ]
    );
    assert_eq!(printed("owners: []"), Vec::<String>::new());
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
