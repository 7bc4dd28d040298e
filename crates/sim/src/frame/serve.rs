//! Listeners, connections, and the handle of a running simulator.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Frame as BodyFrame, Incoming};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use parking_lot::{Mutex, RwLock};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Sleep;

use super::limits::{Gate, Limits};
use super::tls::{Secured, secure};
use super::{Body, Clock, Counters, Faults, Kit, Options, Reply, Request, Switches, System, limits};
use super::{page, pipeline, side_door};

/// A larger body is refused with 413.
const LARGEST_BODY: usize = 16 << 20;

/// One running system and everything around it.
pub struct Frame {
    /// The kit that was started.
    pub kit: &'static Kit,
    /// The system.
    pub system: Arc<dyn System>,
    /// Its clock.
    pub clock: Clock,
    /// Its faults.
    pub faults: Faults,
    /// Its counters.
    pub counters: Arc<Counters>,
    pub(super) gate: Gate,
    pub(super) switches: RwLock<Switches>,
    pub(super) lanes: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    pub(super) options: Options,
    pub(super) ca_pem: Option<String>,
    pub(super) urls: Vec<(&'static str, String)>,
}

/// A running simulator; dropped, it stops and closes all connections.
pub struct Running {
    /// Base URL of its first listener, without a slash at the end.
    pub url: String,
    /// Base URLs of all listeners by name.
    pub urls: Vec<(&'static str, String)>,
    /// Its parts, for tests that do not go through HTTP.
    pub frame: Arc<Frame>,
    tasks: Vec<JoinHandle<()>>,
}

impl Running {
    /// The certificate to trust, in PEM, if it speaks TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.frame.ca_pem.as_deref()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Frame {
    /// The simulated present, after everything due has been done.
    pub fn present(&self) -> jiff::Timestamp {
        let now = self.clock.now();
        self.system.tick(now);
        now
    }

    /// Sets switches, all or none.
    pub fn switch(&self, change: impl FnOnce(&mut Switches) -> Result<(), String>) -> Result<(), String> {
        let mut switches = self.switches.write();
        let mut next = switches.clone();
        change(&mut next)?;
        self.system.switched(&next, self.clock.now())?;
        self.gate.change(Limits::of(&next));
        *switches = next;
        Ok(())
    }
}

/// The switches of a kit, set as the options say.
pub(super) fn switches_of(kit: &Kit, options: &Options) -> Result<Switches, String> {
    let mut switches = Switches::new(&[limits::SWITCHES, kit.switches]);
    for (name, value) in &options.set {
        switches.set(name, value)?;
    }
    Ok(switches)
}

/// Starts a system on the current tokio runtime; the error is one sentence.
pub async fn start(kit: &'static Kit, options: Options) -> Result<Running, String> {
    let switches = switches_of(kit, &options)?;
    let clock = Clock::new(options.clock);
    let system = (kit.build)(&switches, options.seed.as_deref(), clock.now())?;
    let listeners = listen(kit, &options).await?;
    let addresses: Vec<SocketAddr> = listeners.iter().map(|(_, _, address)| *address).collect();
    let secured = options.tls.as_ref().map(|tls| secure(tls, &addresses)).transpose()?;
    let scheme = if secured.is_some() { "https" } else { "http" };
    let urls: Vec<_> = listeners.iter().map(|(name, _, at)| (*name, format!("{scheme}://{at}"))).collect();
    system.serving(&urls);
    let frame = Arc::new(Frame {
        kit,
        system,
        clock,
        faults: Faults::default(),
        counters: Arc::default(),
        gate: Gate::new(Limits::of(&switches)),
        switches: RwLock::new(switches),
        lanes: Mutex::default(),
        ca_pem: secured.as_ref().map(|s| s.ca_pem.clone()),
        urls: urls.clone(),
        options,
    });
    let mut tasks: Vec<_> = listeners
        .into_iter()
        .map(|(name, listener, _)| {
            let acceptor = secured.as_ref().map(|Secured { acceptor, .. }| acceptor.clone());
            tokio::spawn(accept(Arc::clone(&frame), name, listener, acceptor))
        })
        .collect();
    tasks.push(tokio::spawn(heartbeat(Arc::clone(&frame))));
    let url = urls.first().map(|(_, url)| url.clone()).unwrap_or_default();
    Ok(Running { url, urls, frame, tasks })
}

type Listening = (&'static str, TcpListener, SocketAddr);

async fn listen(kit: &Kit, options: &Options) -> Result<Vec<Listening>, String> {
    if let Some((other, _)) = options.listen_more.iter().find(|(name, _)| !kit.listeners.contains(name)) {
        let (system, own) = (kit.name, kit.listeners.join(", "));
        return Err(format!("{system} has no listener `{other}`; its listeners are {own}"));
    }
    let mut listening = Vec::new();
    for (index, name) in kit.listeners.iter().copied().enumerate() {
        let more = options.listen_more.iter().find(|(other, _)| *other == name).map(|(_, at)| *at);
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let at = if index == 0 { options.listen } else { more.unwrap_or(anywhere) };
        let listener = TcpListener::bind(at).await.map_err(|e| format!("{at} cannot be listened on: {e}"))?;
        let real = listener.local_addr().map_err(|e| format!("{at} cannot be listened on: {e}"))?;
        listening.push((name, listener, real));
    }
    Ok(listening)
}

/// Does what is due also without calls, so that streams continue.
async fn heartbeat(frame: Arc<Frame>) {
    let mut every = tokio::time::interval(Duration::from_millis(500));
    loop {
        every.tick().await;
        frame.present();
    }
}

async fn accept(
    frame: Arc<Frame>,
    name: &'static str,
    listener: TcpListener,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(connection(Arc::clone(&frame), name, stream, peer, acceptor.clone()));
                }
                // Probably out of file descriptors: other connections may close meanwhile.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(
    frame: Arc<Frame>,
    name: &'static str,
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<tokio_rustls::TlsAcceptor>,
) {
    // A small answer must not wait for more data.
    drop(stream.set_nodelay(true));
    match acceptor {
        None => serve(frame, name, stream, peer).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) =
                tokio::time::timeout(Duration::from_secs(10), acceptor.accept(stream)).await
            {
                serve(frame, name, stream, peer).await;
            }
        }
    }
}

