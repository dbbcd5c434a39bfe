//! The HTTP server: listening, cutting connections off on purpose, and stopping.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::desktops::{DesktopHost, Kind, Os};
use crate::limits::limited;
use crate::operation::{HangUp, Service};
use crate::urls::Urls;
use crate::world::{Shared, World};
use crate::{contabo, control, digitalocean, ec2, hetzner, linode, machines, paystack, vultr};

/// How long open requests may take to end when the sandbox stops.
const STOP_WAIT: Duration = Duration::from_secs(3);
/// Pause after a failed accept (no more file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The way to start one.
pub struct Sandbox;

impl Sandbox {
    /// Starts the third parties and returns once they answer.
    ///
    /// # Errors
    /// A setting that makes no sense, an address that is in use, or `desktops: Real` where a program is missing.
    pub async fn start(config: Config) -> anyhow::Result<Running> {
        config.check()?;
        // Ours to install: reqwest is built without a provider, and a second install is no error for us.
        drop(rustls::crypto::ring::default_provider().install_default());
        tokio::fs::create_dir_all(&config.work_dir).await.context("the work directory cannot be made")?;
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("{} cannot be listened on", config.listen))?;
        let address = listener.local_addr().context("the listener has no address")?;
        let base_url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let desktops = DesktopHost::open(config.desktops, config.work_dir.clone()).await?;
        let kinds = (desktops.kind(Os::Windows), desktops.kind(Os::Linux));
        let world = Arc::new(World::new(&config, base_url, desktops)?);

        let (stop, stopped) = oneshot::channel::<()>();
        let service = router(Arc::clone(&world)).into_make_service_with_connect_info::<Caller>();
        let server = axum::serve(Wire(listener), service).with_graceful_shutdown(async move {
            // An error means that `Running` was dropped: stop as well.
            drop(stopped.await);
        });
        let server = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the HTTP server ended");
            }
        });
        Ok(Running { address, world, kinds, stop: Some(stop), server })
    }
}

/// A sandbox that answers.
pub struct Running {
    address: SocketAddr,
    world: Shared,
    kinds: (Kind, Kind),
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:4580`
    pub fn base_url(&self) -> String {
        self.world.base_url.clone()
    }

    /// Where each API is found.
    pub fn urls(&self) -> Urls {
        Urls::new(self.base_url())
    }

    /// The key pair that EC2's machines are launched with, made when it is first asked for.
    ///
    /// # Errors
    /// It could not be made.
    pub fn ec2_key_pair(&self) -> anyhow::Result<ec2::LaunchKeyPair> {
        ec2::launch_key_pair()
    }

    /// What stands behind a machine of this operating system.
    pub fn desktop_kind(&self, os: Os) -> Kind {
        match os {
            Os::Windows => self.kinds.0,
            Os::Linux => self.kinds.1,
        }
    }

    /// Ends everything: open requests, deliveries, machines.
    pub async fn stop(mut self) {
        self.world.end_epoch();
        if let Some(stop) = self.stop.take() {
            // An error means that the server has already ended.
            let _ended = stop.send(());
        }
        if tokio::time::timeout(STOP_WAIT, &mut self.server).await.is_err() {
            self.server.abort();
        }
        machines::reset(&self.world).await;
        self.world.machines.close().await;
    }
}

fn router(world: Shared) -> Router {
    let limited = |router, service| limited(router, &world, service);
    Router::new()
        .nest("/paystack", paystack::router(&world))
        .nest("/checkout", paystack::checkout_router())
        .nest("/vultr/v2", vultr::router(&world))
        .nest("/contabo", contabo::router(&world))
        .nest("/contabo-auth", contabo::auth_router())
        .nest("/digitalocean", limited(digitalocean::router(&world), Service::DigitalOcean))
        .nest("/linode", limited(linode::router(&world), Service::Linode))
        .nest("/hetzner/v1", limited(hetzner::router(&world), Service::Hetzner))
        .merge(limited(ec2::router(&world), Service::Ec2))
        .merge(ec2::metrics_router(&world))
        .nest("/control", control::router())
        .fallback(nothing_here)
        .layer(middleware::from_fn(hang_up_if_told))
        .with_state(world)
}

async fn nothing_here() -> Response {
    let text = "Here are /paystack, /checkout, /vultr/v2, /contabo, /contabo-auth, /digitalocean, /linode, \
                /hetzner/v1, /ec2 and /control.\n";
    (StatusCode::NOT_FOUND, text).into_response()
}

async fn hang_up_if_told(ConnectInfo(caller): ConnectInfo<Caller>, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    if answer.extensions().get::<HangUp>().is_some() {
        caller.cut.0.store(true, Ordering::SeqCst);
    }
    answer
}

/// Who is on the other end of a connection, and the means to cut it.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) ip: IpAddr,
    cut: Cut,
}

impl Connected<IncomingStream<'_, Wire>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Wire>) -> Self {
        Self { ip: stream.remote_addr().ip(), cut: stream.io().cut.clone() }
    }
}

#[derive(Clone, Default)]
struct Cut(Arc<AtomicBool>);

/// A listener whose connections can be cut before an answer goes out.
struct Wire(TcpListener);

impl Listener for Wire {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, from)) => return (Line { stream, cut: Cut::default() }, from),
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

struct Line {
    stream: TcpStream,
    cut: Cut,
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.cut.0.load(Ordering::SeqCst) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
