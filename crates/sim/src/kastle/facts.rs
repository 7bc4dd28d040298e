//! Every fact of kastle.md that the simulator holds, its mark, and the test that holds it; docs are made from it.

/// One fact.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// Section of kastle.md.
    pub section: &'static str,
    /// What it says.
    pub says: &'static str,
    /// `confirmed`, `inferred` or `unknown` (a switch).
    pub mark: &'static str,
    /// The test; empty: none.
    pub test: &'static str,
}

/// All of them.
pub const FACTS: &[Fact] = &[];

/// The table of facts in Markdown.
pub fn table() -> String {
    let row = |fact: &Fact| {
        let test = if fact.test.is_empty() { "none".to_owned() } else { format!("`{}`", fact.test) };
        format!("| {} | {} | {} | {test} |\n", fact.section, fact.says, fact.mark)
    };
    let head = "| section | fact | mark | test |\n| --- | --- | --- | --- |\n";
    head.to_owned() + &FACTS.iter().map(row).collect::<String>()
}
