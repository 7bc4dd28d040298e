//! Generated JSON.

use proptest::prelude::*;
use serde_json::Value;

/// Any JSON; these texts are among its strings, and some of its names match the pattern.
pub fn json(
    texts: impl Strategy<Value = String> + 'static,
    names: &'static str,
) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        texts.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..6).prop_map(|all| all.into_iter().collect()),
        ]
    })
}
