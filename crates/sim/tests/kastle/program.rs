//! The program `vestibule-sim kastle`.

use crate::support::program::{Program, file, lines_with_seed, refused, switches_of};

#[tokio::test]
async fn it_starts_prints_ready_and_ends_with_standard_input() {
    let mut program = Program::start(&["kastle", "--exit-with-stdin", "--set", "visit.guids=replaced"]);
    let url = program.ready().await;
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    program.end_with_stdin().await;
}

#[tokio::test]
async fn it_prints_how_each_owner_logs_in_at_each_door() {
    let everywhere = "at oasis-connect, visitor-connect, event-stream";
    let guid = "{00000000-0000-0000-0000-000000000001}";
    assert_eq!(
        lines_with_seed("kastle", vestibule_sim::kastle::SMALL_BUILDING).await,
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
        lines_with_seed("kastle", &format!("owners: [{{ OwnerGuid: '{guid}', doors: {doors} }}]")).await,
        [
            format!("login e / f at event-stream (OwnerGuid {guid}, no institution)"),
            format!("login v / w at visitor-connect (OwnerGuid {guid}, no institution)"),
        ]
    );
    assert_eq!(lines_with_seed("kastle", "owners: []").await, Vec::<String>::new());
}

#[test]
fn it_lists_its_switches() {
    let listing = switches_of("kastle");
    for row in 1..=18 {
        let source = format!(" 2B.10 #{row} ");
        assert!(listing.iter().any(|line| line.contains(&source)), "row {row}");
    }
    let line = listing.iter().find(|line| line.starts_with("visit.duplicate ")).unwrap();
    assert!(line.contains("409 | same-answer | second-visit"), "{line}");
}

#[test]
fn a_wrong_switch_seed_or_contract_is_a_sentence_and_status_2() {
    let file = file("owners: none");
    let seed = file.path().to_str().unwrap();
    for (arguments, sentence) in [
        (&["kastle", "--set", "visit.guids=lost"][..], "switch `visit.guids` has no position `lost`"),
        (&["kastle", "--set", "visits.guid=kept"], "there is no switch `visits.guid`"),
        (&["kastle", "--seed", seed], "the seed cannot be read"),
        (&["kastle", "--set", "contract=/no/such/file"], "the contract `/no/such/file` cannot be read"),
        (&["kastle", "--listen", "192.0.2.1:1"], "192.0.2.1:1 cannot be listened on"),
    ] {
        let refused = refused(arguments);
        assert!(refused.contains(sentence), "{refused}");
    }
}
