//! Gathers the inputs of a Visitor's status from its row, its failures and the engines. The sentences are made in
//! [`super::status_compute`].

use vestibule_core::adapt::check_window;
use vestibule_core::identity::{ObjectId, RecordId};
use vestibule_core::model::{Fields, Mode, ObjectKey};
use vestibule_core::plan::{Change, DesiredState, ExistingRecord, Withheld};
use vestibule_core::schedule::Visit;
use vestibule_core::status::{Verdict, conditions};

use super::Visitors;
use super::desired_state::{placement_target, record_in};
use super::outlook::{Outlook, OutlookInput, Saying, outlook};
use super::plan::{self, Phase};
use super::replan::closes;
use super::row_state::{Placement, PlacementState, PlacementTarget, RowState, StatusCoverage};
use super::status_compute::{self, verdict};
use super::validate::{Object, Said, known_ids, validate};
use super::withheld;
use crate::api::Record;
use crate::engine::{ConnectionState, Engine};
use crate::reconcile::references::{References, TenantFacts};

/// The input of a Visitor's status: its row, its references, and the status before.
pub(super) struct StatusInput<'a> {
    pub(super) object_id: ObjectId,
    pub(super) namespace: &'a str,
    pub(super) generation: i64,
    /// Whether our finalizer is set, so that an earlier process may have created records.
    pub(super) is_ours: bool,
    pub(super) row_state: &'a RowState,
    pub(super) references: &'a References,
    pub(super) previous: &'a Said,
}

impl Visitors {
    pub(super) fn phase(&self, row_state: &RowState, references: &References) -> Phase {
        match row_state.visit {
            Some(visit) => plan::phase(visit, references.tenant(row_state.tenant), self.clock.now()).0,
            None => Phase::Refused(String::new()),
        }
    }

    /// The phase, with the sentence of a spec that is not valid. The sentence needs the whole object.
    pub(super) fn phase_of(&self, object: &Object, row_state: &RowState, references: &References) -> Phase {
        match validate(object) {
            Ok(_) => self.phase(row_state, references),
            Err(sentence) => Phase::Refused(sentence),
        }
    }

    /// The new status; `None` if there is nothing new to report and the status stays as it is.
    pub(super) fn said(&self, input: &StatusInput<'_>, phase: &Phase) -> Option<Said> {
        if lacks_witness(input, phase) {
            return None;
        }
        let (now, tenant) = (self.clock.now(), input.references.tenant(input.row_state.tenant));
        let visit = input.row_state.visit.filter(|_| *phase == Phase::Over);
        let more_days = visit.is_some_and(|visit| plan::has_more_days(visit, tenant, now));
        let failure = self.trouble_of(input.object_id, input.row_state);
        let states = states_of(input, phase);
        let outlook = outlook_of(input.row_state, input.references);
        let seen = OutlookInput { states: &states, failure: failure.as_ref(), holds: holds(input) };
        let verdict = match outlook.says(phase, more_days, &seen) {
            Saying::Verdict(verdict) => withheld::not_in_sync(verdict, &states),
            Saying::Nothing => return None,
            Saying::ByRecords if input.row_state.flags.has_lapsed() && is_over(phase, &states) => {
                Verdict::lapsed(
                    "the visit is over; it was refused, or had stopped until a person acts, when it ended",
                )
            }
            Saying::ByRecords => verdict(phase, &states, failure.as_ref(), false)?,
        };
        let verdict = match status_compute::differing(differing_of(input)) {
            Some(sentence) => verdict.detailed(conditions::OBSERVE_ONLY, &sentence),
            None => verdict,
        };
        Some(self.settled(input, &verdict))
    }

    /// As [`Self::said`], but work that takes long is reported as waiting: for a new generation always, for another one
    /// if its system is not connected.
    pub(super) fn status_of_waiting(
        &self,
        input: &StatusInput<'_>,
        phase: &Phase,
        object: &Object,
    ) -> Option<Said> {
        self.said(input, phase).or_else(|| {
            let new = input.previous.status.observed_generation != input.generation;
            let is_late = new || has_outdated_record(input.object_id, input.references);
            let outlook = outlook_of(input.row_state, input.references);
            let states = states_of(input, phase);
            let ahead = *phase == Phase::Scheduled && !states.iter().any(|state| state.may_hold());
            let verdict = if lacks_witness(input, phase) {
                new.then(|| Verdict::progressing(SECOND_LIST))?
            } else if let Some(integration) = self.waits_for(input, phase, object) {
                Verdict::dependency_not_ready(format!(
                    "waits for AccessIntegration {integration}, which is not connected: see its status"
                ))
            } else if ahead {
                Verdict::dependency_not_ready(outlook.awaited().filter(|_| new)?)
            } else {
                verdict(phase, &states, None, is_late)?
            };
            Some(self.settled(input, &verdict))
        })
    }

