//! Any input of a client, valid or not: NetBox answers, does not panic and does not hang.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Response};
use tokio::runtime::Runtime;

use crate::fuzz_words::{name, nested, parameter};
use crate::harness::{PATH, Sim, command};
use crate::support::raw::send_and_close;

/// A NetBox and its runtime.
struct Target {
    runtime: Runtime,
    sim: Sim,
}

impl Target {
    fn new(switches: &[(&str, &str)]) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sim = runtime.block_on(Sim::with(switches));
        Self { runtime, sim }
    }

    /// Sends a request and checks the answer: a known status, and for 200 XML with the root NETBOX.
    fn send(&self, request: reqwest::RequestBuilder) -> Result<(), TestCaseError> {
        let answered = self.runtime.block_on(async {
            let whole = async { text(request.send().await?).await };
            tokio::time::timeout(Duration::from_secs(30), whole).await
        });
        let (status, text) = answered
            .map_err(|_| TestCaseError::fail("it hangs"))?
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert!([200, 404, 405, 410, 413].contains(&status), "{status}");
        if status == 200 {
            prop_assert!(text.starts_with("<NETBOX") && text.ends_with("</NETBOX>"), "{text}");
        }
        Ok(())
    }

    /// After all input, NetBox still works.
    fn still_works(&self) {
        let session = self.runtime.block_on(self.sim.login("sim", "sim")).unwrap();
        let answer = self.runtime.block_on(self.sim.post(&command(&session, "GetReaders", "")));
        assert!(answer.contains("<READERKEY>190</READERKEY>"), "{answer}");
        let calls = self.runtime.block_on(self.sim.look("calls"));
        assert_eq!(calls["in_flight"], serde_json::json!(0), "{calls}");
    }

    fn run<S: Strategy>(
        &self,
        cases: u32,
        strategy: &S,
        test: impl Fn(S::Value) -> Result<(), TestCaseError>,
    ) {
        // A failing case is printed with its input, so a file of regressions is not needed.
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
        TestRunner::new(config).run(strategy, test).unwrap_or_else(|e| panic!("{e}"));
        self.still_works();
    }
}

async fn text(response: Response) -> reqwest::Result<(u16, String)> {
    let status = response.status().as_u16();
    let bytes = response.bytes().await?;
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}

#[test]
fn every_command_answers_any_parameters() {
    let switched: [&[(&str, &str)]; 2] = [
        &[("limits.in-flight", "4")],
        &[
            ("search.wildcard", "*"),
            ("text.non-ascii", "latin-1"),
            ("text.max", "5"),
            ("history.edge", "at-or-after"),
            ("levels.empty", "clears"),
            ("walk.per-hour", "36000"),
        ],
    ];
    for switches in switched {
        let target = Target::new(switches);
        let params = prop::collection::vec(prop_oneof![4 => parameter(), 1 => nested()], 0..7);
        target.run(400, &(name(), params), |(name, params)| {
            let body = command(&target.sim.session, &name, &params.concat());
            target.send(target.sim.http.post(format!("{}{PATH}", target.sim.running.url)).body(body))
        });
    }
}

#[test]
fn any_body_is_answered() {
    let target = Target::new(&[]);
    let url = format!("{}{PATH}", target.sim.running.url);
    let whole = command(&target.sim.session, "SearchPersonData", "<LASTNAME>A</LASTNAME>").into_bytes();
    let broken = (0..whole.len(), any::<u8>(), any::<bool>()).prop_map(move |(at, byte, cut)| {
        let mut body = whole.clone();
        if cut {
            body.truncate(at);
        } else {
            body[at] = byte;
        }
        body
    });
    let markup = prop::collection::vec(
        prop::sample::select(vec![
            "<NETBOX-API>",
            "</NETBOX-API>",
            "<COMMAND name='PingApp'>",
            "</COMMAND>",
            "<COMMAND name=\"Login\"/>",
            "<PARAMS>",
            "</PARAMS>",
            "<a",
            ">",
            "/>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<?xml version='1.0'?>",
            "<!DOCTYPE a [<!ENTITY e 'x'>]>",
            "&e;",
            "&#0;",
            "&lt;",
            "'",
            "\"",
            "=",
            "APIcommand=",
            "\u{feff}",
            "é",
        ]),
        0..12,
    )
    .prop_map(|parts| parts.concat().into_bytes());
    let body = prop_oneof![prop::collection::vec(any::<u8>(), 0..200), broken, markup];
    target.run(600, &body, |body| target.send(target.sim.http.post(&url).body(body)));
}

