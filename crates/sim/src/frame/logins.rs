//! The lines that list the logins of a seed.

/// The most lines of one kind; a seed may hold hundreds.
const SHOWN: usize = 3;

/// The first lines of a kind, each with the kind before it, and the number of the others.
pub fn lines(kind: &str, all: impl IntoIterator<Item = String>) -> Vec<String> {
    let all: Vec<String> = all.into_iter().collect();
    let more = all.len().saturating_sub(SHOWN);
    let mut lines: Vec<String> =
        all.iter().take(SHOWN).map(|line| one_line(&format!("{kind} {line}"))).collect();
    if more > 0 {
        lines.push(format!("{kind} ... and {more} more in the seed"));
    }
    lines
}

/// A seed may hold any text, and programs read these lines.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_are_listed_and_the_others_counted() {
        let named = |count: usize| (0..count).map(|n| format!("user-{n}"));
        assert_eq!(lines("login", named(0)), Vec::<String>::new());
        assert_eq!(lines("login", named(2)), ["login user-0", "login user-1"]);
        assert_eq!(lines("login", named(5))[2..], ["login user-2", "login ... and 2 more in the seed"]);
    }

    #[test]
    fn a_line_stays_one_line_whatever_the_seed_holds() {
        assert_eq!(
            lines("login", ["a\nready http://elsewhere".to_owned()]),
            ["login a ready http://elsewhere"]
        );
    }
}
