//! Counts with their nouns in messages.

/// A count with its noun, in the singular for one and in the plural for any other number: `1 record stays`, `2 records
/// stay`.
pub fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn a_count_of_one_takes_the_singular() {
        let all = [0, 1, 2].map(|count| counted(count, "removal is", "removals are"));
        assert_eq!(all, ["0 removals are", "1 removal is", "2 removals are"]);
    }
}
