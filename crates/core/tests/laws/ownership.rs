//! The owners whose records stop creates.

use std::collections::BTreeSet;
use std::sync::Arc;

use vestibule_core::model::ObjectKey;
use vestibule_core::ownership::{Neighbours, Ownership, default_owner_id};

const CLUSTER: &str = "b9e1";

fn neighbours(watched: Option<&[&str]>, owner_ids: &[&str]) -> Neighbours {
    let set = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    Neighbours::new(CLUSTER, watched.map(set), set(owner_ids))
}

#[test]
fn a_default_owner_id_is_cluster_namespace_and_name() {
    assert_eq!(default_owner_id(CLUSTER, &ObjectKey::new("hq", "netbox")), "b9e1/hq/netbox");
}

#[test]
fn neighbours_are_the_integrations_that_exist_and_those_in_namespaces_that_are_not_watched() {
    let ids = ["b9e1/hq/netbox", "agreed"];
    let table: [(Option<&[&str]>, &str, bool); 12] = [
        (None, "b9e1/hq/netbox", true),
        (None, "agreed", true),
        (None, "b9e1/hq/renamed", false),
        (None, "b9e1/lab/netbox", false),
        (Some(&["hq"]), "b9e1/hq/netbox", true),
        (Some(&["hq"]), "b9e1/hq/renamed", false),
        (Some(&["hq"]), "b9e1/lab/netbox", true),
        (Some(&["hq"]), "b9e1/lab/netbox/more", false),
        (Some(&["hq"]), "b9e1/lab/", false),
        (Some(&["hq"]), "b9e1//netbox", false),
        (Some(&["hq"]), "b9e12/lab/netbox", false),
        (Some(&["hq"]), "other/lab/netbox", false),
    ];
    for (watched, owner_id, known) in table {
        assert_eq!(neighbours(watched, &ids).contains(owner_id), known, "{owner_id}, watching {watched:?}");
    }
}

#[test]
fn only_an_owner_outside_this_cluster_stops_and_only_an_integration_that_never_wrote() {
    let known = Arc::new(neighbours(None, &["b9e1/hq/netbox"]));
    let (neighbour, other) = ("b9e1/hq/netbox", "old/hq/netbox");
    let table = [
        (false, false, false, &[other][..], Some(other)),
        (false, false, false, &[neighbour, other], Some(other)),
        (false, false, false, &[neighbour], None),
        (false, false, false, &[], None),
        (true, false, false, &[other], None),
        (false, true, false, &[other], None),
        (false, false, true, &[other], None),
    ];
    for (declared, recorded, holds_records, others, stopped) in table {
        let ownership = Ownership { declared, recorded, neighbours: Arc::clone(&known) };
        let by = ownership.stopped_by(others.iter().copied(), holds_records);
        assert_eq!(by, stopped, "{declared} {recorded} {holds_records} {others:?}");
    }
}
