//! The program: `vestibule-sim salto-ks`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use vestibule_sim::salto_ks::SWITCHES;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_vestibule-sim"))
}

#[test]
fn the_program_says_where_its_hosts_are_and_how_to_log_in_and_ends_with_its_input() {
    let mut child = program()
        .args([
            "salto-ks",
            "--listen",
            "127.0.0.1:0",
            "--identity-listen",
            "127.0.0.1:0",
            "--exit-with-stdin",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().take(12).map(Result::unwrap).collect();
    let named = |line: &str, name: &str| line.starts_with("ready http://127.0.0.1:") && line.ends_with(name);
    assert!(named(&lines[0], " api") && named(&lines[1], " identity"), "{lines:?}");
    let wanted = [
        "login client sim / sim",
        "login client sim-public (public, no secret)",
        "login client sim-narrow / sim",
        "login user admin@sim.example / sim",
        "login user owner@sim.example / sim",
        "login user custom@sim.example / sim",
        "login user ... and 2 more in the seed",
        "site 0b7c1d2e-0000-4000-8000-000000000001 (Small Building)",
        "site 0b7c1d2e-0000-4000-8000-000000000002 (Mill)",
        "site 0b7c1d2e-0000-4000-8000-000000000003 (Tower)",
    ];
    assert_eq!(lines[2..], wanted);
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_program_lists_every_switch_and_refuses_a_wrong_one_with_status_2() {
    let listed = program().args(["switches", "salto-ks"]).output().unwrap();
    let text = String::from_utf8(listed.stdout).unwrap();
    for switch in SWITCHES {
        assert!(text.contains(switch.name) && text.contains(switch.source), "{}", switch.name);
    }
    let refused = program().args(["salto-ks", "--set", "page.form=sideways"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("envelope | bare"));
}
