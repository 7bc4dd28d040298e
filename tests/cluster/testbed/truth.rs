//! At the end of every test: no status contradicts the NetBox at that moment, person by person.
//!
//! The rules are written from the documentation of statuses, without knowledge of how the controller works. A status
//! that claims nothing (it reconciles, it is stalled, a mode forbids the change) is not checked. But every living
//! record must belong to an object, or be counted where a user sees it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::DateTime;
use kube::ResourceExt;
use kube::api::{DynamicObject, ListParams};
use serde_json::Value;

use super::{NetBox, Person, Testbed};

/// How long statuses and the NetBox may differ while the controller works. Only a failing test waits that long.
const DEADLINE: Duration = Duration::from_mins(1);

/// Between two reads.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The state at the end of a test.
struct Scene {
    visitors: BTreeMap<String, DynamicObject>,
    tenants: BTreeMap<String, DynamicObject>,
    integrations: BTreeMap<String, DynamicObject>,
    properties: BTreeMap<String, DynamicObject>,
    /// Living records that name an object of this namespace in their mark, by the name of the object.
    people: BTreeMap<String, Vec<Person>>,
    now: Timestamp,
}

impl Testbed {
    /// Waits until no status contradicts the NetBox. Every test ends with it. Without a controller there is nothing to
    /// check, since the statuses are those of a stopped process.
    pub(crate) async fn agrees(&self) {
        self.agrees_with(&self.netbox).await;
    }

    /// The same for objects of this namespace that are in another test's NetBox.
    pub(crate) async fn agrees_with(&self, netbox: &NetBox) {
        self.judged.store(true, Ordering::Relaxed);
        if self.controller.is_none() {
            return;
        }
        let begun = Instant::now();
        loop {
            let found = self.scene(netbox).await.contradictions();
            if found.is_empty() {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{}\n{}", found.join("\n"), netbox);
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn scene(&self, netbox: &NetBox) -> Scene {
        let mut people: BTreeMap<String, Vec<Person>> = BTreeMap::new();
        let mark = format!("visitor={}/", self.namespace.name());
        for person in netbox.all_people().await.into_iter().filter(|person| !person.deleted) {
            let named = person.notes.split_once(&mark).map(|(_, rest)| rest.split_whitespace().next());
            if let Some(Some(name)) = named {
                people.entry(name.to_owned()).or_default().push(person);
            }
        }
        Scene {
            people,
            visitors: self.all("Visitor").await,
            tenants: self.all("Tenant").await,
            integrations: self.all("AccessIntegration").await,
            properties: self.all("Property").await,
            now: vestibule::clock::Clock::now(&*self.clock),
        }
    }

    async fn all(&self, kind: &str) -> BTreeMap<String, DynamicObject> {
        let found = self.api(kind).list(&ListParams::default()).await.unwrap();
        found.into_iter().map(|object| (object.name_any(), object)).collect()
    }
}

impl Scene {
    fn contradictions(&self) -> Vec<String> {
        let of_visitors =
            self.visitors.iter().filter(|(_, object)| object.metadata.deletion_timestamp.is_none());
        let mut found: Vec<String> =
            of_visitors.flat_map(|(name, object)| self.of_visitor(name, object)).collect();
        found.extend(self.uncounted());
        found
    }

    /// A claim in the status of a Visitor that the NetBox contradicts.
    fn of_visitor(&self, name: &str, object: &DynamicObject) -> Vec<String> {
        let none = Vec::new();
        let (status, living) = (&object.data["status"], self.people.get(name).unwrap_or(&none));
        let is_done = status["observedGeneration"] == object.metadata.generation.unwrap_or_default();
        let ready = condition(status, "Ready");
        let reason = ready["reason"].as_str().unwrap_or_default();
        let settled = is_done && ready["status"] == "True" && condition(status, "Reconciling").is_null();
        let named = status["records"].as_array().cloned().unwrap_or_default();
        let say = |what: &str| {
            let mut text = format!("Visitor {name} {what}\n  {status}");
            for one in living {
                write!(text, "\n  {one:?}").unwrap();
            }
            text
        };
        // This NetBox knows nothing about other integrations.
        let elsewhere = !named.is_empty() && named.iter().all(|record| record["integration"] != "netbox");
        let mut found = Vec::new();
        match reason {
            "Scheduled" | "Expired" if settled && living.iter().any(|person| self.still_opens(person)) => {
                found.push(say("says that nothing is open, and a record still opens"));
            }
            "Succeeded" if elsewhere => {}
            "Succeeded" if settled => match self.one_of(status, living) {
                Some(one) => found.extend(self.differs(object, status, one).map(|what| say(&what))),
                None => found.push(say("says that it is in the system once")),
            },
            _ => found.extend(self.opens_more_than_said(object, ready, living).map(&say)),
        }
        if settled {
            let there = |record: &Value| living.iter().any(|one| record["externalId"] == one.id.as_str());
            let missing = named.iter().any(|record| record["integration"] == "netbox" && !there(record));
            if missing {
                found.push(say("names a record that does not live"));
            }
        }
        found
    }

    /// The one record that a settled status claims; `None` if there is not exactly one. The status admits a former
    /// record that the system does not remove, and that record may open nothing.
    fn one_of<'a>(&self, status: &Value, living: &'a [Person]) -> Option<&'a Person> {
        let synced = condition(status, "Synced");
        let admits = synced["status"] == "False" && synced["reason"] == "ProgressingWithRetry";
        let counted: Vec<_> = living.iter().filter(|person| !admits || self.still_opens(person)).collect();
        if let [one] = counted[..] { Some(one) } else { None }
    }

    /// The claim about the remaining record in a status whose spec cannot be carried out.
    fn opens_more_than_said(
        &self,
        object: &DynamicObject,
        ready: &Value,
        living: &[Person],
    ) -> Option<&'static str> {
        let message = ready["message"].as_str().unwrap_or_default();
        let open = || living.iter().filter(|person| self.still_opens(person));
        if message.contains("it opens no door") && open().next().is_some() {
            return Some("says that it opens no door");
        }
        let tenant = object.data["spec"]["tenantRef"]["name"].as_str().unwrap_or_default();
        let groups = self.groups(tenant)?;
        let more = |person: &Person| person.levels.iter().any(|level| !groups.contains(level));
        let claimed = message.contains("opens only what is still declared");
        (claimed && open().any(more)).then_some("says that it opens only what is still declared")
    }

