//! Bounds in the hour that a clock shows twice. A protocol with wall-clock times cannot distinguish the two.

use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, Timestamp};

use super::{Window, Zone};

/// The limit for clock changes that follow each other so closely that one fold ends in the next. No zone has two.
const MOST_FOLDS: usize = 4;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A time that the clock shows twice.
struct Fold {
    /// When the clock is put back.
    jump: Timestamp,
    /// The duration of the jump.
    by: SignedDuration,
}

impl Zone {
    /// The window with bounds that this zone's clock shows only once. A start in the repeated hour moves to the end of that
    /// hour, and an end in it to the last minute before it. The result is never longer than the window, and may be empty.
    #[must_use]
    pub fn without_ambiguous_bounds(&self, window: Window) -> Window {
        Window { from: self.unambiguous_start(window.from), until: self.unambiguous_end(window.until) }
    }

    fn unambiguous_start(&self, at: Timestamp) -> Timestamp {
        let after = |fold: Fold| fold.jump.checked_add(fold.by).ok();
        self.moved(at, after)
    }

    fn unambiguous_end(&self, at: Timestamp) -> Timestamp {
        let before = |fold: Fold| fold.jump.checked_sub(fold.by).ok()?.checked_sub(MINUTE).ok();
        self.moved(at, before)
    }

    fn moved(&self, mut at: Timestamp, out_of: impl Fn(Fold) -> Option<Timestamp>) -> Timestamp {
        for _ in 0..MOST_FOLDS {
            let Some(moved) = self.fold_at(at).and_then(&out_of) else { break };
            at = moved;
        }
        at
    }

    /// The fold in which the wall clock at an instant lies.
    fn fold_at(&self, at: Timestamp) -> Option<Fold> {
        let wall = self.wall_clock(at);
        let AmbiguousOffset::Fold { before, after } = self.offset_of(wall) else { return None };
        let first = before.to_timestamp(wall).ok()?;
        let jump = self.jump_to(first, after)?;
        Some(Fold { jump, by: before.duration_since(after) })
    }
}
