//! 2.1 Transport.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE};
use serde_json::json;
use vestibule_sim::frame::{Options, Tls};

use crate::harness::{PATH, Sim, command, first};

const PING: &str = "<NETBOX-API><COMMAND name=\"PingApp\" num=\"1\"/></NETBOX-API>";

/// 2.1 [LIVE] The response is text/xml with HTTP 200 also for APIERROR.
#[tokio::test]
async fn s2_1_an_api_error_comes_with_http_200_and_text_xml() {
    let sim = Sim::new().await;
    let response = sim.send(Method::POST, PATH, PING).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/xml");
    assert_eq!(
        response.text().await.unwrap(),
        "<NETBOX><RESPONSE><APIERROR>5</APIERROR></RESPONSE></NETBOX>"
    );
}

/// 2.1 [LIVE] On 6.2.0 the old path answers HTTP 410 to any method and body.
#[tokio::test]
async fn s2_1_the_old_path_answers_410_to_any_method_and_body() {
    let sim = Sim::new().await;
    for method in [Method::POST, Method::GET, Method::PUT, Method::DELETE] {
        for body in ["", PING, "nonsense"] {
            assert_eq!(sim.send(method.clone(), "/goforms/nbapi", body).await.status(), 410);
        }
    }
}

/// 2.1 [CODE] Versions up to 5.x answer on the old path; newer ones may be set to answer on neither or both.
#[tokio::test]
async fn s2_1_both_paths_can_be_switched() {
    let sim = Sim::with(&[("path.v1", "on"), ("path.v2", "on")]).await;
    let ping = command(&sim.session, "PingApp", "");
    let answer = sim.send(Method::POST, "/goforms/nbapi", ping).await.text().await.unwrap();
    assert!(answer.contains("<CODE>SUCCESS</CODE>"), "{answer}");
    sim.switch("path.v2", "410").await;
    assert_eq!(sim.send(Method::POST, PATH, PING).await.status(), 410);
}

/// 2.1 [CODE] NetBox ignores the Content-Type of a request.
#[tokio::test]
async fn s2_1_any_content_type_is_accepted() {
    let sim = Sim::new().await;
    let url = format!("{}{PATH}", sim.running.url);
    let ping = command(&sim.session, "PingApp", "");
    for kind in ["text/xml", "application/xml", "application/x-www-form-urlencoded", "image/png", ""] {
        let request = sim.http.post(&url).body(ping.clone());
        let request = if kind.is_empty() { request } else { request.header(CONTENT_TYPE, kind) };
        let answer = request.send().await.unwrap().text().await.unwrap();
        assert!(answer.contains("SUCCESS"), "{kind}: {answer}");
    }
}

/// 2.1 [CODE] The old body form has a literal `APIcommand=` before the XML; on 6.x it is unknown (2.16 #13).
#[tokio::test]
async fn s2_1_the_old_body_form_is_accepted_or_refused_by_switch() {
    let sim = Sim::new().await;
    let ping = format!("APIcommand={}", command(&sim.session, "PingApp", ""));
    assert!(sim.post(&ping).await.contains("SUCCESS"));
    sim.switch("body.apicommand", "apierror-3").await;
    assert!(sim.post(&ping).await.contains("<APIERROR>3</APIERROR>"));
    assert!(sim.run("PingApp", "").await.contains("SUCCESS"));
}

/// 2.1 [DOC2] Older event paths: /appd/nbapi for ListEvents and TriggerEvent; on 6.x they may not exist (2.16 #13).
#[tokio::test]
async fn s2_1_the_older_event_paths_exist_or_not_by_switch() {
    let sim = Sim::new().await;
    let list = command(&sim.session, "ListEvents", "");
    let answer = sim.send(Method::POST, "/appd/nbapi", list.clone()).await.text().await.unwrap();
    assert!(answer.contains("<NAME>Evacuation</NAME>"), "{answer}");
    sim.switch("path.appd", "410").await;
    for path in ["/appd/nbapi", "/appdevent/nbapi/event"] {
        assert_eq!(sim.send(Method::POST, path, list.clone()).await.status(), 410);
    }
}

