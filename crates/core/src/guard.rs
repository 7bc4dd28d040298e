//! The guard against mass removals (design 3.12). Guarded here are orphans: records with our mark whose object is
//! gone. Visitors that have an object, and anything whose integration is being deleted, never get here.

use std::fmt::Display;

use jiff::Timestamp;

use crate::identity::RecordId;
use crate::model::Hasher;

/// How many guarded removals an hour may go through unasked: the larger of the two counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `deletionGuard.maxDeletions`.
    pub max_deletions: u32,
    /// `deletionGuard.maxPercent` of the living.
    pub max_percent: u8,
}

impl Default for Limits {
    /// Ten, or five percent: a handful of leftovers goes by itself, a building's worth never.
    fn default() -> Self {
        Self { max_deletions: 10, max_percent: 5 }
    }
}

/// A removal that the guard judges; `Id` names the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<Id = RecordId> {
    /// The record.
    pub id: Id,
    /// When it stops opening; `None` if it never does.
    pub until: Option<Timestamp>,
}

/// What is known beside the candidates.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// The limits of the integration.
    pub limits: Limits,
    /// Living records of ours, the candidates among them.
    pub living: usize,
    /// Guarded removals done within the last hour.
    pub recent: usize,
    /// The hash that the release annotation names.
    pub released: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
}

/// What may go, and what is held until somebody releases it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<Id = RecordId> {
    /// May be removed.
    pub allowed: Vec<Id>,
    /// Held, sorted.
    pub held: Vec<Id>,
    /// Names the held set; `None` if nothing is held.
    pub hash: Option<String>,
}

impl<Id> Default for Verdict<Id> {
    fn default() -> Self {
        Self { allowed: Vec::new(), held: Vec::new(), hash: None }
    }
}

/// Judges the candidates. An orphan whose window has not ended is always held: somebody may stand at that door by
/// right. The others are held together if there are more than the limits allow.
pub fn judge<Id>(candidates: &[Candidate<Id>], case: Judgement<'_>) -> Verdict<Id>
where
    Id: Clone + Ord + Display,
{
    let (ended, open): (Vec<_>, Vec<_>) =
        candidates.iter().partition(|one| one.until.is_some_and(|until| until <= case.now));
    let percent = case.living.saturating_mul(usize::from(case.limits.max_percent)) / 100;
    let limit = percent.max(case.limits.max_deletions as usize);
    let many = ended.len().saturating_add(case.recent) > limit;
    let ids = |list: Vec<&Candidate<Id>>| list.into_iter().map(|one| one.id.clone()).collect::<Vec<_>>();
    let (mut allowed, mut held) =
        if many { (Vec::new(), ids(candidates.iter().collect())) } else { (ids(ended), ids(open)) };
    held.sort();
    let hash = (!held.is_empty()).then(|| hash_of(&held));
    if hash.is_some() && hash.as_deref() == case.released {
        allowed.append(&mut held);
    }
    allowed.sort();
    let hash = hash.filter(|_| !held.is_empty());
    Verdict { allowed, held, hash }
}

fn hash_of<Id: Display>(ids: &[Id]) -> String {
    let mut hash = Hasher::new("held");
    for id in ids {
        hash.text(&id.to_string());
    }
    format!("{:012x}", hash.finish() >> 16)
}
