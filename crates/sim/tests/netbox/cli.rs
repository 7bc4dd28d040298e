//! The program: what it prints, how it ends.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

const PROGRAM: &str = env!("CARGO_BIN_EXE_vestibule-sim");

fn output(arguments: &[&str]) -> Output {
    std::process::Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Starts the program and waits for its `ready URL`.
async fn started(arguments: &[&str]) -> (Child, BufReader<ChildStdout>, String) {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).await.unwrap();
    let url = line.trim().strip_prefix("ready ").unwrap_or_else(|| panic!("{line}")).to_owned();
    (child, out, url)
}

/// The exit status; one that never comes fails the test and does not hang it.
async fn ended(mut child: Child) -> Option<i32> {
    let status = tokio::time::timeout(Duration::from_mins(1), child.wait()).await;
    status.expect("it did not end").unwrap().code()
}

/// One sentence on standard error, nothing on standard output, status 2.
fn refused(arguments: &[&str]) -> String {
    let output = output(arguments);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{error}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error.trim_end().strip_prefix("vestibule-sim: ").unwrap_or_else(|| panic!("{error}")).to_owned()
}

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
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed.yaml");
    for (seed, sentence) in [
        ("people: 3", "the seed cannot be read: "),
        ("peple: []", "the seed cannot be read: "),
        ("people: [{ LASTNAME: A, ACCESSLEVELS: [No] }]", "there is no access level `No`"),
        (
            "access_levels: [{ name: A, time: Sometimes }]",
            "access level A names a time spec group `Sometimes` that is not there",
        ),
    ] {
        std::fs::write(&path, seed).unwrap();
        let refused = refused(&["netbox", "--seed", path.to_str().unwrap()]);
        assert!(refused.starts_with(sentence), "{refused}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(
        refused(&["netbox", "--listen", &address]).starts_with(&format!("{address} cannot be listened on: "))
    );
    assert!(
        refused(&["netbox", "--tls", "--cert", "/no.pem", "--key", "/no.pem"])
            .starts_with("/no.pem cannot be read: ")
    );
    assert!(refused(&["switches", "onguard"]).starts_with("`onguard` is not simulated; what is: netbox"));
}

#[test]
fn an_identity_host_is_refused_to_systems_that_have_none() {
    for system in ["netbox", "kastle"] {
        assert_eq!(
            refused(&[system, "--identity-listen", "127.0.0.1:0"]),
            format!(
                "--identity-listen is for salto-ks only; {system} has no identity host, and --listen places its API"
            )
        );
    }
}

#[tokio::test]
async fn a_listener_that_a_system_does_not_have_is_refused_to_other_programs_too() {
    let elsewhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let options =
        vestibule_sim::frame::Options { listen_more: vec![("identity", elsewhere)], ..Default::default() };
    let refused = vestibule_sim::netbox::start(options).await.err();
    assert_eq!(refused.as_deref(), Some("netbox has no listener `identity`; its listeners are api"));
}

#[test]
fn arguments_that_make_no_sense_are_status_2() {
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
    let output = output(&["switches", "netbox"]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let count = vestibule_sim::frame::limits::SWITCHES.len() + vestibule_sim::netbox::SWITCHES.len();
    assert_eq!(text.lines().count(), count + 1);
    let line = text.lines().find(|line| line.starts_with("session.limit ")).unwrap();
    let words: Vec<&str> = line.split_whitespace().take(9).collect();
    assert_eq!(
        words,
        ["session.limit", "unlimited", "|", "<sessions>", "|", "newest-wins", "unlimited", "2.16", "#2"]
    );
}

#[tokio::test]
async fn it_says_ready_and_how_to_log_in_and_ends_with_its_standard_input() {
    let (mut child, mut out, url) = started(&["netbox", "--exit-with-stdin"]).await;
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    assert_eq!(ended(child).await, Some(0));
    let mut rest = String::new();
    out.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "login sim / sim (full system setup)\nlogin reader / reader (read only)\n");
}

#[tokio::test]
async fn the_logins_it_says_are_those_of_the_seed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seed.yaml");
    let clerk = "users: [{ username: clerk, password: ' 1', rights: read-write }]";
    for (seed, wanted) in [(clerk, "login clerk /  1 (read and write)\n"), ("users: []", "")] {
        std::fs::write(&path, seed).unwrap();
        let arguments = ["netbox", "--exit-with-stdin", "--seed", path.to_str().unwrap()];
        let (mut child, mut out, _url) = started(&arguments).await;
        drop(child.stdin.take());
        let mut rest = String::new();
        out.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, wanted);
        assert_eq!(ended(child).await, Some(0));
    }
}

#[tokio::test]
async fn without_exit_with_stdin_it_goes_on_until_it_is_told() {
    let (mut child, _out, url) = started(&["netbox", "--tls"]).await;
    drop(child.stdin.take());
    let http = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
    let authority = http.get(format!("{url}/_sim/ca.pem")).send().await.unwrap().text().await.unwrap();
    assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"), "{authority}");
    assert!(child.try_wait().unwrap().is_none());
    Command::new("kill").args(["-TERM", &child.id().unwrap().to_string()]).status().await.unwrap();
    assert_eq!(ended(child).await, Some(0));
}

#[tokio::test]
async fn the_clock_is_held_or_runs_from_where_it_is_told() {
    for (more, follow) in [(&[][..], "hold"), (&["--clock-runs"][..], "run")] {
        let arguments =
            [&["netbox", "--clock", "2026-12-01T14:00:00Z", "--exit-with-stdin"][..], more].concat();
        let (mut child, _out, url) = started(&arguments).await;
        let clock: serde_json::Value =
            reqwest::get(format!("{url}/_sim/clock")).await.unwrap().json().await.unwrap();
        assert_eq!(clock["follow"], follow);
        assert!(clock["now"].as_str().unwrap().starts_with("2026-12-01T14:0"));
        drop(child.stdin.take());
        assert_eq!(ended(child).await, Some(0));
    }
}

#[tokio::test]
async fn certificates_from_files_are_served() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let files = [cert.to_str().unwrap(), key.to_str().unwrap()];
    let arguments = ["netbox", "--tls", "--cert", files[0], "--key", files[1], "--exit-with-stdin"];
    let (mut child, _out, url) = started(&arguments).await;
    let ca = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    assert_eq!(http.get(format!("{url}/_sim/clock")).send().await.unwrap().status(), 200);
    drop(child.stdin.take());
    assert_eq!(ended(child).await, Some(0));
}
