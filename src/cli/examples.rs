//! `vestibule examples`: prints the examples that the project ships.
//!
//! The examples are written by hand because of their comments. They are compiled into the program, so that it prints
//! the text that the tests have validated.

/// An example: its path below `examples/`, and its text.
pub type Example = (&'static str, &'static str);

/// A small building on a LenelS2 NetBox, in the order in which to apply it.
pub const BUILDING: [Example; 6] = [
    ("00-namespace.yaml", include_str!("../../examples/00-namespace.yaml")),
    ("property.yaml", include_str!("../../examples/property.yaml")),
    ("secret.yaml", include_str!("../../examples/secret.yaml")),
    ("access-integration.yaml", include_str!("../../examples/access-integration.yaml")),
    ("tenants.yaml", include_str!("../../examples/tenants.yaml")),
    ("visitors.yaml", include_str!("../../examples/visitors.yaml")),
];

/// One of each of the other systems and kinds.
pub const KINDS: [Example; 7] = [
    ("kinds/kastle.yaml", include_str!("../../examples/kinds/kastle.yaml")),
    ("kinds/salto-ks.yaml", include_str!("../../examples/kinds/salto-ks.yaml")),
    ("kinds/access-group.yaml", include_str!("../../examples/kinds/access-group.yaml")),
    ("kinds/occupant.yaml", include_str!("../../examples/kinds/occupant.yaml")),
    ("kinds/access-plan.yaml", include_str!("../../examples/kinds/access-plan.yaml")),
    ("kinds/plan-subscription.yaml", include_str!("../../examples/kinds/plan-subscription.yaml")),
    ("kinds/self-registration.yaml", include_str!("../../examples/kinds/self-registration.yaml")),
];

/// The examples as one YAML stream, each under its path.
pub fn stream(examples: &[Example]) -> String {
    let mut stream = String::new();
    for (path, text) in examples {
        stream.push_str(&["---\n# examples/", path, "\n", text].concat());
    }
    stream
}
