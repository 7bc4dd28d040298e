use super::*;

fn section(page: &'static str, section: &str, row: Option<&str>) -> Citation {
    Citation::Section { page, section: section.to_owned(), row: row.map(str::to_owned) }
}

#[test]
fn rules_are_read_in_every_form_that_comments_use() {
    let rule = |number| vec![section(ARCHITECTURE, number, None)];
    assert_eq!(read("It is retried for ever (design 3.13).", None), rule("3.13"));
    assert_eq!(read("As rule 3.4 wants.", None), rule("3.4"));
    assert_eq!(read("The pace (design, section 4, \"Memory\").", None), rule("4"));
    assert_eq!(read("What takes away goes on (design 3, third rule).", None), rule("3"));
    let two = read("rules 3.13 and 3.15", None);
    assert_eq!(two, [rule("3.13"), rule("3.15")].concat());
}

#[test]
fn sections_of_a_system_are_read_with_its_page_and_without_it_at_home() {
    let page = Citation::Page("systems/lenel-s2.md".to_owned());
    let named = read("(systems/lenel-s2.md 2.7, 2.8 and 2.16 no. 5; design 3.18)", None);
    let expected = [
        page,
        section(LENEL_S2, "2.7", None),
        section(LENEL_S2, "2.8", None),
        section(LENEL_S2, "2.16", Some("5")),
        section(ARCHITECTURE, "3.18", None),
    ];
    assert_eq!(named, expected);
    assert_eq!(read("Sessions (2.1-2.3, 2.11).", home("src/system/lenel_s2/client.rs")).len(), 3);
    assert_eq!(read("Since 2.6 ticks are fixed.", home("src/engine/run.rs")), []);
}

#[test]
fn rows_are_read_by_number_letter_and_promise() {
    let kastle = home("crates/sim/src/kastle/job.rs");
    let rule = read("resets who may enter (2A.3, 2B.6 rule 12)", kastle);
    assert_eq!(rule, [section(KASTLE, "2A.3", None), section(KASTLE, "2B.6", Some("12"))]);
    let rows = read("(2B.2, 2B.10 rows 2 and 3)", kastle);
    assert_eq!(rows[1..], [section(KASTLE, "2B.10", Some("2")), section(KASTLE, "2B.10", Some("3"))]);
    assert_eq!(read("how that shows is row 10.", kastle), [section(KASTLE, "2B.10", Some("10"))]);
    assert_eq!(
        read("by the switch (2.16 #10, A2)", Some(LENEL_S2))[1],
        section(LENEL_S2, ADDENDUM, Some("A2"))
    );
    assert_eq!(read("suspended (2.9 3).", Some(SALTO_KS)), [section(SALTO_KS, "2.9", Some("3"))]);
    assert_eq!(read("an email or a phone (S2/P18)", None), [section(LENEL_S2, "1", Some("P18"))]);
    assert_eq!(read("How it is sent (no. 13).", Some(LENEL_S2)), [section(LENEL_S2, "2.16", Some("13"))]);
}

#[test]
fn decisions_pages_and_notes_that_are_not_here_are_read() {
    assert_eq!(read("see decision 4", None), [Citation::Decision(4)]);
    assert_eq!(read("(kubernetes.md 1.5)", None), [Citation::Page("kubernetes.md".to_owned())]);
    assert_eq!(read("not hurt (lessons B2)", None), [Citation::Elsewhere("lessons B2".to_owned())]);
}

#[test]
fn versions_numbers_and_plain_words_are_no_citations() {
    let plain = "6.2.0 has 3 rules by design; a decision, no more than 2.5 s, row by row, the rules of 1.5";
    assert_eq!(read(plain, None), []);
    assert_eq!(read("boxes before 5.6 (6.2.0), yes or no 405", Some(LENEL_S2)), []);
}
