//! One request with one body: the HTTP below the envelope (systems/lenel-s2.md 2.1; design 3.19).

use std::error::Error;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Client, Response, redirect};
use url::Url;

use super::config::Config;
use super::errors;
use crate::clock::SharedClock;
use crate::cluster::lease::Fence;
use crate::system::wire::address::{JudgingResolver, RefusedAddress, judge_host};
use crate::system::wire::tls;
use crate::system::{ErrorCode, ErrorKind, SystemError};

/// Larger than any valid answer.
const MAX_BODY: usize = 64 << 20;

/// The longest wait for a connection. The rest of the timeout is for the answer.
const CONNECT: Duration = Duration::from_secs(10);

/// How long an unused connection is kept. The NetBox's own limit is not known, and a connection that it has closed
/// meanwhile costs the next call its answer.
const IDLE: Duration = Duration::from_secs(15);

/// Sends documents to one controller.
pub(super) struct Http {
    client: Client,
    url: Url,
    timeout: Duration,
    clock: SharedClock,
    fence: Fence,
}

impl Http {
    pub(super) fn new(config: &Config, clock: SharedClock, fence: Fence) -> Result<Self, SystemError> {
        let url = address(config)?;
        let builder = Client::builder()
            .user_agent(crate::USER_AGENT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT.min(config.timeout))
            .timeout(config.timeout)
            .pool_idle_timeout(IDLE)
            .dns_resolver(JudgingResolver { allow_loopback: config.allow_loopback });
        let client = match (&config.ca_pem, url.scheme()) {
            // Without TLS no root certificates are needed, and a scratch image has none.
            (_, "http") => builder.tls_certs_only([]),
            (None, _) => builder,
            (Some(pem), _) => builder.tls_backend_preconfigured(trusting(pem)?),
        };
        let client = client.build().map_err(|error| {
            refused(format!(
                "The NetBox client cannot use TLS: {}; check spec.lenelS2.caBundle",
                innermost(&error)
            ))
        })?;
        Ok(Self { client, url, timeout: config.timeout, clock, fence })
    }

    /// Posts a document and returns the whole body of the answer. Every request leaves here, so every request needs the
    /// lease, be it a login, a ping, a logout or the third exchange of one step. No answer is awaited for longer than
    /// the lease is held.
    pub(super) async fn post(&self, operation: &'static str, body: String) -> Result<String, SystemError> {
        if !self.fence.held() {
            return Err(SystemError::not_leader(operation));
        }
        tokio::select! {
            biased;
            () = self.fence.ended() => Err(SystemError::not_leader(operation)),
            answer = self.exchange(operation, body) => answer,
        }
    }

    async fn exchange(&self, operation: &'static str, body: String) -> Result<String, SystemError> {
        let request =
            self.client.post(self.url.clone()).header(CONTENT_TYPE, "text/xml; charset=utf-8").body(body);
        let response = request.send().await.map_err(|error| self.unreachable(operation, &error))?;
        let status = response.status();
        if !status.is_success() {
            let wait = self.retry_after(response.headers());
            return Err(errors::http_status(operation, status.as_u16(), wait));
        }
        let bytes = self.whole(operation, response).await?;
        // A NetBox may use Latin-1 (2.16 no. 12): one such name must not make its whole page unreadable.
        Ok(String::from_utf8(bytes)
            .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect()))
    }

    async fn whole(&self, operation: &'static str, mut response: Response) -> Result<Vec<u8>, SystemError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(operation, &error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_BODY {
                return Err(errors::incomplete(operation, "more than 64 MiB"));
            }
        }
        Ok(bytes)
    }

    /// `Retry-After` in seconds or as a date. The date and the answer's own `Date` come from the same clock, which may
    /// be wrong, so the difference of the two counts.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        if let Some(seconds) = text(headers, &RETRY_AFTER).and_then(|text| text.parse().ok()) {
            return Some(Duration::from_secs(seconds));
        }
        let until = date(headers, &RETRY_AFTER)?;
        let answered = date(headers, &DATE).unwrap_or_else(|| self.clock.now());
        Some(Duration::try_from(until.duration_since(answered)).unwrap_or_default())
    }

    /// No complete answer came. The outcome of a write is unknown, so every error except a refused address is
    /// transient.
    fn unreachable(&self, operation: &'static str, error: &reqwest::Error) -> SystemError {
        if let Some(refused) = find::<RefusedAddress>(error) {
            let message =
                format!("{operation} on the NetBox was not sent: {refused}; change spec.lenelS2.url");
            return SystemError::new(ErrorKind::Terminal, operation, message).with_code(ErrorCode::Endpoint);
        }
        let why = if let Some(tls) = find::<rustls::Error>(error) {
            errors::tls(tls)
        } else if error.is_timeout() {
            format!(
                "no whole answer within {:?}; check host and port of spec.lenelS2.url, and the network between",
                self.timeout
            )
        } else if error.is_dns() {
            "its name cannot be resolved; check spec.lenelS2.url".to_owned()
        } else if error.is_connect() {
            format!(
                "no connection ({}); check scheme, host and port of spec.lenelS2.url, and that the NetBox is on",
                innermost(error)
            )
        } else {
            "the connection ended before the whole answer came; check that spec.lenelS2.url has the right scheme and port"
                .to_owned()
        };
        let message = format!("{operation} on the NetBox failed: {why}; it is tried again");
        SystemError::new(ErrorKind::Transient, operation, message)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    rfc2822::parse(text(headers, name)?).ok().map(|date| date.timestamp())
}

fn refused(message: String) -> SystemError {
    SystemError::new(ErrorKind::Terminal, "Connect", message)
}

/// The URL of the API, checked before anything is sent.
fn address(config: &Config) -> Result<Url, SystemError> {
    let mut url = Url::parse(config.url.trim()).map_err(|error| {
        refused(format!("spec.lenelS2.url is not a URL: {error}; write https:// and the host"))
    })?;
    let whole = |what: &str| Err(refused(format!("spec.lenelS2.url must be {what}")));
    if !matches!(url.scheme(), "http" | "https") {
        return whole("an http or https URL");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return whole("without a user: the login belongs in the Secret");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return whole("scheme, host and port only: the path goes to spec.lenelS2.path");
    }
    judge_host(&url, config.allow_loopback).map_err(|why| {
        refused(format!("No connection to the NetBox is made: {why}; change spec.lenelS2.url"))
    })?;
    url.set_path(&config.path);
    Ok(url)
}

fn trusting(pem: &[u8]) -> Result<rustls::ClientConfig, SystemError> {
    tls::trusting(pem).map_err(|why| {
        refused(format!(
            "spec.lenelS2.caBundle cannot be used: {why}. Put the CA's certificate there, or the NetBox's own"
        ))
    })
}

/// An error of one type anywhere in a chain, including the I/O errors that wrap it.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

/// The last cause: the message of the operating system or of TLS. It contains addresses at most, never a body.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}
