//! The guard against mass removals (design 3.12). It applies to orphans: records with our owner mark whose object is
//! gone. It never applies to records that have an object, or to an integration that is being deleted.

use std::fmt::Display;

use jiff::Timestamp;

use crate::identity::RecordId;
use crate::model::Hasher;

/// The number of guarded removals in an hour that need no release: the larger of the two counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `deletionGuard.maxDeletions`.
    pub max_deletions: u32,
    /// `deletionGuard.maxPercent` of the living records.
    pub max_percent: u8,
}

impl Default for Limits {
    /// Ten, or five percent: a few orphans are removed without a release, those of a whole building are not.
    fn default() -> Self {
        Self { max_deletions: 10, max_percent: 5 }
    }
}

/// A removal that the guard judges; `Id` names the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<Id = RecordId> {
    /// The record.
    pub id: Id,
    /// The time after which the record opens nothing; `None` if its access has no end.
    pub until: Option<Timestamp>,
}

/// The input of the guard beside the candidates.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// The limits of the integration.
    pub limits: Limits,
    /// The number of our living records, candidates included.
    pub living: usize,
    /// The number of guarded removals in the last hour.
    pub recent: usize,
    /// The hash that the release annotation names.
    pub released: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
}

/// The removals that are allowed, and those that are held until a person releases them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<Id = RecordId> {
    /// Records that may be removed.
    pub allowed: Vec<Id>,
    /// Records whose removal is held, sorted.
    pub held: Vec<Id>,
    /// Identifies the held set; `None` if nothing is held.
    pub hash: Option<String>,
}

impl<Id> Default for Verdict<Id> {
    fn default() -> Self {
        Self { allowed: Vec::new(), held: Vec::new(), hash: None }
    }
}

/// Judges the candidates. An orphan whose window has not ended is always held: a person may still have a right to enter
/// with it. The others are all held if there are more than the limits allow.
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
