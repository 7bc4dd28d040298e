//! The program: `vestibule-sim salto-ks`.

use vestibule_sim::salto_ks::SWITCHES;

use crate::support::program::{Program, refused, switches_of};

#[tokio::test]
async fn the_program_prints_its_hosts_and_logins_and_ends_with_its_input() {
    let hosts = ["--listen", "127.0.0.1:0", "--identity-listen", "127.0.0.1:0"];
    let mut program = Program::start(&[&["salto-ks", "--exit-with-stdin"], &hosts[..]].concat());
    for name in ["api", "identity"] {
        let ready = program.ready().await;
        assert!(ready.starts_with("http://127.0.0.1:") && ready.ends_with(&format!(" {name}")), "{ready}");
    }
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
    assert_eq!(program.end_with_stdin().await, wanted);
}

#[test]
fn the_program_lists_every_switch_and_refuses_a_wrong_one_with_status_2() {
    let listing = switches_of("salto-ks");
    for switch in SWITCHES {
        let listed = |line: &String| line.starts_with(switch.name) && line.contains(switch.source);
        assert!(listing.iter().any(listed), "{}", switch.name);
    }
    assert!(refused(&["salto-ks", "--set", "page.form=sideways"]).contains("envelope | bare"));
}
