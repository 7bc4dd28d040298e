//! 2.3: lists, pages, filters.

use serde_json::{Value, json};

use crate::harness::{Got, MILL, NOTHING, SITE, Sim, sim, text};

/// [M]
#[tokio::test]
async fn s2_3_a_list_is_items_next_page_link_and_count() {
    let sim = sim(&[]).await;
    let got = sim.get("/v1.2/sites?$top=1").await.is(200);
    assert_eq!(got.as_object().unwrap().len(), 3);
    assert!(got["next_page_link"].is_string() && got["count"].is_null());
    let mill = sim.call_as(&sim.log_in("stranger@mill.example").await, "GET", "/v1.2/sites", None).await.json;
    assert_eq!(
        mill,
        json!({ "items": [{ "id": MILL, "site_uid": "DE4520", "customer_reference": "Mill" }],
                "next_page_link": null, "count": null })
    );
}

/// [M]
#[tokio::test]
async fn s2_3_count_is_present_only_with_inlinecount_allpages() {
    let sim = sim(&[]).await;
    let count = |got: Got| got.json["count"].clone();
    assert_eq!(count(sim.s("GET", "/users?$top=2&$inlinecount=allpages", NOTHING).await), json!(7));
    assert_eq!(count(sim.s("GET", "/users?$inlinecount=none", NOTHING).await), Value::Null);
    let got =
        sim.s("GET", "/users?$filter=user/email eq 'ada@example.org'&$inlinecount=allpages", NOTHING).await;
    assert_eq!(got.json, json!({ "items": [], "next_page_link": null, "count": 0 }));
}

pub async fn walk(sim: &Sim, first: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = first.to_owned();
    for _ in 0..100 {
        let got = sim.get(&next).await;
        assert_eq!(got.status, 200, "{}", got.text);
        all.extend(got.items());
        match got.json["next_page_link"].as_str() {
            None => return all,
            Some(link) => next = link.strip_prefix(&sim.running.url).unwrap().to_owned(),
        }
    }
    panic!("the pages do not end");
}

/// [M]
#[tokio::test]
async fn s2_3_next_page_links_are_absolute_and_lead_through_every_item_once() {
    let sim = sim(&[]).await;
    let path = format!("/v1.2/sites/{SITE}/users?$top=3&$orderby=alias desc&$filter=blocked eq false");
    let all = walk(&sim, &path).await;
    let aliases: Vec<String> = all.iter().map(|user| text(&user["alias"])).collect();
    let mut sorted = aliases.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!((aliases.len(), &aliases), (7, &sorted));
}

/// [I]
#[tokio::test]
async fn s2_3_the_page_has_20_items_and_top_100_is_accepted() {
    let sim = sim(&[]).await;
    for number in 0..25 {
        sim.s("POST", "/access_groups", json!({ "customer_reference": format!("G{number:02}") }))
            .await
            .is(200);
    }
    let first = sim.s("GET", "/access_groups", NOTHING).await;
    assert_eq!(first.items().len(), 20);
    assert_eq!(sim.s("GET", "/access_groups?$top=100", NOTHING).await.items().len(), 29);
    assert_eq!(walk(&sim, &format!("/v1.2/sites/{SITE}/access_groups")).await.len(), 29);
}

/// [M]
#[tokio::test]
async fn s2_3_skip_omits_the_first() {
    let sim = sim(&[]).await;
    let got = sim.s("GET", "/access_groups?$skip=3", NOTHING).await;
    assert_eq!(got.items()[0]["customer_reference"], json!("Empty"));
    assert!(sim.s("GET", "/access_groups?$skip=400", NOTHING).await.items().is_empty());
}

/// [C]
#[tokio::test]
async fn s2_3_the_known_filters_work() {
    let sim = sim(&[]).await;
    let found = async |path: &str| sim.s("GET", path, NOTHING).await.items().len();
    assert_eq!(found("/users?$filter=user/email eq 'zoe@acme.example'").await, 1);
    assert_eq!(found("/access_groups?$filter=customer_reference eq 'Coworking'").await, 1);
    assert_eq!(found("/access_groups?$filter=contains(customer_reference,'o')").await, 3);
    assert_eq!(found("/locks?$filter=contains(customer_reference, 'room')").await, 1);
    assert_eq!(found("/users?$filter=(blocked eq false) and (alias eq 'Cleaner')").await, 1);
    assert_eq!(found("/users?$filter=(alias eq 'Cleaner') or (alias eq 'Poddy')").await, 2);
    let entries = "/entries?$filter=utc_date_time ge DateTime'2026-01-01T00:00:00Z'";
    assert_eq!(sim.s1("GET", entries, NOTHING).await.status, 200);
}

/// [I]
#[tokio::test]
async fn s2_3_a_quote_is_escaped_by_doubling_it() {
    let sim = sim(&[]).await;
    let got = sim.s("GET", "/users?$filter=alias eq 'Zoë O''Brien'", NOTHING).await;
    assert_eq!(got.items().len(), 1);
    sim.s("GET", "/users?$filter=alias eq 'Zoë O'Brien'", NOTHING).await.error(400, "1102");
}

/// [M]
#[tokio::test]
async fn s2_3_a_bad_filter_or_order_is_400_1102() {
    let sim = sim(&[]).await;
    for query in [
        "$filter=email eq 'x'",
        "$filter=user/email eq x",
        "$filter=user/email = 'x'",
        "$filter=user/email eq 'x",
        "$filter=(alias eq 'x'",
        "$filter=alias eq 'x')",
        "$filter=alias eq 'x' and",
        "$filter=alias eq true",
        "$filter=contains(alias)",
        "$filter=contains(blocked,'x')",
        "$filter=startswith(alias,'x')",
        "$filter=expires_at ge DateTime'yesterday'",
        "$filter=",
        "$orderby=nothing",
        "$orderby=alias sideways",
        "$top=-1",
        "$top=ten",
        "$skip=x",
        "$inlinecount=yes",
        "$select=id",
        "$top=1&$top=2",
    ] {
        sim.s("GET", &format!("/users?{query}"), NOTHING).await.error(400, "1102");
    }
}

/// [I]
#[tokio::test]
async fn s2_3_deep_parentheses_are_refused() {
    let sim = sim(&[]).await;
    let deep = format!("{}alias eq 'x'{}", "(".repeat(2000), ")".repeat(2000));
    sim.s("GET", &format!("/users?$filter={deep}"), NOTHING).await.error(400, "1102");
}
