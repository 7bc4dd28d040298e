//! HTML: escaping, and tables that become cards on a narrow screen.

/// Text safe between tags and in quoted attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A label next to a name; `tone` is `good`, `bad`, `quiet` or empty.
pub fn badge(tone: &str, text: &str) -> String {
    format!("<span class=\"badge {tone}\">{}</span>", escape(text))
}

/// All pieces one after the other.
pub fn concat(pieces: impl Iterator<Item = String>) -> String {
    pieces.collect::<Vec<_>>().concat()
}

/// A table with cells that are HTML already.
pub fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return "<p class=quiet>None.</p>".to_owned();
    }
    let head = concat(heads.iter().map(|h| format!("<th>{}</th>", escape(h))));
    let body = concat(rows.iter().map(|row| table_row(heads, row)));
    format!("<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
}

fn table_row(heads: &[&str], row: &[String]) -> String {
    let cell = |(head, cell): (&&str, &String)| format!("<td data-head=\"{}\">{cell}</td>", escape(head));
    format!("<tr>{}</tr>", concat(heads.iter().zip(row).map(cell)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_a_system_never_becomes_markup() {
        assert_eq!(escape("<a b='c'>&\""), "&lt;a b=&#39;c&#39;&gt;&amp;&quot;");
        assert!(badge("good", "<x>").contains("&lt;x&gt;"));
    }
}
