//! The addendum, row by row.

use serde_json::json;

use crate::harness::example;

/// A1 [confirmed] ArrivalDate and DepartureDate are of the type `DateTime` in the source, times are text.
/// A1 [inferred] Both ISO forms of a date are read; `dates.format` decides which one is in answers.
#[tokio::test]
async fn a1_dates_are_read_with_and_without_midnight_and_answered_by_the_switch() {
    for (position, answered) in [("YYYY-MM-DD", "2026-12-01"), ("YYYY-MM-DDT00:00:00", "2026-12-01T00:00:00")]
    {
        for sent in ["2026-12-01", "2026-12-01T00:00:00", "2026-12-01T00:00:00Z"] {
            let sim = example(&[("dates.format", position)]).await;
            sim.visit(json!({ "ArrivalDate": sent, "DepartureDate": sent })).await.data();
            let list = sim.get(&format!("/institutions/4711/visits?from={sent}&to={sent}")).await;
            assert_eq!(list.each("ArrivalDate"), [answered], "{sent}");
            assert_eq!(
                (list.each("DepartureDate"), list.each("ArrivalTime")),
                (vec![answered.into()], vec!["08:00".into()])
            );
        }
        let sim = example(&[("dates.format", position)]).await;
        let later = sim.visit(json!({ "ArrivalDate": "2026-12-01T09:00:00" })).await;
        assert_eq!(later.verdict().2, "Invalid arrival date", "the time has its own field");
    }
}

/// A2 [confirmed] The portal form, whose `first_name_0` carries the last name and `last_name_0` the first, is not served.
#[tokio::test]
async fn a2_the_form_of_the_portal_is_not_served() {
    let sim = example(&[]).await;
    let form = "first_name_0=Garcia&last_name_0=Jose";
    let request =
        sim.request("POST", "/preauthorized").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(sim.send(request.body(form)).await.status, 404);
}
