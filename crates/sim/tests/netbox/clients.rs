//! The table of `docs/simulators.md` with the switches that each client needs.

use std::path::Path;

use vestibule_sim::cli::KITS;
use vestibule_sim::frame::{Switches, limits};

/// System and `switch=position` of each row, read from the page.
fn needs() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/simulators.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("## Which switches for which client\n").unwrap();
    let rows = table.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| `"));
    let need = |row: &str| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let system = cells[0].trim_matches(['|', ' ', '`']).to_owned();
        let words = cells[2].split('`').skip(1).step_by(2).filter(|word| word.contains('='));
        words.map(|word| (system.clone(), word.to_owned())).collect::<Vec<_>>()
    };
    rows.flat_map(need).collect()
}

#[test]
fn every_switch_that_the_table_of_clients_names_exists_in_that_position() {
    let needs = needs();
    for kit in KITS {
        let mut switches = Switches::new(&[limits::SWITCHES, kit.switches]);
        let own: Vec<&String> =
            needs.iter().filter(|(system, _)| system == kit.name).map(|(_, need)| need).collect();
        assert!(!own.is_empty(), "the table names no switch of {}", kit.name);
        for need in own {
            let (switch, position) = need.split_once('=').unwrap();
            switches.set(switch, position).unwrap();
        }
    }
}
