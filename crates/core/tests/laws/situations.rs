//! The plans of named situations, in every mode, in a readable form.

use std::fmt::Write as _;
use std::sync::Arc;

use vestibule_core::identity::RecordId;
use vestibule_core::model::DesiredRecord;
use vestibule_core::plan::{Action, ActionPlan, DesiredState, ExistingRecord, action_plan};
use vestibule_core::schedule::Window;

use super::support::{MODES, at, groups, named, noon, record};

/// The records of the situations, by their names in the snapshots.
struct Cast {
    today: DesiredRecord,
    changed: DesiredRecord,
    yesterday: DesiredRecord,
}

impl Cast {
    fn new() -> Self {
        let window = Window { from: at(-86_400), until: at(-43_200) };
        Self {
            today: record(),
            changed: named(DesiredRecord { groups: groups(&["Lab", "Lobby"]), ..record() }),
            yesterday: named(DesiredRecord { window, ..record() }),
        }
    }

    fn name(&self, id: RecordId) -> String {
        let names = [("today", &self.today), ("changed", &self.changed), ("yesterday", &self.yesterday)];
        let (name, _) = names.into_iter().find(|(_, one)| one.id.same_content(&id)).unwrap();
        if id.number == 0 { name.to_owned() } else { format!("{name}#{}", id.number) }
    }

    fn action(&self, action: &Action) -> String {
        match action {
            Action::Remove(id) => format!("remove {}", self.name(*id)),
            Action::Create(record) => format!("create {}", self.name(record.id)),
            Action::Repair(id, _) => format!("repair {}", self.name(*id)),
        }
    }

    fn action_plan(&self, action_plan: &ActionPlan) -> String {
        let done = action_plan.actions.iter().map(|action| self.action(action));
        let not =
            action_plan.withheld.iter().map(|(action, why)| format!("({}: {why:?})", self.action(action)));
        let all: Vec<String> = done.chain(not).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    }
}

fn existing(record: &DesiredRecord) -> ExistingRecord {
    ExistingRecord {
        id: record.id,
        fingerprint: record.facts().fingerprint(),
        until: Some(record.window.until),
    }
}

fn desired(record: &DesiredRecord) -> DesiredState {
    DesiredState::Record(Arc::new(record.clone()))
}

fn situations(cast: &Cast) -> Vec<(&'static str, DesiredState, Vec<ExistingRecord>)> {
    let Cast { today, changed, yesterday } = cast;
    let again = ExistingRecord { id: today.id.next(), ..existing(today) };
    let tampered = ExistingRecord { fingerprint: 1, ..existing(today) };
    let endless = ExistingRecord { until: None, ..existing(yesterday) };
    vec![
        ("a visitor arrives for the first time", desired(today), vec![]),
        ("the record exists", desired(today), vec![existing(today)]),
        ("the visitor is changed during the visit", desired(changed), vec![existing(today)]),
        ("midnight before the second day", desired(today), vec![existing(yesterday)]),
        ("the visitor is deleted during the visit", DesiredState::Nothing, vec![existing(today)]),
        ("the visit is over", DesiredState::Nothing, vec![existing(yesterday)]),
        ("the visitor never had a record", DesiredState::Nothing, vec![]),
        ("the visit is over and waits for midnight", DesiredState::Ended, vec![existing(yesterday)]),
        (
            "the end of the visit is moved into the past",
            DesiredState::Ended,
            vec![existing(today), existing(yesterday)],
        ),
        ("the desired record is not known", DesiredState::Keep, vec![existing(today)]),
        ("the record was changed in the system", desired(today), vec![tampered]),
        ("a lost answer left two records", desired(today), vec![again, existing(today)]),
        (
            "current and former record both exist",
            desired(changed),
            vec![existing(today), existing(changed), existing(yesterday)],
        ),
        ("an old record has no end", desired(today), vec![endless]),
    ]
}

#[test]
fn plans_read_as_expected_in_every_mode() {
    let (cast, mut text) = (Cast::new(), String::new());
    for (name, desired, existing) in situations(&cast) {
        writeln!(text, "{name}").unwrap();
        for mode in MODES {
            let action_plan = action_plan(&desired, &existing, mode, noon());
            writeln!(text, "    {:<12}{}", format!("{mode:?}"), cast.action_plan(&action_plan)).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn plans_read_as_expected_while_the_integration_is_suspended() {
    let (cast, mut text) = (Cast::new(), String::new());
    for (name, desired, existing) in situations(&cast) {
        let action_plan = action_plan(&desired, &existing, vestibule_core::model::Mode::Enforce, noon())
            .without_opening(&existing, noon());
        writeln!(text, "{name:<44}{}", cast.action_plan(&action_plan)).unwrap();
    }
    insta::assert_snapshot!(text);
}
