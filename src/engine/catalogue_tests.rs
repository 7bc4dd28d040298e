use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn texts(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn declared(names: &[&str]) -> BTreeSet<Name> {
    names.iter().map(|&name| Name::Group(name.to_owned())).collect()
}

fn look_up(catalogue: &Catalogue, name: &str) -> Lookup {
    catalogue.look_up(&Name::Group(name.to_owned()))
}

/// The names of a system with the group "Lobby", read at second 100.
fn read() -> Names {
    let mut names = Names::default();
    assert!(names.take(texts(&["Lobby"]), texts(&["26 bit"]), at(100)));
    names
}

#[test]
fn before_the_first_read_every_name_is_unknown() {
    let catalogue = Names::default().compare(declared(&["Lobby"]), at(1));
    assert_eq!(look_up(&catalogue, "Lobby"), Lookup::Unknown);
    assert_eq!(Names::default().due(), None, "the first full sync reads it");
}

#[test]
fn a_name_is_missing_only_if_the_names_were_read_after_it_was_declared() {
    let mut names = read();
    let before = names.compare(declared(&["Lobby", "Lobyy"]), at(200));
    assert_eq!((look_up(&before, "Lobby"), look_up(&before, "Lobyy")), (Lookup::Found, Lookup::Unknown));
    assert_eq!(names.due(), Some(at(105)), "at once, as the last read is old enough");
    assert!(names.take(texts(&["Lobby"]), texts(&["26 bit"]), at(201)), "the lookup changes");
    let asked = names.compare(declared(&["Lobby", "Lobyy"]), at(202));
    assert_eq!(look_up(&asked, "Lobyy"), Lookup::Missing);
    assert_eq!(names.due(), Some(at(261)), "the names are read again");
    assert!(!names.take(texts(&["Lobby"]), texts(&["26 bit"]), at(261)), "the same names change no lookup");
    assert!(names.take(texts(&["Lobby", "Lobyy"]), texts(&["26 bit"]), at(321)));
    let there = names.compare(declared(&["Lobby", "Lobyy"]), at(322));
    assert_eq!((look_up(&there, "Lobyy"), names.due()), (Lookup::Found, None));
}

#[test]
fn a_name_that_is_no_longer_declared_causes_no_read() {
    let mut names = read();
    names.compare(declared(&["Lobyy"]), at(200));
    names.compare(declared(&["Lobby"]), at(201));
    assert_eq!(names.due(), None);
}

#[test]
fn a_name_that_is_declared_moments_after_a_read_waits_for_the_next_read() {
    let mut names = read();
    names.compare(declared(&["Lobyy"]), at(101));
    assert_eq!(names.due(), Some(at(105)));
}

#[test]
fn a_group_and_a_card_format_with_the_same_text_are_two_names() {
    let mut names = read();
    let both = [Name::Group("26 bit".to_owned()), Name::CardFormat("26 bit".to_owned())];
    let catalogue = names.compare(both.clone().into(), at(1));
    let found = both.map(|name| catalogue.look_up(&name));
    assert_eq!(found, [Lookup::Missing, Lookup::Found]);
}
