//! "Did you mean": the known word that is most like a mistyped one.

/// The least likeness of two words, from 0 to 1: at most one mistake in three letters.
const ALIKE: f64 = 0.66;

/// The known word most like the wanted one, if one is like it. Upper and lower case are the same.
pub(super) fn nearest<'w>(wanted: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let wanted = wanted.to_lowercase();
    let likeness = |word: &str| strsim::normalized_damerau_levenshtein(&wanted, &word.to_lowercase());
    let all = known.into_iter().map(|word| (likeness(word), word));
    all.filter(|(alike, _)| *alike >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_word_finds_its_word_and_another_word_finds_none() {
        let known = ["history.end", "history.edge", "limits.rate", "on", "410"];
        for (wanted, meant) in [
            ("hisotry.end", Some("history.end")),
            ("history.edg", Some("history.edge")),
            ("Limits.Rate", Some("limits.rate")),
            ("limit.rate", Some("limits.rate")),
            ("ON", Some("on")),
            ("411", Some("410")),
            ("off", None),
            ("nonsense", None),
            ("", None),
        ] {
            assert_eq!(nearest(wanted, known), meant, "{wanted}");
        }
    }
}
