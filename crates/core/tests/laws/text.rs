//! The preparation of text for a protocol.

use proptest::prelude::*;
use unicode_general_category::{GeneralCategory as Category, get_general_category};
use vestibule_core::text::{ascii, clean};

/// Characters that people type or paste, including every special case.
fn any_text() -> impl Strategy<Value = String> {
    let awkward = "[ \u{a0}\u{3000}\t\n\u{0}\u{7f}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}\u{ad}\u{e000}\u{301}\u{fe0f}\u{3164}\u{1f6aa}a-cA-C\u{e9}\u{5d0}\u{915}\u{94d}\u{937}\u{10e5}]{0,12}";
    prop_oneof![any::<String>(), awkward.prop_map(String::from), "\\PC{0,12}"]
}

const fn is_letter_or_mark(category: Category) -> bool {
    matches!(
        category,
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::TitlecaseLetter
            | Category::ModifierLetter
            | Category::OtherLetter
            | Category::DecimalNumber
            | Category::LetterNumber
            | Category::OtherNumber
            | Category::NonspacingMark
            | Category::SpacingMark
            | Category::EnclosingMark
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn clean_text_has_single_blanks_inside_and_none_around(text in any_text()) {
        let clean = clean(&text);
        prop_assert!(!clean.starts_with(' ') && !clean.ends_with(' ') && !clean.contains("  "), "{clean:?}");
        prop_assert!(clean.chars().all(|c| c == ' ' || !c.is_whitespace()), "{clean:?}");
    }

    #[test]
    fn clean_text_has_no_invisible_characters_but_joiners_between_letters(text in any_text()) {
        let clean: Vec<char> = clean(&text).chars().collect();
        for (index, c) in clean.iter().enumerate() {
            let category = get_general_category(*c);
            let joins = matches!(c, '\u{200c}' | '\u{200d}');
            let hidden = matches!(category, Category::Control | Category::Format | Category::PrivateUse | Category::Unassigned);
            prop_assert!(!hidden || joins, "{clean:?}");
            if joins {
                let at = |index: usize| clean.get(index).is_some_and(|c| is_letter_or_mark(get_general_category(*c)));
                prop_assert!(index > 0 && at(index - 1) && at(index + 1), "{clean:?}");
            }
        }
    }

    #[test]
    fn clean_text_is_not_changed(text in any_text()) {
        let once = clean(&text);
        prop_assert_eq!(clean(&once), once);
        let once = ascii(&text);
        prop_assert_eq!(ascii(&once), once);
    }

    #[test]
    fn visible_characters_are_kept_in_their_order(text in "[a-zA-Z0-9éüñ王Ж\\-.'&@ ]{0,16}") {
        let seen = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
        prop_assert_eq!(seen(&clean(&text)), seen(&text));
    }

    #[test]
    fn ascii_is_printable_and_does_not_change_printable_text(text in any_text(), plain in "[!-~]{1,8}( [!-~]{1,8}){0,2}") {
        let ascii_text = ascii(&text);
        prop_assert!(ascii_text.chars().all(|c| (' '..='~').contains(&c)), "{ascii_text:?}");
        prop_assert_eq!(ascii(&plain), plain);
    }

    #[test]
    fn symbols_do_not_become_words(symbols in "[\\p{So}\\p{Sm}\\p{Sc}\\p{Sk}]{1,6}") {
        let letters = ascii(&symbols).chars().any(|c| c.is_ascii_alphanumeric());
        prop_assert!(!letters, "{symbols:?} {:?}", ascii(&symbols));
    }
}

#[test]
fn names_of_many_scripts_are_transliterated_as_people_read_them() {
    let rows = [
        ("Acme Ltd\u{a0}", "Acme Ltd"),
        ("\u{200b}", ""),
        ("\u{fe0f}\u{301}", ""),
        ("\u{3164}", ""),
        ("\u{202e}nibor", "nibor"),
        ("Ada\t \u{2028}Byron", "Ada Byron"),
        ("O\u{ad}Neil", "ONeil"),
        // Persian and Sinhala need their joiners.
        ("\u{645}\u{6cc}\u{200c}\u{631}\u{648}\u{645}", "\u{645}\u{6cc}\u{200c}\u{631}\u{648}\u{645}"),
        ("\u{dc1}\u{dca}\u{200d}\u{dbb}\u{dd3}", "\u{dc1}\u{dca}\u{200d}\u{dbb}\u{dd3}"),
        ("\u{200d}Ada\u{200d}", "Ada"),
        ("Ada \u{200c}King", "Ada King"),
    ];
    for (typed, cleaned) in rows {
        assert_eq!(clean(typed), cleaned, "{typed:?}");
    }
}

#[test]
fn letters_are_transliterated_and_pictures_are_not() {
    let rows = [
        ("Zoë Ørsted", "Zoe Orsted"),
        ("Straße", "Strasse"),
        ("Нина", "Nina"),
        ("王小明", "Wang Xiao Ming"),
        ("ქეთევან", "ketevan"),
        ("O\u{2019}Brien\u{2013}Smith", "O'Brien-Smith"),
        ("Ada \u{1f6aa}", "Ada"),
        ("\u{1f6aa}\u{2764}\u{fe0f}", ""),
        ("\u{661}\u{662}", "12"),
        ("Studio 5\u{bd}", "Studio 5"),
        ("\u{e000}", ""),
        ("ก", "k"),
    ];
    for (typed, spelt) in rows {
        assert_eq!(ascii(typed), spelt, "{typed:?}");
    }
}
