//! Every family of metrics with its labels, for the documentation.

use http::Method;
use jiff::Timestamp;

use super::{Exposition, Job, Metrics, Outcome};

const INTEGRATION: &str = "acme/hq-netbox";

/// A family as it is exposed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FamilyDescription {
    /// The name of its samples, without the endings of a histogram.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// The labels of its samples.
    pub labels: Vec<String>,
    /// Its help text.
    pub help: String,
}

impl FamilyDescription {
    /// Whether a line of an exposition is a sample of this family.
    pub fn has_sample(&self, line: &str) -> bool {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let of_histogram = ["_bucket", "_sum", "_count"].iter().filter_map(|end| name.strip_suffix(end));
        let plain = name == self.name && self.kind != "histogram";
        plain || (self.kind == "histogram" && of_histogram.into_iter().any(|name| name == self.name))
    }
}

/// Every family that is registered.
pub fn catalogue() -> Vec<FamilyDescription> {
    let text = Exposition::Classic.of(one_of_everything().encode(Timestamp::UNIX_EPOCH));
    let mut families: Vec<_> = described(&text, "# TYPE ")
        .map(|(name, kind)| {
            let help = described(&text, "# HELP ").find(|(described, _)| *described == name);
            let help = help.map(|(_, help)| help.to_owned()).unwrap_or_default();
            let family =
                FamilyDescription { name: name.to_owned(), kind: kind.to_owned(), labels: Vec::new(), help };
            let sample = text.lines().find(|line| family.has_sample(line)).unwrap_or_default();
            FamilyDescription { labels: labels_of(sample), ..family }
        })
        .collect();
    families.sort();
    families
}

fn described<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.lines().filter_map(move |line| line.strip_prefix(mark)?.split_once(' '))
}

/// The names of a sample's labels. No value below contains a comma.
fn labels_of(sample: &str) -> Vec<String> {
    let labels = sample.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(labels, _)| labels);
    let names =
        labels.into_iter().flat_map(|labels| labels.split(',')).filter_map(|label| label.split_once('='));
    names.map(|(name, _)| name.to_owned()).filter(|name| name != "le").collect()
}

/// Metrics of a program in which everything has happened once.
fn one_of_everything() -> std::sync::Arc<Metrics> {
    let (metrics, at) = (Metrics::new(), Timestamp::UNIX_EPOCH);
    metrics.begin_integration(INTEGRATION);
    metrics.systems.request("lenelS2", "create", "ok", 0.2);
    metrics.systems.waited(INTEGRATION, 0.0);
    metrics.systems.queue_depth(INTEGRATION, "revocation", 0);
    metrics.systems.credential_valid(INTEGRATION, true);
    metrics.truth.synced(INTEGRATION, Job::FullSync, at);
    metrics.truth.rollover(INTEGRATION, 12.0, at);
    metrics.controllers.objects("Tenant", "Ready", "True", 1);
    metrics.controllers.pass("Tenant", Outcome::Changed, 0.01);
    metrics.controllers.first_ready("Visitor", 0.4);
    metrics.kubernetes.request(&Method::GET, Some(200));
    metrics.kubernetes.leading("vestibule-controller", true);
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registered_family_is_recorded_by_some_method() {
        // A family without a sample is not exposed; the registry lists all of them when it is printed.
        let registered = format!("{:?}", Metrics::new().registry).matches("Descriptor {").count();
        assert_eq!(registered, catalogue().len());
        let text = Exposition::Classic.of(one_of_everything().encode(Timestamp::UNIX_EPOCH));
        for family in catalogue() {
            assert!(text.lines().any(|line| family.has_sample(line)), "{} has no sample", family.name);
            assert!(!family.labels.is_empty(), "{} has no label", family.name);
        }
    }

    #[test]
    fn the_help_of_every_family_is_a_sentence() {
        for FamilyDescription { name, help, .. } in catalogue() {
            let verb = help.split(' ').next().unwrap_or_default();
            assert!(["Counts", "Shows", "Measures"].contains(&verb), "{name}: {help:?}");
            assert!(help.ends_with('.') && !help.ends_with(".."), "{name}: {help:?}");
            assert!(help.split(' ').count() >= 5 && help.is_ascii(), "{name}: {help:?}");
        }
    }

    #[test]
    fn a_histogram_is_listed_once_and_without_the_label_of_its_buckets() {
        let families = catalogue();
        let seconds: Vec<_> = families.iter().filter(|one| one.name.contains("throttle_wait")).collect();
        assert_eq!(seconds.len(), 1);
        assert_eq!(
            (seconds[0].kind.as_str(), &*seconds[0].labels),
            ("histogram", &["integration".to_owned()][..])
        );
    }
}
