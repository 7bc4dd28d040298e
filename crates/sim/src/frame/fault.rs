//! Faults: the kind of failure, the operation, the number of calls, and whether it is before or after the effect.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::dice::Dice;

/// One fault as `POST /_sim/faults` takes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The kind of failure.
    pub kind: Kind,
    /// The operation; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Before the call has its effect (default), or after it.
    #[serde(default)]
    pub when: When,
    /// The number of calls, 0 for all until cleared; absent: 1, or 0 with a probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// The number of matching calls that pass first.
    #[serde(default)]
    pub skip: u64,
    /// The probability of the fault in a matching call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Seed of that probability.
    #[serde(default)]
    pub seed: u64,
    /// Milliseconds (`latency`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// Seconds (`hang`; absent: an hour).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
    /// Status (`http`; absent: 503).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Retry-After in seconds (`http`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Entries left in a list (`short`) or percent of the body (`truncate`; absent: 50).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u64>,
    /// The document is cut but the HTTP answer is complete (`truncate`).
    #[serde(default)]
    pub clean: bool,
    /// The vendor's own error number (`error`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// The vendor's own error text (`fail`), or the name of one of the system's own faults (`own`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The kind of failure.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The answer is late by `ms`.
    Latency,
    /// The connection is closed without an answer; with `"when": "after"` the answer is lost.
    Refuse,
    /// There is no answer for `seconds`, then the connection is closed.
    Hang,
    /// `status`, with Retry-After if given, instead of the answer.
    Http,
    /// The answer ends after `keep` percent.
    Truncate,
    /// The session of the call has ended (system's own answer).
    Session,
    /// A list succeeds, holds only its first `keep` entries (0: empty) and says that it is complete.
    Short,
    /// The cursor to the next page is the one of this page.
    Repeat,
    /// The vendor's error `code`.
    Error,
    /// The vendor's failure with `text`.
    Fail,
    /// A fault that only this system has, by its name in `text`.
    Own,
}

/// Whether a fault comes before or after the effect of the call.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Before the effect; a fault that ends the call prevents it.
    #[default]
    Before,
    /// After the effect; only the answer is affected.
    After,
}

impl Fault {
    /// A fault of this kind in the next call of any operation, before its effect.
    pub const fn new(kind: Kind) -> Self {
        Self {
            kind,
            operation: None,
            when: When::Before,
            times: None,
            skip: 0,
            probability: None,
            seed: 0,
            ms: None,
            seconds: None,
            status: None,
            retry_after: None,
            keep: None,
            clean: false,
            code: None,
            text: None,
        }
    }

    /// Refuses a fault of kind `own` that is not one of these.
    pub(super) fn check_own(&self, own: &[&str]) -> Result<(), String> {
        let name = self.text.as_deref().unwrap_or_default();
        if self.kind != Kind::Own || own.contains(&name) {
            return Ok(());
        }
        Err(format!("there is no fault `{name}` of its own; those are {}", own.join(", ")))
    }