async fn serve<S>(frame: Arc<Frame>, name: &'static str, stream: S, peer: SocketAddr)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(move |request| respond(Arc::clone(&frame), name, peer, request));
    let connection = hyper::server::conn::http1::Builder::new();
    // An error is a connection that the caller or a fault closed.
    drop(connection.serve_connection(TokioIo::new(stream), service).await);
}

async fn respond(
    frame: Arc<Frame>,
    name: &'static str,
    peer: SocketAddr,
    request: hyper::Request<Incoming>,
) -> io::Result<Response<Outgoing>> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body,
        Err(error) => {
            let status = if error.is::<LengthLimitError>() { 413 } else { 400 };
            return Ok(whole(Reply::empty(status)));
        }
    };
    let request = Request::new(name, peer, &head, body.to_bytes());
    if request.path == "/_sim" || request.path.starts_with("/_sim/") {
        return Ok(whole(side_door::answer(&frame, &request)));
    }
    if page::is_for_a_browser(&request) {
        return Ok(whole(page::front(&frame)));
    }
    match pipeline::call(&frame, &request).await {
        pipeline::Answer::Whole(reply) => Ok(whole(reply)),
        pipeline::Answer::Broken(reply, keep) => Ok(broken(reply, keep)),
        pipeline::Answer::Closed => Err(io::Error::other("closed on purpose")),
    }
}

fn head(reply: &Reply) -> hyper::http::response::Builder {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let builder = Response::builder().status(status);
    reply.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value))
}

fn finish(builder: hyper::http::response::Builder, body: Outgoing) -> Response<Outgoing> {
    builder.body(body).unwrap_or_else(|_| Response::new(Outgoing::Whole(None)))
}

fn whole(reply: Reply) -> Response<Outgoing> {
    let builder = head(&reply);
    match reply.body {
        Body::Whole(bytes) => {
            finish(builder.header("content-length", bytes.len()), Outgoing::Whole(Some(bytes)))
        }
        Body::Stream(pieces) => finish(builder, Outgoing::Stream(pieces)),
    }
}

fn broken(reply: Reply, keep: usize) -> Response<Outgoing> {
    let builder = head(&reply);
    match reply.body {
        Body::Whole(bytes) => {
            let builder = builder.header("content-length", bytes.len());
            let part = bytes.slice(..keep.min(bytes.len()));
            let pause = Box::pin(tokio::time::sleep(Duration::from_millis(20)));
            finish(builder, Outgoing::Broken(Some(part), pause))
        }
        Body::Stream(pieces) => finish(builder, Outgoing::Stream(pieces)),
    }
}

/// The body of an answer on the wire.
enum Outgoing {
    Whole(Option<Bytes>),
    Stream(mpsc::Receiver<Bytes>),
    /// A first part, then a pause in which it is sent, then the end of the connection.
    Broken(Option<Bytes>, Pin<Box<Sleep>>),
}

impl hyper::body::Body for Outgoing {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<BodyFrame<Bytes>>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(BodyFrame::data(b)))),
            Self::Stream(pieces) => pieces.poll_recv(context).map(|p| p.map(|b| Ok(BodyFrame::data(b)))),
            Self::Broken(part, pause) => match part.take().filter(|part| !part.is_empty()) {
                Some(part) => Poll::Ready(Some(Ok(BodyFrame::data(part)))),
                None => {
                    pause.as_mut().poll(context).map(|()| Some(Err(io::Error::other("cut off on purpose"))))
                }
            },
        }
    }
}
