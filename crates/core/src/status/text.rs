/// The longest message of a condition, in characters: people read it in a terminal.
pub const MAX_MESSAGE_CHARS: usize = 1_024;
/// The longest note of an event, in bytes: the limit of the API server.
pub const MAX_NOTE_BYTES: usize = 1_024;

const CUT: char = '…';

/// A message for a condition: one line, no control characters, not too long. The same text always becomes the same
/// message, and a valid message stays unchanged.
///
/// The caller must leave out values that change with every reconcile, such as request ids, durations and counters.
pub fn normalise_message(text: &str) -> String {
    let mut clean = one_line(text);
    if let Some((end, _)) = clean.char_indices().nth(MAX_MESSAGE_CHARS) {
        let (last, _) = clean[..end].char_indices().next_back().unwrap_or_default();
        clean.truncate(last);
        clean.push(CUT);
    }
    clean
}

/// A note for an event: like a message, but limited in bytes.
pub fn note(text: &str) -> String {
    let mut clean = one_line(text);
    if clean.len() > MAX_NOTE_BYTES {
        clean.truncate(clean.floor_char_boundary(MAX_NOTE_BYTES - CUT.len_utf8()));
        clean.push(CUT);
    }
    clean
}

/// Runs of white space and control characters become one blank. Characters that only change the direction of writing are
/// removed, since they could change the appearance of a message.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let visible = text.chars().filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    let mut blank = false;
    for c in visible {
        if c.is_whitespace() || c.is_control() {
            blank = true;
            continue;
        }
        if blank && !line.is_empty() {
            line.push(' ');
        }
        blank = false;
        line.push(c);
    }
    line
}
