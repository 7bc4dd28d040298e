//! The API server's own counts of requests by kind, verb and answer, and its rate of status writes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use crate::Fallible;
use crate::building::{Building, Guest};
use crate::stage::Stage;
use crate::time;

/// Verbs that write.
const WRITES: [&str; 5] = ["POST", "PUT", "PATCH", "APPLY", "DELETE"];

/// The number of patches in flight, as in a considerate controller.
const IN_FLIGHT: usize = 16;

/// Writes that the API server has accepted or refused.
#[derive(Clone, Debug, Default)]
pub(crate) struct Writes(BTreeMap<Key, u64>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    resource: String,
    subresource: String,
    verb: String,
    code: String,
}

impl Writes {
    /// The present counts.
    pub(crate) async fn read(client: &Client) -> Fallible<Self> {
        let request = http::Request::get("/metrics").body(Vec::new())?;
        let text = client.request_text(request).await?;
        let mut writes = BTreeMap::new();
        for line in text.lines().filter_map(|line| line.strip_prefix("apiserver_request_total{")) {
            let Some((labels, count)) = line.split_once("} ") else { continue };
            let label = |name: &str| label(labels, name).unwrap_or_default().to_owned();
            let verb = label("verb");
            if WRITES.contains(&verb.as_str()) {
                let resource = label("resource");
                let key = Key { resource, subresource: label("subresource"), verb, code: label("code") };
                *writes.entry(key).or_default() += count.trim().parse::<f64>().unwrap_or(0.0) as u64;
            }
        }
        Ok(Self(writes))
    }

    /// The counts after only leases were written for `quiet`, or after a minute.
    pub(crate) async fn at_rest(client: &Client, quiet: Duration) -> Fallible<Self> {
        let limit = Instant::now() + Duration::from_mins(1);
        let (mut writes, mut since) = (Self::read(client).await?, Instant::now());
        while since.elapsed() < quiet && Instant::now() < limit {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let now = Self::read(client).await?;
            if now.sum(|key| key.resource != "leases") != writes.sum(|key| key.resource != "leases") {
                since = Instant::now();
            }
            writes = now;
        }
        Ok(writes)
    }

    /// The writes since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let more = self.0.iter().map(|(key, count)| (key.clone(), count - before.0.get(key).unwrap_or(&0)));
        Self(more.filter(|(_, count)| *count > 0).collect())
    }

    /// Writes to these kinds.
    pub(crate) fn of(&self, resources: &[&str]) -> u64 {
        self.sum(|key| resources.contains(&key.resource.as_str()))
    }

    /// Writes to a kind that failed because the object had another state than expected, or did not exist.
    pub(crate) fn refused(&self, resource: &str) -> u64 {
        self.sum(|key| key.resource == resource && !key.code.starts_with('2'))
    }

    fn sum(&self, wanted: impl Fn(&Key) -> bool) -> u64 {
        self.0.iter().filter(|(key, _)| wanted(key)).map(|(_, count)| count).sum()
    }
}

impl std::fmt::Display for Writes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ours = self.0.iter().filter(|(key, _)| key.resource != "leases");
        let words = ours.map(|(key, count)| {
            let slash = if key.subresource.is_empty() { "" } else { "/" };
            format!("{count} {} {}{slash}{} {}", key.verb, key.resource, key.subresource, key.code)
        });
        f.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let at = labels.find(&format!("{name}=\""))? + name.len() + 2;
    // `resource` is also the end of `subresource`.
    if at > name.len() + 2 && !labels[..at - name.len() - 2].ends_with(',') {
        let rest = &labels[at..];
        return label(rest, name);
    }
    labels[at..].split('"').next()
}

/// `A_api`: merge patches of a status a second, sixteen in flight, with nothing else to do.
pub(crate) async fn rate(stage: &Stage) -> Fallible<f64> {
    let building = Building::make(&stage.client, "api-rate", &[("tower", "http://127.0.0.1:9")]).await?;
    let today = time::day(0);
    let guest = |number| Guest { name: format!("v-{number}"), property: "tower", days: (today, today) };
    building.invite((0..100).map(guest)).await?;
    let (api, patches) = (building.visitors(), if stage.options.quick { 300 } else { 3_000 });
    let begun = Instant::now();
    let made = (0..patches).map(|number| {
        let (api, name) = (api.clone(), format!("v-{}", number % 100));
        async move {
            let condition = json!({ "type": "Ready", "status": "True", "reason": "Measured",
                "message": format!("patch {number}"), "lastTransitionTime": "2026-12-01T00:00:00Z" });
            let patch = Patch::Merge(json!({ "status": { "conditions": [condition] } }));
            api.patch_status(&name, &PatchParams::default(), &patch).await.map(drop)
        }
    });
    futures::stream::iter(made).buffer_unordered(IN_FLIGHT).try_collect::<()>().await?;
    Ok(f64::from(patches) / begun.elapsed().as_secs_f64())
}
