//! The comments of source files.

/// A comment and the line on which it begins.
pub struct Comment {
    /// Counted from 1.
    pub line: usize,
    /// Its lines joined into one.
    pub text: String,
}

/// The comments of a file of Rust (`//`) or YAML (`#`). Consecutive comment lines count as one.
pub fn comments(source: &str, mark: &str) -> Vec<Comment> {
    let mut comments: Vec<Comment> = Vec::new();
    let mut goes_on = false;
    for (number, line) in source.lines().enumerate() {
        let whole = line.trim_start().starts_with(mark);
        if let Some(text) = comment(line, mark) {
            let text = text.trim_start_matches(['/', '!', '#']).trim();
            match comments.last_mut().filter(|_| goes_on && whole) {
                Some(comment) => comment.text.extend([" ", text]),
                None => comments.push(Comment { line: number + 1, text: text.to_owned() }),
            }
        }
        goes_on = whole;
    }
    comments
}

/// The text after the mark. A mark inside a string or an address does not count.
fn comment<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let (mut in_text, mut before) = (false, ' ');
    for (at, letter) in line.char_indices() {
        if letter == '"' && before != '\\' && before != '\'' {
            in_text = !in_text;
        }
        if !in_text && before != ':' && line[at..].starts_with(mark) {
            return Some(&line[at + mark.len()..]);
        }
        before = letter;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str, mark: &str) -> Vec<(usize, String)> {
        comments(source, mark).into_iter().map(|it| (it.line, it.text)).collect()
    }

    #[test]
    fn lines_of_a_comment_are_one_and_a_comment_behind_code_is_its_own() {
        let source = "//! One (design\n//! 3.12).\nuse a; // two\n// three\nlet url = \"http://x\";\n";
        let expected = [(1, "One (design 3.12)."), (3, "two"), (4, "three")];
        assert_eq!(texts(source, "//"), expected.map(|(line, text)| (line, text.to_owned())));
    }

    #[test]
    fn texts_are_no_comments() {
        assert_eq!(texts("let a = \"b // c\"; let d = '\"'; // e", "//"), [(1, "e".to_owned())]);
        assert_eq!(texts("a: 1 # b\n# c\n# d", "#"), [(1, "b".to_owned()), (2, "c d".to_owned())]);
    }
}
