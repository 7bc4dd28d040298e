//! Orders of the side door: one or an array of them, done wholly or not at all.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads one order; the error is one sentence.
pub fn read_one<O: DeserializeOwned>(order: &Value) -> Result<O, String> {
    O::deserialize(order).map_err(|e| e.to_string())
}

/// Reads an order or an array of them; all are read before the first is carried out.
pub fn read<O: DeserializeOwned>(order: &Value) -> Result<Vec<O>, String> {
    match order {
        Value::Array(all) => all.iter().map(read_one).collect(),
        one => Ok(vec![read_one(one)?]),
    }
}

/// Reads an order or an array of them and applies each to a copy of the store, which replaces the store if all succeed.
/// The answer is one value, or an array where the order was one.
pub fn apply_all<S: Clone, O: DeserializeOwned>(
    store: &mut S,
    order: &Value,
    mut apply: impl FnMut(&mut S, O) -> Result<Value, String>,
) -> Result<Value, String> {
    let mut next = store.clone();
    let answers = read(order)?.into_iter().map(|order| apply(&mut next, order));
    let mut answers: Vec<Value> = answers.collect::<Result<_, _>>()?;
    *store = next;
    Ok(if order.is_array() { Value::Array(answers) } else { answers.pop().unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn add(store: &mut Vec<u8>, order: &Value) -> Result<Value, String> {
        apply_all(store, order, |store, number: u8| {
            if number == 13 {
                return Err("13 is refused".to_owned());
            }
            store.push(number);
            Ok(json!(store.len()))
        })
    }

    #[test]
    fn an_array_of_orders_is_applied_wholly_or_not_at_all() {
        let mut store = Vec::new();
        assert_eq!(add(&mut store, &json!([1, 2])), Ok(json!([1, 2])));
        assert_eq!(add(&mut store, &json!([3, 13])), Err("13 is refused".to_owned()));
        assert!(add(&mut store, &json!([4, "five"])).is_err());
        assert_eq!(store, [1, 2]);
    }

    #[test]
    fn one_order_has_one_answer() {
        assert_eq!(add(&mut Vec::new(), &json!(7)), Ok(json!(1)));
    }
}