    fn still_opens(&self, person: &Person) -> bool {
        let ended =
            person.exp_date.as_deref().and_then(|text| self.instant(text)).is_some_and(|at| at <= self.now);
        let opens_nothing = person.levels.is_empty() && person.cards.is_empty();
        !ended && !opens_nothing
    }

    /// The field in which the one living record differs from the claim of a settled status.
    fn differs(&self, object: &DynamicObject, status: &Value, person: &Person) -> Option<String> {
        let spec = &object.data["spec"];
        let named = status["records"]
            .as_array()
            .is_some_and(|all| all.iter().any(|record| record["externalId"] == person.id.as_str()));
        if !named {
            return Some("does not name the record that lives".to_owned());
        }
        let synced = condition(status, "Synced")["status"] == "True";
        if synced
            && spec["lastName"]
                .as_str()
                .is_some_and(|name| name.is_ascii() && name.trim() != person.last_name)
        {
            return Some("says that its name is in the system".to_owned());
        }
        let groups = self.groups(spec["tenantRef"]["name"].as_str().unwrap_or_default());
        let mut levels = person.levels.clone();
        levels.sort();
        match groups {
            Some(groups) if groups != levels => Some(format!("says that it has {groups:?}")),
            _ => None,
        }
    }

    /// The groups that a Tenant names for the NetBox itself, sorted; none if they are configured elsewhere.
    fn groups(&self, tenant: &str) -> Option<Vec<String>> {
        let access = self.tenants.get(tenant)?.data["spec"]["visitorAccess"].as_array()?.clone();
        let own = access.iter().find(|grant| grant["integrationRef"]["name"] == "netbox")?;
        let mut groups: Vec<String> =
            own["groups"].as_array()?.iter().filter_map(|group| group.as_str().map(str::to_owned)).collect();
        for group in &mut groups {
            *group = group.trim_start_matches("id:").to_owned();
        }
        groups.sort();
        groups.dedup();
        Some(groups)
    }

    /// Records without an object that no status counts.
    fn uncounted(&self) -> Vec<String> {
        let counted = self.integrations.values().any(|integration| {
            let status = &integration.data["status"];
            let counts = [&status["heldDeletions"]["count"], &status["leftBehind"]];
            let mode = integration.data["spec"]["mode"].as_str().unwrap_or_default();
            let at_work = condition(status, "Ready")["status"] != "True";
            counts.iter().any(|count| count.as_i64().unwrap_or_default() > 0) || mode != "Enforce" || at_work
        });
        let is_given_up = self.integrations.is_empty();
        let orphans = self.people.iter().filter(|(name, _)| !self.visitors.contains_key(*name));
        let orphans = orphans.filter(|_| !counted && !is_given_up);
        orphans
            .map(|(name, records)| {
                format!("records of {name}, which does not exist, are counted nowhere: {records:?}")
            })
            .collect()
    }

    /// An instant as the NetBox writes it, in its declared zone.
    fn instant(&self, text: &str) -> Option<Timestamp> {
        let of_system =
            self.integrations.get("netbox").and_then(|it| it.data["spec"]["lenelS2"]["timeZone"].as_str());
        let of_property =
            self.properties.values().find_map(|property| property.data["spec"]["timeZone"].as_str());
        let civil = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
        civil.in_tz(of_system.or(of_property)?).ok().map(|zoned| zoned.timestamp())
    }
}

fn condition<'a>(status: &'a Value, type_: &str) -> &'a Value {
    let all = status["conditions"].as_array();
    all.and_then(|all| all.iter().find(|one| one["type"] == type_)).unwrap_or(&Value::Null)
}
