//! The source of a visitor's groups.

use proptest::prelude::*;
use vestibule_core::access::{Sources, visitor_groups};

fn any_list() -> impl Strategy<Value = Option<Vec<String>>> {
    prop::option::of(prop::collection::vec("[A-C]", 0..3))
}

proptest! {
    #[test]
    fn all_groups_come_from_the_first_source_that_is_set(tenant in any_list(), by_tenant in any_list(), default in any_list()) {
        let sources = Sources {
            tenant: tenant.as_deref(),
            by_tenant: by_tenant.as_deref(),
            default: default.as_deref(),
        };
        let first = [&tenant, &by_tenant, &default].into_iter().flatten().next().cloned().unwrap_or_default();
        prop_assert_eq!(visitor_groups(sources), first.into_iter().collect());
    }

    #[test]
    fn a_later_source_grants_no_group_that_an_earlier_source_removed(by_tenant in any_list(), default in any_list()) {
        let sources = Sources { tenant: Some(&[]), by_tenant: by_tenant.as_deref(), default: default.as_deref() };
        prop_assert!(visitor_groups(sources).is_empty());
    }
}
