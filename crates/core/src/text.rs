//! Prepares text from users for a protocol: invisible characters are removed, and the visible text stays the same.

use unicode_general_category::{GeneralCategory as Category, get_general_category};

/// Joins letters that would not be joined, or changes how they join: some scripts need it inside names.
const ZERO_WIDTH_JOINER: char = '\u{200d}';
/// Separates letters that would be joined, for the same reason.
const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';

/// The role of a character in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    /// A letter or digit.
    Letter,
    /// A mark on the character before it.
    Mark,
    /// Punctuation or a symbol.
    Sign,
    /// Any white space.
    Space,
    /// One of the two joiners.
    Joiner,
    /// An invisible character: control, format and direction characters, fillers, unassigned and private characters.
    Hidden,
}

fn sort(c: char) -> Sort {
    match c {
        // Letters and symbols by their category, but invisible.
        '\u{034f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' => {
            return Sort::Hidden;
        }
        '\u{2800}' => return Sort::Space,
        ZERO_WIDTH_JOINER | ZERO_WIDTH_NON_JOINER => return Sort::Joiner,
        _ if c.is_whitespace() => return Sort::Space,
        _ => {}
    }
    match get_general_category(c) {
        Category::UppercaseLetter
        | Category::LowercaseLetter
        | Category::TitlecaseLetter
        | Category::ModifierLetter
        | Category::OtherLetter
        | Category::DecimalNumber
        | Category::LetterNumber
        | Category::OtherNumber => Sort::Letter,
        Category::NonspacingMark | Category::SpacingMark | Category::EnclosingMark => Sort::Mark,
        Category::Control
        | Category::Format
        | Category::Surrogate
        | Category::PrivateUse
        | Category::Unassigned => Sort::Hidden,
        Category::SpaceSeparator | Category::LineSeparator | Category::ParagraphSeparator => Sort::Space,
        _ => Sort::Sign,
    }
}

/// The text without invisible characters: no surrounding white space, one plain blank for each run of white space inside,
/// no control, format or direction characters, no marks without a letter. Zero-width joiners stay between letters.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    // The sort of the last visible character. The beginning counts as white space.
    let mut last = Sort::Space;
    let mut joiner = None;
    for c in text.chars() {
        let sort = sort(c);
        match sort {
            Sort::Hidden => continue,
            Sort::Joiner => {
                joiner = Some(c).filter(|_| matches!(last, Sort::Letter | Sort::Mark));
                continue;
            }
            // A mark without a letter before it.
            Sort::Mark if last == Sort::Space => continue,
            Sort::Space => {
                (last, joiner) = (Sort::Space, None);
                continue;
            }
            Sort::Letter | Sort::Mark | Sort::Sign => {}
        }
        if last == Sort::Space && !clean.is_empty() {
            clean.push(' ');
        }
        if let Some(joiner) = joiner.take().filter(|_| sort != Sort::Sign) {
            clean.push(joiner);
        }
        clean.push(c);
        last = sort;
    }
    clean
}

/// The text in printable ASCII: letters, marks and digits are transliterated, dashes and quotes become their ASCII forms, and
/// symbols such as emoji are removed. A text without a transliteration becomes empty.
pub fn ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            ' '..='~' => ascii.push(c),
            '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{02b9}' | '\u{02bb}' | '\u{02bc}'
            | '\u{ff07}' => ascii.push('\''),
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{2033}' => ascii.push('"'),
            _ => push_transliterated(&mut ascii, c),
        }
    }
    clean(&ascii)
}

fn push_transliterated(ascii: &mut String, c: char) {
    let in_ascii = deunicode::deunicode_char(c).unwrap_or_default();
    match get_general_category(c) {
        // Only a number that becomes digits entirely: "1/2" must not become "12".
        Category::DecimalNumber | Category::LetterNumber | Category::OtherNumber
            if in_ascii.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            ascii.push_str(in_ascii);
        }
        Category::DecimalNumber | Category::LetterNumber | Category::OtherNumber => {}
        Category::DashPunctuation => ascii.push('-'),
        _ if matches!(sort(c), Sort::Letter | Sort::Mark) => {
            ascii.extend(in_ascii.chars().filter(|c| c.is_ascii_alphabetic() || *c == ' '));
        }
        _ => {}
    }
}