    pub(super) fn settled(&self, input: &StatusInput<'_>, verdict: &Verdict) -> Said {
        let StatusInput { object_id, references, previous, .. } = *input;
        let here = references.engines.iter().filter(|(key, _)| key.namespace == input.namespace);
        let existing = here.filter_map(|(key, engine)| {
            let placement = references.indexes.get(key).and_then(|index| input.row_state.placement(*index));
            let one = named_record(&engine.existing(object_id)?, placement)?;
            Some(Record { integration: key.name.clone(), external_id: engine.external_id(&one) })
        });
        // The records in a system that has not synced or is not connected are unknown: those in the status stay. So
        // does a record that only one listing lacks.
        let unknown = |record: &&Record| {
            let key = ObjectKey::new(input.namespace, &record.integration);
            match references.engines.get(&key) {
                Some(engine) => engine.existing(object_id).is_none() || !is_gone(record, object_id, engine),
                None => references.integrations.contains_key(&key),
            }
        };
        let stays = previous.records.iter().filter(unknown).cloned();
        let records = status_compute::records(existing.chain(stays).collect());
        let now = self.clock.now();
        let last_handled_sync_at = previous.last_handled_sync_at.clone();
        Said {
            status: verdict.settle(&previous.status, input.generation, now),
            records,
            last_handled_sync_at,
        }
    }

    /// Requests a second witness for each record that the status names and only one listing lacks. Returns whether
    /// there is such a record.
    pub(super) fn ask_for_witnesses(input: &StatusInput<'_>) -> bool {
        let lacking = input.previous.records.iter().filter_map(|record| {
            let engine =
                input.references.engines.get(&ObjectKey::new(input.namespace, &record.integration))?;
            let existing = engine.existing(input.object_id)?;
            (existing.is_empty() && !is_gone(record, input.object_id, engine)).then_some(engine)
        });
        lacking.inspect(|engine| engine.request_witness()).count() > 0
    }

    /// The integration that has work for a Visitor, according to its status, and is not connected.
    fn waits_for<'a>(&self, input: &StatusInput<'a>, phase: &Phase, object: &Object) -> Option<&'a str> {
        let differs = |key: &ObjectKey, placement: &Placement| {
            let desired = match placement.target {
                PlacementTarget::Unplanned => self.wanted_by(object, phase, input.references, key),
                desired => desired,
            };
            !desired.is_named_by(&known_ids(object, &key.name))
        };
        let mut waiting = disconnected(input.row_state, input.references);
        waiting.find(|(key, placement)| differs(key, placement)).map(|(key, _)| key.name.as_str())
    }

    /// The target of an object in an integration.
    fn wanted_by(
        &self,
        object: &Object,
        phase: &Phase,
        references: &References,
        integration: &ObjectKey,
    ) -> PlacementTarget {
        match record_in(integration, object, references, self.clock.now()) {
            Some(desired) => placement_target(&desired.unwrap_or_else(DesiredState::from)),
            None if closes(phase, references, integration) => PlacementTarget::Nothing,
            None => PlacementTarget::Keep,
        }
    }
}

/// The message while a second list is awaited.
const SECOND_LIST: &str =
    "a second list of the system is awaited: an earlier process may have left a record that the first lacks";

/// Whether an earlier process may have created a record of the Visitor that no list has shown yet. Only the second list
/// makes a status certain. A system that is down may take long: meanwhile only a status that reports no record waits.
fn lacks_witness(input: &StatusInput<'_>, phase: &Phase) -> bool {
    let tenant = input.references.tenant(input.row_state.tenant).filter(|_| input.is_ours);
    let is_new = input.row_state.status_coverage == StatusCoverage::Nothing;
    let says_absent = is_new && matches!(phase, Phase::Scheduled | Phase::Expired | Phase::Over);
    tenant.into_iter().flat_map(|tenant| &tenant.access).any(|access| {
        let engine = &access.integration.engine;
        let is_soon_known = matches!(
            engine.state().borrow().condition,
            ConnectionState::Connected | ConnectionState::Unchecked
        );
        (says_absent || is_soon_known)
            && (engine.existing(input.object_id).is_none() || engine.lacks_witness(input.object_id))
    })
}

/// Whether a record that a status names is proven not to live. An id that is not ours names no record that could be
/// read.
fn is_gone(record: &Record, object_id: ObjectId, engine: &Engine) -> bool {
    let id = record.external_id.parse::<RecordId>().ok().filter(|id| id.object_id == object_id);
    id.is_none_or(|id| engine.is_gone(&id))
}

/// What is known of the visitor in each integration. A record that the mode keeps counts as long as it may open doors.
fn states_of(input: &StatusInput<'_>, phase: &Phase) -> Vec<PlacementState> {
    let placements = input.row_state.placements.iter();
    placements
        .map(|placement| {
            match placement.state {
                // During the visit, mode Observe reports every difference.
                PlacementState::Withheld(Withheld::Mode(Mode::Observe), _) if *phase == Phase::Today => None,
                PlacementState::Withheld(Withheld::Mode(_), Change::Remove) => {
                    state_without_closed(input, placement)
                }
                _ => None,
            }
            .unwrap_or(placement.state)
        })
        .collect()
}

