//! UDF value lists (2.9).

use std::collections::BTreeMap;

use super::super::xml::{Element, Xml};
use super::{Ctx, Done, Refusal, Success, fail};

/// The most items in a call (2.13).
const MOST_ITEMS: usize = 10;

/// GetUDFLists; without a list FAIL with its own text.
pub(super) fn lists(ctx: &mut Ctx<'_>) -> Done {
    if ctx.store.udf_lists.is_empty() {
        return fail("No configured UDF LISTS");
    }
    let keep = ctx.twists.short().unwrap_or(usize::MAX);
    let mut xml = Xml::new();
    xml.element("UDFLISTS", |xml| {
        for (key, list) in ctx.store.udf_lists.iter().take(keep) {
            xml.element("UDFLIST", |xml| {
                xml.leaf("UDFLISTKEY", &key.to_string());
                xml.leaf("NAME", &list.name);
                xml.leaf("DESCRIPTION", &list.description);
            });
        }
    });
    Ok(Success::Details(xml))
}

/// GetUDFListItems.
pub(super) fn items(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("UDFLISTKEY")?;
    let Some(list) = ctx.store.udf_lists.get(&key) else { return fail("Invalid UDFLISTKEY") };
    let keep = ctx.twists.short().unwrap_or(usize::MAX);
    let mut xml = Xml::new();
    xml.element("LISTITEMS", |xml| {
        for (key, (name, custom)) in list.items.iter().take(keep) {
            xml.element("LISTITEM", |xml| {
                xml.leaf("ITEMKEY", &key.to_string());
                xml.leaf("ITEMNAME", name);
                xml.leaf("CUSTOMKEY", custom);
            });
        }
    });
    Ok(Success::Details(xml))
}

/// ModifyUDFListItems: at most ten, all or nothing.
pub(super) fn modify(ctx: &mut Ctx<'_>) -> Done {
    let key = ctx.key("UDFLISTKEY")?;
    let Some(list) = ctx.store.udf_lists.get(&key) else { return fail("Invalid UDFLISTKEY") };
    let changes = ctx.params.child("LISTITEMS").map(|list| list.all("LISTITEM").collect::<Vec<_>>());
    let changes = changes.unwrap_or_default();
    if changes.len() > MOST_ITEMS {
        return fail(format!("Cannot exceed count of {MOST_ITEMS} LISTITEMS"));
    }
    let mut items = list.items.clone();
    for change in changes {
        apply(ctx, &mut items, change)?;
    }
    if let Some(list) = ctx.store.udf_lists.get_mut(&key) {
        list.items = items;
    }
    Ok(Success::Code)
}

type Items = BTreeMap<u64, (String, String)>;

/// Without ITEMKEY an item is added; with it an item is changed, or removed by DELETE.
fn apply(ctx: &Ctx<'_>, items: &mut Items, change: &Element) -> Result<(), Refusal> {
    let key =
        change.filled("ITEMKEY").map(|text| text.parse::<u64>().ok().filter(|key| items.contains_key(key)));
    if key == Some(None) {
        return fail("Invalid ITEMKEY");
    }
    let delete = change.filled("DELETE").map_or(Ok(false), |text| ctx.read_flag("DELETE", text))?;
    let name = change.filled("ITEMNAME").map(|text| ctx.text("ITEMNAME", text)).transpose()?;
    let by_name =
        |items: &Items, name: &str| items.iter().find(|(_, item)| item.0 == name).map(|(key, _)| *key);
    match (key.flatten(), name) {
        (Some(key), _) if delete => drop(items.remove(&key)),
        (None, Some(name)) if delete => {
            let Some(key) = by_name(items, &name) else { return fail("Invalid ITEMNAME") };
            items.remove(&key);
        }
        (Some(key), name) => {
            let Some(item) = items.get_mut(&key) else { return fail("Invalid ITEMKEY") };
            item.0 = name.unwrap_or_else(|| item.0.clone());
            item.1 = change.value("CUSTOMKEY").map_or_else(|| item.1.clone(), str::to_owned);
        }
        (None, Some(name)) => {
            if by_name(items, &name).is_some() {
                return fail("Duplicate ITEMNAME");
            }
            let key = items.last_key_value().map_or(1, |(key, _)| key + 1);
            items.insert(key, (name, change.value("CUSTOMKEY").unwrap_or_default().to_owned()));
        }
        (None, None) => return fail("Missing ITEMNAME"),
    }
    Ok(())
}