#[test]
fn any_head_is_answered() {
    let target = Target::new(&[("path.v1", "on")]);
    let method = prop::sample::select(vec![
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
        Method::TRACE,
    ]);
    let path = prop_oneof![
        prop::sample::select(vec![
            PATH,
            "/goforms/nbapi",
            "/appd/nbapi",
            "/appdevent/nbapi/event",
            "/nbws/goforms/nbapi/",
            "//",
            "/%00",
            "/_simx"
        ])
        .prop_map(str::to_owned),
        "/[a-z%./]{0,12}",
    ];
    let header = prop::sample::select(vec![
        "content-type",
        "cookie",
        "accept",
        "accept-encoding",
        "authorization",
        "range",
        "x-forwarded-for",
        "origin",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            ".sessionId=1",
            ".sessionId=",
            ";;=;",
            "multipart/form-data",
            "text/xml; charset=utf-16",
            "gzip",
            "bytes=5-1"
        ])
        .prop_map(|v| v.as_bytes().to_vec()),
        prop::collection::vec(prop_oneof![32u8..127, 128u8..=255], 0..60),
    ];
    let headers = prop::collection::vec((header, value), 0..5);
    let ping = command(&target.sim.session, "PingApp", "");
    target.run(400, &(method, path, headers), |(method, path, headers)| {
        let mut request =
            target.sim.http.request(method, format!("{}{path}", target.sim.running.url)).body(ping.clone());
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), HeaderValue::from_bytes(&value).unwrap());
        }
        target.send(request)
    });
}

#[test]
fn a_body_that_is_too_large_or_too_deep_is_refused() {
    let target = Target::new(&[]);
    let url = format!("{}{PATH}", target.sim.running.url);
    for body in [
        "x".repeat((16 << 20) + 1),
        "<a>".repeat(2_000_000),
        format!("<NETBOX-API>{}", "<COMMAND name='PingApp'/>".repeat(100_000)),
    ] {
        target.send(target.sim.http.post(&url).body(body)).unwrap();
    }
    target.still_works();
}

#[test]
fn the_side_door_answers_any_order() {
    let target = Target::new(&[]);
    let path = prop::sample::select(vec![
        "clock", "faults", "limits", "switches", "edit", "door", "reset", "nothing", "",
    ]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("-1".to_owned()),
        Just("1e308".to_owned()),
        Just("\"P1D\"".to_owned()),
        Just("\"-P9999Y\"".to_owned()),
        Just("\"refuse\"".to_owned()),
        Just("\"emp-0001\"".to_owned()),
        Just("\"Lobby\"".to_owned()),
        Just("\"9999-12-31T23:59:59Z\"".to_owned()),
        Just("\"x\"".to_owned()),
    ];
    let key = prop::sample::select(vec![
        "kind",
        "ms",
        "operation",
        "times",
        "advance",
        "set",
        "follow",
        "action",
        "id",
        "person",
        "portal",
        "name",
        "box.clock-offset",
        "walk.per-hour",
        "levels.details",
        "latency_ms",
        "rate",
        "seed",
        "skip",
        "dry",
        "all",
    ]);
    let object = prop::collection::vec((key, leaf), 0..4).prop_map(|pairs| {
        format!("{{{}}}", pairs.iter().map(|(k, v)| format!("\"{k}\":{v}")).collect::<Vec<_>>().join(","))
    });
    let body = prop_oneof![4 => object, 1 => "[ -~]{0,30}"];
    let reset = || {
        let all = serde_json::json!({ "all": true });
        target.runtime.block_on(target.sim.order("reset", all));
    };
    target.run(400, &(path, body), |(path, body)| {
        let url = format!("{}/_sim/{path}", target.sim.running.url);
        let sent = target.runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(30), target.sim.http.post(url).body(body).send()).await
        });
        let status = sent
            .map_err(|_| TestCaseError::fail("it hangs"))?
            .map_err(|e| TestCaseError::fail(e.to_string()))?
            .status();
        reset();
        prop_assert!([200, 400, 404].contains(&status.as_u16()), "{status}");
        Ok(())
    });
}

#[test]
fn bytes_that_are_no_http_are_refused_and_do_no_harm() {
    let target = Target::new(&[]);
    for (bytes, status) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00"[..], "400"),
        (b"GARBAGE\r\n\r\n", "400"),
        (b"POST /nbws/goforms/nbapi HTTP/1.1\r\ncontent-length: -5\r\n\r\n", "400"),
        (b"POST /nbws/goforms/nbapi HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "400"),
        (b"POST /nbws/goforms/nbapi HTTP/1.1\r\nhost: a\r\ncontent-length: 99\r\n\r\n<NETBOX", ""),
        (b"", ""),
    ] {
        let head = target.runtime.block_on(send_and_close(&target.sim.running.url, bytes));
        assert!(head.is_empty() || head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
    }
    target.still_works();
}
