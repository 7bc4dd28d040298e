//! What the status of a visitor should say now: gathered from its row, its troubles and what the engines hold. The
//! sentences are made in [`super::status`].

use vestibule_core::adjust::check_window;
use vestibule_core::identity::{RecordId, Slot};
use vestibule_core::model::ObjectKey;
use vestibule_core::plan::{Held, Want};
use vestibule_core::schedule::Visit;
use vestibule_core::status::Verdict;

use super::Visitors;
use super::outlook::{Outlook, Saying, Seen, outlook};
use super::plan::{self, Standing};
use super::replan::closes;
use super::row::{Place, PlaceState, PlaceWant, Plan};
use super::source::{place_want, record_in};
use super::status::{self, verdict};
use super::validate::{Object, Said, known_ids, validate};
use crate::api::Record;
use crate::engine::{Condition, Engine};
use crate::reconcile::directory::{Directory, TenantFacts};

/// A visitor as its status is decided from: what its row knows, what it refers to, and what was told before.
pub(super) struct Look<'a> {
    pub(super) slot: Slot,
    pub(super) namespace: &'a str,
    pub(super) generation: i64,
    pub(super) plan: &'a Plan,
    pub(super) directory: &'a Directory,
    pub(super) previous: &'a Said,
}

impl Visitors {
    pub(super) fn standing(&self, plan: &Plan, directory: &Directory) -> Standing {
        match plan.visit {
            Some(visit) => plan::standing(visit, directory.tenant(plan.tenant), self.clock.now()).0,
            None => Standing::Refused(String::new()),
        }
    }

    /// The standing with the sentence of a spec that cannot be carried out, which needs the whole object.
    pub(super) fn standing_of(&self, object: &Object, plan: &Plan, directory: &Directory) -> Standing {
        match validate(object) {
            Ok(_) => self.standing(plan, directory),
            Err(sentence) => Standing::Refused(sentence),
        }
    }

    /// What there is to say; `None`: nothing yet, the status stays as it is.
    pub(super) fn said(&self, look: &Look<'_>, standing: &Standing) -> Option<Said> {
        let (now, tenant) = (self.clock.now(), look.directory.tenant(look.plan.tenant));
        let visit = look.plan.visit.filter(|_| *standing == Standing::Over);
        let more_days = visit.is_some_and(|visit| plan::has_more_days(visit, tenant, now));
        let trouble = self.trouble_of(look.slot, look.plan);
        let states: Vec<PlaceState> = look.plan.places.iter().map(|place| place.state).collect();
        let outlook = outlook_of(look.plan, look.directory);
        let seen = Seen { states: &states, trouble: trouble.as_ref(), holds: holds(look) };
        let verdict = match outlook.says(standing, more_days, &seen) {
            Saying::Verdict(verdict) => verdict,
            Saying::Nothing => return None,
            Saying::ByRecords if look.plan.flags.has_lapsed() && is_over(standing, &states) => {
                Verdict::lapsed(
                    "the visit is over; it was refused, or had stopped until a person acts, when it ended",
                )
            }
            Saying::ByRecords => verdict(standing, &states, trouble.as_ref(), false)?,
        };
        Some(self.settled(look, &verdict))
    }

    /// As [`Self::said`], but work that has taken this long is told as such: of a new generation always, of another if
    /// the system that should do it is not connected.
    pub(super) fn said_patiently(
        &self,
        look: &Look<'_>,
        standing: &Standing,
        object: &Object,
    ) -> Option<Said> {
        self.said(look, standing).or_else(|| {
            let new = look.previous.status.observed_generation != look.generation;
            let outlook = outlook_of(look.plan, look.directory);
            let states: Vec<PlaceState> = look.plan.places.iter().map(|place| place.state).collect();
            let ahead = *standing == Standing::Scheduled && !states.iter().any(|state| state.may_hold());
            let verdict = if let Some(integration) = self.waits_for(look, standing, object) {
                Verdict::dependency_not_ready(format!(
                    "waits for AccessIntegration {integration}, which is not connected: see its status"
                ))
            } else if ahead {
                Verdict::dependency_not_ready(outlook.awaited().filter(|_| new)?)
            } else {
                verdict(standing, &states, None, new)?
            };
            Some(self.settled(look, &verdict))
        })
    }

    pub(super) fn settled(&self, look: &Look<'_>, verdict: &Verdict) -> Said {
        let Look { slot, directory, previous, .. } = *look;
        let here = directory.engines.iter().filter(|(key, _)| key.namespace == look.namespace);
        let held = here.filter_map(|(key, engine)| {
            let place = directory.indexes.get(key).and_then(|index| look.plan.place(*index));
            let one = named_record(&engine.held(slot)?, place)?;
            Some(Record { integration: key.name.clone(), external_id: engine.external_id(&one) })
        });
        // What one holds that has not synced, or is not connected, is not known: what was said of it stays. So does what one
        // list alone lacks.
        let unknown = |record: &&Record| {
            let key = ObjectKey::new(look.namespace, &record.integration);
            match directory.engines.get(&key) {
                Some(engine) => engine.held(slot).is_none() || !is_gone(record, slot, engine),
                None => directory.integrations.contains_key(&key),
            }
        };
        let stays = previous.records.iter().filter(unknown).cloned();
        let records = status::records(held.chain(stays).collect());
        let now = self.clock.now();
        let last_handled_sync_at = previous.last_handled_sync_at.clone();
        Said { status: verdict.settle(&previous.status, look.generation, now), records, last_handled_sync_at }
    }

