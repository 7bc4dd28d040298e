//! Records with our mark that nobody declares: what may go is removed after a full sync, what may not is held (design
//! 3.12).

use jiff::SignedDuration;
use vestibule_core::diff::Step;
use vestibule_core::guard::{self, Candidate, Judgement, Verdict};
use vestibule_core::identity::RecordId;
use vestibule_core::plan::Held;

use super::call::Stop;
use super::state::HeldBack;
use super::{Class, Engine};
use crate::system::{self, Applied};

impl Engine {
    /// Records of ours whose object nobody knows. The guard decides; what may go is asked for once more on both sides.
    pub(super) async fn judge_orphans(&self) -> Result<(), Stop> {
        self.inner.lock().judge_due = false;
        let judged = self.judge_now().await;
        if judged.is_err() {
            self.inner.lock().judge_due = true;
        }
        judged
    }

    async fn judge_now(&self) -> Result<(), Stop> {
        let judges = {
            let inner = self.inner.lock();
            !inner.draining && !inner.blocked
        };
        // Before all objects are known there are no orphans; once they are, somebody asks again.
        if !judges || !self.source.is_complete() {
            return Ok(());
        }
        self.forget_missing_orphans().await?;
        let verdict = self.verdict();
        let removes = self.settings.read().mode.removes();
        // Where nothing is removed nothing is held either: no release would let it go.
        let held = verdict.hash.filter(|_| removes);
        let held = held.map(|hash| HeldBack { hash, count: verdict.held.len() });
        self.metrics.safety.deletions_held(&self.label, held.as_ref().map_or(0, |held| held.count));
        self.publish(|state| state.held = held);
        if removes {
            self.remove_orphans(verdict.allowed).await?;
        }
        Ok(())
    }

    /// One that cannot be removed keeps neither the others nor the sync; it is tried again at the next.
    async fn remove_orphans(&self, orphans: Vec<RecordId>) -> Result<(), Stop> {
        use system::Class::{Dependency, Terminal};
        for id in orphans {
            match self.remove_orphan(id).await {
                Err(Stop::System(error)) if matches!(error.class, Terminal | Dependency) => {
                    tracing::warn!(integration = %self.label, %id, %error, "a record without an object stays");
                }
                Err(Stop::Source(error)) => {
                    tracing::debug!(integration = %self.label, %id, %error, "not known whether its object is gone");
                }
                result => result?,
            }
        }
        Ok(())
    }

    /// Records that nobody declares, in no order.
    fn orphans(&self) -> Vec<Held> {
        // The rows are asked without our lock: they ask us under theirs.
        let mut records: Vec<_> = self.inner.lock().snapshot.iter().collect();
        records.retain(|one| !self.source.knows(one.id.slot));
        records
    }

    /// Nobody's turn asks for what the list lacks and nobody declares.
    async fn forget_missing_orphans(&self) -> Result<(), Stop> {
        let mut orphans = self.orphans();
        {
            let inner = self.inner.lock();
            orphans.retain(|one| inner.snapshot.is_missing(&one.id));
        }
        for one in orphans {
            if let Some(record) = self.read(one.id, Class::Drift).await? {
                let until = record.facts.window.map(|window| window.until);
                self.inner.lock().snapshot.stands(&one.id, record.facts.fingerprint(), until);
            } else {
                self.inner.lock().snapshot.removed(&one.id);
            }
        }
        Ok(())
    }

    fn verdict(&self) -> Verdict {
        let now = self.clock.now();
        let mut settings = self.settings.read().clone();
        settings.released = settings.released.filter(|_| settings.mode.removes());
        let orphans = self.orphans();
        let mut inner = self.inner.lock();
        // What was released and is still there goes on; the others are judged alone.
        let (going, orphans): (Vec<_>, Vec<_>) =
            orphans.into_iter().partition(|one| inner.released.contains(&one.id));
        inner.released = going.iter().map(|one| one.id).collect();
        let orphans: Vec<_> =
            orphans.into_iter().map(|one| Candidate { id: one.id, until: one.until }).collect();
        while inner.guarded.front().is_some_and(|at| now.duration_since(*at) > SignedDuration::from_hours(1))
        {
            inner.guarded.pop_front();
        }
        let case = Judgement {
            limits: settings.limits,
            living: inner.snapshot.len(),
            recent: inner.guarded.len(),
            released: settings.released.as_deref(),
            now,
        };
        let unreleased = guard::judge(&orphans, Judgement { released: None, ..case });
        let mut verdict = guard::judge(&orphans, case);
        let used = unreleased.hash.is_some() && verdict.hash.is_none();
        if used {
            inner.released.extend(unreleased.held);
        }
        drop(inner);
        verdict.allowed.extend(going.iter().map(|one| one.id));
        if used {
            self.publish(|state| state.used_release = settings.released);
        }
        verdict
    }

    /// Both witnesses: the record says whose it is, and the API server says that this object does not exist.
    async fn is_orphan(&self, id: RecordId) -> Result<bool, Stop> {
        let Some(record) = self.read(id, Class::Drift).await? else {
            self.inner.lock().snapshot.removed(&id);
            return Ok(false);
        };
        let Some(mark) = record.mark else { return Ok(false) };
        Ok(self.source.is_gone(&mark.object).await?)
    }

    async fn remove_orphan(&self, id: RecordId) -> Result<(), Stop> {
        if !self.is_orphan(id).await? {
            return Ok(());
        }
        let applied = self.write(Class::Drift, &Step::Remove(id)).await?;
        let mut inner = self.inner.lock();
        inner.snapshot.removed(&id);
        if applied == Applied::Done {
            let begun = inner.listings;
            inner.unconfirmed.insert(id, begun);
        }
        inner.guarded.push_back(self.clock.now());
        tracing::info!(integration = %self.label, %id, "a record without an object was removed");
        Ok(())
    }
}
