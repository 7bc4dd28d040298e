//! What to do about a lease. The decision is pure, so that every case is a row of a table.
//!
//! | the lease | this replica | does |
//! |---|---|---|
//! | does not exist | holds a claim that has not expired | create |
//! | does not exist | saw another's claim that may not have expired | wait for its end |
//! | does not exist | saw another's claim expire | create |
//! | does not exist | never saw its holder | create, and wait for the duration of a claim |
//! | has no holder | | take |
//! | names this replica | | renew |
//! | names another replica | saw it unchanged for the duration of the claim | take |
//! | names another replica | did not | wait |

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::coordination::v1::Lease;

/// The fields of a Lease that decide anything. Its timestamps are not read: they come from another machine's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Changes with every write.
    pub(super) version: String,
    /// The holder; an empty name means that there is none.
    pub(super) holder: Option<String>,
    /// How long a claim lasts, as its holder wrote it.
    pub(super) lasts: SignedDuration,
}

impl Record {
    /// Reads the object. `lasts` is used if the object names no duration.
    pub(super) fn of(lease: &Lease, lasts: SignedDuration) -> Self {
        let spec = lease.spec.as_ref();
        let seconds = spec.and_then(|spec| spec.lease_duration_seconds);
        Self {
            version: lease.metadata.resource_version.clone().unwrap_or_default(),
            holder: spec.and_then(|spec| spec.holder_identity.clone()).filter(|name| !name.is_empty()),
            lasts: seconds.map_or(lasts, |seconds| SignedDuration::from_secs(seconds.max(0).into())),
        }
    }
}

/// Another replica's claim, measured on this replica's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rival {
    version: String,
    ends: Timestamp,
}

impl Rival {
    /// Takes a read into account. `now` is the time *after* the answer came: the claim may have been renewed at any
    /// moment before. If the Lease is deleted, its last holder may still believe in its claim, so the rival stays.
    pub(super) fn watch(
        before: Option<Self>,
        seen: Option<&Record>,
        me: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let Some(record) = seen else { return before };
        match &record.holder {
            Some(holder) if holder != me => Some(match before {
                Some(rival) if rival.version == record.version => rival,
                _ => Self {
                    version: record.version.clone(),
                    ends: now.checked_add(record.lasts).unwrap_or(Timestamp::MAX),
                },
            }),
            _ => None,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// There is no Lease: create it with this replica as holder.
    Create,
    /// The same, but a former holder may still believe in its claim: write nothing else before such a claim is over.
    CreateAndWait,
    /// The Lease has no holder, or the holder's claim has expired: become its holder.
    Take,
    /// This replica holds the Lease: renew it.
    Renew,
    /// Another replica's claim may not have expired. It expires at `until`, unless the Lease changes.
    Wait { until: Timestamp },
}

/// Decides on the last read. [`Rival::watch`] has taken the same read into account; `leads` says whether this replica
/// holds a claim that has not expired.
pub(super) fn decide(
    seen: Option<&Record>,
    rival: Option<&Rival>,
    leads: bool,
    me: &str,
    now: Timestamp,
) -> Action {
    let running = rival.map(|rival| rival.ends).filter(|ends| now < *ends);
    match (seen, running) {
        (Some(record), _) if record.holder.as_deref() == Some(me) => Action::Renew,
        (_, Some(until)) => Action::Wait { until },
        (Some(_), None) => Action::Take,
        (None, None) if leads || rival.is_some() => Action::Create,
        (None, None) => Action::CreateAndWait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: &str = "me";

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn record(version: &str, holder: Option<&str>) -> Record {
        Record {
            version: version.into(),
            holder: holder.map(Into::into),
            lasts: SignedDuration::from_secs(30),
        }
    }

    /// Reads these records at these seconds, one after the other, and decides on the last.
    fn after(looks: &[(i64, Option<Record>)]) -> Action {
        last_of(looks, false)
    }

    fn last_of(looks: &[(i64, Option<Record>)], leads: bool) -> Action {
        let mut rival = None;
        let mut action = None;
        for (second, seen) in looks {
            rival = Rival::watch(rival, seen.as_ref(), ME, at(*second));
            action = Some(decide(seen.as_ref(), rival.as_ref(), leads, ME, at(*second)));
        }
        action.expect("at least one look")
    }

    #[test]
    fn every_row_of_the_table_decides_as_written() {
        let other = || Some(record("1", Some("other")));
        let wait = |second| Action::Wait { until: at(second) };
        let table = [
            ("no lease", vec![(0, None)], Action::CreateAndWait),
            (
                "no lease any more after one without a holder",
                vec![(0, Some(record("1", None))), (2, None)],
                Action::CreateAndWait,
            ),
            ("no holder", vec![(0, Some(record("1", None)))], Action::Take),
            ("ours", vec![(0, Some(record("1", Some(ME))))], Action::Renew),
            ("another's at first sight", vec![(0, other())], wait(30)),
            ("another's, unchanged for a while", vec![(0, other()), (29, other())], wait(30)),
            ("another's, unchanged for its duration", vec![(0, other()), (30, other())], Action::Take),
            (
                "another's, renewed at the last moment",
                vec![(0, other()), (29, Some(record("2", Some("other"))))],
                wait(59),
            ),
            ("another's, deleted", vec![(0, other()), (10, None)], wait(30)),
            ("another's, deleted long ago", vec![(0, other()), (30, None)], Action::Create),
            ("another's, given back", vec![(0, other()), (1, Some(record("2", None)))], Action::Take),
            (
                "another's, then a third's",
                vec![
                    (0, other()),
                    (29, Some(record("2", Some("third")))),
                    (58, Some(record("2", Some("third")))),
                ],
                wait(59),
            ),
        ];
        for (case, looks, expected) in table {
            assert_eq!(after(&looks), expected, "{case}");
        }
    }

    #[test]
    fn a_leader_whose_lease_was_deleted_recreates_it_and_continues() {
        assert_eq!(last_of(&[(0, Some(record("1", Some(ME)))), (10, None)], true), Action::Create);
        assert_eq!(
            last_of(&[(0, Some(record("1", Some("other")))), (10, None)], true),
            Action::Wait { until: at(30) }
        );
    }

    #[test]
    fn the_duration_of_a_claim_is_the_one_its_holder_wrote() {
        let mut longer = record("1", Some("other"));
        longer.lasts = SignedDuration::from_secs(120);
        let looks = [(0, Some(longer.clone())), (119, Some(longer))];
        assert_eq!(after(&looks), Action::Wait { until: at(120) });
    }

    #[test]
    fn an_empty_holder_name_means_that_there_is_no_holder() {
        let lease: Lease = serde_json::from_value(serde_json::json!({
            "metadata": { "resourceVersion": "7" },
            "spec": { "holderIdentity": "", "leaseDurationSeconds": 15, "renewTime": "2099-01-01T00:00:00.000000Z" },
        }))
        .expect("a lease");
        let record = Record::of(&lease, SignedDuration::from_secs(30));
        assert_eq!((record.holder, record.lasts), (None, SignedDuration::from_secs(15)));
    }
}
