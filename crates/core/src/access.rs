//! The access groups of a visitor in one integration (design 3.4).

use std::collections::BTreeSet;

/// The three places that may name a visitor's groups, in the order of precedence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// The Tenant's own `visitorAccess` entry for this integration.
    pub tenant: Option<&'a [String]>,
    /// The integration's `visitorAccess.tenants` entry for this tenant.
    pub by_tenant: Option<&'a [String]>,
    /// The integration's `visitorAccess.groups`.
    pub default: Option<&'a [String]>,
}

/// The groups of the first source that is set. An empty list is set too: it means no groups, and the later
/// sources do not count, because a user removed the groups on purpose.
pub fn visitor_groups(sources: Sources<'_>) -> BTreeSet<String> {
    let first = sources.tenant.or(sources.by_tenant).or(sources.default);
    first.unwrap_or_default().iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_source_that_is_set_wins_and_an_empty_list_means_no_groups() {
        let (own, named, default) = (["Own".to_owned()], ["Named".to_owned()], ["Default".to_owned()]);
        let all = Sources { tenant: Some(&own), by_tenant: Some(&named), default: Some(&default) };
        let groups = |sources| visitor_groups(sources).into_iter().collect::<Vec<_>>().join(",");
        assert_eq!(groups(all), "Own");
        assert_eq!(groups(Sources { tenant: None, ..all }), "Named");
        assert_eq!(groups(Sources { tenant: None, by_tenant: None, ..all }), "Default");
        assert_eq!(groups(Sources { tenant: Some(&[]), ..all }), "");
        assert_eq!(groups(Sources::default()), "");
    }
}
