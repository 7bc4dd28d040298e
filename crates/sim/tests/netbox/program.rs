//! The program: its output, its errors and its end.

use tokio::process::Command;

use crate::support::program::{Program, file, lines_with_seed, output, refused, switches_of};

#[test]
fn a_wrong_switch_seed_or_port_is_one_sentence_and_status_2() {
    assert!(
        refused(&["netbox", "--set", "nonsense=1"])
            .starts_with("there is no switch `nonsense`; the switches are limits.")
    );
    let wrong = refused(&["netbox", "--set", "session.idle=soon"]);
    assert_eq!(wrong, "switch `session.idle` has no position `soon`; its positions are none | <seconds>");
    assert_eq!(
        refused(&["netbox", "--set", "hisotry.end=next"]),
        "there is no switch `hisotry.end`; did you mean `history.end`?"
    );
    assert_eq!(
        refused(&["netbox", "--set", "history.end=minusone"]),
        "switch `history.end` has no position `minusone`; did you mean `minus-one`? its positions are next | minus-one"
    );
    assert_eq!(
        refused(&["netbox", "--set", "box.zone=Mars/Olympus"]),
        "there is no time zone `Mars/Olympus`"
    );
    assert!(refused(&["netbox", "--seed", "/nowhere.yaml"]).starts_with("the seed cannot be read: "));
    for (seed, sentence) in [
        ("people: 3", "the seed cannot be read: "),
        ("peple: []", "the seed cannot be read: "),
        ("people: [{ LASTNAME: A, ACCESSLEVELS: [No] }]", "there is no access level `No`"),
        (
            "access_levels: [{ name: A, time: Sometimes }]",
            "access level A names a time spec group `Sometimes` that does not exist",
        ),
    ] {
        let file = file(seed);
        let refused = refused(&["netbox", "--seed", file.path().to_str().unwrap()]);
        assert!(refused.starts_with(sentence), "{refused}");
    }
    refused_addresses_and_files();
}

fn refused_addresses_and_files() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(
        refused(&["netbox", "--listen", &address]).starts_with(&format!("{address} cannot be listened on: "))
    );
    assert!(
        refused(&["netbox", "--tls", "--cert", "/no.pem", "--key", "/no.pem"])
            .starts_with("/no.pem cannot be read: ")
    );
    assert!(
        refused(&["switches", "onguard"])
            .starts_with("`onguard` is not simulated; the simulated systems are netbox")
    );
}

#[test]
fn an_identity_host_is_refused_for_systems_without_one() {
    for system in ["netbox", "kastle"] {
        assert_eq!(
            refused(&[system, "--identity-listen", "127.0.0.1:0"]),
            format!(
                "--identity-listen is for salto-ks only; {system} has no identity host, and --listen is the address of its API"
            )
        );
    }
}

#[tokio::test]
async fn the_library_also_refuses_a_listener_that_a_system_does_not_have() {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let options =
        vestibule_sim::frame::Options { listen_more: vec![("identity", address)], ..Default::default() };
    let refused = vestibule_sim::netbox::start(options).await.err();
    assert_eq!(refused.as_deref(), Some("netbox has no listener `identity`; its listeners are api"));
}

#[test]
fn invalid_arguments_are_status_2() {
    for arguments in [
        &["netbox", "--listen", "nowhere"][..],
        &["netbox", "--clock", "noon"],
        &["netbox", "--cert", "a.pem"],
        &["--what"],
        &["netbox", "--set", "x"],
    ] {
        let output = output(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn switches_are_listed_with_positions_default_and_source() {
    let listing = switches_of("netbox");
    let count = vestibule_sim::frame::limits::SWITCHES.len() + vestibule_sim::netbox::SWITCHES.len();
    assert_eq!(listing.len(), count + 1);
    let line = listing.iter().find(|line| line.starts_with("session.limit ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().take(9).collect();
    assert_eq!(
        words,
        ["session.limit", "unlimited", "|", "<sessions>", "|", "newest-wins", "unlimited", "2.16", "#2"]
    );
}

#[tokio::test]
async fn it_prints_ready_and_the_logins_and_ends_with_its_standard_input() {
    let mut program = Program::start(&["netbox", "--exit-with-stdin"]);
    let url = program.ready().await;
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert!(program.is_running());
    let logins = ["login sim / sim (full system setup)", "login reader / reader (read only)"];
    assert_eq!(program.end_with_stdin().await, logins);
}

#[tokio::test]
async fn the_logins_that_it_prints_are_those_of_the_seed() {
    let clerk = "users: [{ username: clerk, password: ' 1', rights: read-write }]";
    assert_eq!(lines_with_seed("netbox", clerk).await, ["login clerk /  1 (read and write)"]);
    assert_eq!(lines_with_seed("netbox", "users: []").await, Vec::<String>::new());
}

#[tokio::test]
async fn without_exit_with_stdin_it_runs_until_a_signal() {
    let mut program = Program::start(&["netbox", "--tls"]);
    let url = program.ready().await;
    program.close_stdin();
    let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
    let authority = http.get(format!("{url}/_sim/ca.pem")).send().await.unwrap().text().await.unwrap();
    assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"), "{authority}");
    assert!(program.is_running());
    let id = program.child.id().unwrap().to_string();
    Command::new("kill").args(["-TERM", &id]).status().await.unwrap();
    assert_eq!(program.ended().await.1, Some(0));
}

#[tokio::test]
async fn the_clock_is_held_at_or_runs_from_the_given_instant() {
    for (more, follow) in [(&[][..], "hold"), (&["--clock-runs"][..], "run")] {
        let arguments =
            [&["netbox", "--clock", "2026-12-01T14:00:00Z", "--exit-with-stdin"][..], more].concat();
        let mut program = Program::start(&arguments);
        let url = program.ready().await;
        let clock: serde_json::Value =
            reqwest::get(format!("{url}/_sim/clock")).await.unwrap().json().await.unwrap();
        assert_eq!(clock["follow"], follow);
        assert!(clock["now"].as_str().unwrap().starts_with("2026-12-01T14:0"));
        program.end_with_stdin().await;
    }
}

#[tokio::test]
async fn certificates_from_files_are_served() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (file(&made.cert.pem()), file(&made.signing_key.serialize_pem()));
    let files = [&cert, &key].map(|file| file.path().to_str().unwrap());
    let arguments = ["netbox", "--tls", "--cert", files[0], "--key", files[1], "--exit-with-stdin"];
    let mut program = Program::start(&arguments);
    let url = program.ready().await;
    let ca = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    assert_eq!(http.get(format!("{url}/_sim/clock")).send().await.unwrap().status(), 200);
    program.end_with_stdin().await;
}