/// 2.1 [DOC2] On /appdevent/nbapi/event the session is in the cookie .sessionId instead of the attribute.
#[tokio::test]
async fn s2_1_the_old_event_path_takes_the_session_from_its_cookie() {
    let sim = Sim::new().await;
    let post = |path: &str| {
        let request = sim.http.post(format!("{}{path}", sim.running.url));
        request.header(COOKIE, format!("a=b; .sessionId={}", sim.session)).body(PING)
    };
    let answer = post("/appdevent/nbapi/event").send().await.unwrap().text().await.unwrap();
    assert!(answer.contains("SUCCESS"), "{answer}");
    let answer = post(PATH).send().await.unwrap().text().await.unwrap();
    assert!(answer.contains("<APIERROR>5</APIERROR>"), "a spare cookie was taken for a session: {answer}");
}

/// 2.1 [CODE] HTTPS with a self-signed certificate.
#[tokio::test]
async fn s2_1_it_speaks_tls_with_its_own_certificate() {
    let options = Options { tls: Some(Tls::OwnAuthority), ..Options::default() };
    let running = vestibule_sim::netbox::start(options).await.unwrap();
    assert!(running.url.starts_with("https://127.0.0.1:"));
    let pem = running.ca_pem().unwrap().to_owned();
    let stranger = reqwest::Client::new().get(format!("{}/_sim/ca.pem", running.url)).send().await;
    assert!(stranger.is_err(), "a client without the authority trusts the certificate");
    let ca = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let http = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    let again = http.get(format!("{}/_sim/ca.pem", running.url)).send().await.unwrap().text().await.unwrap();
    assert_eq!(again, pem);
    let login = command("", "Login", "<USERNAME>sim</USERNAME><PASSWORD>sim</PASSWORD>");
    let answer = http.post(format!("{}{PATH}", running.url)).body(login).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("SUCCESS"));
}

/// 2.1 [?] Non-ASCII round trip: UTF-8 is kept, or becomes Latin-1, or is refused (2.16 #12).
#[tokio::test]
async fn s2_1_letters_beyond_ascii_are_kept_or_replaced_or_refused() {
    let sim = Sim::new().await;
    let name = "Zoë Wójcik 漢 & <Söhne>";
    let escaped = "Zoë Wójcik 漢 &amp; &lt;Söhne&gt;";
    sim.add("a", &format!("<FIRSTNAME>{escaped}</FIRSTNAME>")).await;
    assert_eq!(first(&sim.ok("GetPerson", "<PERSONID>a</PERSONID>").await, "FIRSTNAME"), escaped);
    assert_eq!(sim.person("a").await["first_name"], json!(name));
    sim.switch("text.non-ascii", "fail").await;
    let refused = sim.fail("ModifyPerson", "<PERSONID>a</PERSONID><FIRSTNAME>Zoë</FIRSTNAME>").await;
    assert_eq!(refused, "Invalid characters in FIRSTNAME");
}

/// 2.1 [?] As Latin-1: letters outside become question marks, answers are bytes of ISO-8859-1 (2.16 #12).
#[tokio::test]
async fn s2_1_as_latin_1_the_bytes_are_those_of_latin_1() {
    let sim = Sim::with(&[("text.non-ascii", "latin-1")]).await;
    sim.add("a", "<FIRSTNAME>Zoë 漢</FIRSTNAME>").await;
    let get = command(&sim.session, "GetPerson", "<PERSONID>a</PERSONID>");
    let response = sim.send(Method::POST, PATH, get).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "text/xml; charset=ISO-8859-1");
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.windows(6).any(|part| part == b">Zo\xeb ?"), "{bytes:?}");
    let body: Vec<u8> =
        command(&sim.session, "ModifyPerson", "<PERSONID>a</PERSONID><FIRSTNAME>#</FIRSTNAME>")
            .bytes()
            .map(|b| if b == b'#' { 0xfc } else { b })
            .collect();
    sim.send(Method::POST, PATH, body).await;
    assert_eq!(sim.person("a").await["first_name"], json!("ü"));
}

/// 2.1 [INF] Other paths do not exist, and the API accepts POST only.
#[tokio::test]
async fn s2_1_other_paths_are_404_and_other_methods_405() {
    let sim = Sim::new().await;
    assert_eq!(sim.send(Method::POST, "/", PING).await.status(), 404);
    assert_eq!(sim.send(Method::POST, "/nbws/api/persons", PING).await.status(), 404);
    assert_eq!(sim.send(Method::GET, PATH, "").await.status(), 405);
}
