//! 2B.10 #2 and 2B.2: every switch of authentication in every position.

use serde_json::json;

use crate::harness::{Answer, OWNER, Sim, example, visit};

async fn token(sim: &Sim, user: &str, password: &str) -> Answer {
    sim.send(sim.request("POST", "/token").basic_auth(user, Some(password)).header("OwnerGuid", OWNER)).await
}

/// 2B.10 #2 [unknown] Basic or token.
#[tokio::test]
async fn s2b10_row2_auth_mode_basic_or_token() {
    let sim = example(&[("auth.mode", "token")]).await;
    let made = token(&sim, "oasis", "open-the-oasis").await.data();
    assert_eq!(made["ExpiresInSeconds"], 3600);
    let bearer = made["Token"].as_str().unwrap();
    let list = |path: &'static str| sim.send(sim.request("GET", path).bearer_auth(bearer));
    assert_eq!(list("/institutions/4711/companies").await.status, 200);
    assert_eq!(
        list("/institutions/4711/visits").await.status,
        401,
        "a token opens the door of its credentials"
    );
    assert_eq!(sim.get("/institutions/4711/companies").await.status, 401, "Basic no more");
    assert_eq!(token(&sim, "oasis", "x").await.status, 401);
    let other = sim.request("GET", "/institutions/4711").bearer_auth(bearer);
    let other = other.header("OwnerGuid", "{00000000-1111-2222-3333-444444444445}");
    assert_eq!(sim.send(other).await.status, 403);
    let basic = example(&[("auth.mode", "basic")]).await;
    assert_eq!(token(&basic, "oasis", "open-the-oasis").await.status, 404, "there are no tokens");
}

/// 2B.2 [inferred] `POST /token` and its ExpiresInSeconds.
#[tokio::test]
async fn s2b2_token_lifetime_ends_a_token() {
    let sim = example(&[("auth.mode", "token"), ("token.lifetime", "60")]).await;
    let made = token(&sim, "oasis", "open-the-oasis").await.data();
    assert_eq!(made["ExpiresInSeconds"], 60);
    let list =
        || sim.send(sim.request("GET", "/institutions/4711").bearer_auth(made["Token"].as_str().unwrap()));
    sim.clock("2026-12-01T14:00:59Z").await;
    assert_eq!(list().await.status, 200);
    sim.clock("2026-12-01T14:01:00Z").await;
    let ended = list().await;
    assert_eq!((ended.status, &ended.json()["TokenStatus"]), (401, &json!("INVALID")));
}

/// 2B.2 [inferred] TokenStatus INVALID: the token has ended, a new one works.
#[tokio::test]
async fn s2b2_a_session_fault_ends_the_token() {
    let sim = example(&[("auth.mode", "token")]).await;
    let made = token(&sim, "oasis", "open-the-oasis").await.data();
    let list =
        || sim.send(sim.request("GET", "/institutions/4711").bearer_auth(made["Token"].as_str().unwrap()));
    sim.fault(json!({ "kind": "session" })).await;
    assert_eq!((list().await.status, list().await.status), (401, 401));
}

/// 2B.10 #2 [unknown] Authentication of Visitor Connect.
#[tokio::test]
async fn s2b10_row2_auth_visitor_connect_same_basic_or_token() {
    for (mode, position, status) in
        [("basic", "same", 200), ("token", "same", 401), ("token", "basic", 200), ("basic", "token", 401)]
    {
        let sim = example(&[("auth.mode", mode), ("auth.visitor-connect", position)]).await;
        assert_eq!(sim.get("/institutions/4711/visits").await.status, status, "{mode} {position}");
        let companies = sim.get("/institutions/4711/companies").await.status;
        assert_eq!(companies == 200, mode == "basic", "auth.mode decides for the other doors");
    }
    let sim = example(&[("auth.visitor-connect", "token")]).await;
    assert_eq!(token(&sim, "visitor", "open-to-visitors").await.status, 200);
}

/// 2B.10 #2 [unknown] The place of the Owner GUID.
#[tokio::test]
async fn s2b10_row2_auth_owner_in_header_query_or_body() {
    let encoded = "%7B00000000-1111-2222-3333-444444444444%7D";
    let bare = |sim: &Sim, path: &str| sim.request("GET", path).basic_auth("oasis", Some("open-the-oasis"));
    for (position, works) in [("header", false), ("query", true), ("body", true)] {
        let sim = example(&[("auth.owner", position)]).await;
        let path = format!("/institutions/4711?OwnerGuid={encoded}");
        assert_eq!(sim.send(bare(&sim, &path)).await.status == 200, works, "{position}");
        let by_header = sim.get("/institutions/4711").await.status;
        assert_eq!(by_header == 200, position == "header", "{position}");
        let post = sim.request("POST", "/institutions/4711/visits");
        let post = post.basic_auth("visitor", Some("open-to-visitors"));
        let made = sim.send(post.json(&visit(json!({ "OwnerGuid": OWNER })))).await.status;
        assert_eq!(made == 200, position == "body", "{position}");
    }
}

/// 2B.10 #2 [unknown] Braces around it.
#[tokio::test]
async fn s2b10_row2_auth_braces_required_either_or_refused() {
    for (position, with, without) in [("required", 200, 403), ("either", 200, 200), ("refused", 403, 200)] {
        let sim = example(&[("auth.braces", position)]).await;
        let ask = |owner: &str| {
            let request =
                sim.request("GET", "/institutions/4711").basic_auth("oasis", Some("open-the-oasis"));
            sim.send(request.header("OwnerGuid", owner))
        };
        let plain = OWNER.trim_matches(|c| c == '{' || c == '}');
        assert_eq!((ask(OWNER).await.status, ask(plain).await.status), (with, without), "{position}");
    }
}

/// 2B.3 [inferred] Bad credentials are 401 or 200.
#[tokio::test]
async fn s2b3_auth_refusal_401_or_200() {
    for (position, status) in [("401", 401), ("200", 200)] {
        let sim = example(&[("auth.refusal", position)]).await;
        let answer = sim.send(sim.request("GET", "/institutions/4711")).await;
        assert_eq!(answer.verdict(), (status, false, "Invalid credentials".to_owned()));
        assert_eq!(answer.json()["TokenStatus"], "INVALID");
    }
}