    fn check(&self) -> Result<(), String> {
        if self.probability.is_some_and(|p| !(0.0..=1.0).contains(&p)) {
            return Err("a probability is between 0 and 1".to_owned());
        }
        if self.status.is_some_and(|s| !(200..=599).contains(&s)) {
            return Err("a status is between 200 and 599".to_owned());
        }
        match self.kind {
            Kind::Latency if self.ms.is_none() => Err("a latency needs `ms`".to_owned()),
            Kind::Error if self.code.is_none() => Err("an error needs its `code`".to_owned()),
            Kind::Fail if self.text.is_none() => Err("a failure needs its `text`".to_owned()),
            Kind::Own if self.text.is_none() => {
                Err("a fault of the system's own needs its name in `text`".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn times(&self) -> u64 {
        self.times.unwrap_or_else(|| u64::from(self.probability.is_none()))
    }
}

/// All active faults.
#[derive(Debug, Default)]
pub struct Faults(Mutex<ActiveFaults>);

#[derive(Debug, Default)]
struct ActiveFaults {
    last_id: u64,
    armed: Vec<ActiveFault>,
}

#[derive(Debug)]
struct ActiveFault {
    id: u64,
    fault: Fault,
    seen: u64,
    struck: u64,
    dice: Dice,
}

/// The most faults at a time.
const MOST: usize = 1000;

impl Faults {
    /// Adds one fault and returns its number.
    pub fn arm(&self, fault: Fault) -> Result<u64, String> {
        fault.check()?;
        let mut faults = self.0.lock();
        if faults.armed.len() >= MOST {
            return Err(format!("there are {MOST} faults already; clear some first"));
        }
        faults.last_id += 1;
        let (id, dice) = (faults.last_id, Dice::new(fault.seed));
        faults.armed.push(ActiveFault { id, fault, seen: 0, struck: 0, dice });
        Ok(id)
    }

    /// Removes all.
    pub fn clear(&self) {
        self.0.lock().armed.clear();
    }

    /// The faults that apply to this call. Those that have reached their number of calls are removed.
    pub fn strike(&self, operation: &str) -> Vec<Fault> {
        let mut faults = self.0.lock();
        let struck = faults.armed.iter_mut().filter_map(|armed| armed.strike(operation)).collect();
        faults.armed.retain(|armed| armed.fault.times() == 0 || armed.struck < armed.fault.times());
        struck
    }

    /// All active faults, each with the number of matching calls and of calls that had the fault.
    pub fn json(&self) -> Value {
        let faults = self.0.lock();
        let row = |armed: &ActiveFault| {
            let ActiveFault { id, fault, seen, struck, .. } = armed;
            json!({ "id": id, "fault": fault, "seen": seen, "struck": struck })
        };
        Value::Array(faults.armed.iter().map(row).collect())
    }
}

impl ActiveFault {
    fn strike(&mut self, operation: &str) -> Option<Fault> {
        if self.fault.operation.as_deref().is_some_and(|wanted| wanted != operation) {
            return None;
        }
        self.seen += 1;
        if self.seen <= self.fault.skip {
            return None;
        }
        if self.fault.probability.is_some_and(|p| !self.dice.chance(p)) {
            return None;
        }
        self.struck += 1;
        Some(self.fault.clone())
    }
}

/// The faults of a call that only the system itself can carry out.
#[derive(Clone, Debug, Default)]
pub struct Twists(Vec<Fault>);

impl Twists {
    /// The twists among these faults.
    pub fn of(faults: &[Fault]) -> Self {
        let own = [Kind::Session, Kind::Short, Kind::Repeat, Kind::Error, Kind::Fail, Kind::Own];
        Self(faults.iter().filter(|f| own.contains(&f.kind)).cloned().collect())
    }

    fn find(&self, kind: Kind) -> Option<&Fault> {
        self.0.iter().find(|f| f.kind == kind)
    }

    /// Whether the session of the call has ended.
    pub fn session_ended(&self) -> bool {
        self.find(Kind::Session).is_some()
    }

    /// The number of entries that a list is cut to.
    pub fn short(&self) -> Option<usize> {
        self.find(Kind::Short).map(|f| usize::try_from(f.keep.unwrap_or(0)).unwrap_or(usize::MAX))
    }

    /// Whether the system's own fault of that name applies.
    pub fn own(&self, name: &str) -> bool {
        self.own_status(name).is_some()
    }

    /// The same with the HTTP status it was given, and whether the effect comes first.
    pub fn own_status(&self, name: &str) -> Option<(Option<u16>, When)> {
        let fits = |f: &&Fault| f.kind == Kind::Own && f.text.as_deref() == Some(name);
        self.0.iter().find(fits).map(|f| (f.status, f.when))
    }

    /// Whether the cursor repeats.
    pub fn repeats(&self) -> bool {
        self.find(Kind::Repeat).is_some()
    }

    /// The vendor's error number, and whether the effect comes first.
    pub fn error(&self) -> Option<(i64, When)> {
        self.find(Kind::Error).and_then(|f| Some((f.code?, f.when)))
    }

    /// The vendor's error text, and whether the effect comes first.
    pub fn fail(&self) -> Option<(&str, When)> {
        self.find(Kind::Fail).and_then(|f| Some((f.text.as_deref()?, f.when)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_fault_applies_once_to_the_next_call_by_default() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"kind":"refuse"}"#)).unwrap();
        assert_eq!(faults.strike("Any").len(), 1);
        assert_eq!(faults.strike("Any").len(), 0);
    }

    #[test]
    fn skip_times_and_operation_limit_a_fault() {
        let faults = Faults::default();
        faults.arm(fault(r#"{"kind":"http","operation":"A","skip":1,"times":2}"#)).unwrap();
        let struck: Vec<usize> = ["A", "B", "A", "A", "A"].map(|op| faults.strike(op).len()).into();
        assert_eq!(struck, [0, 0, 1, 1, 0]);
    }

    #[test]
    fn a_probability_is_repeatable_from_its_seed_and_lasts_until_cleared() {
        let run = || -> Vec<usize> {
            let faults = Faults::default();
            faults.arm(fault(r#"{"kind":"refuse","probability":0.5,"seed":42}"#)).unwrap();
            (0..50).map(|_| faults.strike("A").len()).collect()
        };
        assert_eq!(run(), run());
        assert!((10..40).contains(&run().iter().sum::<usize>()));
    }

    #[test]
    fn a_fault_that_makes_no_sense_is_refused_with_a_sentence() {
        let faults = Faults::default();
        assert_eq!(faults.arm(fault(r#"{"kind":"latency"}"#)).unwrap_err(), "a latency needs `ms`");
        assert!(faults.arm(fault(r#"{"kind":"refuse","probability":2}"#)).is_err());
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"refuse","tims":2}"#).is_err());
    }
}
