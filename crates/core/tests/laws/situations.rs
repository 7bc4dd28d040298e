//! The plans of named situations, in every mode, as a person would read them.

use std::fmt::Write as _;
use std::sync::Arc;

use vestibule_core::identity::RecordId;
use vestibule_core::model::Record;
use vestibule_core::plan::{Act, Held, Unit, Want, unit};
use vestibule_core::schedule::Window;

use super::support::{MODES, at, groups, named, noon, record};

/// The records that the situations speak of, by their names in the snapshots.
struct Cast {
    today: Record,
    changed: Record,
    yesterday: Record,
}

impl Cast {
    fn new() -> Self {
        let window = Window { from: at(-86_400), until: at(-43_200) };
        Self {
            today: record(),
            changed: named(Record { groups: groups(&["Lab", "Lobby"]), ..record() }),
            yesterday: named(Record { window, ..record() }),
        }
    }

    fn name(&self, id: RecordId) -> String {
        let names = [("today", &self.today), ("changed", &self.changed), ("yesterday", &self.yesterday)];
        let (name, _) = names.into_iter().find(|(_, one)| one.id.same_content(&id)).unwrap();
        if id.number == 0 { name.to_owned() } else { format!("{name}#{}", id.number) }
    }

    fn act(&self, act: &Act) -> String {
        match act {
            Act::Remove(id) => format!("remove {}", self.name(*id)),
            Act::Create(record) => format!("create {}", self.name(record.id)),
            Act::Repair(id, _) => format!("repair {}", self.name(*id)),
        }
    }

    fn unit(&self, unit: &Unit) -> String {
        let done = unit.acts.iter().map(|act| self.act(act));
        let not = unit.withheld.iter().map(|(act, why)| format!("({}: {why:?})", self.act(act)));
        let all: Vec<String> = done.chain(not).collect();
        if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
    }
}

fn held(record: &Record) -> Held {
    Held { id: record.id, fingerprint: record.facts().fingerprint(), until: Some(record.window.until) }
}

fn want(record: &Record) -> Want {
    Want::Record(Arc::new(record.clone()))
}

fn situations(cast: &Cast) -> Vec<(&'static str, Want, Vec<Held>)> {
    let Cast { today, changed, yesterday } = cast;
    let again = Held { id: today.id.next(), ..held(today) };
    let tampered = Held { fingerprint: 1, ..held(today) };
    let endless = Held { until: None, ..held(yesterday) };
    vec![
        ("a visitor arrives for the first time", want(today), vec![]),
        ("he is in", want(today), vec![held(today)]),
        ("he was changed during his visit", want(changed), vec![held(today)]),
        ("midnight, his second day", want(today), vec![held(yesterday)]),
        ("he was deleted during his visit", Want::Nothing, vec![held(today)]),
        ("his visit is over", Want::Nothing, vec![held(yesterday)]),
        ("he was never in", Want::Nothing, vec![]),
        ("his visit is over and waits for midnight", Want::Ended, vec![held(yesterday)]),
        ("his visit was made to end before now", Want::Ended, vec![held(today), held(yesterday)]),
        ("what is wanted of him is not known", Want::Keep, vec![held(today)]),
        ("somebody changed his record at the desk", want(today), vec![tampered]),
        ("a lost answer left two of him", want(today), vec![again, held(today)]),
        (
            "he is in and so is what he was before",
            want(changed),
            vec![held(today), held(changed), held(yesterday)],
        ),
        ("an old record of his never ends", want(today), vec![endless]),
    ]
}

#[test]
fn plans_read_as_expected_in_every_mode() {
    let (cast, mut text) = (Cast::new(), String::new());
    for (name, want, held) in situations(&cast) {
        writeln!(text, "{name}").unwrap();
        for mode in MODES {
            let unit = unit(&want, &held, mode, noon());
            writeln!(text, "    {:<12}{}", format!("{mode:?}"), cast.unit(&unit)).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn plans_read_as_expected_while_the_integration_is_suspended() {
    let (cast, mut text) = (Cast::new(), String::new());
    for (name, want, held) in situations(&cast) {
        let unit =
            unit(&want, &held, vestibule_core::model::Mode::Enforce, noon()).without_opening(&held, noon());
        writeln!(text, "{name:<44}{}", cast.unit(&unit)).unwrap();
    }
    insta::assert_snapshot!(text);
}