    /// Asks for a second witness of each record that the status names and one list alone lacks. Says whether there is one.
    pub(super) fn ask_for_witnesses(look: &Look<'_>) -> bool {
        let lacking = look.previous.records.iter().filter_map(|record| {
            let engine = look.directory.engines.get(&ObjectKey::new(look.namespace, &record.integration))?;
            let held = engine.held(look.slot)?;
            (held.is_empty() && !is_gone(record, look.slot, engine)).then_some(engine)
        });
        lacking.inspect(|engine| engine.request_witness()).count() > 0
    }

    /// The integration that has something to do for a visitor, as far as the status tells, and is not connected.
    fn waits_for<'a>(&self, look: &Look<'a>, standing: &Standing, object: &Object) -> Option<&'a str> {
        let differs = |key: &ObjectKey, place: &Place| {
            let want = match place.want {
                PlaceWant::Unplanned => self.wanted_by(object, standing, look.directory, key),
                want => want,
            };
            !want.is_named_by(&known_ids(object, &key.name))
        };
        let mut waiting = disconnected(look.plan, look.directory);
        waiting.find(|(key, place)| differs(key, place)).map(|(key, _)| key.name.as_str())
    }

    /// What an integration should hold of an object.
    fn wanted_by(
        &self,
        object: &Object,
        standing: &Standing,
        directory: &Directory,
        integration: &ObjectKey,
    ) -> PlaceWant {
        match record_in(integration, object, directory, self.clock.now()) {
            Some(want) => place_want(&want.unwrap_or_else(Want::from)),
            None if closes(standing, directory, integration) => PlaceWant::Nothing,
            None => PlaceWant::Keep,
        }
    }
}

/// Whether a record that a status names is proven not to live. What is no id of ours names nothing that could be asked for.
fn is_gone(record: &Record, slot: Slot, engine: &Engine) -> bool {
    let id = record.external_id.parse::<RecordId>().ok().filter(|id| id.slot == slot);
    id.is_none_or(|id| engine.is_gone(&id))
}

/// Whether the visit is over and nothing of it is left in a system.
fn is_over(standing: &Standing, places: &[PlaceState]) -> bool {
    matches!(standing, Standing::Expired | Standing::Over) && !places.iter().any(|state| state.may_hold())
}

fn outlook_of(plan: &Plan, directory: &Directory) -> Outlook {
    let Some(tenant) = directory.tenant(plan.tenant) else { return Outlook::Clear };
    match outlook(plan.person, &tenant.declared) {
        Outlook::Refused(sentence) => Outlook::Refused(sentence),
        found => repeated_hour(plan, tenant).map_or(found, Outlook::Refused),
    }
}

/// Why a visit of one day can be let in at no time: the clock of a system shows all of its hours twice. One of several days
/// has others.
fn repeated_hour(plan: &Plan, tenant: &TenantFacts) -> Option<String> {
    let visit = plan.visit.map(Visit::from).filter(|visit| visit.days() == 1)?;
    let window = visit.window_on(visit.first_day(), &tenant.property.as_ref()?.zone)?;
    let systems = tenant.declared.grants.iter().filter_map(|grant| grant.capabilities.as_deref());
    systems.filter_map(|to| check_window(window, to).err()).map(|refusal| refusal.to_string()).next()
}

/// Whether a system is known to hold a record of the visitor.
fn holds(look: &Look<'_>) -> bool {
    let here = look.directory.engines.iter().filter(|(key, _)| key.namespace == look.namespace);
    here.into_iter().any(|(_, engine)| engine.held(look.slot).is_some_and(|held| !held.is_empty()))
}

/// The record that a status names: the wanted one, where another one is left beside it that the system does not remove.
fn named_record(held: &[Held], place: Option<&Place>) -> Option<RecordId> {
    let wanted = |one: &&Held| place.is_some_and(|place| place.want == PlaceWant::Content(one.id.content));
    held.iter().find(wanted).or_else(|| held.first()).map(|one| one.id)
}

/// The places that wait for an integration that is not connected.
pub(super) fn disconnected<'a>(
    plan: &'a Plan,
    directory: &'a Directory,
) -> impl Iterator<Item = (&'a ObjectKey, &'a Place)> {
    let down = |engine: &Engine| engine.state().borrow().condition != Condition::Connected;
    directory.engines.iter().filter(move |(_, engine)| down(engine)).filter_map(|(key, _)| {
        let place = plan.place(*directory.indexes.get(key)?)?;
        (place.state == PlaceState::Waiting).then_some((key, place))
    })
}
