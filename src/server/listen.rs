//! Connections: who is let in, and which protocol they speak.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;

use super::socket::{Connection, Socket};
use super::{Site, answer};

/// How long a connection may take to say hello, and to send the head of a request.
const HELLO: Duration = Duration::from_secs(10);
/// How long a connection may be idle between two requests before it is closed.
const IDLE: Duration = Duration::from_secs(300);

/// What is behind a port.
#[derive(Clone, Debug)]
pub(super) enum Door {
    /// All services.
    Services,
    /// The Lambda Runtime API of a function. Some runtimes can be given no path, so that each has a port.
    Runtime(Arc<str>),
}

/// How many connections may wait to be let in.
const BACKLOG: u32 = 4096;

/// Listens, and serves whoever comes; gives the address. It never blocks, so that a test in an async runtime of its own
/// may call it.
pub(super) fn listen(
    runtime: &tokio::runtime::Handle,
    address: SocketAddr,
    site: Arc<Site>,
    tls: Option<TlsAcceptor>,
    of: Door,
) -> std::io::Result<SocketAddr> {
    let _inside = runtime.enter();
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port that a server just left can be had at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    runtime.spawn(accept(listener, site, tls, of));
    Ok(address)
}

async fn accept(listener: TcpListener, site: Arc<Site>, tls: Option<TlsAcceptor>, of: Door) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let _unsupported = stream.set_nodelay(true);
                tokio::spawn(serve(stream, Arc::clone(&site), tls.clone(), of.clone()));
            }
            // No descriptors are left, or the peer went away: others still want to be served.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn serve(stream: tokio::net::TcpStream, site: Arc<Site>, tls: Option<TlsAcceptor>, of: Door) {
    let connection = Arc::new(Connection::default());
    // A TLS hello begins with this byte, and no method does.
    const HANDSHAKE: u8 = 0x16;
    if let Some(tls) = tls {
        let mut first = [0];
        match tokio::time::timeout(IDLE, stream.peek(&mut first)).await {
            Ok(Ok(1)) if first[0] == HANDSHAKE => {
                let socket = Socket::new(stream, Arc::clone(&connection));
                if let Ok(Ok(secure)) = tokio::time::timeout(HELLO, tls.accept(socket)).await {
                    speak(TokioIo::new(secure), site, connection, true, of).await;
                }
                return;
            }
            Ok(Ok(1)) => {}
            _ => return,
        }
    }
    speak(TokioIo::new(Socket::new(stream, Arc::clone(&connection))), site, connection, false, of).await;
}

async fn speak<I>(io: I, site: Arc<Site>, connection: Arc<Connection>, secure: bool, of: Door)
where
    I: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE).keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(250)
        .max_header_list_size(64 * 1024)
        .keep_alive_interval(Some(IDLE));
    let service = hyper::service::service_fn(move |request| {
        let (site, connection, of) = (Arc::clone(&site), Arc::clone(&connection), of.clone());
        // In a box, since a connection has room for it all the time, and most are idle.
        Box::pin(async move {
            match of {
                Door::Services => answer::answer(&site, &connection, request, secure).await,
                Door::Runtime(function) => answer::runtime(&site, &function, request).await,
            }
        })
    });
    // A connection that breaks is its peer's business.
    let _broken = builder.serve_connection(io, service).await;
}