/// The state of a placement apart from the records that the mode keeps; `None` if one of these may open doors.
fn state_without_closed(input: &StatusInput<'_>, placement: &Placement) -> Option<PlacementState> {
    let (key, _) = input.references.indexes.iter().find(|(_, index)| **index == placement.integration)?;
    let engine = input.references.engines.get(key)?;
    let existing = engine.existing(input.object_id)?;
    let wanted = |one: &&ExistingRecord| {
        placement.target == PlacementTarget::Content(one.id.content) && one.id.holds(one.fingerprint)
    };
    let wanted = existing.iter().find(wanted).map(|one| one.id);
    if engine.may_open_beside(input.object_id, wanted) {
        return None;
    }
    match placement.target {
        PlacementTarget::Content(_) => {
            wanted.map(|_| PlacementState::present(engine.altered(input.object_id)))
        }
        PlacementTarget::Ended if !existing.is_empty() => Some(PlacementState::Present),
        PlacementTarget::Ended | PlacementTarget::Nothing => Some(PlacementState::Absent),
        PlacementTarget::Keep | PlacementTarget::AtMost | PlacementTarget::Unplanned => None,
    }
}

/// The fields in which a record differs that mode Observe leaves unchanged.
fn differing_of(input: &StatusInput<'_>) -> Fields {
    let observed = |placement: &&Placement| {
        matches!(placement.state, PlacementState::Withheld(Withheld::Mode(Mode::Observe), _))
    };
    let here = |placement: &Placement| {
        input.references.indexes.iter().find(|(_, index)| **index == placement.integration)
    };
    let engines = input.row_state.placements.iter().filter(observed).filter_map(here);
    let engines = engines.filter_map(|(key, _)| input.references.engines.get(key));
    engines.flat_map(|engine| engine.differing(input.object_id).iter().collect::<Vec<_>>()).collect()
}

/// Whether the visit is over and no system holds a record of it.
fn is_over(phase: &Phase, placements: &[PlacementState]) -> bool {
    matches!(phase, Phase::Expired | Phase::Over) && !placements.iter().any(|state| state.may_hold())
}

fn outlook_of(row_state: &RowState, references: &References) -> Outlook {
    let Some(tenant) = references.tenant(row_state.tenant) else { return Outlook::Clear };
    match outlook(row_state.person, &tenant.declared) {
        Outlook::Refused(sentence) => Outlook::Refused(sentence),
        found => repeated_hour(row_state, tenant).map_or(found, Outlook::Refused),
    }
}

/// Why a visit of one day can be let in at no time: the clock of a system shows all of its hours twice. One of several days
/// has others.
fn repeated_hour(row_state: &RowState, tenant: &TenantFacts) -> Option<String> {
    let visit = row_state.visit.map(Visit::from).filter(|visit| visit.days() == 1)?;
    let window = visit.window_on(visit.first_day(), &tenant.property.as_ref()?.zone)?;
    let systems = tenant.declared.grants.iter().filter_map(|grant| grant.capabilities.as_deref());
    systems.filter_map(|to| check_window(window, to).err()).map(|refusal| refusal.to_string()).next()
}

/// Whether a system is known to hold a record of the visitor.
fn holds(input: &StatusInput<'_>) -> bool {
    let here = input.references.engines.iter().filter(|(key, _)| key.namespace == input.namespace);
    here.into_iter()
        .any(|(_, engine)| engine.existing(input.object_id).is_some_and(|existing| !existing.is_empty()))
}

/// The record that a status names: the desired one, even if there is a former one beside it that the system does not
/// remove.
fn named_record(existing: &[ExistingRecord], placement: Option<&Placement>) -> Option<RecordId> {
    let wanted = |one: &&ExistingRecord| {
        placement.is_some_and(|placement| placement.target == PlacementTarget::Content(one.id.content))
    };
    existing.iter().find(wanted).or_else(|| existing.first()).map(|one| one.id)
}

/// Whether a record of the visitor is to be compared again, because a setting of an integration has changed.
pub(super) fn has_outdated_record(object_id: ObjectId, references: &References) -> bool {
    references.engines.values().any(|engine| engine.is_outdated(object_id))
}

/// The placements that wait for an integration that is not connected.
pub(super) fn disconnected<'a>(
    row_state: &'a RowState,
    references: &'a References,
) -> impl Iterator<Item = (&'a ObjectKey, &'a Placement)> {
    let down = |engine: &Engine| engine.state().borrow().condition != ConnectionState::Connected;
    references.engines.iter().filter(move |(_, engine)| down(engine)).filter_map(|(key, _)| {
        let placement = row_state.placement(*references.indexes.get(key)?)?;
        (placement.state == PlacementState::Waiting).then_some((key, placement))
    })
}
